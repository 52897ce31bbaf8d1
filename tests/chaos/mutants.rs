//! The test of the test: a run that went well, and every way in which it could have gone wrong. The oracle says
//! nothing about the one and names each of the others.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::device::DeviceRequest;
use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, Status};
use ktrdr_fabric::history::{Change, Transition};
use ktrdr_fabric::store::Cancelled;
use serde_json::json;

use super::aof_log::{Step, Story};
use super::jobs::{Expectation, PlannedJob};
use super::oracle::{Evidence, judge};

const PLAIN: &str = "op_plain";
const POISON: &str = "op_poison";
const CANCELLED: &str = "op_cancelled";
const ROOT: &str = "op_root";
const BACKTEST: &str = "op_root.backtesting.1";

fn id(name: &str) -> OperationId {
    name.parse().unwrap()
}

/// A run in which everything went as it should: a probe that completed at its second attempt, one that killed all
/// its workers, one that was cancelled, and a cycle.
fn good() -> Evidence {
    let jobs =
        [(PLAIN, Expectation::Complete), (POISON, Expectation::Poison), (CANCELLED, Expectation::Complete)];
    let mut evidence = Evidence {
        jobs: jobs.map(|(name, expected)| job(name, expected)).into(),
        cycles: vec![id(ROOT)],
        marks: BTreeMap::from([(id(PLAIN), vec![1, 2])]),
        cancels: BTreeMap::from([(id(CANCELLED), Cancelled::Done)]),
        leftovers: BTreeMap::from([("outbox", 0)]),
        trials: BTreeMap::from([(id(BACKTEST), 1)]),
        lessons: BTreeMap::from([(id(ROOT), 1)]),
        ..Evidence::default()
    };
    add(&mut evidence, PLAIN, Kind::Probe, Status::Completed, 2);
    add(&mut evidence, POISON, Kind::Probe, Status::Failed, 3);
    add(&mut evidence, CANCELLED, Kind::Probe, Status::Cancelled, 0);
    add(&mut evidence, ROOT, Kind::AgentResearch, Status::Completed, 0);
    add(&mut evidence, BACKTEST, Kind::Backtesting, Status::Completed, 1);
    row(&mut evidence, PLAIN).result = Some(json!({"attempt": 2}));
    row(&mut evidence, POISON).reason = Some(FailureReason::AttemptsExhausted);
    row(&mut evidence, BACKTEST).root = Some(id(ROOT));
    let request = CancelRequest { at_ms: 1, by: "us".into(), reason: String::new(), too_late: false };
    row(&mut evidence, CANCELLED).cancel = Some(request);
    story(&mut evidence, ROOT).moves =
        vec![("training".into(), "a".into()), ("backtesting".into(), "b".into())];
    evidence.foreign.sent.insert("foreign".into(), "ktrdr.jobs.probe");
    evidence.foreign.buried.insert("foreign".into());
    evidence
}

fn job(name: &str, expected: Expectation) -> PlannedJob {
    let cancel_after = (name == CANCELLED).then_some(Duration::ZERO);
    let (sleep, at) = (Duration::ZERO, Duration::ZERO);
    PlannedJob { id: id(name), expected, sleep, at, cancel_after, has_key: false, device: DeviceRequest::Any }
}

/// A row, its list and its story: claimed so many times, then ended.
fn add(evidence: &mut Evidence, name: &str, kind: Kind, status: Status, claims: u64) {
    let operation = json!({
        "id": name, "kind": kind, "status": status, "fence": claims, "tries": claims, "tries_max": 3,
        "spec": {}, "created_at_ms": 0, "rescues": 0,
    });
    let mut operation: Operation = serde_json::from_value(operation).unwrap();
    operation.finished_at_ms = Some(claims as i64);
    evidence.rows.insert(id(name), operation);
    evidence.listed.insert(id(name), vec![status]);
    let step = |status, fence| Step { status, fence, at_ms: Some(fence as i64) };
    let mut steps = vec![step(Status::Pending, 0)];
    steps.extend((1..=claims).map(|fence| step(Status::Running, fence)));
    steps.push(step(status, claims));
    evidence.stories.insert(name.to_owned(), Story { steps, events: 1, moves: Vec::new() });
    let entry = |what, fence| Transition { at_ms: fence as i64, what, fence, worker: None, note: None };
    let mut history: Vec<_> = (1..=claims).map(|fence| entry(Change::Claimed, fence)).collect();
    history.push(entry(status.as_str().parse().unwrap(), claims));
    evidence.histories.insert(id(name), history);
}

fn row<'a>(evidence: &'a mut Evidence, name: &str) -> &'a mut Operation {
    evidence.rows.get_mut(&id(name)).unwrap()
}

fn story<'a>(evidence: &'a mut Evidence, name: &str) -> &'a mut Story {
    evidence.stories.get_mut(name).unwrap()
}

/// Spoils a good run; the oracle must name this promise, perhaps among others.
fn is_caught_as<T>(promise: &str, spoil: impl FnOnce(&mut Evidence) -> T) {
    let mut evidence = good();
    spoil(&mut evidence);
    let violations = judge(&evidence);
    assert!(violations.iter().any(|violation| violation.promise == promise), "{promise}: {violations:#?}");
}

