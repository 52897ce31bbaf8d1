//! Long work as tasks of the protocol. A task is an operation and has its id: it outlives this server, and any other way in sees
//! the same.

use ktrdr_app::AppError;
use ktrdr_app::cancel::CancelRequest;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{FailureReason, Operation, OperationId, Status, Timestamp};
use rmcp::ErrorData;
use rmcp::model::{DetailedTask, GetTaskResult, JsonObject, Task, TaskPayload, TaskStatus};
use serde_json::{Value, json};

use crate::server::{Server, brief, refused, said};
use crate::tools::BY;
use crate::view;

/// How often a client may well ask.
const POLL_INTERVAL_MS: u64 = 2000;

/// An operation as a task that has just begun.
pub(crate) fn task(row: &Operation) -> Task {
    let latest = row.finished_at_ms.or(row.started_at_ms).unwrap_or(row.created_at_ms);
    let [created, latest] = [row.created_at_ms, latest].map(|ms| Timestamp::of_ms(ms).to_string());
    let words = row.phase.map_or_else(|| row.status.to_string(), |phase| format!("{} · {phase}", row.status));
    Task::new(row.id.as_str(), TaskStatus::Working, created, latest)
        .with_status_message(words)
        .with_poll_interval_ms(POLL_INTERVAL_MS)
}

/// How a task stands. A cycle that a gate stopped did its work: that is a result, and no error.
pub(crate) async fn get(server: &Server, task_id: &str) -> Result<GetTaskResult, ErrorData> {
    let row = server.app.row(&id(task_id)?).await.map_err(|error| unknown(&error.message))?;
    let payload = match row.status {
        Status::Pending | Status::Running => TaskPayload::Working,
        Status::Cancelled => TaskPayload::Cancelled,
        Status::Completed | Status::Failed => {
            let mut result = said(view::operation(&row, server.access));
            let is_trouble = row.status == Status::Failed && row.reason != Some(FailureReason::Gate);
            result.is_error = Some(is_trouble || result.is_error == Some(true));
            TaskPayload::Completed { result: object(serde_json::to_value(&result).unwrap_or_default()) }
        }
    };
    Ok(GetTaskResult::new(DetailedTask::new(task(&row), payload)))
}

/// Asks a task to stop.
pub(crate) async fn cancel(server: &Server, task_id: &str) -> Result<(), ErrorData> {
    if server.access.scope < Scope::Submit {
        let message = "this server only reads: start it with --allow-write to let a model stop work";
        return Err(ErrorData::invalid_request(message, None));
    }
    let request =
        CancelRequest { by: BY.to_owned(), ..CancelRequest::of(id(task_id)?, "the task was cancelled") };
    let refusal = |error: AppError| {
        ErrorData::invalid_params(error.message.clone(), refused(&error).structured_content)
    };
    let noted = server.app.note("mcp", "cancel_task", task_id, &request.reason).await.map_err(refusal)?;
    let done = server.app.cancel(&request).await;
    server.app.note_outcome(noted, done.as_ref().map_or("refused", |_| "done")).await;
    match done {
        Ok(_) => Ok(()),
        Err(error) => Err(refusal(error)),
    }
}

fn id(task_id: &str) -> Result<OperationId, ErrorData> {
    task_id.parse().map_err(|_| unknown(&format!("there is no task {:?}", brief(task_id))))
}

fn unknown(message: &str) -> ErrorData {
    ErrorData::invalid_params(message.to_owned(), Some(json!({ "kind": "not_found" })))
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
