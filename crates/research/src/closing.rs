//! The final verdicts of a campaign: one pure step from what is written down of its candidates and of all looks. No IO, no
//! clock.
//!
//! Multiplicity is paid once on each scale. Within an instrument's window every look enters the deflated Sharpe ratio; across
//! campaigns LOND for dependent p-values keeps the share of false discoveries, with one test for each campaign that has a
//! candidate. A candidate is accepted when both agree.

use ktrdr_domain::closing::{Candidate, DiscoveryTest, FinalVerdict, Sequence};
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::Origin;
use ktrdr_domain::report::DailyRecord;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Span, Symbol};
use ktrdr_quant::exam::Deflation;
use ktrdr_quant::statistics::discovery::{FALSE_DISCOVERIES_MAX, alpha_left, lond_dependent};

/// Campaigns that are looked after, the latest ones: those before them ended while somebody was there.
pub const LOOKED_AFTER: u32 = 100;

/// Judges candidates for good: with every look of the ledger (`trials`, replays among them), and after all tests of before.
#[must_use]
pub fn judge(
    candidates: &[Candidate],
    trials: &[Trial],
    before: &[DiscoveryTest],
) -> (Vec<FinalVerdict>, Vec<DiscoveryTest>) {
    let mut sequences: Vec<&Sequence> = Vec::new();
    for candidate in candidates {
        if !sequences.contains(&&candidate.sequence) {
            sequences.push(&candidate.sequence);
        }
    }
    let (mut verdicts, mut tests) = (Vec::new(), Vec::new());
    for sequence in sequences {
        let of_it = candidates.iter().filter(|candidate| candidate.sequence == *sequence);
        let weighed: Vec<Weighed<'_>> = of_it.map(|candidate| Weighed::of(candidate, trials)).collect();
        let next = Next::of(sequence, before);
        let judged: Vec<FinalVerdict> = weighed.into_iter().map(|weighed| weighed.judged(&next)).collect();
        tests.extend(next.test(&judged));
        verdicts.extend(judged);
    }
    (verdicts, tests)
}

/// What was looked at, and what it showed.
#[derive(Debug, Clone, Copy)]
pub struct Examined<'a> {
    /// The instrument.
    pub symbol: &'a Symbol,
    /// When.
    pub span: Span,
    /// The active return day by day; `None` where that is undefined.
    pub daily: Option<DailyRecord>,
}

impl Examined<'_> {
    /// What these looks leave of it: those at its time, at its instrument and at others that go with it, which are named.
    #[must_use]
    pub fn weighed(&self, trials: &[Trial]) -> (Deflation, Vec<Symbol>) {
        let correlated = self.correlated(trials);
        let counts = |trial: &&Trial| {
            let symbol = &trial.look.symbol;
            (symbol == self.symbol || correlated.contains(symbol)) && self.is_at_the_time(trial)
        };
        let counted = trials.iter().filter(counts).cloned().collect();
        (Deflation::of(self.daily, counted), correlated)
    }

    /// A replay shows nothing new.
    fn is_at_the_time(&self, trial: &Trial) -> bool {
        trial.look.origin != Origin::Replay && trial.look.span.overlaps(&self.span)
    }

    /// Other instruments that go with this one, as its own looks or theirs have found: whoever looked second has seen the other.
    fn correlated(&self, trials: &[Trial]) -> Vec<Symbol> {
        let mut found: Vec<Symbol> = Vec::new();
        for trial in trials.iter().filter(|trial| self.is_at_the_time(trial)) {
            let Some(conclusion) = &trial.conclusion else { continue };
            if trial.look.symbol == *self.symbol {
                found.extend(conclusion.correlated.iter().cloned());
            } else if conclusion.correlated.contains(self.symbol) {
                found.push(trial.look.symbol.clone());
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// A candidate beside what all looks leave of it.
struct Weighed<'a> {
    candidate: &'a Candidate,
    deflation: Deflation,
    correlated: Vec<Symbol>,
}

impl<'a> Weighed<'a> {
    fn of(candidate: &'a Candidate, trials: &[Trial]) -> Self {
        let (symbol, span, daily) = (&candidate.sequence.symbol, candidate.span, candidate.daily);
        let (deflation, correlated) = Examined { symbol, span, daily }.weighed(trials);
        Self { candidate, deflation, correlated }
    }

    fn judged(self, next: &Next<'_>) -> FinalVerdict {
        let Self { candidate, deflation, correlated } = self;
        let p_value = deflation.deflated_sharpe.map_or(1.0, |deflated| 1.0 - deflated);
        FinalVerdict {
            exam: candidate.exam.clone(),
            cycle: candidate.cycle.clone(),
            strategy: candidate.strategy.clone(),
            verdict: verdict(candidate, deflation.deflated_sharpe, next),
            trials: deflation.trials,
            different_trials: deflation.different_trials,
            correlated,
            luck_sharpe_daily: deflation.luck_sharpe_daily,
            deflated_sharpe: deflation.deflated_sharpe,
            p_value,
        }
    }
}

fn verdict(candidate: &Candidate, deflated: Option<f64>, next: &Next<'_>) -> GateVerdict {
    let failed = |code: &str, figures| GateVerdict::Failed { code: code.into(), figures };
    let least = candidate.deflated_sharpe_min;
    match deflated {
        None => failed("metric_missing", "deflated_sharpe: undefined".into()),
        Some(deflated) if deflated.is_nan() || deflated < least => {
            failed("deflated_sharpe_too_low", format!("{deflated:.3} < {least}"))
        }
        Some(deflated) if 1.0 - deflated > next.level => {
            let (p, level) = (small(1.0 - deflated), small(next.level));
            failed("not_a_discovery", format!("p {p} > {level} of test {}", next.number))
        }
        Some(_) => GateVerdict::Passed,
    }
}

/// A small probability with enough digits: `0.0304`, `3.5e-8`.
fn small(p: f64) -> String {
    if p >= 0.001 { format!("{p:.4}") } else { format!("{p:.1e}") }
}

/// The next test of a sequence.
struct Next<'a> {
    sequence: &'a Sequence,
    number: u64,
    discoveries_before: u64,
    level: f64,
}

impl<'a> Next<'a> {
    fn of(sequence: &'a Sequence, before: &[DiscoveryTest]) -> Self {
        let last = before.iter().filter(|test| test.sequence == *sequence).max_by_key(|test| test.number);
        let number = last.map_or(0, |test| test.number) + 1;
        let discoveries_before = last.map_or(0, |test| test.discoveries);
        let level = lond_dependent(FALSE_DISCOVERIES_MAX, number, discoveries_before);
        Self { sequence, number, discoveries_before, level }
    }

    /// The test that these verdicts are; `None` without any.
    fn test(self, judged: &[FinalVerdict]) -> Option<DiscoveryTest> {
        let by_p = |a: &&FinalVerdict, b: &&FinalVerdict| {
            a.p_value.total_cmp(&b.p_value).then_with(|| a.strategy.as_str().cmp(b.strategy.as_str()))
        };
        let best = judged.iter().min_by(by_p)?;
        let is_discovery = judged.iter().any(FinalVerdict::is_accepted);
        let discoveries = self.discoveries_before + u64::from(is_discovery);
        Some(DiscoveryTest {
            sequence: self.sequence.clone(),
            number: self.number,
            level: self.level,
            best: best.exam.clone(),
            p_value: best.p_value,
            is_discovery,
            discoveries,
            alpha_left: alpha_left(FALSE_DISCOVERIES_MAX, self.number),
            next_level: lond_dependent(FALSE_DISCOVERIES_MAX, self.number + 1, discoveries),
        })
    }
}
