//! `ktrdr operations …`: everything is answered from rows, also when no worker is alive.

pub(crate) mod cancelling;
mod metrics;
pub(crate) mod retry;

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::operations::{History, ListRequest, OperationDetail, Resumption};
use ktrdr_domain::{OperationId, OperationSummary, Status, Subject};
use ktrdr_fabric::history::{Change, Transition};
use serde_json::Value;

use super::Context;
use super::start::{exit_code, on_interrupt};
use crate::assessment;
use crate::cli::OutputForm;
use crate::cli::operations::{ListArguments, OperationsArguments, OperationsVerb};
use crate::describe::{self, brief, counted};
use crate::desk::Desk;
use crate::exit::{CliError, Kind};
use crate::follow::{self, Followed};
use crate::part::Part;
use crate::reasons;
use crate::screen::{Screen, table};

/// Longest text of an operation in the list.
const DOING_CHARACTERS: usize = 160;

pub(crate) fn run(context: &Context<'_>, arguments: &OperationsArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            OperationsVerb::List(wanted) => list(context, app, wanted).await,
            OperationsVerb::Status { id } => status(context, app, &id.resolve(app, None).await?).await,
            OperationsVerb::Explain { id } => explain(context, app, &id.resolve(app, None).await?).await,
            OperationsVerb::Metrics { id } => metrics::run(context, app, &id.resolve(app, None).await?).await,
            OperationsVerb::Events { id } => events(context, app, &id.resolve(app, None).await?).await,
            OperationsVerb::Watch { id } => watch(context, &desk, &id.resolve(app, None).await?).await,
            OperationsVerb::Cancel(wanted) => cancelling::run(context, app, wanted).await,
            OperationsVerb::Retry(wanted) => retry::run(context, app, wanted).await,
        }
    })
}

