//! Sweep: brings back what was lost, except for job messages. Atomic and idempotent, so that anyone may run it at any
//! time.

use std::time::Duration;

use ktrdr_domain::OperationId;
use rusqlite::Row;

use super::group;
use super::loss::{Lost, come_back, lose};
use super::publish_again::{announce_again, publish, publish_again};
use super::roots::start_waiting;
use crate::failure::Failure;
use crate::row::{self, Head, select_head};
use crate::tx::Tx;
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{SweepPlan, Swept};

/// Lost workers, due retries and, when asked for, lost events and stalled lanes.
pub(crate) fn sweep(tx: &mut Tx<'_>, plan: SweepPlan) -> Result<Swept, Failure> {
    group::go_on(tx, plan.limit)?;
    let mut swept = Swept { rescued: rescue(tx, plan)?, due: release_due(tx, plan.limit)?, republished: 0 };
    if let Some(age) = plan.republish_after {
        swept.republished += republish_events(tx, age, plan.limit)?;
        swept.republished += start_stalled_lanes(tx, plan.limit)?;
    }
    Ok(swept)
}

/// Brings back everything at once: for the start of a process that knows every earlier worker, holder of leases, to be
/// dead and every message outside the outbox to be gone.
pub(crate) fn recover(tx: &mut Tx<'_>) -> Result<Swept, Failure> {
    for lapse in [
        "UPDATE operations SET lease_until_ms = 0 WHERE lease_until_ms IS NOT NULL",
        "UPDATE operations SET published_at_ms = 0 WHERE published_at_ms IS NOT NULL",
        "UPDATE operations SET since_ms = 0 WHERE waiting IS NOT NULL",
        "DELETE FROM workers",
        "UPDATE schedules_leader SET until_ms = 0",
    ] {
        tx.execute(lapse, ())?;
    }
    let all = SweepPlan { grace: Duration::ZERO, limit: u32::MAX, republish_after: Some(Duration::ZERO) };
    let mut swept = sweep(tx, all)?;
    for queue in Queue::all() {
        swept.republished += publish_again(tx, queue, Duration::ZERO, u32::MAX)?;
    }
    // Each was suspected of the loss of a process that is counted now.
    tx.execute("DELETE FROM culprits", ())?;
    Ok(swept)
}

fn rescue(tx: &mut Tx<'_>, plan: SweepPlan) -> Result<u32, Failure> {
    let lost = tx.all(
        select_head!("WHERE lease_until_ms <= ?1 ORDER BY lease_until_ms LIMIT ?2"),
        (tx.now.minus(plan.grace), plan.limit),
        Head::read,
    )?;
    let rescued = counted(&lost);
    for mut head in lost {
        match lose(tx, &mut head)? {
            Lost::Ended(_) => {}
            Lost::GoesOn(wait) => come_back(tx, &head, wait)?,
        }
    }
    Ok(rescued)
}

fn release_due(tx: &mut Tx<'_>, limit: u32) -> Result<u32, Failure> {
    let due = tx.all(
        select_head!("WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2"),
        (tx.now.steady_ms, limit),
        Head::read,
    )?;
    for head in &due {
        tx.record(head, Change::Due, None)?;
        publish(tx, head.seq)?;
    }
    Ok(counted(&due))
}

/// Roots that wait for a child that has ended: its event was lost, or is late.
fn republish_events(tx: &mut Tx<'_>, age: Duration, limit: u32) -> Result<u32, Failure> {
    let missed = tx.all(
        "SELECT r.seq, c.id FROM operations r JOIN operations c ON c.id = r.waiting
         WHERE r.waiting IS NOT NULL AND r.since_ms <= ?1 AND c.finished_at_ms IS NOT NULL
           AND c.seq NOT IN (SELECT operation FROM outbox WHERE ended IS NOT NULL)
         ORDER BY r.since_ms LIMIT ?2",
        (tx.now.minus(age), limit),
        |found| Ok((found.get::<_, i64>(0)?, row::word::<OperationId>(found, 1)?)),
    )?;
    for (root, child) in &missed {
        tx.execute("UPDATE operations SET since_ms = ?2 WHERE seq = ?1", (root, tx.now.steady_ms))?;
        announce_again(tx, child)?;
    }
    Ok(counted(&missed))
}

/// I9: a lane with waiting roots has a running one.
fn start_stalled_lanes(tx: &mut Tx<'_>, limit: u32) -> Result<u32, Failure> {
    let stalled = tx.all(
        "SELECT DISTINCT lane FROM waiting_roots w
         WHERE NOT EXISTS (SELECT 1 FROM operations o WHERE o.lane = w.lane AND o.waiting IS NOT NULL) LIMIT ?1",
        [limit],
        seq_of,
    )?;
    let mut started = 0;
    for lane in stalled {
        started += start_waiting(tx, lane)?;
    }
    Ok(started)
}

fn seq_of(row: &Row<'_>) -> Result<i64, Failure> {
    Ok(row.get(0)?)
}

fn counted<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}
