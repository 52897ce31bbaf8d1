//! Campaigns that begin by themselves, and what became of each night.

use ktrdr_app::schedules::{
    BackfillAnswer, BackfillRequest, NextTick, ScheduleRequest, ScheduleStatus, TriggerScheduleRequest,
};
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::reason::Reason;
use ktrdr_domain::schedule::{Occurrence, Overlap};
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::campaigns::campaign_schema;
use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Cursor, Page, told_list};
use crate::reply::Reply;

/// Ticks to come that are told of where nothing is said.
const NEXT: u32 = 10;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/schedules", "list_schedules", list)
            .says("Schedules by name, each with its next tick and its latest record.")
            .query(page::QUERY),
        Endpoint::post("/schedules", "create_schedule", Scope::Operator, create)
            .says("Begin a campaign at every tick of a clock. Refused where its nights could find nothing.")
            .json(
                schema::object(&[
                    ("name*", schema::text("Its name.")),
                    ("cron*", schema::text("Minute, hour, day of the month, month, day of the week.")),
                    ("zone*", schema::text("Whose clock: a name of the IANA database.")),
                    ("campaign*", schema::about(campaign_schema(), "The campaign that each night begins.")),
                    ("same_seed", schema::flag("Every night has the same seed; its own otherwise.")),
                    ("rules", rules()),
                    ("anyway", schema::text("Why it may run although there is nothing to find.")),
                ]),
                json!({
                    "name": "nightly", "cron": "30 1 * * *", "zone": "America/New_York",
                    "campaign": { "symbol": "EURUSD", "timeframe": "1h", "cycles": 200 },
                    "rules": { "max_time_s": 18_000 },
                }),
            ),
        Endpoint::get("/schedules/{schedule}", "get_schedule", one)
            .says("One schedule, its next tick and its latest record."),
        Endpoint::delete("/schedules/{schedule}", "delete_schedule", Scope::Operator, delete)
            .says("Remove a schedule; its records stay. Refused while a night of it goes on.")
            .query(&[("reason", "Why; kept in the audit log.")]),
        Endpoint::get("/schedules/{schedule}/next", "next_ticks", next)
            .says("Ticks to come, with what the schedule's clock shows and whether it changes on that day.")
            .query(&[("count", "How many, 1 to 1000; 10 by default.")]),
        Endpoint::get("/ticks", "next_ticks_of_all", next_of_all)
            .says("Ticks to come of all schedules that are not paused, the next first.")
            .query(&[("count", "How many, 1 to 1000; 10 by default.")]),
        Endpoint::get("/schedules/{schedule}/occurrences", "list_occurrences", occurrences)
            .says("What became of each tick, the latest first; also of a schedule that was deleted.")
            .query(page::QUERY),
        Endpoint::post("/schedules/{schedule}/pause", "pause_schedule", Scope::Operator, pause)
            .says("Skip its ticks until it is resumed; a night that goes on is left alone.")
            .json(
                schema::object(&[("note*", schema::text("Why; shown wherever the schedule is."))]),
                json!({ "note": "the data are being mended" }),
            ),
        Endpoint::post("/schedules/{schedule}/resume", "resume_schedule", Scope::Operator, resume)
            .says("End a pause."),
        Endpoint::post("/schedules/{schedule}/trigger", "trigger_schedule", Scope::Submit, trigger)
            .says("Begin a night now, whether or not the schedule is paused.")
            .starts(),
        Endpoint::post("/schedules/{schedule}/backfill", "backfill_schedule", Scope::Operator, backfill)
            .says("Make up for ticks that were skipped; they run one after the other.")
            .json(
                schema::object(&[
                    ("from*", schema::text("The first time that is meant.")),
                    ("to*", schema::text("The first time that is not.")),
                ]),
                json!({ "from": "2026-11-20T00:00:00Z", "to": "2026-11-22T00:00:00Z" }),
            ),
    ]
}

fn rules() -> Value {
    let seconds = |about: &str| schema::integer(about, 0, 31 * 86_400);
    let overlaps: Vec<&str> = Overlap::ALL.iter().map(|overlap| overlap.as_str()).collect();
    let fields = schema::object(&[
        ("overlap", schema::words("What becomes of a tick while the night before it goes on.", &overlaps)),
        ("catch_up_s", seconds("How old a tick may be that came while nobody was there; 3600 by default.")),
        ("max_lateness_s", seconds("How long after its tick a night may begin; 43200 by default.")),
        ("jitter_s", seconds("Begin up to so much later.")),
        ("max_time_s", seconds("How long a night may take before it is cancelled.")),
        ("max_machine_time_s", seconds("How long its jobs may run, added up, before it is cancelled.")),
        (
            "pause_on_failure",
            schema::flag("Pause after a night that failed, did not finish, or could not begin."),
        ),
    ]);
    schema::about(fields, "What becomes of nights that are late, long or failed.")
}

