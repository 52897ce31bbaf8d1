//! A language model at the door: a real client of the Model Context Protocol drives the real binary over its stdin and stdout.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ClientCapabilities,
    ClientConfig, GetTaskParams, Implementation, ReadResourceRequestParams, ResourceContents, TaskPayload,
    TaskStatus,
};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    a_cycle_is_started_as_a_task_and_followed_to_its_end,
    a_task_is_cancelled_and_its_operation_with_it,
);

/// A client with its server, a process of its own that ends with it.
struct Client {
    service: RunningService<RoleClient, ClientConfig>,
    _server: tokio::process::Child,
}

impl Client {
    async fn of(world: &World, arguments: &[&str]) -> Self {
        Self::with(world, arguments, ClientCapabilities::builder().enable_tasks().build()).await
    }

    async fn with(world: &World, arguments: &[&str], capabilities: ClientCapabilities) -> Self {
        let mut server = server(world, arguments);
        let pipes = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
        let config = ClientConfig::new(capabilities, Implementation::new("test", "1"));
        Self { service: config.serve(pipes).await.unwrap(), _server: server }
    }

    async fn tools(&self) -> Vec<String> {
        let tools = self.service.list_all_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    async fn call(&self, tool: &str, arguments: Value) -> CallToolResponse {
        self.try_call(tool, arguments).await.unwrap()
    }

    async fn try_call(&self, tool: &str, arguments: Value) -> Result<CallToolResponse, String> {
        let Value::Object(arguments) = arguments else { panic!("{arguments}") };
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.service.call_tool_once(call).await.map_err(|why| why.to_string())
    }

    /// What a tool says, which must not be an error.
    async fn said(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments.clone()).await;
        assert_ne!(result.is_error, Some(true), "{tool} {arguments}: {result:?}");
        result.structured_content.unwrap()
    }

