//! What every store refuses before it writes anything: both engines call these, so that they refuse the same.
//! Everything a store is handed may come from outside.

mod schedules;

use std::collections::HashSet;

use ktrdr_domain::budget::{Cost, Measure};
use ktrdr_domain::job::MESSAGE_BYTES_MAX;
use ktrdr_domain::{Kind, Progress, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::audit::Action;
use crate::budget::{COST_MAX, RESERVED_FOR_MAX, Reservation};
use crate::cause::Cause;
use crate::history::NOTE_BYTES_MAX;
use crate::registry::WorkerInfo;
use crate::store::{
    AdvanceTo, BATCH_MAX, ConcurrencyLimit, Filter, Finish, GroupCancel, NewChild, NewOperation, NewRoot,
    Pace, StoreError,
};
use crate::tokens::Token;

pub use schedules::{decided_json, occurrence_json, pause_json, plan_json};

/// Largest result of an operation, in bytes of JSON: summaries, not series; those are artefacts.
const RESULT_BYTES_MAX: usize = 4 << 20;

/// Deepest JSON stored: well below the 128 levels that can be read back.
const DEPTH_MAX: usize = 64;

/// Most roots of one campaign.
const ROOTS_MAX: usize = 10_000;

/// Most limits that one root is submitted within.
const CONCURRENCY_LIMITS_MAX: usize = 8;

/// Longest text people give, in bytes: keys, names, reasons. Error texts are cut to it instead.
const TEXT_BYTES_MAX: usize = 4096;

/// Largest progress, in bytes of JSON.
const PROGRESS_BYTES_MAX: usize = 16 << 10;

/// Longest name of a token, in bytes.
const TOKEN_NAME_BYTES_MAX: usize = 100;

/// Most a worker says of itself, in bytes of JSON: thousands of running jobs.
const WORKER_BYTES_MAX: usize = 1 << 20;

/// Largest answer that is kept for a request that may be repeated, in bytes: the ids of the largest group.
const ANSWER_BYTES_MAX: usize = 1 << 20;

fn refuse<T>(why: String) -> Result<T, StoreError> {
    Err(StoreError::Invalid(why.into()))
}

/// A job of its own.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_leaf(new: &NewOperation) -> Result<(), StoreError> {
    check_kind(new.kind)?;
    check_tries(new.tries_max)?;
    check_text("idempotency key", new.idempotency_key.as_deref().unwrap_or_default())?;
    check_json("specification", &new.spec, MESSAGE_BYTES_MAX)
}

/// The cycles of a campaign.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_roots(roots: &[NewRoot], pace: Pace) -> Result<(), StoreError> {
    if roots.is_empty() || roots.len() > ROOTS_MAX || pace.in_flight == 0 || pace.generation == 0 {
        return refuse(format!("a campaign has 1 to {ROOTS_MAX} cycles, at least one of them in flight"));
    }
    let distinct: HashSet<_> = roots.iter().map(|root| &root.id).collect();
    if distinct.len() < roots.len() {
        return refuse("two cycles of one campaign have the same id".into());
    }
    roots.iter().try_for_each(|root| {
        if !root.kind.is_root() {
            return refuse(format!("{} is not a kind of cycle: submit it as a job", root.kind));
        }
        check_json("specification", &root.spec, MESSAGE_BYTES_MAX)?;
        check_child(&root.first)
    })
}

/// Limits within which a root is submitted.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_concurrency(limits: &[ConcurrencyLimit]) -> Result<(), StoreError> {
    if limits.len() > CONCURRENCY_LIMITS_MAX {
        return refuse(format!("a root has at most {CONCURRENCY_LIMITS_MAX} limits on concurrency"));
    }
    limits.iter().try_for_each(|limit| {
        check_text("key of a limit on concurrency", &limit.key)?;
        if limit.key.is_empty() || limit.most == 0 {
            return refuse("a limit on concurrency has a key, and lets at least one go on".into());
        }
        Ok(())
    })
}

fn check_child(child: &NewChild) -> Result<(), StoreError> {
    check_kind(child.kind)?;
    check_tries(child.tries_max)?;
    check_json("specification", &child.spec, MESSAGE_BYTES_MAX)
}

