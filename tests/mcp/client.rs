//! A client with the real binary as its server.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, GetTaskParams,
    Implementation, ReadResourceRequestParams, ResourceContents, TaskPayload, TaskStatus,
};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;

use crate::world::World;

/// A client with its server, a process of its own that ends with it.
pub(super) struct Client {
    pub(super) service: RunningService<RoleClient, ClientConfig>,
    _server: tokio::process::Child,
}

impl Client {
    pub(super) async fn of(world: &World, arguments: &[&str]) -> Self {
        Self::with(world, arguments, ClientCapabilities::builder().enable_tasks().build()).await
    }

    pub(super) async fn with(world: &World, arguments: &[&str], capabilities: ClientCapabilities) -> Self {
        let mut server = server(world, arguments);
        let pipes = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
        let config = ClientConfig::new(capabilities, Implementation::new("test", "1"));
        Self { service: config.serve(pipes).await.unwrap(), _server: server }
    }

    pub(super) async fn tools(&self) -> Vec<String> {
        let tools = self.service.list_all_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    pub(super) async fn call(&self, tool: &str, arguments: Value) -> CallToolResponse {
        self.try_call(tool, arguments).await.unwrap()
    }

    pub(super) async fn try_call(&self, tool: &str, arguments: Value) -> Result<CallToolResponse, String> {
        let Value::Object(arguments) = arguments else { panic!("{arguments}") };
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.service.call_tool_once(call).await.map_err(|why| why.to_string())
    }

    /// What a tool says, which must not be an error.
    pub(super) async fn said(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments.clone()).await;
        assert_ne!(result.is_error, Some(true), "{tool} {arguments}: {result:?}");
        result.structured_content.unwrap()
    }

    /// The error that a tool answers with.
    pub(super) async fn error(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments.clone()).await;
        assert_eq!(result.is_error, Some(true), "{tool} {arguments}: {result:?}");
        result.structured_content.unwrap()["error"].clone()
    }

    pub(super) async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        match self.call(tool, arguments).await {
            CallToolResponse::Complete(result) => result,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn read(&self, uri: &str) -> Result<Value, String> {
        let read = self.service.read_resource(ReadResourceRequestParams::new(uri)).await;
        let read = read.map_err(|why| why.to_string())?;
        match &read.contents[..] {
            [ResourceContents::TextResourceContents { text, .. }] => Ok(serde_json::from_str(text).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Asks for a task until it has ended.
    pub(super) async fn ended(&self, task: &str) -> (TaskStatus, Option<Value>) {
        loop {
            let asked = self.service.peer().get_task(GetTaskParams::new(task)).await.unwrap();
            assert_eq!(asked.task.task.task_id, task);
            if asked.task.status().is_terminal() {
                let result = match asked.task.payload {
                    TaskPayload::Completed { result } => Some(Value::Object(result)),
                    _ => None,
                };
                return (asked.task.task.status, result);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Starts a cycle, which is answered with a task.
    pub(super) async fn task(&self, arguments: Value) -> String {
        match self.call("trigger_cycle", arguments).await {
            CallToolResponse::Task(created) => created.task.task_id,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn server(world: &World, arguments: &[&str]) -> tokio::process::Child {
    let mut command = tokio::process::Command::from(world.command(&[&["mcp"], arguments].concat()));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}
