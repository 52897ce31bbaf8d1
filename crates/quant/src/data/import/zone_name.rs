//! Which clock a text names: an offset, a zone of the IANA database, or an abbreviation that has one meaning.

use super::moment::Clock;
use super::written_date::number;
use crate::data::zone::TimeZone;

const HOUR_S: i64 = 3_600;

/// Abbreviations and their hours ahead of UTC. CST, BST and IST mean several zones, so they are not among them; EST, CET
/// and some others are names of the database.
const ABBREVIATIONS: [(&str, i64); 16] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EDT", -4),
    ("CDT", -5),
    ("MDT", -6),
    ("PDT", -7),
    ("PST", -8),
    ("CEST", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("HKT", 8),
    ("JST", 9),
    ("AEST", 10),
    ("AEDT", 11),
];

/// `Z`, `UTC`, `EDT`, `+H`, `+HH`, `+HHMM`, `+HH:MM`, `GMT+0100`, `US/Eastern`; nothing is an unknown clock.
pub(super) fn zone_of(text: &[u8]) -> Option<Clock> {
    if text.is_empty() {
        return Some(Clock::Unknown);
    }
    let is_it = |(name, _): &&(&str, i64)| text.eq_ignore_ascii_case(name.as_bytes());
    if let Some((_, hours)) = ABBREVIATIONS.iter().find(is_it) {
        return Some(Clock::Ahead(hours * HOUR_S));
    }
    let offset = text.strip_prefix(b"GMT").or_else(|| text.strip_prefix(b"UTC")).unwrap_or(text);
    let (sign, digits) = match offset.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return TimeZone::named(text).map(Clock::Zone),
    };
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits, &b"0"[..]),
        4 => digits.split_at(2),
        5 if digits[2] == b':' => (&digits[..2], &digits[3..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours <= 15 && minutes < 60).then_some(Clock::Ahead(sign * (hours * HOUR_S + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_with_one_meaning_are_read_and_others_are_not() {
        let hours = |text: &str| match zone_of(text.as_bytes()) {
            Some(Clock::Ahead(s)) => Some(s / HOUR_S),
            _ => None,
        };
        assert_eq!((hours("EDT"), hours("utc"), hours("CEST")), (Some(-4), Some(0), Some(2)));
        assert_eq!(zone_of(b"EST"), Some(Clock::Zone("EST".parse().unwrap())));
        for several in ["CST", "BST", "IST", "XYZ"] {
            assert_eq!(zone_of(several.as_bytes()), None, "{several}");
        }
    }
}
