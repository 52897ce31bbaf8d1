//! `ktrdr operations …`: everything is answered from rows, also when no worker is alive.

use std::process::ExitCode;

use ktrdr_domain::{Operation, OperationId, Status, Timestamp};
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{Cancelled, Filter};
use serde_json::Value;

use super::Context;
use super::start::{exit_code, on_interrupt, submit_value};
use crate::cli::OutputForm;
use crate::cli::operations::{ListArguments, OperationsArguments, OperationsVerb};
use crate::describe::{self, brief};
use crate::exit::{CliError, Kind};
use crate::follow::{self, Followed};
use crate::screen::{Screen, table};
use crate::workspace::{Workspace, fresh_id, now};

/// Longest text of an operation in the list.
const DOING_CHARACTERS: usize = 160;

pub(crate) fn run(context: &Context<'_>, arguments: &OperationsArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        match &arguments.verb {
            OperationsVerb::List(filter) => list(context, &workspace, filter).await,
            OperationsVerb::Status { id } => status(context, &workspace, id).await,
            OperationsVerb::Events { id } => events(context, &workspace, id).await,
            OperationsVerb::Watch { id } => watch(context, &workspace, id).await,
            OperationsVerb::Cancel { id, reason } => cancel(context, &workspace, id, reason).await,
            OperationsVerb::Retry { id } => retry(context, &workspace, id).await,
        }
    })
}

