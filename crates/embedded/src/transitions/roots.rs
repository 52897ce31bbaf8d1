//! Roots and their lanes: the roots of one submit, started in their order as their pace allows. The end of one starts those that
//! waited for it in the same step.

use ktrdr_domain::{OperationId, Subject};

use super::submit::{Leaf, words};
use crate::failure::Failure;
use crate::row;
use crate::tx::Tx;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{NewChild, NewRoot, Pace, StoreError, StoreHint, Submitted};

/// Creates a campaign's roots as one lane.
pub(crate) fn submit_roots(tx: &mut Tx<'_>, roots: &[NewRoot], pace: Pace) -> Result<Submitted, Failure> {
    for root in roots {
        if tx.head(&root.id)?.is_some() {
            return Ok(Submitted::Duplicate(root.id.clone()));
        }
    }
    let mut lane = None;
    for root in roots {
        let seq = insert_waiting(tx, root, lane)?;
        lane = lane.or(Some(seq));
    }
    if let Some(lane) = lane {
        let Pace { in_flight, generation } = pace;
        tx.execute(
            "INSERT INTO lanes (lane, in_flight, generation) VALUES (?1, ?2, ?3)",
            (lane, in_flight, generation),
        )?;
        start_waiting(tx, lane)?;
    }
    Ok(Submitted::Created)
}

/// Writes a root that waits; without a lane it opens its own.
fn insert_waiting(tx: &mut Tx<'_>, root: &NewRoot, lane: Option<i64>) -> Result<i64, Failure> {
    let about = Subject::of(&root.spec);
    tx.execute(
        "INSERT INTO operations (id, kind, status, tries_max, priority, phase, lane, created_at_ms, campaign, strategy,
           symbol, timeframe)
         VALUES (?1, ?2, 'pending', 0, 4, ?3,
                 coalesce(?4, (SELECT coalesce(max(seq), 0) + 1 FROM operations)), ?5, ?6, ?7, ?8, ?9)",
        (
            root.id.as_str(),
            root.kind.as_str(),
            root.phase.as_str(),
            lane,
            tx.now.wall_ms,
            root.campaign.as_str(),
            words(&about.strategy),
            words(&about.symbol),
            words(&about.timeframe),
        ),
    )?;
    let seq = tx.inserted();
    tx.keep_spec(seq, &root.spec)?;
    let first = serde_json::to_string(&root.first).map_err(|e| StoreError::Invalid(Cause::of(e)))?;
    tx.execute(
        "INSERT INTO waiting_roots (root, lane, first) VALUES (?1, ?2, ?3)",
        (seq, lane.unwrap_or(seq), first),
    )?;
    tx.hint(StoreHint::Changed(root.id.clone()));
    Ok(seq)
}

/// Starts waiting roots of a lane for as long as its pace allows; how many.
pub(super) fn start_waiting(tx: &mut Tx<'_>, lane: i64) -> Result<u32, Failure> {
    let mut started = 0;
    while start_next_of(tx, lane)? {
        started += 1;
    }
    Ok(started)
}

/// Starts the first waiting root of a lane; whether there was one that may start. While its campaign is being cancelled none
/// may: it will be cancelled where it waits.
fn start_next_of(tx: &mut Tx<'_>, lane: i64) -> Result<bool, Failure> {
    let next = tx.first(
        "SELECT o.id, w.first, c.cancel_upto >= o.seq FROM waiting_roots w JOIN operations o ON o.seq = w.root
           LEFT JOIN campaigns c ON c.name = o.campaign
         WHERE w.lane = ?1 ORDER BY w.root LIMIT 1",
        [lane],
        |found| {
            let first: String = found.get(1)?;
            let is_held = found.get::<_, Option<bool>>(2)?.unwrap_or_default();
            Ok((row::word::<OperationId>(found, 0)?, row::json::<NewChild>(&first)?, is_held))
        },
    )?;
    let Some((id, first, false)) = next else { return Ok(false) };
    let Some(root) = tx.head(&id)? else { return Ok(false) };
    if !may_start(tx, lane, root.seq)? {
        return Ok(false);
    }
    tx.execute("DELETE FROM waiting_roots WHERE root = ?1", [root.seq])?;
    tx.execute(
        "UPDATE operations SET status = 'running', started_at_ms = ?2, since_ms = ?3, waiting = ?4,
           started_steady_ms = ?3, steady_clock = ?5
         WHERE seq = ?1",
        (root.seq, tx.now.wall_ms, tx.now.steady_ms, first.id.as_str(), tx.steady_clock),
    )?;
    tx.record(&root, Change::Started, Some(first.id.as_str()))?;
    insert_child(tx, &root.id, &first)?;
    tx.hint(StoreHint::Changed(root.id));
    Ok(true)
}

/// Whether fewer of its lane run than may, and all of them are of its own generation: earlier ones have ended. In lanes that
/// are older than generations one root runs at a time.
fn may_start(tx: &Tx<'_>, lane: i64, root: i64) -> Result<bool, Failure> {
    let pace = "SELECT in_flight, generation FROM lanes WHERE lane = ?1";
    let pace = tx.first(pace, [lane], |found| Ok((found.get::<_, i64>(0)?, found.get::<_, i64>(1)?)))?;
    let (in_flight, generation) = pace.unwrap_or((1, 1));
    let running = tx.first(
        "SELECT count(*), min(seq) FROM operations WHERE lane = ?1 AND waiting IS NOT NULL",
        [lane],
        |found| Ok((found.get::<_, i64>(0)?, found.get::<_, Option<i64>>(1)?)),
    )?;
    // The roots of a lane were inserted one after the other, so that their numbers tell their places.
    let generation_of = |seq: i64| (seq - lane) / generation;
    Ok(match running {
        Some((running, Some(first))) => running < in_flight && generation_of(first) == generation_of(root),
        _ => true,
    })
}

/// Creates a root's child and its message. The id must be new: two children of one id are a mistake of the caller.
pub(super) fn insert_child(tx: &mut Tx<'_>, root: &OperationId, child: &NewChild) -> Result<(), Failure> {
    if tx.head(&child.id)?.is_some() {
        return Err(StoreError::Invalid(
            format!("{} exists already and can not be a new child of {root}", child.id).into(),
        )
        .into());
    }
    let leaf = Leaf {
        id: &child.id,
        kind: child.kind,
        spec: &child.spec,
        tries_max: child.tries_max,
        priority: child.priority,
        root: Some(root),
        idempotency_key: None,
    };
    leaf.insert(tx)
}
