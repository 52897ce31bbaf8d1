//! `ktrdr schedules …`: campaigns that begin by themselves.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::schedules::{
    BackfillAnswer, BackfillRequest, NextTick, ScheduleStatus, TriggerScheduleRequest,
};
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Rules};
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::schedules::{SchedulesArguments, SchedulesVerb};
use crate::describe::{brief, counted, duration};
use crate::exit::CliError;
use crate::screen::{Screen, table};

/// Longest words in a table.
const WORDS_CHARACTERS: usize = 80;

pub(crate) fn run(context: &Context<'_>, arguments: &SchedulesArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        answer(context, desk.app(), &arguments.verb).await
    })
}

async fn answer(
    context: &Context<'_>,
    app: &dyn UseCases,
    verb: &SchedulesVerb,
) -> Result<ExitCode, CliError> {
    let screen = context.screen;
    match verb {
        SchedulesVerb::Create(typed) => {
            let made = app.create_schedule(&(&**typed).into()).await?;
            screen.answer(&made, |screen| print(screen, &made))?;
        }
        SchedulesVerb::List => {
            let all = app.list_schedules().await?;
            screen.list("schedules", &all, |screen| print_all(screen, &all))?;
        }
        SchedulesVerb::Show { name, limit } => return show(screen, app, name, *limit).await,
        SchedulesVerb::Pause { name, note } => {
            let changed = app.pause_schedule(name, note).await?;
            let words = if changed { "is paused: its ticks are skipped" } else { "was paused before" };
            turned(screen, name, true, changed, words)?;
        }
        SchedulesVerb::Resume { name } => {
            let changed = app.resume_schedule(name).await?;
            let words = if changed { "runs at its next tick again" } else { "was not paused" };
            turned(screen, name, false, changed, words)?;
        }
        SchedulesVerb::Trigger { name, key } => {
            let (schedule, idempotency_key) = (name.clone(), key.idempotency_key.clone());
            let begun = app.trigger_schedule(&TriggerScheduleRequest { schedule, idempotency_key }).await?;
            screen.answer(&begun, |screen| {
                let (state, words) = state(&begun);
                screen.line(format!("{name}: {state} {words}"));
            })?;
        }
        SchedulesVerb::Next { count, name } => {
            let ticks = app.next_ticks(name.as_ref(), *count).await?;
            screen.list("ticks", &ticks, |screen| print_ticks(screen, &ticks))?;
        }
        SchedulesVerb::Backfill { name, from, to } => {
            let request = BackfillRequest { schedule: name.clone(), from: *from, to: *to };
            let done = app.backfill_schedule(&request).await?;
            screen.answer(&done, |screen| print_backfill(screen, &done))?;
        }
        SchedulesVerb::Delete { name, .. } => {
            app.delete_schedule(name).await?;
            screen.answer(&Deleted { deleted: name }, |screen| {
                screen.line(format!("{name} is deleted; what became of its ticks stays on record"));
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A schedule that was removed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted<'a> {
    /// Which.
    deleted: &'a ScheduleName,
}

/// A schedule that was paused, or is no longer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Turned<'a> {
    /// Which.
    schedule: &'a ScheduleName,
    /// Whether it is paused now.
    paused: bool,
    /// Whether it was not so before.
    changed: bool,
}

/// A schedule with its records.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Recorded<'a> {
    #[serde(flatten)]
    schedule: Shown<'a>,
    /// What became of its ticks, the latest first.
    occurrences: &'a [Occurrence],
}

/// A schedule as it stands.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Shown<'a> {
    /// One that is there.
    There(&'a ScheduleStatus),
    /// One that is there no longer.
    Deleted {
        /// Which.
        name: &'a ScheduleName,
        /// It was removed.
        deleted: bool,
    },
}

/// One schedule with its records; of one that was deleted these alone.
async fn show(
    screen: &Screen,
    app: &dyn UseCases,
    name: &ScheduleName,
    limit: u32,
) -> Result<ExitCode, CliError> {
    let records = app.occurrences(name, None, limit).await?.occurrences;
    let status = app.schedule(name).await.ok();
    let schedule = match &status {
        Some(status) => Shown::There(status),
        None => Shown::Deleted { name, deleted: true },
    };
    screen.list_in(&Recorded { schedule, occurrences: &records }, &records, |screen| {
        match &status {
            Some(status) => print(screen, status),
            None => screen.line(format!("{name} was deleted")),
        }
        if !records.is_empty() {
            let row = |record: &Occurrence| {
                let (state, words) = state(record);
                vec![screen.at(record.at().0 * 1000), record.cause.to_string(), state, words]
            };
            let rows: Vec<_> = records.iter().map(row).collect();
            screen.line(table(&["DUE", "BY", "STATE", "WHAT"], &rows));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn turned(
    screen: &Screen,
    name: &ScheduleName,
    paused: bool,
    changed: bool,
    words: &str,
) -> Result<(), CliError> {
    let document = Turned { schedule: name, paused, changed };
    screen.answer(&document, |screen| screen.line(format!("{name} {words}")))
}

fn print_all(screen: &Screen, all: &[ScheduleStatus]) {
    if all.is_empty() {
        return screen.line("no schedules yet: make one with `ktrdr schedules create`");
    }
    let row = |status: &ScheduleStatus| {
        let last = status.last.as_ref().map_or_else(
            || "–".into(),
            |last| {
                let (state, _) = state(last);
                format!("{} {state}", screen.at(last.at().0 * 1000))
            },
        );
        vec![
            status.schedule.name.to_string(),
            status.schedule.plan.cadence.to_string(),
            if status.schedule.paused.is_some() { "paused".into() } else { next(status) },
            last,
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    screen.line(table(&["SCHEDULE", "CADENCE", "NEXT", "LATEST"], &rows));
}

fn print(screen: &Screen, status: &ScheduleStatus) {
    let schedule = &status.schedule;
    let told = |field: &str| schedule.plan.work["campaign"][field].as_str().unwrap_or("–").to_owned();
    let cycles = schedule.plan.work["campaign"]["cycles"].as_u64().unwrap_or_default();
    screen.line(format!(
        "{}: {} of {} {} at {}",
        schedule.name,
        counted(cycles, "cycle"),
        told("symbol"),
        told("timeframe"),
        schedule.plan.cadence
    ));
    screen.line(rules(&schedule.plan.rules));
    if let Some(reason) = &schedule.plan.anyway {
        screen.line(format!("there is nothing to find, and it runs all the same: {reason}"));
    }
    match &schedule.paused {
        Some(pause) => screen.line(format!("paused by {}: {}", pause.by, pause.note)),
        None => screen.line(format!("next: {}", next(status))),
    }
}

fn rules(rules: &Rules) -> String {
    let time = |seconds: u64| duration(seconds.saturating_mul(1_000).cast_signed());
    let limit = |what: &str, seconds: Option<u64>| seconds.map(|seconds| format!("{what} {}", time(seconds)));
    let told = [
        Some(format!("overlap: {}", rules.overlap)),
        Some(format!("catches up {}", time(rules.catch_up_s))),
        Some(format!("begins at most {} late", time(rules.max_lateness_s))),
        limit("jitter", Some(rules.jitter_s).filter(|jitter| *jitter > 0)),
        limit("at most", rules.max_time_s),
        limit("machine time at most", rules.max_machine_time_s),
        rules.pause_on_failure.then(|| "pauses on failure".to_owned()),
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn next(status: &ScheduleStatus) -> String {
    status.next.as_ref().map_or_else(|| "–".into(), |tick| tick.shown.clone())
}

fn print_ticks(screen: &Screen, ticks: &[NextTick]) {
    let row = |tick: &NextTick| {
        let change = tick.clock_change_s.map(|seconds| {
            let way = if seconds > 0 { "forward" } else { "back" };
            format!("clocks go {way} {}", duration(i64::from(seconds.abs()) * 1_000))
        });
        vec![tick.at.to_string(), tick.shown.clone(), tick.schedule.to_string(), change.unwrap_or_default()]
    };
    let rows: Vec<_> = ticks.iter().map(row).collect();
    screen.line(table(&["UTC", "CLOCK", "SCHEDULE", ""], &rows));
}

fn print_backfill(screen: &Screen, done: &BackfillAnswer) {
    done.queued.iter().for_each(|tick| screen.line(tick));
    let (queued, left) = (done.queued.len() as u64, done.left.len() as u64);
    screen.note(format!(
        "{} to make up for, one after the other; {} left as they are",
        counted(queued, "night"),
        counted(left, "other")
    ));
}

/// Where a record stands, and what there is to say of it.
fn state(record: &Occurrence) -> (String, String) {
    match &record.state {
        OccurrenceState::Waiting { .. } => ("waiting".into(), String::new()),
        OccurrenceState::Running { campaign, stopping: None, .. } => {
            ("running".into(), format!("campaign {campaign}"))
        }
        OccurrenceState::Running { campaign, stopping: Some(why), .. } => {
            ("stopping".into(), format!("{why}, campaign {campaign}"))
        }
        OccurrenceState::Ran { campaign, outcome, .. } => {
            (outcome.to_string(), format!("campaign {campaign}"))
        }
        OccurrenceState::Skipped { reason, words } => {
            ("skipped".into(), format!("{reason}: {}", brief(words, WORDS_CHARACTERS)))
        }
    }
}
