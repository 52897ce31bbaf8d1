//! The oracle: what must be true when everything is over, and which promise it breaks when it is not.

use std::collections::BTreeMap;

use ktrdr_domain::{FailureReason, Operation, OperationId, Status};
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::Cancelled;

use super::aof_log::Story;
use super::jobs::{Expectation, PlannedJob};
use super::poison_messages::Foreign;

/// A broken promise.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) promise: &'static str,
    /// Printed when a run fails.
    #[expect(dead_code, reason = "read by Debug")]
    pub(crate) what: String,
}

/// Everything that is known when a run is over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub(crate) jobs: Vec<PlannedJob>,
    /// Research cycles that were submitted.
    pub(crate) cycles: Vec<OperationId>,
    /// Every row there is.
    pub(crate) rows: BTreeMap<OperationId, Operation>,
    /// The lists each row was found in.
    pub(crate) listed: BTreeMap<OperationId, Vec<Status>>,
    /// What Redis wrote down.
    pub(crate) stories: BTreeMap<String, Story>,
    /// What the fleet itself tells of each operation.
    pub(crate) histories: BTreeMap<OperationId, Vec<Transition>>,
    /// Attempts that came to their end, by the marks they left.
    pub(crate) marks: BTreeMap<OperationId, Vec<u64>>,
    pub(crate) cancels: BTreeMap<OperationId, Cancelled>,
    pub(crate) foreign: Foreign,
    /// What must be empty in the end, and how much is in it.
    pub(crate) leftovers: BTreeMap<&'static str, u64>,
    /// How often each trial and each lesson is in the ledger.
    pub(crate) trials: BTreeMap<OperationId, u32>,
    pub(crate) lessons: BTreeMap<OperationId, u32>,
    /// What the run itself complains about: panics, ends without drain, strange answers.
    pub(crate) complaints: Vec<String>,
}

/// Every broken promise.
pub(crate) fn judge(evidence: &Evidence) -> Vec<Violation> {
    let mut verdict = Verdict { evidence, violations: Vec::new() };
    verdict.nothing_is_lost();
    evidence.rows.values().for_each(|row| verdict.row(row));
    evidence.jobs.iter().for_each(|job| verdict.job(job));
    evidence.cycles.iter().for_each(|cycle| verdict.cycle(cycle));
    verdict.nothing_is_left();
    verdict.violations
}

struct Verdict<'a> {
    evidence: &'a Evidence,
    violations: Vec<Violation>,
}

