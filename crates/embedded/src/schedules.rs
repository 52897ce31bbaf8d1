//! Schedules on SQLite, the records of their ticks, and who decides about them.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, Pause, Schedule, SchedulePlan};
use ktrdr_fabric::limits;
use ktrdr_fabric::schedules::{
    Decided, Decision, Lead, Leadership, SCHEDULES_MAX, ScheduleChanged, ScheduleCreated, Schedules,
};
use ktrdr_fabric::store::{BootId, StoreError};
use rusqlite::Row;

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::{Tx, integer};
use super::writer::Sync;

const SCHEDULE: &str = "SELECT name, plan, created_at_ms, decided_upto_ms, paused, revision FROM schedules";

const OCCURRENCE: &str = "SELECT occurrence FROM occurrences";

#[async_trait]
impl Schedules for SqliteStore {
    async fn create_schedule(
        &self,
        name: &ScheduleName,
        plan: &SchedulePlan,
    ) -> Result<ScheduleCreated, StoreError> {
        let (name, json) = (name.to_string(), limits::plan_json(plan)?);
        self.writer.run(Sync::Now, move |tx| create(tx, &name, &json)).await
    }

    async fn schedule(&self, name: &ScheduleName) -> Result<Option<Schedule>, StoreError> {
        let (sql, name) = (format!("{SCHEDULE} WHERE name = ?1"), name.to_string());
        self.read_apart(move |db| Ok(row::all(db, &sql, [name], schedule)?.pop())).await
    }

    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let sql = format!("{SCHEDULE} ORDER BY name");
        self.read_apart(move |db| row::all(db, &sql, (), schedule)).await
    }

    async fn pause_schedule(
        &self,
        name: &ScheduleName,
        pause: &Pause,
    ) -> Result<ScheduleChanged, StoreError> {
        limits::check_text("name of the asker", &pause.by)?;
        let (name, mut pause) = (name.to_string(), pause.clone());
        let change = move |tx: &mut Tx<'_>| {
            pause.at_ms = tx.now.wall_ms;
            let json = limits::pause_json(&pause).map_err(Failure::corrupt)?;
            let sql = "UPDATE schedules SET paused = ?2, revision = revision + 1 WHERE name = ?1 AND paused IS NULL";
            changed(tx, &name, tx.execute(sql, (&name, &json))?)
        };
        self.writer.run(Sync::Now, change).await
    }

    async fn resume_schedule(&self, name: &ScheduleName) -> Result<ScheduleChanged, StoreError> {
        let name = name.to_string();
        let change = move |tx: &mut Tx<'_>| {
            let sql = "UPDATE schedules SET paused = NULL, revision = revision + 1 WHERE name = ?1 AND paused IS NOT NULL";
            changed(tx, &name, tx.execute(sql, [&name])?)
        };
        self.writer.run(Sync::Now, change).await
    }

    async fn delete_schedule(&self, name: &ScheduleName) -> Result<bool, StoreError> {
        let name = name.to_string();
        let delete =
            move |tx: &mut Tx<'_>| Ok(tx.execute("DELETE FROM schedules WHERE name = ?1", [&name])? > 0);
        self.writer.run(Sync::Now, delete).await
    }

    async fn lead(&self, boot: &BootId, lease: Duration) -> Result<Lead, StoreError> {
        let boot = boot.clone();
        // Losing this in a power loss is harmless: whoever decided anything since has synced it with that.
        self.writer.run(Sync::Later, move |tx| lead(tx, &boot, lease)).await
    }

    async fn decide(&self, decision: &Decision) -> Result<Decided, StoreError> {
        let records = limits::decided_json(&decision.occurrences)?;
        let decision = decision.clone();
        self.writer.run(Sync::Now, move |tx| decide(tx, &decision, &records)).await
    }

    async fn note_occurrence(&self, occurrence: &Occurrence) -> Result<bool, StoreError> {
        let (occurrence, json) = (occurrence.clone(), limits::occurrence_json(occurrence)?);
        self.writer.run(Sync::Now, move |tx| write(tx, &occurrence, &json)).await
    }

    async fn move_occurrence(&self, moved: &Occurrence) -> Result<bool, StoreError> {
        let (moved, json) = (moved.clone(), limits::occurrence_json(moved)?);
        let change = move |tx: &mut Tx<'_>| {
            let sql = "UPDATE occurrences SET is_open = ?3, moves = ?4, occurrence = ?5
                       WHERE schedule = ?1 AND at_ms = ?2 AND moves = ?4 - 1";
            let Occurrence { schedule, at_ms, moves, .. } = &moved;
            Ok(tx.execute(sql, (schedule.as_str(), at_ms, moved.is_open(), moves, &json))? > 0)
        };
        self.writer.run(Sync::Now, change).await
    }

    async fn open_occurrences(&self) -> Result<Vec<Occurrence>, StoreError> {
        let sql = format!("{OCCURRENCE} WHERE is_open = 1 ORDER BY at_ms, schedule");
        self.read_apart(move |db| row::all(db, &sql, (), occurrence)).await
    }

    async fn occurrence(
        &self,
        schedule: &ScheduleName,
        at_ms: i64,
    ) -> Result<Option<Occurrence>, StoreError> {
        let (sql, name) = (format!("{OCCURRENCE} WHERE schedule = ?1 AND at_ms = ?2"), schedule.to_string());
        self.read_apart(move |db| Ok(row::all(db, &sql, (name, at_ms), occurrence)?.pop())).await
    }

    async fn occurrences(
        &self,
        schedule: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, StoreError> {
        limits::check_page(limit)?;
        let sql = format!("{OCCURRENCE} WHERE schedule = ?1 AND at_ms < ?2 ORDER BY at_ms DESC LIMIT ?3");
        let (name, before_ms) = (schedule.to_string(), before_ms.unwrap_or(i64::MAX));
        self.read_apart(move |db| row::all(db, &sql, (name, before_ms, limit), occurrence)).await
    }
}