#[test]
fn a_run_that_went_well_breaks_no_promise() {
    let violations = judge(&good());
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn an_operation_without_a_row_is_lost() {
    is_caught_as("lost", |e| e.rows.remove(&id(PLAIN)));
    is_caught_as("lost", |e| e.jobs.push(job("op_never_written", Expectation::Complete)));
    is_caught_as("lost", |e| e.rows.remove(&id(ROOT)));
}

#[test]
fn an_operation_that_goes_on_is_stuck() {
    is_caught_as("stuck", |e| row(e, PLAIN).status = Status::Running);
    is_caught_as("stuck", |e| row(e, PLAIN).status = Status::Pending);
}

#[test]
fn two_ends_of_one_operation_are_a_double_effect() {
    is_caught_as("twice", |e| {
        let again = story(e, PLAIN).steps.last().unwrap().clone();
        story(e, PLAIN).steps.push(again);
    });
}

#[test]
fn an_end_that_changed_afterwards_breaks_i3() {
    is_caught_as("I3", |e| {
        let again = Step { status: Status::Running, fence: 3, at_ms: None };
        story(e, PLAIN).steps.push(again);
    });
    is_caught_as("I3", |e| row(e, PLAIN).status = Status::Failed);
}

#[test]
fn an_end_with_no_event_or_with_two_breaks_i4() {
    is_caught_as("I4", |e| story(e, PLAIN).events = 0);
    is_caught_as("I4", |e| story(e, ROOT).events = 2);
    is_caught_as("I4", |e| e.stories.remove(PLAIN));
}

#[test]
fn a_result_of_another_attempt_breaks_i5() {
    is_caught_as("I5", |e| row(e, PLAIN).result = Some(json!({"attempt": 1})));
    is_caught_as("I5", |e| row(e, PLAIN).result = None);
}

#[test]
fn a_claim_that_was_given_twice_or_left_out_is_caught() {
    is_caught_as("fence", |e| story(e, PLAIN).steps.remove(1));
    is_caught_as("fence", |e| story(e, PLAIN).steps[2].fence = 1);
}

#[test]
fn a_history_that_tells_something_else_is_caught() {
    let history = |e: &mut Evidence| e.histories.get_mut(&id(PLAIN)).unwrap().clone();
    is_caught_as("history", |e| e.histories.remove(&id(PLAIN)));
    is_caught_as("history", |e| {
        let twice = [history(e), history(e)].concat();
        e.histories.insert(id(PLAIN), twice)
    });
    is_caught_as("history", |e| {
        let unclaimed = history(e).split_off(1);
        e.histories.insert(id(PLAIN), unclaimed)
    });
    is_caught_as("history", |e| row(e, PLAIN).finished_at_ms = Some(3));
}

#[test]
fn an_effect_that_is_missing_or_came_from_nowhere_is_caught() {
    is_caught_as("effect", |e| e.marks.remove(&id(PLAIN)));
    is_caught_as("effect", |e| e.marks.insert(id(PLAIN), vec![1]));
    is_caught_as("effect", |e| e.marks.insert(id(PLAIN), vec![2, 3]));
}

#[test]
fn a_phase_that_was_entered_twice_breaks_i6() {
    is_caught_as("I6", |e| story(e, ROOT).moves.push(("training".into(), "c".into())));
}

#[test]
fn a_child_that_outlives_its_root_breaks_i7_and_a_forgiven_one_i8() {
    is_caught_as("I7", |e| row(e, BACKTEST).status = Status::Running);
    is_caught_as("I8", |e| row(e, BACKTEST).status = Status::Failed);
}

#[test]
fn a_cycle_that_waits_when_nothing_runs_breaks_i9() {
    is_caught_as("I9", |e| row(e, ROOT).status = Status::Pending);
}

#[test]
fn a_row_in_no_list_or_in_two_is_caught() {
    is_caught_as("lists", |e| e.listed.remove(&id(PLAIN)));
    is_caught_as("lists", |e| e.listed.insert(id(PLAIN), vec![Status::Running, Status::Completed]));
}

#[test]
fn an_end_that_nobody_asked_for_is_caught() {
    is_caught_as("end", |e| {
        row(e, PLAIN).status = Status::Failed;
        row(e, PLAIN).reason = Some(FailureReason::AttemptsExhausted);
    });
    is_caught_as("end", |e| row(e, PLAIN).status = Status::Cancelled);
    is_caught_as("end", |e| row(e, POISON).reason = Some(FailureReason::Error));
    is_caught_as("end", |e| row(e, ROOT).status = Status::Cancelled);
}

#[test]
fn a_cancel_that_was_promised_and_not_kept_is_caught() {
    is_caught_as("cancel", |e| row(e, CANCELLED).status = Status::Completed);
    is_caught_as("cancel", |e| e.cancels.insert(id(PLAIN), Cancelled::Requested));
    is_caught_as("cancel", |e| e.cancels.insert(id(PLAIN), Cancelled::Missing));
}

#[test]
fn more_tries_than_allowed_are_caught() {
    is_caught_as("tries", |e| row(e, PLAIN).tries = 4);
}

#[test]
fn what_is_left_over_or_never_buried_is_caught() {
    is_caught_as("leftover", |e| e.leftovers.insert("outbox", 1));
    is_caught_as("dead letters", |e| e.foreign.buried.clear());
    is_caught_as("run", |e| e.complaints.push("a process panicked".into()));
}

#[test]
fn a_trial_or_a_lesson_that_is_missing_or_counted_twice_is_caught() {
    is_caught_as("ledger", |e| e.trials.clear());
    is_caught_as("ledger", |e| e.trials.insert(id(BACKTEST), 2));
    is_caught_as("ledger", |e| e.lessons.insert(id(ROOT), 2));
}