impl Verdict<'_> {
    fn complain(&mut self, promise: &'static str, what: String) {
        self.violations.push(Violation { promise, what });
    }

    fn unless(&mut self, holds: bool, promise: &'static str, what: impl FnOnce() -> String) {
        if !holds {
            self.complain(promise, what());
        }
    }

    fn nothing_is_lost(&mut self) {
        let evidence = self.evidence;
        let submitted = evidence.jobs.iter().map(|job| &job.id).chain(&evidence.cycles);
        for id in submitted {
            self.unless(evidence.rows.contains_key(id), "lost", || format!("{id} has no row"));
        }
        for id in evidence.stories.keys() {
            let is_there = id.parse().is_ok_and(|id: OperationId| evidence.rows.contains_key(&id));
            self.unless(is_there, "lost", || format!("{id} was written, and is not there"));
        }
    }

    /// What holds for every row, whatever it is.
    fn row(&mut self, row: &Operation) {
        let evidence = self.evidence;
        let (id, status) = (&row.id, row.status);
        self.unless(status.is_terminal(), "stuck", || format!("{id} is {status}"));
        self.unless(row.tries <= row.tries_max, "tries", || format!("{id}: {}/{}", row.tries, row.tries_max));
        let listed = evidence.listed.get(id);
        let is_listed_once = listed.is_some_and(|lists| **lists == [status]);
        self.unless(is_listed_once, "lists", || format!("{id} is {status} and listed as {listed:?}"));
        if let Some(root) = &row.root {
            self.child(row, root);
        }
        match evidence.stories.get(id.as_str()) {
            Some(story) => {
                self.story(row, story);
                self.history(row, story);
            }
            None => self.complain("I4", format!("{id} has a row, and nobody wrote it")),
        }
    }

    fn story(&mut self, row: &Operation, story: &Story) {
        let id = &row.id;
        let ends = story.steps.iter().filter(|step| step.status.is_terminal()).count();
        let last = story.steps.last();
        let ended_last = last.is_some_and(|step| step.status == row.status && step.fence == row.fence);
        self.unless(ends == 1, "twice", || format!("{id} ended {ends} times: {:?}", story.steps));
        self.unless(ended_last, "I3", || format!("{id} is {} and went on: {:?}", row.status, story.steps));
        self.unless(story.events == 1, "I4", || format!("{id} ended with {} events", story.events));
        let claims = story.steps.iter().filter(|step| step.status == Status::Running && !row.kind.is_root());
        let fences: Vec<u64> = claims.map(|step| step.fence).collect();
        let expected: Vec<u64> = (1..=row.fence).collect();
        self.unless(fences == expected, "fence", || format!("{id} was claimed as {fences:?}"));
        let phases: Vec<&str> = story.moves.iter().map(|(phase, _)| phase.as_str()).collect();
        let moved_twice = (1..phases.len()).any(|i| phases[..i].contains(&phases[i]));
        self.unless(!moved_twice, "I6", || format!("{id} moved through {phases:?}"));
    }

    /// The fleet tells the same as Redis' log.
    fn history(&mut self, row: &Operation, story: &Story) {
        let told = self.evidence.histories.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let ends: Vec<_> = told.iter().filter(|entry| entry.what.is_end()).collect();
        let is_one_end = matches!(*ends, [end] if end.what.as_str() == row.status.as_str()
            && end.fence == row.fence && Some(end.at_ms) == row.finished_at_ms);
        self.unless(is_one_end, "history", || format!("{} ended as {}: {ends:?}", row.id, row.status));
        let claims =
            told.iter().filter(|entry| entry.what.is_claim()).map(|entry| (entry.fence, entry.at_ms));
        let same = row.kind.is_root() || claims.eq(story.claims());
        self.unless(same, "history", || format!("{} was claimed otherwise: {told:?}", row.id));
    }

    fn child(&mut self, child: &Operation, root: &OperationId) {
        let Some(root) = self.evidence.rows.get(root) else {
            return self.complain("lost", format!("{root} has a child and no row"));
        };
        let orphaned = root.status.is_terminal() && !child.status.is_terminal();
        self.unless(!orphaned, "I7", || format!("{} goes on after its root ended", child.id));
        let forgiven = root.status == Status::Completed && child.status != Status::Completed;
        self.unless(!forgiven, "I8", || format!("{} is {} in a completed root", child.id, child.status));
    }

    /// What was asked for must have come about.
    fn job(&mut self, job: &PlannedJob) {
        let Some(row) = self.evidence.rows.get(&job.id) else { return };
        let ends_as_told = match (row.status, &row.reason) {
            (Status::Completed, _) => matches!(job.expected, Expectation::Complete | Expectation::CrashOnce),
            (Status::Failed, Some(FailureReason::AttemptsExhausted)) => job.expected == Expectation::Poison,
            (Status::Failed, Some(FailureReason::BadInput)) => job.expected == Expectation::Fail,
            (Status::Cancelled, _) => job.cancel_after.is_some(),
            (Status::Failed | Status::Pending | Status::Running, _) => false,
        };
        let ended = || format!("{job:?} is {} ({:?}, {:?})", row.status, row.reason, row.error);
        self.unless(ends_as_told, "end", ended);
        if row.status == Status::Completed {
            self.effect(row);
        }
        if let Some(answer) = self.evidence.cancels.get(&job.id) {
            self.cancel(row, *answer);
        }
    }

    /// The one effect that counts is that of the attempt in the row.
    fn effect(&mut self, row: &Operation) {
        let (id, fence) = (&row.id, row.fence);
        let attempt = row.result.as_ref().map(|result| result["attempt"].clone());
        let is_its_own = attempt.as_ref().is_some_and(|attempt| *attempt == fence);
        self.unless(is_its_own, "I5", || format!("{id} has fence {fence} and the result of {attempt:?}"));
        let marks = self.evidence.marks.get(id);
        let left_a_mark = marks.is_some_and(|marks| marks.contains(&fence));
        self.unless(left_a_mark, "effect", || format!("{id} completed as {fence}; marks: {marks:?}"));
        let invented = marks.is_some_and(|marks| marks.iter().any(|mark| *mark > fence));
        self.unless(!invented, "effect", || format!("{id} has marks of later attempts: {marks:?}"));
    }

    fn cancel(&mut self, row: &Operation, answer: Cancelled) {
        let was_flagged = row.cancel.is_some();
        let kept = match answer {
            Cancelled::Done => row.status == Status::Cancelled,
            // Completed wins; everything else yields.
            Cancelled::Requested => {
                let too_late = row.cancel.as_ref().is_some_and(|cancel| cancel.too_late);
                was_flagged
                    && (row.status == Status::Cancelled || (row.status == Status::Completed && too_late))
            }
            Cancelled::TooLate(status) => row.status == status,
            Cancelled::Missing => false,
        };
        self.unless(kept, "cancel", || format!("{} was answered {answer:?} and is {}", row.id, row.status));
    }

    fn cycle(&mut self, id: &OperationId) {
        let evidence = self.evidence;
        let Some(root) = evidence.rows.get(id) else { return };
        // Nothing runs any more: whoever would start it is gone.
        self.unless(root.status != Status::Pending, "I9", || format!("{id} waits for ever"));
        let ended_well = root.status == Status::Completed || root.reason == Some(FailureReason::Gate);
        self.unless(ended_well, "end", || format!("{id} is {}: {:?}", root.status, root.error));
        let lessons = evidence.lessons.get(id).copied().unwrap_or_default();
        self.unless(lessons == 1, "ledger", || format!("{id} is remembered {lessons} times"));
        let children = evidence.rows.values().filter(|row| row.root.as_ref() == Some(id));
        for backtest in children.filter(|row| row.kind == ktrdr_domain::Kind::Backtesting) {
            let trials = evidence.trials.get(&backtest.id).copied().unwrap_or_default();
            self.unless(trials == 1, "ledger", || format!("{} is counted {trials} times", backtest.id));
        }
    }

    fn nothing_is_left(&mut self) {
        let evidence = self.evidence;
        for (what, count) in evidence.leftovers.iter().filter(|(_, count)| **count > 0) {
            self.complain("leftover", format!("{count} in {what}"));
        }
        let unburied: Vec<_> = evidence.foreign.unburied().collect();
        self.unless(unburied.is_empty(), "dead letters", || format!("{unburied:?} became no dead letters"));
        for what in &evidence.complaints {
            self.complain("run", what.clone());
        }
    }
}
