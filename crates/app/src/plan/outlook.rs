//! What can be expected of a campaign: looks, what they leave to be confirmed, costs.

use ktrdr_domain::budget::Cost;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::{Money, Span, Timestamp};
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::statistics::power::Deflation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::costs_money;
use crate::{AppError, ErrorKind, OrKind};

/// Of how many cycles one looks at the exam, as measured on random walks with the honest gates: 4 of 40 (docs/architecture.md,
/// gates). Fewer of what has no skill get that far than of what has some, so this is low.
const LOOKS_MEASURED: f64 = 0.1;

/// Ended cycles from which on the ledger's own rate of looks is taken.
const CYCLES_ENOUGH: u64 = 40;

/// An even chance: with less, a campaign is a lottery ticket.
const EVEN: f64 = 0.5;

/// What most would call a good chance.
const GOOD: f64 = 0.8;

/// How many cycles look at the exam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct LookRate {
    /// Looks for each cycle.
    pub rate: f64,
    /// Whether it was seen in the campaigns of this workspace; otherwise it was measured once by those who wrote the program, or is
    /// the most that a campaign that evolves can take.
    pub seen_here: bool,
    /// Ended cycles of this workspace.
    pub cycles: u64,
    /// Their looks.
    pub looks: u64,
}

/// Sharpe ratios, yearly and net of costs, that a strategy must really have to be confirmed by a gate that deflates them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct SmallestSharpe {
    /// With an even chance, if the next look were the last.
    pub at_the_next_look: f64,
    /// With an even chance, once every expected look is counted.
    pub at_the_end: f64,
    /// With a chance of four in five, once every expected look is counted.
    pub at_the_end_surely: f64,
}

/// The exam: how long it is, and what passes it.
pub(super) struct Exam {
    /// Days of trading.
    pub(super) days: u64,
    days_per_year: f64,
    /// The deflated Sharpe ratio that passes.
    level: f64,
}

impl Exam {
    pub(super) fn of(bars: &Bars, gate: Span, level: f64) -> Result<Self, AppError> {
        let calendar = Calendar::of(bars).ok_or_else(|| {
            let message = format!("{} has no whole week of bars: import more", bars.symbol);
            AppError::new(ErrorKind::InvalidInput, message)
        })?;
        let mut days: Vec<i64> = bars
            .time
            .iter()
            .filter(|time| gate.contains(Timestamp(**time)))
            .map(|time| calendar.trading_day(Timestamp(*time)))
            .collect();
        days.dedup();
        Ok(Self { days: days.len() as u64, days_per_year: calendar.days_per_year, level })
    }

    fn deflation(&self, looks: u64) -> Deflation {
        let periods = usize::try_from(self.days).unwrap_or(usize::MAX);
        Deflation { periods, trials: looks, level: self.level }
    }

    /// What could be confirmed after so many looks, and so many more.
    pub(super) fn smallest_sharpe(&self, so_far: u64, more: u64) -> Result<SmallestSharpe, AppError> {
        let yearly = |looks, power| {
            let daily = self.deflation(looks).smallest_sharpe(power).or_kind(ErrorKind::InvalidInput)?;
            Ok::<_, AppError>(daily * self.days_per_year.sqrt())
        };
        let end = so_far.saturating_add(more);
        Ok(SmallestSharpe {
            at_the_next_look: yearly(so_far.saturating_add(1), EVEN)?,
            at_the_end: yearly(end, EVEN)?,
            at_the_end_surely: yearly(end, GOOD)?,
        })
    }

    /// After how many looks a yearly Sharpe ratio still has an even chance.
    pub(super) fn most_looks(&self, sharpe: f64) -> Option<u64> {
        self.deflation(1).most_trials(sharpe / self.days_per_year.sqrt(), EVEN)
    }
}