/// How a worker ends an attempt.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_finish(how: &Finish) -> Result<(), StoreError> {
    match how {
        Finish::Completed(result) => check_result(result),
        Finish::Failed { reason, result, .. } => {
            check_text("reason", reason.as_str())?;
            result.as_ref().map_or(Ok(()), check_result)
        }
        Finish::Cancelled | Finish::Retry { .. } | Finish::Defer { .. } | Finish::Release => Ok(()),
    }
}

/// Where a cycle goes.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_advance(to: &AdvanceTo) -> Result<(), StoreError> {
    match to {
        AdvanceTo::Phase { child, .. } => check_child(child),
        AdvanceTo::Completed { result } => check_result(result),
        AdvanceTo::Failed { reason, stopped_by, result, .. } => {
            check_text("reason", reason.as_str())?;
            check_text("reason", stopped_by)?;
            check_result(result)
        }
    }
}

fn check_result(result: &Value) -> Result<(), StoreError> {
    check_json("result", result, RESULT_BYTES_MAX)
}

/// Which rows are asked for.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_filter(filter: &Filter) -> Result<(), StoreError> {
    check_page(filter.limit)
}

/// How many rows a list may have.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_page(limit: u32) -> Result<(), StoreError> {
    if (1..=1000).contains(&limit) {
        return Ok(());
    }
    refuse(format!("a list has 1 to 1000 rows, not {limit}"))
}

/// Which operations a group cancel means.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_group(group: &GroupCancel) -> Result<(), StoreError> {
    check_text("name of the asker", &group.by)?;
    check_text("reason", &group.reason)?;
    if group.status.is_some_and(Status::is_terminal) {
        return refuse("what has ended can not be cancelled: only pending and running operations can".into());
    }
    if (1..=BATCH_MAX).contains(&group.limit) {
        return Ok(());
    }
    refuse(format!("a batch has 1 to {BATCH_MAX} operations, not {}", group.limit))
}

/// Text that people give: keys, names, reasons. `what` says which, for the refusal.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_text(what: &str, text: &str) -> Result<(), StoreError> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    refuse(format!("the {what} has {} bytes; at most {TEXT_BYTES_MAX} are stored", text.len()))
}

/// Shortens words about an error: a row keeps the beginning, the log has it all.
#[must_use]
pub fn cut(mut error: String) -> String {
    error.truncate(error.floor_char_boundary(TEXT_BYTES_MAX));
    error
}

/// The beginning of a text, as a history keeps it.
#[must_use]
pub fn note(text: &str) -> &str {
    &text[..text.floor_char_boundary(NOTE_BYTES_MAX)]
}

/// Progress as JSON. Figures that are not numbers are left out: JSON can not say them, and a loss of NaN must not
/// make its row unreadable.
///
/// # Errors
/// [`StoreError::Invalid`] for more than a row keeps.
pub fn progress_json(progress: &Progress) -> Result<String, StoreError> {
    let mut progress = progress.clone();
    let trail = progress.trail.iter_mut().map(|mark| &mut mark.figures);
    for figures in trail.chain([&mut progress.figures]) {
        figures.retain(|(_, figure)| figure.is_finite());
    }
    progress.percentage =
        if progress.percentage.is_finite() { progress.percentage.clamp(0.0, 100.0) } else { 0.0 };
    match serde_json::to_string(&progress) {
        Ok(json) if json.len() <= PROGRESS_BYTES_MAX => Ok(json),
        Ok(json) => {
            refuse(format!("the progress has {} bytes; at most {PROGRESS_BYTES_MAX} are stored", json.len()))
        }
        Err(e) => refuse(format!("the progress can not be stored: {e}")),
    }
}

/// What a worker says of itself as JSON.
///
/// # Errors
/// [`StoreError::Invalid`] for more than a registry keeps.
pub fn worker_json(worker: &WorkerInfo) -> Result<String, StoreError> {
    match serde_json::to_string(worker) {
        Ok(json) if json.len() <= WORKER_BYTES_MAX => Ok(json),
        Ok(json) => {
            refuse(format!("the worker has {} bytes; at most {WORKER_BYTES_MAX} are stored", json.len()))
        }
        Err(e) => refuse(format!("the worker can not be stored: {e}")),
    }
}

