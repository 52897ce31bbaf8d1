//! What work may cost: costs, limits, and the refusal of what would pass one.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::{Day, DayZone};
use crate::id::OperationId;
use crate::money::Money;
use crate::name::CampaignName;
use crate::time::Timestamp;

const HOUR_MS: u64 = 3_600_000;

/// What something costs, or may cost at worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Cost {
    /// Money.
    pub money: Money,
    /// Tokens that a language model read and wrote, cached or not.
    pub tokens: u64,
    /// Milliseconds that jobs ran.
    pub machine_ms: u64,
}

/// What is counted and limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// In micro-dollars.
    Money,
    /// In tokens.
    Tokens,
    /// In milliseconds.
    MachineTime,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Money, Self::Tokens, Self::MachineTime];

    /// A quantity in words: `$0.05`, `1200 tokens`, `3.5 s of machine time`.
    #[must_use]
    pub fn words(self, quantity: u64) -> String {
        match self {
            Self::Money => Money::micro_dollars(quantity).to_string(),
            Self::Tokens => format!("{quantity} tokens"),
            Self::MachineTime => format!("{} s of machine time", quantity as f64 / 1_000.0),
        }
    }
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self { money: Money::ZERO, tokens: 0, machine_ms: 0 };

    /// How much of it is of a measure, in the measure's unit.
    #[must_use]
    pub fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Money => self.money.in_micro_dollars(),
            Measure::Tokens => self.tokens,
            Measure::MachineTime => self.machine_ms,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            money: self.money.plus(more.money),
            tokens: self.tokens.saturating_add(more.tokens),
            machine_ms: self.machine_ms.saturating_add(more.machine_ms),
        }
    }

    /// What remains without `less`, nothing at least.
    #[must_use]
    pub fn less(self, less: Self) -> Self {
        Self {
            money: self.money.less(less.money),
            tokens: self.tokens.saturating_sub(less.tokens),
            machine_ms: self.machine_ms.saturating_sub(less.machine_ms),
        }
    }
}

/// What an account may spend in all; nothing is said of what is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// Money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Milliseconds of jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_ms: Option<u64>,
}

impl Limit {
    /// How much there may be of a measure, in the measure's unit.
    #[must_use]
    pub fn of(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Money => self.money.map(Money::in_micro_dollars),
            Measure::Tokens => self.tokens,
            Measure::MachineTime => self.machine_ms,
        }
    }
}

/// The limits of everything that pays for one thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Of each day, for everything that is spent on it.
    pub day: Limit,
    /// Of each campaign, for as long as it lasts.
    pub campaign: Limit,
    /// Of each research cycle.
    pub cycle: Limit,
}

/// What an hour of a job costs. Electricity, depreciation or a cloud's price; nothing unless configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachinePrices {
    /// On a CPU.
    pub cpu_hour: Money,
    /// On a GPU.
    pub gpu_hour: Money,
}

impl MachinePrices {
    /// What a job costs that ran so long, rounded up to the micro-dollar.
    #[must_use]
    pub fn cost(&self, machine_ms: u64, on_gpu: bool) -> Cost {
        let hour = if on_gpu { self.gpu_hour } else { self.cpu_hour };
        let micro = u128::from(hour.in_micro_dollars()) * u128::from(machine_ms);
        let micro = u64::try_from(micro.div_ceil(u128::from(HOUR_MS))).unwrap_or(u64::MAX);
        Cost { money: Money::micro_dollars(micro), tokens: 0, machine_ms }
    }

    /// Whether running a job costs money anywhere.
    #[must_use]
    pub fn any(&self) -> bool {
        self.cpu_hour > Money::ZERO || self.gpu_hour > Money::ZERO
    }
}

/// How the work of a workspace is paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetPolicy {
    /// By whose midnight days begin.
    pub zone: DayZone,
    /// What may be spent.
    pub limits: Limits,
    /// What machine time costs.
    pub prices: MachinePrices,
}

/// An account that pays.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A day.
    Day(Day),
    /// A campaign.
    Campaign(CampaignName),
    /// A research cycle.
    Cycle(OperationId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "day {day}"),
            Self::Campaign(name) => write!(f, "campaign {name}"),
            Self::Cycle(id) => write!(f, "cycle {id}"),
        }
    }
}

/// What an account has paid, what is set aside in it, and what it was allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Paid.
    pub spent: Cost,
    /// Set aside for calls under way, at their worst case.
    pub reserved: Cost,
    /// The money that this account was allowed, instead of what every such account may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Money>,
}

impl Balance {
    /// Its limit, where every such account has this one.
    #[must_use]
    pub fn limit(&self, of_every: &Limit) -> Limit {
        Limit { money: self.allowed.or(of_every.money), ..*of_every }
    }

    /// What of an account is gone or promised.
    #[must_use]
    pub fn total(&self) -> Cost {
        self.spent.plus(self.reserved)
    }

    /// What is left, in the measure's unit; `None` where nothing limits it.
    #[must_use]
    pub fn left(&self, of_every: &Limit, measure: Measure) -> Option<u64> {
        self.limit(of_every).of(measure).map(|limit| limit.saturating_sub(self.total().of(measure)))
    }

