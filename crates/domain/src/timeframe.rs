//! Bar lengths: `5m`, `1h`, `1d`, `1w`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// The length of a bar. Ordered by length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timeframe {
    seconds: u32,
}

/// Text that is no timeframe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("timeframe {found:?} is not known: {}", advice(found, *meant))]
pub struct BadTimeframe {
    /// The text.
    pub found: String,
    /// What it may have meant.
    pub meant: Option<Timeframe>,
}

fn advice(found: &str, meant: Option<Timeframe>) -> String {
    match meant {
        // A minute to some programs, a month to most.
        Some(minutes) if found.ends_with('M') => {
            format!("write {minutes} for minutes; months differ in length, the longest bar is 4w")
        }
        Some(timeframe) => format!("did you mean {timeframe}?"),
        None => "use a number and m, h, d or w, such as 5m, 1h, 1d (1m to 4w)".to_owned(),
    }
}

impl Timeframe {
    /// One minute, hour, day or week in seconds.
    const UNITS: [(char, u32); 4] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60)];

    /// What somebody meant who writes it as others do: `1H`, and `H1` as MetaTrader does.
    #[must_use]
    pub fn meant_by(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let (unit, digits) = lower.split_at_checked(1)?;
        Self::read(&lower).or_else(|| Self::read(&format!("{digits}{unit}")))
    }

    fn read(text: &str) -> Option<Self> {
        let unit = text.chars().last()?;
        let (_, unit_s) = Self::UNITS.into_iter().find(|(c, _)| *c == unit)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: u32 = digits.parse().ok()?;
        let seconds = count.checked_mul(unit_s).filter(|s| (60..=4 * 604_800).contains(s))?;
        Some(Self { seconds })
    }

    /// Length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.seconds)
    }

    /// Whether bars are a day or longer, so that a bar's stamp is a date.
    #[must_use]
    pub fn is_daily_or_longer(self) -> bool {
        self.seconds >= 86_400
    }
}

impl FromStr for Timeframe {
    type Err = BadTimeframe;
    fn from_str(text: &str) -> Result<Self, BadTimeframe> {
        Self::read(text).ok_or_else(|| BadTimeframe { found: excerpt(text), meant: Self::meant_by(text) })
    }
}

impl fmt::Display for Timeframe {
    /// The largest unit that divides the length: 60 minutes read back as `1h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, unit_s) =
            Self::UNITS.into_iter().find(|(_, s)| self.seconds.is_multiple_of(*s)).unwrap_or(('m', 60));
        f.pad(&format!("{}{unit}", self.seconds / unit_s))
    }
}

impl TryFrom<String> for Timeframe {
    type Error = BadTimeframe;
    fn try_from(text: String) -> Result<Self, BadTimeframe> {
        text.parse()
    }
}

impl From<Timeframe> for String {
    fn from(t: Timeframe) -> String {
        t.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeframes_read_and_write() {
        for text in ["1m", "5m", "15m", "1h", "4h", "1d", "1w"] {
            assert_eq!(text.parse::<Timeframe>().unwrap().to_string(), text);
        }
        assert_eq!("60m".parse::<Timeframe>().unwrap().to_string(), "1h");
        for bad in ["", "h", "0h", "-1h", "1x", "99999h", "1 h", "1ü"] {
            assert!(bad.parse::<Timeframe>().is_err(), "{bad}");
        }
        for (text, meant) in [("1H", "1h"), ("H1", "1h"), ("M15", "15m"), ("d1", "1d")] {
            let said = text.parse::<Timeframe>().unwrap_err().to_string();
            assert!(said.contains(&format!("did you mean {meant}?")), "{said}");
        }
        let month = "1M".parse::<Timeframe>().unwrap_err().to_string();
        assert!(month.contains("write 1m for minutes; months differ"), "{month}");
        assert_eq!("x9".parse::<Timeframe>().unwrap_err().meant, None);
    }
}