/// A token as JSON, without its secret.
///
/// # Errors
/// [`StoreError::Invalid`] for an id or a name that is none.
pub fn token_json(token: &Token) -> Result<String, StoreError> {
    let is_id = (8..=64).contains(&token.id.len()) && token.id.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_id || !(1..=TOKEN_NAME_BYTES_MAX).contains(&token.name.len()) {
        return refuse(format!(
            "a token's id has 8 to 64 hexadecimal digits, its name 1 to {TOKEN_NAME_BYTES_MAX} bytes"
        ));
    }
    check_text("name of the asker", &token.by)?;
    serde_json::to_string(token)
        .map_err(|e| StoreError::Invalid(Cause::because("the token can not be stored", e)))
}

/// An action as JSON.
///
/// # Errors
/// [`StoreError::Invalid`] for texts that are too long.
pub fn action_json(action: &Action) -> Result<String, StoreError> {
    let Action { by, via, what, target, reason } = action;
    [by, via, what, target, reason].into_iter().try_for_each(|text| check_text("part of an action", text))?;
    serde_json::to_string(action)
        .map_err(|e| StoreError::Invalid(Cause::because("the action can not be stored", e)))
}

/// What was answered to a request that may be repeated.
///
/// # Errors
/// [`StoreError::Invalid`] where it is too large to be kept, or empty.
pub fn check_answer(answer: &str) -> Result<(), StoreError> {
    if (1..=ANSWER_BYTES_MAX).contains(&answer.len()) {
        return Ok(());
    }
    refuse(format!("an answer of {} bytes: 1 to {ANSWER_BYTES_MAX} are kept", answer.len()))
}

/// What is to be set aside.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_reservation(wish: &Reservation) -> Result<(), StoreError> {
    if wish.lasts > RESERVED_FOR_MAX {
        let (lasts, max) = (wish.lasts.as_secs(), RESERVED_FOR_MAX.as_secs());
        return refuse(format!("a reservation for {lasts} s is too long; at most {max} s"));
    }
    check_cost(&wish.worst)
}

/// What something costs.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_cost(cost: &Cost) -> Result<(), StoreError> {
    match Measure::ALL.into_iter().find(|measure| cost.of(*measure) > COST_MAX) {
        Some(measure) => {
            let (asked, max) = (measure.words(cost.of(measure)), measure.words(COST_MAX));
            refuse(format!("{asked} for one call are a mistake; at most {max} are counted"))
        }
        None => Ok(()),
    }
}

/// An entry of the ledger as JSON that can be read back: a figure that is not a number must be found now, not when the ledger
/// is needed.
///
/// # Errors
/// [`StoreError::Invalid`] for what would not be read back.
pub fn readable_json<T: Serialize + DeserializeOwned>(entry: &T) -> Result<String, StoreError> {
    let invalid =
        |e: serde_json::Error| StoreError::Invalid(Cause::because("the ledger can not keep this", e));
    let json = serde_json::to_string(entry).map_err(invalid)?;
    serde_json::from_str::<T>(&json).map_err(invalid)?;
    Ok(json)
}

/// Kinds that have job messages: all but the research cycle.
///
/// # Errors
/// [`StoreError::Invalid`] with what is refused and what is allowed.
pub fn check_kind(kind: Kind) -> Result<(), StoreError> {
    if kind.is_root() {
        return refuse(format!("{kind} is a research cycle: it has no job message"));
    }
    Ok(())
}

fn check_tries(tries_max: u32) -> Result<(), StoreError> {
    if tries_max == 0 {
        return refuse("an operation needs at least one try".into());
    }
    Ok(())
}

fn check_json(what: &str, value: &Value, bytes_max: usize) -> Result<(), StoreError> {
    if !is_shallow(value, DEPTH_MAX) {
        return refuse(format!("the {what} is nested more than {DEPTH_MAX} levels deep"));
    }
    let bytes = serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
    if bytes > bytes_max {
        return refuse(format!("the {what} has {bytes} bytes of JSON; at most {bytes_max} are stored"));
    }
    Ok(())
}

fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_shallow(item, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|field| is_shallow(field, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
