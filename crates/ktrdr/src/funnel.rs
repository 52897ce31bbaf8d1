//! The funnel: how many research cycles got how far, and what stopped the others.

use std::collections::BTreeMap;

use ktrdr_domain::evolution::NOT_A_CHAMPION;
use ktrdr_domain::refusal::{REPETITION, Refusal};
use ktrdr_domain::{FailureReason, Operation, Phase, Status};
use ktrdr_fabric::campaign::Campaign;

use crate::describe::{counted, thousands};

/// Different reasons that are named; the rest is added up.
const REASONS_MAX: usize = 12;

/// Cycles by what became of them.
#[derive(Default)]
pub(crate) struct Funnel {
    cycles: u64,
    /// Stopped at the gate after this phase.
    gates: BTreeMap<Phase, u64>,
    /// Bred on dev, and no champion.
    bred: u64,
    /// Refused an exam that would have repeated another.
    repeated: u64,
    survived: u64,
    /// Candidates that stood when the campaign closed; `None` before that.
    accepted: Option<u64>,
    failed: u64,
    cancelled: u64,
    running: u64,
    waiting: u64,
    /// Failed cycles by the gate's code or the reason.
    stopped_by: BTreeMap<String, u64>,
}

impl Funnel {
    /// Of the cycles that are given, whose campaign is closed or not.
    pub(crate) fn of_cycles(cycles: &[Operation], is_closed: bool) -> Self {
        let is_accepted = |cycle: &&Operation| {
            let gate = cycle.result.as_ref().and_then(|result| result.pointer("/final/gate"));
            gate.is_some_and(|gate| gate == "passed")
        };
        let accepted = is_closed.then(|| cycles.iter().filter(is_accepted).count() as u64);
        let mut funnel = Self { accepted, ..Self::default() };
        for cycle in cycles {
            let code = cycle.error.as_deref().and_then(Refusal::read).map(|refusal| refusal.code);
            funnel.add(1, cycle.status, cycle.phase, cycle.reason.as_ref(), code);
        }
        funnel
    }

    /// Of all cycles of a campaign, of which so many candidates were `accepted` when it closed.
    pub(crate) fn of(campaign: &Campaign, accepted: Option<u64>) -> Self {
        let mut funnel = Self { accepted, ..Self::default() };
        for fate in &campaign.outcomes {
            let stopped_by = fate.stopped_by.as_deref();
            funnel.add(fate.cycles, fate.status, fate.phase, fate.reason.as_ref(), stopped_by);
        }
        funnel
    }

    fn add(
        &mut self,
        n: u64,
        status: Status,
        phase: Option<Phase>,
        reason: Option<&FailureReason>,
        stopped_by: Option<&str>,
    ) {
        self.cycles += n;
        match status {
            Status::Pending => self.waiting += n,
            Status::Running => self.running += n,
            Status::Completed => self.survived += n,
            Status::Cancelled => self.cancelled += n,
            Status::Failed => {
                stopped_by.into_iter().for_each(|what| *self.stopped_by.entry(what.into()).or_default() += n);
                match (reason, phase) {
                    (Some(FailureReason::Gate), Some(phase)) => match stopped_by {
                        Some(NOT_A_CHAMPION) => self.bred += n,
                        Some(REPETITION) => self.repeated += n,
                        _ => *self.gates.entry(phase).or_default() += n,
                    },
                    _ => self.failed += n,
                }
            }
        }
    }

    /// One line.
    pub(crate) fn line(&self) -> String {
        let at = |phase| thousands(self.gates.get(&phase).copied().unwrap_or_default());
        let named = |counts: &[(&str, u64)]| -> String {
            let some = counts.iter().filter(|(_, n)| *n > 0);
            some.map(|(word, n)| format!(", {} {word}", thousands(*n))).collect()
        };
        let accepted = match (self.accepted, self.survived) {
            (Some(accepted), _) => format!(", {} accepted", thousands(accepted)),
            (None, 0) => String::new(),
            (None, _) => " provisionally".into(),
        };
        let unexamined =
            named(&[("bred and no champion", self.bred), ("not examined as repetitions", self.repeated)]);
        let rest = named(&[
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("running", self.running),
            ("waiting", self.waiting),
        ]);
        format!(
            "{}: {} stopped at the training gate{unexamined}, {} at the backtest gate, {} survived{accepted}{rest}",
            counted(self.cycles, "cycle"),
            at(Phase::Training),
            at(Phase::Backtesting),
            thousands(self.survived),
        )
    }

    /// What stopped the failed ones, the commonest first; nothing when none failed.
    pub(crate) fn reasons(&self) -> Option<String> {
        let mut reasons: Vec<(&String, &u64)> = self.stopped_by.iter().collect();
        reasons.sort_by_key(|(what, n)| (std::cmp::Reverse(**n), *what));
        let named = reasons.iter().take(REASONS_MAX).map(|(what, n)| format!("{what} {}", thousands(**n)));
        let mut words: Vec<String> = named.collect();
        let others: u64 = reasons.iter().skip(REASONS_MAX).map(|(_, n)| **n).sum();
        words.extend((others > 0).then(|| format!("others {}", thousands(others))));
        (!words.is_empty()).then(|| format!("stopped by: {}", words.join(" · ")))
    }

    /// Cells of a table: cycles, survived, accepted, stopped by gates, bred, repetitions, failed, cancelled, running, waiting.
    pub(crate) fn cells(&self) -> Vec<String> {
        let gates = self.gates.values().sum();
        let counts =
            [gates, self.bred, self.repeated, self.failed, self.cancelled, self.running, self.waiting];
        let accepted = self.accepted.map_or_else(|| "–".into(), thousands);
        let verdicts = vec![thousands(self.cycles), thousands(self.survived), accepted];
        [verdicts, counts.map(thousands).to_vec()].concat()
    }
}