impl LookRate {
    pub(super) fn of(looks: u64, cycles: u64) -> Self {
        let seen_here = cycles >= CYCLES_ENOUGH;
        // One more of each kind than were seen: what never happened in forty cycles may happen in the next.
        let rate = if seen_here { (looks + 1) as f64 / (cycles + 2) as f64 } else { LOOKS_MEASURED };
        Self { rate, seen_here, cycles, looks }
    }

    /// That of a campaign that evolves: at most every cycle of its last generation looks, and no other.
    pub(super) fn of_champions(self, cycles: u32, generation: u32) -> Self {
        let last = (cycles - 1) % generation.max(1) + 1;
        Self { rate: f64::from(last) / f64::from(cycles), seen_here: false, ..self }
    }

    /// Looks that so many cycles take: one at least, or there would be no verdict.
    pub(super) fn expected(&self, cycles: u32) -> u64 {
        ((f64::from(cycles) * self.rate).ceil() as u64).max(1)
    }

    /// Cycles that take so many looks.
    pub(super) fn cycles_for(&self, looks: u64) -> u64 {
        (looks as f64 / self.rate) as u64
    }
}

/// What earlier campaigns looked at and cost.
pub(super) struct Past {
    pub(super) look_rate: LookRate,
    /// Of each campaign: cycles that ended, and what they cost.
    pub(super) costs: Vec<(u64, Cost)>,
}

impl Past {
    /// The mean over the campaigns that cost anything of a kind.
    fn per_cycle(&self, of: impl Fn(&Cost) -> u64) -> Option<f64> {
        let costly = self.costs.iter().filter(|(cycles, cost)| *cycles > 0 && of(cost) > 0);
        let (cycles, cost) =
            costly.fold((0, 0_u64), |(n, sum), (cycles, cost)| (n + cycles, sum.saturating_add(of(cost))));
        (cycles > 0).then(|| cost as f64 / cycles as f64)
    }

    pub(super) fn machine_ms(&self, cycles: u32) -> Option<u64> {
        self.per_cycle(|cost| cost.machine_ms).map(|ms| (ms * f64::from(cycles)) as u64)
    }

    /// What is designed here costs what its machine time costs.
    pub(super) fn money(&self, agent: &ProviderName, cycles: u32) -> Option<Money> {
        let per_cycle = self.per_cycle(|cost| cost.money.in_micro_dollars());
        let free = (!costs_money(agent)).then_some(0.0);
        per_cycle.or(free).map(|micro| Money::micro_dollars((micro * f64::from(cycles)).ceil() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cycles_tell_nothing_of_the_rate_of_looks_and_none_never_means_never() {
        assert_eq!(LookRate::of(39, 39).rate, LOOKS_MEASURED);
        let none_of_many = LookRate::of(0, 98);
        assert!(none_of_many.seen_here && none_of_many.rate == 0.01);
        assert_eq!((none_of_many.expected(50), none_of_many.expected(500)), (1, 5));
        assert_eq!(none_of_many.cycles_for(5), 500);
        let champions = |cycles, generation| none_of_many.of_champions(cycles, generation).expected(cycles);
        assert_eq!([champions(20, 4), champions(21, 4), champions(200, 8)], [4, 1, 8]);
    }

    #[test]
    fn costs_are_expected_by_the_campaigns_that_had_any() {
        let cost = |micro, machine_ms| Cost { money: Money::micro_dollars(micro), tokens: 0, machine_ms };
        let costs = vec![(10, cost(0, 50_000)), (10, cost(1_000_000, 150_000)), (0, cost(900, 1))];
        let past = Past { look_rate: LookRate::of(0, 0), costs };
        assert_eq!(past.machine_ms(100), Some(1_000_000));
        let claude = "claude".parse().unwrap();
        assert_eq!(past.money(&claude, 100), Some(Money::micro_dollars(10_000_000)));
        let nothing = Past { look_rate: LookRate::of(0, 0), costs: Vec::new() };
        assert_eq!((nothing.money(&claude, 9), nothing.machine_ms(9)), (None, None));
        assert_eq!(nothing.money(&ProviderName::default(), 9), Some(Money::ZERO));
    }
}
