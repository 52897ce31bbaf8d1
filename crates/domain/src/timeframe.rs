//! Bar lengths: `5m`, `1h`, `1d`, `1w`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// The length of a bar. Ordered by length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timeframe {
    seconds: u32,
}

/// Text that is no timeframe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("timeframe {0:?} is not known: use a number and m, h, d or w, such as 5m, 1h, 1d (1m to 4w)")]
pub struct BadTimeframe(pub String);

impl Timeframe {
    /// One minute, hour, day or week in seconds.
    const UNITS: [(char, u32); 4] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60)];

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
        let bad = || BadTimeframe(excerpt(text));
        let unit = text.chars().last().ok_or_else(bad)?;
        let (_, unit_s) = Self::UNITS.into_iter().find(|(c, _)| *c == unit).ok_or_else(bad)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let count: u32 = digits.parse().map_err(|_| bad())?;
        let seconds = count.checked_mul(unit_s).filter(|s| (60..=4 * 604_800).contains(s)).ok_or_else(bad)?;
        Ok(Self { seconds })
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
    }
}