/// A part of those that a filter means.
async fn select(
    context: &Context<'_>,
    app: &dyn UseCases,
    filter: &str,
    wanted: &ListArguments,
) -> Result<ExitCode, CliError> {
    let part = app.select(&filter.parse()?, wanted.after, wanted.limit).await?;
    context.screen.answer(&part, |screen| {
        print(screen, &part.operations, part.now_ms);
        let total = part.total.map(|total| format!(" of {total}")).unwrap_or_default();
        screen.note(format!("{} shown{total} · {} active", part.operations.len(), part.active));
        part.next.iter().for_each(|next| screen.note(format!("--after {next} goes on")));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(
    context: &Context<'_>,
    app: &dyn UseCases,
    wanted: &ListArguments,
) -> Result<ExitCode, CliError> {
    if let Some(filter) = &wanted.filter {
        return select(context, app, filter, wanted).await;
    }
    let list = app.operations(&ListRequest::from(wanted)).await?;
    let (entries, next, total) = (&list.operations, list.next, list.total);
    let part = Part { entries, next, total };
    part.answer(context.screen, &list, |screen| {
        if entries.is_empty() {
            screen.line("no operations match");
            return;
        }
        print(screen, &list.operations, list.now_ms);
        // Of a part its own note says how much it is.
        let all = (entries.len() as u64 == total).then(|| counted(total, "operation"));
        let active = format!("{} active", list.active);
        screen.note(all.into_iter().chain([active]).collect::<Vec<_>>().join(" · "));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A row each; what it does, or what went wrong, stands below it.
fn print(screen: &Screen, operations: &[OperationSummary], now_ms: i64) {
    let row = |o: &OperationSummary| {
        let age = screen.age(now_ms, o.created_at_ms);
        let strategy = o.subject.strategy.as_ref().map_or_else(|| "–".into(), ToString::to_string);
        vec![o.id.to_string(), describe::status(o), strategy, market(&o.subject), age, took(o)]
    };
    let rows: Vec<Vec<String>> = operations.iter().map(row).collect();
    let table = table(&["ID", "STATUS", "STRATEGY", "MARKET", screen.age_title(), "TOOK"], &rows);
    let below = std::iter::once(None).chain(operations.iter().map(doing));
    for (line, below) in table.lines().zip(below) {
        screen.line(line);
        below.into_iter().for_each(|text| screen.line(format!("    {text}")));
    }
}

/// `EURUSD 1h`
fn market(about: &Subject) -> String {
    let market = Subject { strategy: None, ..about.clone() }.to_string();
    if market.is_empty() { "–".into() } else { market }
}

fn took(o: &OperationSummary) -> String {
    describe::took_ms(o).map_or_else(|| "–".into(), describe::duration)
}

fn doing(o: &OperationSummary) -> Option<String> {
    let said = match &o.error {
        Some(error) => error.clone(),
        None if o.waits_for.is_some() => describe::doing(o, None),
        None if o.status == Status::Running => {
            let percentage =
                o.progress.as_ref().map(|p| format!("{:.0}% ", p.percentage)).unwrap_or_default();
            format!("{percentage}{}", describe::doing(o, None))
        }
        None => o.caveat.clone()?,
    };
    (!said.is_empty()).then(|| brief(&said, DOING_CHARACTERS))
}

async fn explain(context: &Context<'_>, app: &dyn UseCases, id: &OperationId) -> Result<ExitCode, CliError> {
    let told = app.explain(id).await?;
    context.screen.answer(&told, |screen| {
        screen.line(format!("{} is {} since {}", told.job, told.status, screen.at(told.since_ms)));
        if told.reasons.is_empty() && told.status == Status::Pending {
            screen.line("  nothing is in its way: it is taken any moment now");
        }
        told.reasons.iter().for_each(|reason| reasons::print(screen, reason));
        if let Some(ms) = told.eta_ms {
            screen.line(format!(
                "  its turn comes in about {}",
                describe::duration(i64::try_from(ms).unwrap_or(i64::MAX))
            ));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn status(context: &Context<'_>, app: &dyn UseCases, id: &OperationId) -> Result<ExitCode, CliError> {
    let detail = app.operation(id).await?;
    let words = match detail.operation.kind.is_root() {
        true if context.screen.is_text() => assessment::of_cycle(app, id).await,
        _ => detail.operation.result.as_ref().and_then(assessment::read),
    };
    let attempts = attempts_ms(app, &detail.operation).await?;
    context.screen.answer(&detail, |screen| {
        print_detail(screen, &detail, attempts);
        words.iter().for_each(|words| assessment::print(screen, words));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// How long all attempts took together, and how many there were; `None` where there was one at most.
async fn attempts_ms(app: &dyn UseCases, row: &OperationSummary) -> Result<Option<(u64, i64)>, CliError> {
    if row.kind.is_root() || row.fence < 2 {
        return Ok(None);
    }
    let events = app.history(&row.id).await?.events;
    let claims = events.iter().enumerate().filter(|(_, event)| event.what.is_claim());
    let took: Vec<i64> = claims
        .filter_map(|(at, claim)| {
            let end = events[at + 1..].iter().find(|later| {
                !matches!(later.what, Change::Suspected | Change::CancelRequested | Change::PublishedAgain)
            })?;
            Some((end.at_ms - claim.at_ms).max(0))
        })
        .collect();
    Ok(Some((took.len() as u64, took.iter().sum())))
}

fn print_detail(screen: &Screen, detail: &OperationDetail, attempts: Option<(u64, i64)>) {
    let OperationDetail { operation, children, resumption, trace } = detail;
    screen.line(describe::line(operation));
    let fact = |name: &str, value: String| screen.line(format!("  {name:<22} {value}"));
    fact("type", operation.kind.to_string());
    let about = operation.subject.to_string();
    if !about.is_empty() {
        fact("about", about);
    }
    fact("created", screen.at(operation.created_at_ms));
    fact(
        "took",
        match attempts {
            Some((many, all)) if many > 1 => {
                format!(
                    "{} in {}, {} of them in the last",
                    describe::duration(all),
                    counted(many, "attempt"),
                    took(operation)
                )
            }
            _ => took(operation),
        },
    );
    if !operation.kind.is_root() {
        let OperationSummary { tries, tries_max, fence, rescues, .. } = &operation.summary;
        let lost = match rescues {
            0 => String::new(),
            n => format!(" · lost its worker {}", counted(u64::from(*n), "time")),
        };
        fact("tries", format!("{tries} of {tries_max} · fence {fence}{lost}"));
    }
    resumption.resumes.iter().for_each(|earlier| fact("resumes", earlier.to_string()));
    resumption.resumed_by.iter().for_each(|later| fact("resumed by", later.to_string()));
    fact("trace", trace.to_string());
    if let Some(worker) = &operation.worker {
        fact("worker", worker.clone());
    }
    if let Some(cancel) = &operation.cancel {
        let late = if cancel.too_late { " (finished before the cancel arrived)" } else { "" };
        fact("cancel", format!("by {} at {}{late} {}", cancel.by, screen.at(cancel.at_ms), cancel.reason));
    }
    for child in children.iter().rev() {
        screen.line(describe::line(child));
    }
    plain_facts(operation.result.as_ref()).for_each(|(name, value)| fact(name, value));
    if operation.result.is_some() {
        screen.note(format!("the whole result: ktrdr operations status {} --output json", operation.id));
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

async fn events(context: &Context<'_>, app: &dyn UseCases, id: &OperationId) -> Result<ExitCode, CliError> {
    let History { events, resumption: Resumption { resumes, resumed_by } } = app.history(id).await?;
    resumes.iter().for_each(|earlier| context.screen.note(format!("it resumes {earlier}")));
    resumed_by.iter().for_each(|later| context.screen.note(format!("it was resumed by {later}")));
    context.screen.list("events", &events, |screen| {
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".into());
        let row = |event: &Transition| {
            let note = brief(event.note.as_deref().unwrap_or_default(), DOING_CHARACTERS);
            vec![
                screen.at_exactly(event.at_ms),
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

async fn watch(context: &Context<'_>, desk: &Desk, id: &OperationId) -> Result<ExitCode, CliError> {
    desk.app().row(id).await?;
    let detach = on_interrupt()?;
    let followed = tokio::select! {
        followed = follow::stream(desk.app(), id, context.screen, &detach) => followed?,
        lost = desk.lost() => return Err(lost),
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