    /// Refuses what would pass the limit. What costs nothing of a measure is not refused because of it.
    ///
    /// # Errors
    /// The first limit that would be passed.
    pub fn admit(&self, scope: &Scope, of_every: &Limit, asked: &Cost) -> Result<(), Exhausted> {
        let limit = self.limit(of_every);
        for measure in Measure::ALL {
            let (asked, total) = (asked.of(measure), self.total().of(measure));
            let Some(limit) = limit.of(measure).filter(|_| asked > 0) else { continue };
            if total.saturating_add(asked) > limit {
                let (spent, reserved) = (self.spent.of(measure), self.reserved.of(measure));
                let scope = scope.clone();
                return Err(Exhausted { scope, measure, limit, spent, reserved, asked, renews_at: None });
            }
        }
        Ok(())
    }
}

/// A limit that would be passed. Quantities are in the measure's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Exhausted {
    /// Whose limit.
    pub scope: Scope,
    /// Of what.
    pub measure: Measure,
    /// The limit.
    pub limit: u64,
    /// What is paid.
    pub spent: u64,
    /// What is set aside for others.
    pub reserved: u64,
    /// What was asked for.
    pub asked: u64,
    /// When there is something again; never of a campaign or a cycle.
    pub renews_at: Option<Timestamp>,
}

impl Exhausted {
    /// The same, saying when a day's limit is renewed.
    #[must_use]
    pub fn in_zone(self, zone: DayZone) -> Self {
        let renews_at = match &self.scope {
            Scope::Day(day) => zone.end_of(*day),
            Scope::Campaign(_) | Scope::Cycle(_) => None,
        };
        Self { renews_at, ..self }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |quantity| self.measure.words(quantity);
        write!(
            f,
            "the limit of the {} is {}; {} spent and {} reserved leave no room for {}",
            self.scope,
            words(self.limit),
            words(self.spent),
            words(self.reserved),
            words(self.asked),
        )?;
        match self.renews_at {
            Some(at) => write!(f, "; it renews at {at}"),
            None => f.write_str("; raise it with --budget or in [budget] to go on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn balance(spent: &str, reserved: &str) -> Balance {
        let cost = |text| Cost { money: money(text), ..Cost::ZERO };
        Balance { spent: cost(spent), reserved: cost(reserved), allowed: None }
    }

    #[test]
    fn the_last_micro_dollar_may_be_spent_and_not_one_more() {
        let (limit, day) = (Limit { money: Some(money("$1")), ..Limit::default() }, Scope::Day(Day(20_786)));
        let ask = |text| Cost { money: money(text), tokens: 9, machine_ms: 9 };
        let balance = balance("$0.60", "$0.30");
        assert!(balance.admit(&day, &limit, &ask("$0.10")).is_ok());
        let refused = balance.admit(&day, &limit, &ask("$0.100001")).unwrap_err();
        assert_eq!((refused.measure, refused.limit, refused.asked), (Measure::Money, 1_000_000, 100_001));
        let said = refused.in_zone(DayZone::default()).to_string();
        assert_eq!(
            said,
            "the limit of the day 2026-11-29 is $1.00; $0.60 spent and $0.30 reserved leave no room for $0.100001; \
             it renews at 2026-11-30T00:00:00Z"
        );
    }

    #[test]
    fn what_an_account_was_allowed_stands_for_what_every_one_may_spend() {
        let every = Limit { money: Some(money("$1")), tokens: Some(5), machine_ms: None };
        let rich = Balance { allowed: Some(money("$3")), ..balance("$0.60", "$0.30") };
        assert_eq!(rich.limit(&every), Limit { money: Some(money("$3")), ..every });
        assert_eq!(rich.left(&every, Measure::Money), Some(2_100_000));
        let campaign = Scope::Campaign("c".parse().unwrap());
        let ask = |text| Cost { money: money(text), ..Cost::ZERO };
        assert!(rich.admit(&campaign, &every, &ask("$2.10")).is_ok());
        assert_eq!(rich.admit(&campaign, &every, &ask("$2.11")).unwrap_err().limit, 3_000_000);
    }

    #[test]
    fn what_costs_nothing_of_a_measure_is_not_refused_because_of_it() {
        let nothing_left = Limit { money: Some(Money::ZERO), tokens: Some(0), machine_ms: Some(10) };
        let cycle = Scope::Campaign("c".parse().unwrap());
        let machine = Cost { machine_ms: 10, ..Cost::ZERO };
        assert!(Balance::default().admit(&cycle, &nothing_left, &machine).is_ok());
        assert!(Balance::default().admit(&cycle, &nothing_left, &machine.plus(machine)).is_err());
    }

    #[test]
    fn machine_time_is_priced_by_the_hour_and_rounded_up() {
        let prices = MachinePrices { cpu_hour: money("$0.036"), gpu_hour: money("$3.60") };
        assert_eq!(prices.cost(1_000, false).money, Money::micro_dollars(10));
        assert_eq!(prices.cost(1_000, true).money, Money::micro_dollars(1_000));
        assert_eq!(prices.cost(1, false).money, Money::micro_dollars(1));
        assert_eq!(MachinePrices::default().cost(5_000, true), Cost { machine_ms: 5_000, ..Cost::ZERO });
    }
}