    /// The error that a tool answers with.
    async fn error(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments.clone()).await;
        assert_eq!(result.is_error, Some(true), "{tool} {arguments}: {result:?}");
        result.structured_content.unwrap()["error"].clone()
    }

    async fn result(&self, tool: &str, arguments: Value) -> CallToolResult {
        match self.call(tool, arguments).await {
            CallToolResponse::Complete(result) => result,
            other => panic!("{other:?}"),
        }
    }

    async fn read(&self, uri: &str) -> Result<Value, String> {
        let read = self.service.read_resource(ReadResourceRequestParams::new(uri)).await;
        let read = read.map_err(|why| why.to_string())?;
        match &read.contents[..] {
            [ResourceContents::TextResourceContents { text, .. }] => Ok(serde_json::from_str(text).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Asks for a task until it has ended.
    async fn ended(&self, task: &str) -> (TaskStatus, Option<Value>) {
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
    async fn task(&self, arguments: Value) -> String {
        match self.call("trigger_cycle", arguments).await {
            CallToolResponse::Task(created) => created.task.task_id,
            other => panic!("{other:?}"),
        }
    }
}

fn server(world: &World, arguments: &[&str]) -> tokio::process::Child {
    let mut command = tokio::process::Command::from(world.command(&[&["mcp"], arguments].concat()));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

fn market() -> Value {
    json!({ "symbol": "EURUSD", "timeframe": "1h" })
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 11);
    world
}

#[test]
fn a_client_reads_what_the_application_knows_and_can_not_write() {
    let world = world(Engine::Embedded);
    world.example("fx_pullback");
    let submitted = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--campaign", "night"]);
    block_on(async {
        let client = Client::of(&world, &[]).await;
        let tools = client.tools().await;
        assert!(tools.contains(&"get_operation".to_owned()) && !tools.contains(&"trigger_cycle".to_owned()));
        let refused = client.try_call("trigger_cycle", market()).await.unwrap_err();
        assert!(refused.contains("there is no tool"), "{refused}");

        let listed = client.said("list_operations", json!({ "type": "agent_research" })).await;
        assert_eq!(
            (&listed["total"], &listed["operations"][0]["id"]),
            (&1.into(), &submitted[0].clone().into())
        );
        let one = client.said("get_operation", json!({ "id": submitted[0] })).await;
        assert_eq!(
            (&one["phase"], &one["children"][0]["type"]),
            (&"designing".into(), &"agent_design".into())
        );
        let campaign = client.said("get_campaign", json!({ "campaign": "night" })).await;
        assert_eq!(campaign["campaign"]["cycles"], 1);
        let strategies = client.said("list_strategies", json!({})).await;
        assert_eq!(strategies["strategies"][0]["name"], "fx_pullback");
        let text = client.said("get_strategy", json!({ "name": "fx_pullback" })).await["yaml"].clone();
        assert_eq!(client.said("validate_strategy", json!({ "yaml": text })).await["valid"], true);
        assert_eq!(client.said("validate_strategy", json!({ "yaml": "name: x" })).await["valid"], false);
        let data = client.said("list_data", json!({})).await;
        assert_eq!(data["data"][0]["symbol"], "EURUSD");
        assert_eq!(client.said("research_status", json!({})).await["status"], "idle");
        assert_eq!(client.said("list_trials", json!({})).await["total"], 0);
        assert_eq!(client.said("recall_lessons", json!({ "symbol": "EURUSD" })).await["items"], json!([]));

        // Addresses answer the same.
        let uri = format!("ktrdr://operations/{}", submitted[0]);
        assert_eq!(client.read(&uri).await.unwrap(), one);
        for resource in client.service.list_all_resources().await.unwrap() {
            client.read(&resource.uri).await.unwrap();
        }
        assert_eq!(client.service.list_all_resource_templates().await.unwrap().len(), 5);
        // Without tasks nothing can be stopped either.
        let stop = CancelTaskParams::new(submitted[0].clone());
        let refused = client.service.peer().cancel_task(stop).await.unwrap_err().to_string();
        assert!(refused.contains("--allow-write"), "{refused}");
        assert!(world.operation(&submitted[0])["cancel"].is_null());
    });
}

/// Numbers of a document that nobody meets by chance: those with many digits.
fn figures(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Number(number) if number.is_f64() && number.to_string().len() >= 8 => {
            found.push(number.to_string());
        }
        Value::Array(values) => values.iter().for_each(|value| figures(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| figures(value, found)),
        _ => {}
    }
}

/// Everything that the tools say of a world in which an exam was taken.
async fn everything(client: &Client, world: &World) -> String {
    let mut told = String::new();
    for list in [
        "research_status",
        "list_operations",
        "list_campaigns",
        "get_budget",
        "list_lessons",
        "list_trials",
        "recall_lessons",
    ] {
        told += &client.said(list, json!({})).await.to_string();
    }
    for row in world.operations() {
        let id = row["id"].as_str().unwrap();
        // As it was called before.
        told += &client.said("get_operation", json!({ "operation": id })).await.to_string();
        match row["type"].as_str().unwrap() {
            "backtesting" => told += &client.said("get_report", json!({ "id": id })).await.to_string(),
            "agent_research" => {
                told += &client.said("get_lesson", json!({ "cycle": id })).await.to_string();
                let campaign = row["campaign"].clone();
                told += &client.said("get_campaign", json!({ "campaign": campaign })).await.to_string();
            }
            _ => {}
        }
    }
    for resource in client.service.list_all_resources().await.unwrap() {
        told += &client.read(&resource.uri).await.unwrap().to_string();
    }
    told
}

#[test]
fn no_figure_of_an_exam_reaches_a_model() {
    for (win_rate_min, gate) in
        [("0", r#"{"gate":"passed"}"#), ("1", r#"{"gate":"failed","code":"win_rate_too_low"}"#)]
    {
        let world = examined(win_rate_min);
        let exam = figures_of_the_exam(&world);
        block_on(async {
            let told = everything(&Client::of(&world, &["--allow-write"]).await, &world).await;
            let leaked: Vec<&String> = exam.iter().filter(|figure| told.contains(*figure)).collect();
            assert!(leaked.is_empty(), "{leaked:?}");
            assert!(
                told.contains(&format!("\"backtest_gate\":{gate}")) && told.contains("dev_backtest"),
                "{told}"
            );
            // A person's word to the contrary.
            let told = everything(&Client::of(&world, &["--show-exam"]).await, &world).await;
            let missing: Vec<&String> = exam.iter().filter(|figure| !told.contains(*figure)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        });
    }
}

/// A world in which one cycle took its exam.
fn examined(win_rate_min: &str) -> World {
    let world = World::new()
        .with_setting("KTRDR_GATES__PROFILE", "parity")
        .with_setting("KTRDR_GATES__ACCURACY_MIN", "0")
        .with_setting("KTRDR_GATES__LOSS_MAX", "1000")
        .with_setting("KTRDR_GATES__LOSS_DECREASE_MIN", "-1000")
        .with_setting("KTRDR_GATES__DRAWDOWN_MAX", "1")
        .with_setting("KTRDR_GATES__SHARPE_MIN", "-1000")
        .with_setting("KTRDR_GATES__WIN_RATE_MIN", win_rate_min);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    let given = ["--strategy", "fx_pullback", "--seed", "7", "--local"];
    world.run(&[&["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "1h"][..], &given].concat());
    world
}

fn figures_of_the_exam(world: &World) -> Vec<String> {
    let mut exam = Vec::new();
    for row in world.whole_operations().iter().filter(|row| row["type"] == "backtesting") {
        ["metrics", "evidence"].iter().for_each(|part| figures(&row["result"][part], &mut exam));
    }
    figures(&world.json(&["ledger", "trials"])["trials"][0]["sharpe_daily"], &mut exam);
    assert!(exam.len() > 10, "an exam was taken: {exam:?}");
    exam
}

/// Whatever a client says, it is told what is wrong, and the next client's word is heard.
#[test]
fn a_hostile_client_is_told_why_and_harms_nothing() {
    let world = world(Engine::Embedded);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let strategy =
            |yaml: String| json!({ "symbol": "EURUSD", "timeframe": "1h", "strategy": { "yaml": yaml } });
        let long = |n: usize| "x".repeat(n);
        for (tool, arguments, kind) in [
            ("get_operation", json!({ "id": "../../etc/passwd" }), "invalid_request"),
            ("get_operation", json!({ "id": "op_probe_20260101_000000_00000001" }), "not_found"),
            ("get_operation", json!({}), "invalid_request"),
            ("get_strategy", json!({ "name": "../../etc/passwd" }), "invalid_request"),
            ("get_strategy", json!({ "name": "x", "and": "more" }), "invalid_request"),
            ("list_operations", json!({ "limit": 1_000_000 }), "invalid_request"),
            ("list_trials", json!({ "limit": 0 }), "invalid_request"),
            ("validate_strategy", json!({ "yaml": long(70_000) }), "invalid_request"),
            ("recall_lessons", json!({ "words": long(3_000) }), "invalid_request"),
            ("trigger_cycle", json!({ "symbol": "EURUSD" }), "invalid_request"),
            ("trigger_cycle", json!({ "symbol": "NOWHERE", "timeframe": "1h" }), "not_found"),
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "brief": long(3_000) }),
                "invalid_request",
            ),
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "open_vault": "please" }),
                "invalid_request",
            ),
            // Who reads nothing can be told nothing less, and is asked in no batch.
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "masked": true }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "batch": true }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "batch": true, "agent": "evolve" }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "mix": "claude" }),
                "invalid_request",
            ),
            ("trigger_cycle", strategy("name: !!python/object x".into()), "invalid_input"),
            ("trigger_cycle", strategy("name: ../../etc/passwd".into()), "invalid_input"),
            ("trigger_cycle", strategy(long(70_000)), "invalid_request"),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 5_000 }),
                "invalid_request",
            ),
            (
                "cancel_operation",
                json!({ "id": "op_probe_20260101_000000_00000001", "reason": long(3_000) }),
                "invalid_request",
            ),
        ] {
            let error = client.error(tool, arguments).await;
            assert_eq!(error["kind"], kind, "{tool}: {error}");
        }
        for uri in
            ["file:///etc/passwd", "ktrdr://strategies/../../etc/passwd", "ktrdr://nothing", "ktrdr://"]
        {
            client.read(uri).await.unwrap_err();
        }
        let unknown = client.service.peer().get_task(GetTaskParams::new("../x")).await.unwrap_err();
        assert!(unknown.to_string().contains("there is no task"), "{unknown}");
        assert_eq!(client.said("research_status", json!({})).await["status"], "idle");
    });
    assert!(world.operations().is_empty() && !world.path("passwd").exists());
}

