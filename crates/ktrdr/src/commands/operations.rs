//! `ktrdr operations …`: everything is answered from rows, also when no worker is alive.

pub(crate) mod cancelling;
pub(crate) mod retry;

use std::process::ExitCode;

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Operation, OperationId, Status, Timestamp};
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{Filter, Page};
use ktrdr_research::resume::successor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Context;
use super::start::{exit_code, on_interrupt};
use crate::cli::OutputForm;
use crate::cli::operations::{ListArguments, OperationsArguments, OperationsVerb};
use crate::describe::{self, brief};
use crate::exit::{CliError, Kind};
use crate::follow::{self, Followed};
use crate::part::Part;
use crate::screen::{Screen, table};
use crate::workspace::Workspace;

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
            OperationsVerb::Cancel(wanted) => cancelling::run(context, &workspace, wanted).await,
            OperationsVerb::Retry(wanted) => retry::run(context, &workspace, wanted).await,
        }
    })
}

async fn list(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: &ListArguments,
) -> Result<ExitCode, CliError> {
    let filter = Filter {
        campaign: wanted.campaign.clone(),
        status: wanted.status,
        kind: wanted.kind,
        root: None,
        active: wanted.active,
        dead: false,
        offset: wanted.offset,
        limit: wanted.limit,
    };
    let page = workspace.store.list(&filter).await?;
    let part =
        Part { name: "operations", entries: &page.operations, offset: wanted.offset, total: page.total };
    part.answer_with(context.screen, serde_json::json!({ "active": page.active }), |screen| {
        if page.operations.is_empty() {
            screen.line("no operations match");
            return;
        }
        print(screen, &page);
        screen.note(format!("{} shown of {} · {} active", page.operations.len(), page.total, page.active));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A row each; what it does, or what went wrong, stands below it.
fn print(screen: &Screen, page: &Page) {
    let operations = &page.operations;
    let row = |o: &Operation| {
        let age = describe::age(page.now_ms, o.created_at_ms);
        vec![o.id.to_string(), describe::status(o), age, took(o)]
    };
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
    describe::took_ms(o).map_or_else(|| "–".into(), describe::duration)
}

fn doing(o: &Operation) -> Option<String> {
    let said = match &o.error {
        Some(error) => error.clone(),
        None if o.status == Status::Running => {
            let percentage =
                o.progress.as_ref().map(|p| format!("{:.0}% ", p.percentage)).unwrap_or_default();
            format!("{percentage}{}", describe::doing(o, None))
        }
        None => describe::caveat(o)?,
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
    let resumption = Resumption::of(workspace, &operation).await?;
    let document =
        serde_json::json!({ "operation": operation, "children": children, "resumption": resumption });
    context.screen.answer(&document, |screen| {
        screen.line(describe::line(&operation));
        let fact = |name: &str, value: String| screen.line(format!("  {name:<22} {value}"));
        fact("kind", operation.kind.to_string());
        fact("created", when(operation.created_at_ms));
        fact("took", took(&operation));
        if !operation.kind.is_root() {
            let Operation { tries, tries_max, fence, rescues, .. } = &operation;
            let lost =
                if *rescues == 0 { String::new() } else { format!(" · lost its worker {rescues} times") };
            fact("tries", format!("{tries} of {tries_max} · fence {fence}{lost}"));
        }
        resumption.resumes.iter().for_each(|earlier| fact("resumes", earlier.to_string()));
        resumption.resumed_by.iter().for_each(|later| fact("resumed by", later.to_string()));
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

/// What a cycle goes on with, and what goes on with it.
#[derive(Debug, Serialize)]
struct Resumption {
    resumes: Option<OperationId>,
    resumed_by: Option<OperationId>,
}

impl Resumption {
    async fn of(workspace: &Workspace, operation: &Operation) -> Result<Self, CliError> {
        let told = ResearchSpec::deserialize(&operation.spec).ok().filter(|_| operation.kind.is_root());
        let successor = successor(&operation.id);
        let is_resumed = operation.kind.is_root() && workspace.store.get(&successor).await?.is_some();
        Ok(Self {
            resumes: told.and_then(|told| told.resumes).map(|resumed| resumed.cycle),
            resumed_by: is_resumed.then_some(successor),
        })
    }
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
    let Resumption { resumes, resumed_by } = Resumption::of(workspace, &find(workspace, id).await?).await?;
    let events = workspace.store.history(id).await?;
    resumes.iter().for_each(|earlier| context.screen.note(format!("it resumes {earlier}")));
    resumed_by.iter().for_each(|later| context.screen.note(format!("it was resumed by {later}")));
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
    let followed = tokio::select! {
        followed = follow::stream(workspace, id, context.screen, &detach) => followed?,
        lost = workspace.lost() => return Err(lost),
    };
    match followed {
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