fn create(tx: &mut Tx<'_>, name: &str, plan: &str) -> Result<ScheduleCreated, Failure> {
    let read = |found: &Row<'_>| Ok((found.get::<_, String>(0)?, found.get::<_, String>(1)?));
    let there = tx.all("SELECT name, plan FROM schedules", (), read)?;
    if let Some((_, known)) = there.iter().find(|(other, _)| other == name) {
        return Ok(if known == plan { ScheduleCreated::Created } else { ScheduleCreated::Taken });
    }
    if there.len() >= SCHEDULES_MAX {
        return Ok(ScheduleCreated::TooMany);
    }
    let insert = "INSERT INTO schedules (name, plan, created_at_ms, decided_upto_ms) VALUES (?1, ?2, ?3, ?3)";
    tx.execute(insert, (name, plan, tx.now.wall_ms))?;
    Ok(ScheduleCreated::Created)
}

/// What a change came to that changed so many rows.
fn changed(tx: &Tx<'_>, name: &str, rows: usize) -> Result<ScheduleChanged, Failure> {
    if rows > 0 {
        return Ok(ScheduleChanged::Done);
    }
    let is_there = tx.first("SELECT 1 FROM schedules WHERE name = ?1", [name], |_| Ok(()))?.is_some();
    Ok(if is_there { ScheduleChanged::Before } else { ScheduleChanged::Missing })
}

fn lead(tx: &mut Tx<'_>, boot: &BootId, lease: Duration) -> Result<Lead, Failure> {
    let now_ms = tx.now.wall_ms;
    let read =
        |found: &Row<'_>| Ok((found.get::<_, String>(0)?, row::count(found, 1)?, found.get::<_, i64>(2)?));
    let before = tx.first("SELECT boot, fence, until_ms FROM schedules_leader", (), read)?;
    let fence = match before {
        Some((holder, fence, until_ms)) if until_ms > now_ms => match holder == boot.0 {
            true => fence,
            false => return Ok(Lead::Other(BootId(holder))),
        },
        Some((_, fence, _)) => fence + 1,
        None => 1,
    };
    tx.execute(
        "INSERT INTO schedules_leader (one, boot, fence, until_ms) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET boot = excluded.boot, fence = excluded.fence, until_ms = excluded.until_ms",
        (&boot.0, integer(fence), tx.now.wall_plus(lease)),
    )?;
    Ok(Lead::Yes { leadership: Leadership { boot: boot.clone(), fence }, now_ms })
}

fn decide(tx: &mut Tx<'_>, decision: &Decision, records: &[String]) -> Result<Decided, Failure> {
    let Decision { schedule, revision, leadership, upto_ms, occurrences } = decision;
    let leads = "SELECT 1 FROM schedules_leader WHERE boot = ?1 AND fence = ?2 AND until_ms > ?3";
    let term = (&leadership.boot.0, integer(leadership.fence), tx.now.wall_ms);
    if tx.first(leads, term, |_| Ok(()))?.is_none() {
        return Ok(Decided::NotLeading);
    }
    let advance = "UPDATE schedules SET decided_upto_ms = ?3, revision = revision + 1 WHERE name = ?1 AND revision = ?2";
    if tx.execute(advance, (schedule.as_str(), integer(*revision), upto_ms))? == 0 {
        return Ok(Decided::Stale);
    }
    for (occurrence, json) in occurrences.iter().zip(records) {
        write(tx, occurrence, json)?;
    }
    Ok(Decided::Recorded)
}

/// Writes a record, unless there is one; whether there was none.
fn write(tx: &mut Tx<'_>, occurrence: &Occurrence, json: &str) -> Result<bool, Failure> {
    let insert =
        "INSERT INTO occurrences (schedule, at_ms, is_open, moves, occurrence) VALUES (?1, ?2, ?3, ?4, ?5)
                  ON CONFLICT DO NOTHING";
    let Occurrence { schedule, at_ms, moves, .. } = occurrence;
    Ok(tx.execute(insert, (schedule.as_str(), at_ms, occurrence.is_open(), moves, json))? > 0)
}

fn occurrence(found: &Row<'_>) -> Result<Occurrence, Failure> {
    row::json_at(found, 0)
}

fn schedule(found: &Row<'_>) -> Result<Schedule, Failure> {
    Ok(Schedule {
        name: row::word(found, 0)?,
        plan: row::json_at(found, 1)?,
        created_at_ms: found.get(2)?,
        decided_upto_ms: found.get(3)?,
        paused: found.get::<_, Option<String>>(4)?.as_deref().map(row::json).transpose()?,
        revision: row::count(found, 5)?,
    })
}