/// Lines that are no messages, and one longer than any message may be: the next one is answered.
#[test]
fn nonsense_on_the_wire_is_survived() {
    let world = World::new();
    block_on(async {
        let mut server = server(&world, &[]);
        let (mut input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let hello = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "0" },
            },
        });
        let asked =
            json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "list_data" } });
        let mut lines = BufReader::new(output).lines();
        input.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
        let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["result"]["serverInfo"]["name"], "ktrdr", "{answer}");
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let nonsense = format!("{ready}\n{{\n\0\u{1b}[2J\n{}\n{asked}\n", "[".repeat(3 << 20));
        let writing = tokio::spawn(async move {
            input.write_all(nonsense.as_bytes()).await.unwrap();
            input
        });
        let answered = loop {
            let line = lines.next_line().await.unwrap().expect("an answer");
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == 2 {
                break answer;
            }
        };
        assert_eq!(answered["result"]["structuredContent"]["total"], 0, "{answered}");
        drop(writing.await.unwrap());
        assert!(server.wait().await.unwrap().success(), "a client that goes ends its server");
    });
}

fn a_cycle_is_started_as_a_task_and_followed_to_its_end(engine: Engine) {
    let world = world(engine);
    world.json(&["queues", "pause", "training"]);
    let _engine = world.up(&[]);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let id = client.task(market()).await;
        let busy = client.error("trigger_cycle", market()).await;
        assert_eq!((&busy["kind"], &busy["code"]), (&"conflict".into(), &"active_cycle_exists".into()));
        world.json(&["queues", "resume", "training"]);
        let (status, result) = client.ended(&id).await;
        assert_eq!(status, TaskStatus::Completed);
        let told = &result.unwrap()["structuredContent"];
        assert_eq!(told["id"], id.as_str());
        assert!(told["result"]["strategy"].is_string(), "{told}");
        assert_eq!(world.operation(&id)["status"], told["status"]);
        let lesson = client.said("get_lesson", json!({ "cycle": id })).await;
        assert!(lesson["known_until"].is_string() && lesson["yaml"].is_string(), "{lesson}");
        let recalled = client.said("recall_lessons", json!({ "symbol": "EURUSD" })).await;
        assert_eq!(recalled["items"][0]["cycle"], id.as_str());
    });
}