fn name(ask: &Ask) -> Result<ScheduleName, ktrdr_app::AppError> {
    ask.path("schedule")
}

told_list! {
    /// A part of the list of schedules.
    struct SchedulePart {
        /// Schedules by name.
        schedules: ScheduleStatus
    }
}

async fn list(ask: Ask) -> Answered<SchedulePart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.list_schedules().await?)?.into())
}

async fn create(ask: Ask) -> Answered<ScheduleStatus> {
    Reply::ok(&ask.app.create_schedule(&ask.json::<ScheduleRequest>()?).await?)
}

async fn one(ask: Ask) -> Answered<ScheduleStatus> {
    Reply::ok(&ask.app.schedule(&name(&ask)?).await?)
}

/// What became of a schedule.
#[derive(Serialize, JsonSchema)]
struct DeletedSchedule {
    /// It is there no longer.
    deleted: ScheduleName,
}

async fn delete(ask: Ask) -> Answered<DeletedSchedule> {
    let name = name(&ask)?;
    ask.app.delete_schedule(&name).await?;
    Reply::ok(&DeletedSchedule { deleted: name })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    #[serde(default = "ten")]
    count: u32,
}

fn ten() -> u32 {
    NEXT
}

/// Ticks to come.
#[derive(Serialize, JsonSchema)]
struct Ticks {
    /// The next first.
    ticks: Vec<NextTick>,
}

async fn next(ask: Ask) -> Answered<Ticks> {
    let Count { count } = ask.query()?;
    Reply::ok(&Ticks { ticks: ask.app.next_ticks(Some(&name(&ask)?), count).await? })
}

async fn next_of_all(ask: Ask) -> Answered<Ticks> {
    let Count { count } = ask.query()?;
    Reply::ok(&Ticks { ticks: ask.app.next_ticks(None, count).await? })
}

/// A part of the records of a schedule.
#[derive(Serialize, JsonSchema)]
struct Occurrences {
    /// What became of each tick, the latest first.
    occurrences: Vec<Occurrence>,
    /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
    next: Option<Cursor>,
}

async fn occurrences(ask: Ask) -> Answered<Occurrences> {
    let page = ask.query::<Page>()?.check()?;
    let before_ms = page.cursor.map(u64::cast_signed);
    let part = ask.app.occurrences(&name(&ask)?, before_ms, page.limit).await?;
    let next = part.next.map(i64::cast_unsigned).map(Cursor);
    Reply::ok(&Occurrences { occurrences: part.occurrences, next })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    note: Reason,
}

/// Whether a schedule is paused now.
#[derive(Serialize, JsonSchema)]
struct PausedSchedule {
    /// Whether it is.
    paused: bool,
    /// Whether it was not so before.
    changed: bool,
}

async fn pause(ask: Ask) -> Answered<PausedSchedule> {
    let Note { note } = ask.json()?;
    let changed = ask.app.pause_schedule(&name(&ask)?, &note).await?;
    Reply::ok(&PausedSchedule { paused: true, changed })
}

async fn resume(ask: Ask) -> Answered<PausedSchedule> {
    let changed = ask.app.resume_schedule(&name(&ask)?).await?;
    Reply::ok(&PausedSchedule { paused: false, changed })
}

async fn trigger(ask: Ask) -> Answered<Occurrence> {
    let request = TriggerScheduleRequest { schedule: name(&ask)?, idempotency_key: ask.key.clone() };
    let occurrence = ask.app.trigger_schedule(&request).await?;
    Reply::accepted(&format!("/schedules/{}/occurrences", request.schedule), &occurrence)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    from: ktrdr_domain::Timestamp,
    to: ktrdr_domain::Timestamp,
}

async fn backfill(ask: Ask) -> Answered<BackfillAnswer> {
    let Stretch { from, to } = ask.json()?;
    let request = BackfillRequest { schedule: name(&ask)?, from, to };
    Reply::ok(&ask.app.backfill_schedule(&request).await?)
}
