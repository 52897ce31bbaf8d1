//! `[budget]`: what may be spent, and what machine time costs.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use ktrdr_domain::Money;
use ktrdr_domain::budget::{BudgetPolicy, Limit, Limits, MachinePrices};
use ktrdr_domain::day::DayZone;
use schemars::JsonSchema;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What people write where nothing is limited.
const UNLIMITED: &str = "unlimited";

/// `[budget]`
#[derive(Debug, Clone, Copy, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BudgetSettings {
    /// By whose midnight days begin.
    #[schemars(with = "String")]
    pub(crate) zone: Written<DayZone>,
    /// What an hour of a job costs on a CPU.
    #[schemars(with = "String")]
    pub(crate) cpu_hour: Written<Money>,
    /// What an hour of a training costs on a GPU.
    #[schemars(with = "String")]
    pub(crate) gpu_hour: Written<Money>,
    /// Of each day.
    pub(crate) day: LimitSettings,
    /// Of each campaign that is not given an amount of its own.
    pub(crate) campaign: LimitSettings,
    /// Of each research cycle.
    pub(crate) cycle: LimitSettings,
}

/// `[budget.day]`, `[budget.campaign]`, `[budget.cycle]`
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// Money, such as `5usd`.
    #[schemars(with = "String")]
    pub(crate) money: Cap<Money>,
    /// Tokens of language models.
    #[schemars(with = "String")]
    pub(crate) tokens: Cap<u64>,
    /// How long jobs may run in all, such as `12h`.
    #[schemars(with = "String")]
    pub(crate) machine_time: Cap<MachineTime>,
}

impl Default for BudgetSettings {
    /// Money is limited before anybody thought of it; the rest costs nothing unless somebody says what.
    fn default() -> Self {
        let dollars = |n: u64| LimitSettings {
            money: Cap::At(Money::micro_dollars(n * 1_000_000)),
            ..LimitSettings::default()
        };
        Self {
            zone: Written(DayZone::default()),
            cpu_hour: Written(Money::ZERO),
            gpu_hour: Written(Money::ZERO),
            day: dollars(5),
            campaign: LimitSettings::default(),
            cycle: dollars(1),
        }
    }
}

impl BudgetSettings {
    /// As the work of a workspace is paid for.
    pub(crate) fn policy(&self) -> BudgetPolicy {
        let [day, campaign, cycle] = [self.day, self.campaign, self.cycle].map(LimitSettings::limit);
        let prices = MachinePrices { cpu_hour: self.cpu_hour.0, gpu_hour: self.gpu_hour.0 };
        BudgetPolicy { zone: self.zone.0, limits: Limits { day, campaign, cycle }, prices }
    }
}

impl LimitSettings {
    fn limit(self) -> Limit {
        let machine_ms = |time: MachineTime| u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX);
        Limit {
            money: self.money.limit(),
            tokens: self.tokens.limit(),
            machine_ms: self.machine_time.limit().map(machine_ms),
        }
    }
}

/// Text that stands for a value, and the words that say so.
pub(crate) trait Amount: FromStr + Display {
    /// What a person should write.
    const EXPECTED: &'static str;
}

impl Amount for Money {
    const EXPECTED: &'static str = "an amount of money such as 2usd or $0.05";
}

impl Amount for u64 {
    const EXPECTED: &'static str = "a whole number";
}

impl Amount for DayZone {
    const EXPECTED: &'static str = "UTC or a time zone of the IANA database such as Europe/Athens";
}

impl Amount for MachineTime {
    const EXPECTED: &'static str = "a duration such as 30m or 12h";
}

/// How long jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineTime(Duration);

impl FromStr for MachineTime {
    type Err = humantime::DurationError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

impl Display for MachineTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

/// A value that is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written<T>(pub(crate) T);

impl<T: Amount> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de, T: Amount> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        // What was written there is not repeated: it may be anything, a password too.
        let refused = |_| D::Error::invalid_value(Unexpected::Other("text"), &T::EXPECTED);
        text.parse().map(Self).map_err(refused)
    }
}

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cap<T> {
    /// None.
    #[default]
    Unlimited,
    /// This much.
    At(T),
}

impl<T> Cap<T> {
    fn limit(self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::At(limit) => Some(limit),
        }
    }
}

impl<T: Amount> Serialize for Cap<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unlimited => to.serialize_str(UNLIMITED),
            Self::At(limit) => to.collect_str(limit),
        }
    }
}

impl<'de, T: Amount> Deserialize<'de> for Cap<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CapVisitor(PhantomData))
    }
}

struct CapVisitor<T>(PhantomData<T>);

impl<T: Amount> Visitor<'_> for CapVisitor<T> {
    type Value = Cap<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or {UNLIMITED}", T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cap<T>, E> {
        if text == UNLIMITED {
            return Ok(Cap::Unlimited);
        }
        text.parse().map(Cap::At).map_err(|_| E::invalid_value(Unexpected::Other("text"), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Cap<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Cap<T>, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn read(text: &str) -> Result<BudgetPolicy, String> {
        let settings: Result<Settings, _> = toml::from_str(text);
        settings.map(|settings| settings.budget.policy()).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn money_is_limited_from_the_beginning_and_everything_can_be() {
        let built_in = read("").unwrap();
        assert_eq!(built_in.limits.day.money, Some(Money::micro_dollars(5_000_000)));
        assert_eq!((built_in.limits.day.tokens, built_in.limits.campaign.money), (None, None));
        let own = read(
            "[budget]\nzone = \"Europe/Athens\"\ngpu_hour = \"2.50usd\"\n[budget.day]\nmoney = \"unlimited\"\ntokens = 1000\n\
             [budget.cycle]\nmachine_time = \"90m\"\n",
        )
        .unwrap();
        assert_eq!((own.limits.day.money, own.limits.day.tokens), (None, Some(1000)));
        assert_eq!(own.limits.cycle.machine_ms, Some(90 * 60_000));
        assert_eq!(own.prices.gpu_hour, Money::micro_dollars(2_500_000));
        assert_eq!(own.zone.to_string(), "Europe/Athens");
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let settings = Settings::default();
        let shown = toml::to_string(&settings).unwrap();
        assert_eq!(read(&shown).unwrap(), settings.budget.policy());
    }

    #[test]
    fn what_is_not_a_limit_is_refused_without_being_repeated() {
        for (text, words) in [
            ("day.money = \"canary\"", "money such as 2usd or $0.05, or unlimited"),
            ("day.money = -1", "an amount of money"),
            ("day.tokens = \"-1\"", "a whole number, or unlimited"),
            ("cycle.machine_time = \"canary\"", "a duration such as 30m"),
            ("zone = \"canary\"", "a time zone"),
        ] {
            let refused = read(&format!("[budget]\n{text}")).unwrap_err();
            assert!(refused.contains(words) && !refused.contains("canary"), "{refused}");
        }
    }
}