fn a_task_is_cancelled_and_its_operation_with_it(engine: Engine) {
    let world = world(engine);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let id = client.task(market()).await;
        client.service.peer().cancel_task(CancelTaskParams::new(id.clone())).await.unwrap();
        let _engine = world.up(&[]);
        assert_eq!(client.ended(&id).await.0, TaskStatus::Cancelled);
        assert_eq!(world.operation(&id)["cancel"]["by"], "mcp");
        // A client that knows no tasks is told the operation, and follows that.
        let plain = Client::with(&world, &["--allow-write"], ClientCapabilities::default()).await;
        let started = plain.said("trigger_cycle", market()).await;
        let id = started["operation"].as_str().unwrap();
        let stopped = plain.said("cancel_operation", json!({ "id": id, "reason": "enough" })).await;
        assert_eq!(stopped["operation"], id);
    });
}

#[test]
fn schedules_are_read_by_all_triggered_by_some_and_steered_by_few() {
    let world = world(Engine::Embedded);
    world.json(&["queues", "pause", "agent_design"]);
    let cron = ["--cron", "30 1 29 2 *", "--tz", "America/New_York", "--anyway", "a test"];
    world.json(&[&["schedules", "create", "nightly", "-s", "EURUSD", "-t", "1h"][..], &cron].concat());
    block_on(async {
        let reader = Client::of(&world, &[]).await;
        let listed = reader.said("list_schedules", json!({})).await;
        assert_eq!((&listed["total"], &listed["schedules"][0]["name"]), (&1.into(), &"nightly".into()));
        let ticks = reader.said("next_ticks", json!({ "schedule": "nightly", "count": 2 })).await;
        assert_eq!(ticks["ticks"][0]["at"], "2028-02-29T06:30:00Z");
        let writer = Client::of(&world, &["--allow-write"]).await;
        let refused = writer.try_call("delete_schedule", json!({ "schedule": "nightly" })).await.unwrap_err();
        assert!(refused.contains("there is no tool"), "{refused}");
        let night = json!({ "schedule": "nightly", "idempotency_key": "once" });
        let begun = writer.said("trigger_schedule", night.clone()).await;
        assert_eq!(begun["state"], "running");
        assert_eq!(writer.said("trigger_schedule", night).await["at"], begun["at"]);
        let one = reader.said("get_schedule", json!({ "schedule": "nightly" })).await;
        assert_eq!(one["occurrences"].as_array().unwrap().len(), 1);

        let steers = Client::of(&world, &["--allow-write", "--allow-schedules"]).await;
        let pause = json!({ "schedule": "nightly", "note": "data are mended" });
        assert_eq!(steers.said("pause_schedule", pause).await["changed"], true);
        assert_eq!(steers.said("resume_schedule", json!({ "schedule": "nightly" })).await["changed"], true);
        // A night that goes on keeps its schedule; and one that could find nothing gets none from a model.
        let kept = steers.error("delete_schedule", json!({ "schedule": "nightly" })).await;
        assert!(kept.to_string().contains("goes on"), "{kept}");
        let other = json!({
            "name": "other", "cron": "30 1 29 2 *", "zone": "Europe/London",
            "campaign": { "symbol": "EURUSD", "timeframe": "1h", "cycles": 1 }, "rules": { "max_time_s": 60 },
        });
        let refused = steers.error("create_schedule", other).await;
        assert_eq!(refused["code"], "nothing_to_find", "{refused}");
    });
}
