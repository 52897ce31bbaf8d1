//! Money as whole micro-dollars: sums are exact, and no cent is lost to a fraction that binary numbers do not have.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Micro-dollars in a dollar.
const MICRO: u64 = 1_000_000;

/// Digits after the point that a micro-dollar has.
const DECIMALS: usize = 6;

/// An amount of United States dollars. Written `$0.05`; read from `$0.05`, `0.05usd`, `0.05 USD` or `0.05`.
///
/// ```
/// use ktrdr_domain::money::Money;
///
/// let money: Money = "2usd".parse().unwrap();
/// assert_eq!(money.to_string(), "$2.00");
/// assert_eq!("$0.000001".parse::<Money>().unwrap(), Money::micro_dollars(1));
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Money(u64);

/// Text that is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an amount of money: write dollars such as 2usd or $0.05, up to $1000000000 and to six digits after the point"
)]
pub struct BadMoney(pub String);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// More than anybody has: a billion dollars. Sums of any budget stay exact far beyond it.
    pub const MAX: Self = Self(1_000_000_000 * MICRO);

    /// So many micro-dollars.
    #[must_use]
    pub const fn micro_dollars(micro_dollars: u64) -> Self {
        Self(micro_dollars)
    }

    /// In micro-dollars.
    #[must_use]
    pub const fn in_micro_dollars(self) -> u64 {
        self.0
    }

    /// In dollars, for ratios and axes; not exact.
    #[must_use]
    pub fn in_dollars(self) -> f64 {
        self.0 as f64 / MICRO as f64
    }

    /// What is left after `spent`, nothing at least.
    #[must_use]
    pub const fn less(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// So many times as much.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// An equal share of it for each of `n`, rounded up to the micro-dollar; `None` for nobody.
    #[must_use]
    pub fn per(self, n: u64) -> Option<Self> {
        (n > 0).then(|| Self(self.0.div_ceil(n)))
    }
}

impl FromStr for Money {
    type Err = BadMoney;
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let refused = || BadMoney(text.chars().take(80).collect());
        let amount = amount_in(text.trim()).ok_or_else(refused)?;
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > DECIMALS {
            return Err(refused());
        }
        let fraction: u64 = format!("{fraction:0<DECIMALS$}").parse().map_err(|_| refused())?;
        let whole: u64 = whole.parse().map_err(|_| refused())?;
        let micro = whole.checked_mul(MICRO).and_then(|micro| micro.checked_add(fraction));
        micro.map(Self).filter(|money| *money <= Self::MAX).ok_or_else(refused)
    }
}

/// The number, without what says that it is dollars.
fn amount_in(text: &str) -> Option<&str> {
    if let Some(amount) = text.strip_prefix('$') {
        return Some(amount);
    }
    match text.len().checked_sub(3).and_then(|at| text.split_at_checked(at)) {
        Some((amount, unit)) if unit.eq_ignore_ascii_case("usd") => Some(amount.trim_end()),
        _ => Some(text),
    }
}

impl TryFrom<String> for Money {
    type Error = BadMoney;
    fn try_from(text: String) -> Result<Self, BadMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl fmt::Display for Money {
    /// Cents at least, and as many digits more as there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:06}", self.0 % MICRO);
        let shown = digits.trim_end_matches('0').len().max(2);
        f.pad(&format!("${}.{}", self.0 / MICRO, &digits[..shown]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, micro) in [
            ("2usd", 2_000_000),
            ("$0.05", 50_000),
            ("0.05", 50_000),
            (" 1.50 USD ", 1_500_000),
            ("$0.000001", 1),
            ("0", 0),
            ("007.10", 7_100_000),
            ("$1000000000", 1_000_000_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Money(micro)), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_exact_amount_is_refused() {
        for bad in [
            "",
            "$",
            "usd",
            "-1",
            "+1",
            "1e3",
            "0.0000001",
            "1.",
            ".5",
            "1,5",
            "2eur",
            "$2usd",
            "1 000",
            "NaN",
            "1000000000.000001",
            "99999999999999999999",
            "１",
        ] {
            assert!(bad.parse::<Money>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn cents_are_always_shown_and_smaller_parts_where_there_are_any() {
        for (micro, shown) in [(0, "$0.00"), (50_000, "$0.05"), (123_456, "$0.123456"), (2_500_000, "$2.50")]
        {
            assert_eq!(Money(micro).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn every_amount_is_read_back_as_it_was_written(micro in 0..=Money::MAX.0) {
            let money = Money(micro);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = text.parse::<Money>();
        }
    }
}