async fn list(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: &ListArguments,
) -> Result<ExitCode, CliError> {
    let filter = Filter {
        status: wanted.status,
        kind: wanted.kind,
        root: None,
        active: wanted.active,
        dead: false,
        offset: wanted.offset,
        limit: wanted.limit,
    };
    let page = workspace.store.list(&filter).await?;
    context.screen.list("operations", &page.operations, |screen| {
        if page.operations.is_empty() {
            screen.line("no operations match");
            return;
        }
        print(screen, &page.operations);
        screen.note(format!("{} shown of {} · {} active", page.operations.len(), page.total, page.active));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A row each; what it does, or what went wrong, stands below it.
fn print(screen: &Screen, operations: &[Operation]) {
    let now_ms = now().0 * 1000;
    let row =
        |o: &Operation| vec![o.id.to_string(), describe::status(o), age(now_ms - o.created_at_ms), took(o)];
    let rows: Vec<Vec<String>> = operations.iter().map(row).collect();
    let table = table(&["ID", "STATUS", "AGE", "TOOK"], &rows);
    let below = std::iter::once(None).chain(operations.iter().map(doing));
    for (line, below) in table.lines().zip(below) {
        screen.line(line);
        below.into_iter().for_each(|text| screen.line(format!("    {text}")));
    }
}

fn when(at_ms: i64) -> String {
    Timestamp(at_ms.div_euclid(1000)).to_string()
}

fn took(o: &Operation) -> String {
    match (o.started_at_ms, o.finished_at_ms) {
        (Some(start), Some(end)) => describe::duration(end - start),
        _ => "–".into(),
    }
}

fn age(ms: i64) -> String {
    describe::duration(ms / 1000 * 1000)
}

fn doing(o: &Operation) -> Option<String> {
    let said = match &o.error {
        Some(error) => error.clone(),
        None if o.status == Status::Running => {
            let percentage =
                o.progress.as_ref().map(|p| format!("{:.0}% ", p.percentage)).unwrap_or_default();
            format!("{percentage}{}", describe::doing(o, None))
        }
        None => return None,
    };
    (!said.is_empty()).then(|| brief(&said, DOING_CHARACTERS))
}

async fn status(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
) -> Result<ExitCode, CliError> {
    let operation = find(workspace, id).await?;
    let filter = Filter { root: Some(id.clone()), limit: 100, ..Filter::default() };
    let children = workspace.store.list(&filter).await?.operations;
    let document = serde_json::json!({ "operation": operation, "children": children });
    context.screen.answer(&document, |screen| {
        screen.line(describe::line(&operation));
        let fact = |name: &str, value: String| screen.line(format!("  {name:<22} {value}"));
        fact("kind", operation.kind.to_string());
        fact("created", when(operation.created_at_ms));
        fact("took", took(&operation));
        if !operation.kind.is_root() {
            fact(
                "tries",
                format!("{} of {} · fence {}", operation.tries, operation.tries_max, operation.fence),
            );
        }
        if let Some(worker) = &operation.worker {
            fact("worker", worker.clone());
        }
        if let Some(cancel) = &operation.cancel {
            let late = if cancel.too_late { " (finished before the cancel arrived)" } else { "" };
            fact("cancel", format!("by {} at {}{late} {}", cancel.by, when(cancel.at_ms), cancel.reason));
        }
        for child in children.iter().rev() {
            screen.line(describe::line(child));
        }
        plain_facts(operation.result.as_ref()).for_each(|(name, value)| fact(name, value));
        if operation.result.is_some() {
            screen.note(format!("the whole result: ktrdr operations status {id} --output json"));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Numbers and words of a result; lists and what is nested are for programs.
fn plain_facts(result: Option<&Value>) -> impl Iterator<Item = (&str, String)> {
    let facts = result.and_then(Value::as_object).into_iter().flatten();
    facts.filter_map(|(name, value)| match value {
        Value::String(text) => Some((name.as_str(), brief(text, DOING_CHARACTERS))),
        Value::Number(_) | Value::Bool(_) => Some((name.as_str(), value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    })
}

async fn events(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
) -> Result<ExitCode, CliError> {
    find(workspace, id).await?;
    let events = workspace.store.history(id).await?;
    context.screen.list("events", &events, |screen| {
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".into());
        let row = |event: &Transition| {
            let note = brief(event.note.as_deref().unwrap_or_default(), DOING_CHARACTERS);
            vec![
                describe::instant(event.at_ms),
                event.what.to_string(),
                event.fence.to_string(),
                dash(&event.worker),
                note,
            ]
        };
        let rows: Vec<Vec<String>> = events.iter().map(row).collect();
        screen.line(table(&["AT", "WHAT", "FENCE", "WORKER", "NOTE"], &rows));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn watch(context: &Context<'_>, workspace: &Workspace, id: &OperationId) -> Result<ExitCode, CliError> {
    find(workspace, id).await?;
    let detach = on_interrupt()?;
    match follow::stream(workspace, id, context.screen, &detach).await? {
        Followed::Ended(rows) => {
            // In jsonl the stream has said it.
            if context.screen.form != OutputForm::Jsonl {
                context.screen.answer(&rows[0], |screen| screen.line(describe::line(&rows[0])))?;
            }
            Ok(exit_code(&rows))
        }
        Followed::Detached => Ok(ExitCode::from(Kind::Interrupted as u8)),
    }
}

async fn cancel(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
    reason: &str,
) -> Result<ExitCode, CliError> {
    let (word, text) = match workspace.store.cancel(id, "operator", reason).await? {
        Cancelled::Done => ("cancelled", format!("{id} was pending and is cancelled")),
        Cancelled::Requested => {
            ("requested", format!("{id} was asked to stop; watch it with `ktrdr operations watch {id}`"))
        }
        Cancelled::TooLate(status) => ("too_late", format!("{id} had ended before ({status})")),
        Cancelled::Missing => return Err(not_found(id)),
    };
    let document = serde_json::json!({ "operation": id, "answer": word });
    context.screen.answer(&document, |screen| screen.line(text))?;
    Ok(if word == "too_late" { ExitCode::from(Kind::Conflict as u8) } else { ExitCode::SUCCESS })
}

/// Submits an ended operation again under a new id: a terminal status never changes.
pub(crate) async fn retry(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
) -> Result<ExitCode, CliError> {
    let ended = find(workspace, id).await?;
    if !ended.status.is_terminal() {
        return Err(CliError::new(
            Kind::Conflict,
            format!("{id} is {}; only an ended operation is retried", ended.status),
        ));
    }
    if ended.kind.is_root() || ended.root.is_some() {
        let message = format!("{id} belongs to a research cycle; start a new one with `ktrdr research run`");
        return Err(CliError::new(Kind::Usage, message));
    }
    let again = submit_value(workspace, fresh_id(ended.kind), ended.kind, ended.spec).await?;
    let document = serde_json::json!({ "operation": again, "retry_of": id });
    context.screen.answer(&document, |screen| screen.line(&again))?;
    Ok(ExitCode::SUCCESS)
}

/// The row, or "not found".
pub(crate) async fn find(workspace: &Workspace, id: &OperationId) -> Result<Operation, CliError> {
    workspace.store.get(id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: &OperationId) -> CliError {
    CliError::new(
        Kind::NotFound,
        format!("there is no operation {id} in this workspace; see `ktrdr operations list`"),
    )
}
