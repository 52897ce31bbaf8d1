//! Numbers as people and programs write them: `$1,890.00`, `1.890,00`, `58.41K`.

use fast_float2::parse;
use ktrdr_domain::job::DecimalSign;

/// The decimal sign and the one that groups thousands.
const fn signs(decimal: DecimalSign) -> (u8, u8) {
    match decimal {
        DecimalSign::Point => (b'.', b','),
        DecimalSign::Comma => (b',', b'.'),
    }
}

/// The one sign with which a text is a number; `None` where both, or neither, will do.
pub(super) fn decimal_of(text: &[u8]) -> Option<DecimalSign> {
    match (plain(text, DecimalSign::Point), plain(text, DecimalSign::Comma)) {
        (Some(_), None) => Some(DecimalSign::Point),
        (None, Some(_)) => Some(DecimalSign::Comma),
        _ => None,
    }
}

/// The same of a volume.
pub(super) fn decimal_of_volume(text: &[u8]) -> Option<DecimalSign> {
    decimal_of(multiple(text).map_or(text, |(count, _)| count))
}

/// More digits than any double has and any feed prints.
const DIGITS_MAX: usize = 40;
/// What stands before an amount of money.
const CURRENCIES: [&str; 4] = ["$", "€", "£", "¥"];
const MULTIPLES: [(&[u8], &[u8]); 4] = [(b"Kk", b"e3"), (b"Mm", b"e6"), (b"Bb", b"e9"), (b"Tt", b"e12")];

/// A price.
pub(super) fn price(text: &[u8], decimal: DecimalSign) -> Option<f64> {
    match decimal {
        DecimalSign::Point => parse(text).ok().or_else(|| plain(text, decimal)?.value(b"")),
        DecimalSign::Comma => plain(text, decimal)?.value(b""),
    }
}

/// A volume, perhaps in thousands, millions or billions.
pub(super) fn volume(text: &[u8], decimal: DecimalSign) -> Option<f64> {
    match multiple(text) {
        Some((count, exponent)) => plain(count, decimal)?.value(exponent),
        None => price(text, decimal),
    }
}

/// A count of thousands, millions or more, and the exponent it stands for.
fn multiple(text: &[u8]) -> Option<(&[u8], &'static [u8])> {
    let (last, count) = text.split_last()?;
    let (_, exponent) = MULTIPLES.iter().find(|(letters, _)| letters.contains(last))?;
    Some((count.trim_ascii_end(), exponent))
}

/// How many digits stand behind the decimal sign.
pub(super) fn decimals(text: &[u8], decimal: DecimalSign) -> usize {
    let (point, _) = signs(decimal);
    match text.iter().position(|b| *b == point) {
        // 1.5e-7 prints more digits than stand there: it is not rounded to them.
        _ if text.iter().any(u8::is_ascii_alphabetic) => DIGITS_MAX,
        Some(at) => text.len() - at - 1,
        None => 0,
    }
}

/// A number as computers write it.
struct Plain {
    text: [u8; DIGITS_MAX + 4],
    len: usize,
}

impl Plain {
    fn push(&mut self, byte: u8) -> Option<()> {
        *self.text.get_mut(self.len).filter(|_| self.len < DIGITS_MAX)? = byte;
        self.len += 1;
        Some(())
    }

    fn value(mut self, exponent: &[u8]) -> Option<f64> {
        let end = self.len + exponent.len();
        self.text.get_mut(self.len..end)?.copy_from_slice(exponent);
        parse(&self.text[..end]).ok()
    }
}

/// Takes currency and groups of thousands out of a number; `None` if it is none.
fn plain(text: &[u8], decimal: DecimalSign) -> Option<Plain> {
    let mut plain = Plain { text: [0; DIGITS_MAX + 4], len: 0 };
    let mut rest = without_currency(text);
    if let Some(after) = rest.strip_prefix(b"-") {
        plain.push(b'-')?;
        rest = without_currency(after);
    }
    let (point, comma) = signs(decimal);
    let mut parts = rest.splitn(2, |b| *b == point);
    let (whole, fraction) = (parts.next()?, parts.next());
    for (at, group) in whole.split(|b| *b == comma).enumerate() {
        let grouped = whole.contains(&comma);
        // Nobody groups 0,912 as thousands.
        let complete = match at {
            0 => (1..=3).contains(&group.len()) && !group.starts_with(b"0"),
            _ => group.len() == 3,
        };
        if (grouped && !complete) || !group.iter().all(u8::is_ascii_digit) {
            return None;
        }
        group.iter().try_for_each(|b| plain.push(*b))?;
    }
    if let Some(fraction) = fraction.filter(|f| !f.is_empty()) {
        plain.push(b'.')?;
        let is_digits = fraction.iter().all(u8::is_ascii_digit);
        fraction.iter().filter(|_| is_digits).try_for_each(|b| plain.push(*b))?;
        return is_digits.then_some(plain);
    }
    (!whole.is_empty()).then_some(plain)
}

fn without_currency(text: &[u8]) -> &[u8] {
    CURRENCIES.iter().find_map(|sign| text.strip_prefix(sign.as_bytes())).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DecimalSign::{Comma, Point};
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, decimal, value) in [
            ("1890.5", Point, 1890.5),
            ("1,890.00", Point, 1890.0),
            ("$181.91", Point, 181.91),
            ("-$1,000,000.25", Point, -1_000_000.25),
            ("-40.32", Point, -40.32),
            ("1.5e-7", Point, 1.5e-7),
            ("1.890,00", Comma, 1890.0),
            ("1,085", Comma, 1.085),
            ("€1", Comma, 1.0),
        ] {
            assert_eq!(price(text.as_bytes(), decimal), Some(value), "{text}");
        }
        for (text, value) in [("58.41K", 58_410.0), ("1.02M", 1_020_000.0), ("2.3B", 2.3e9), ("7", 7.0)] {
            assert_eq!(volume(text.as_bytes(), Point), Some(value), "{text}");
        }
        assert_eq!(volume(b"58,41K", Comma), Some(58_410.0));
    }

    #[test]
    fn half_numbers_are_none() {
        for text in ["", "-", "$", "1,89", "1,8900.5", ",890", "1.2.3", "1,", "K", "1 890", "12a"] {
            assert_eq!(
                (price(text.as_bytes(), Point), volume(text.as_bytes(), Point)),
                (None, None),
                "{text}"
            );
        }
        assert_eq!(price(&[b'1'; 400], Comma), None);
    }

    #[test]
    fn some_numbers_say_which_sign_is_the_decimal_one() {
        for (text, decimal) in [
            ("1,890.00", Some(Point)),
            ("1.890,00", Some(Comma)),
            ("1,89", Some(Comma)),
            ("1.0850", Some(Point)),
            ("0,912", Some(Comma)),
            ("0.912", Some(Point)),
            ("1,890", None),
            ("12", None),
            ("x", None),
        ] {
            assert_eq!(decimal_of(text.as_bytes()), decimal, "{text}");
        }
    }

    #[test]
    fn printed_digits_are_counted() {
        let count = |text: &str| decimals(text.as_bytes(), Point);
        assert_eq!((count("1.2500"), count("12"), count("2.")), (4, 0, 0));
        assert_eq!((count("1.5e-7"), count("1e-7")), (DIGITS_MAX, DIGITS_MAX));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_number_or_none(text in prop::collection::vec(any::<u8>(), 0..80)) {
            for decimal in [Point, Comma] {
                let _ = (price(&text, decimal), volume(&text, decimal), decimals(&text, decimal));
            }
        }

        #[test]
        fn grouped_thousands_are_the_same_number(cents in 0_u64..1_000_000_000_000) {
            let (whole, fraction) = (cents / 100, cents % 100);
            let digits = whole.to_string();
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            let expected = format!("{whole}.{fraction:02}").parse::<f64>().unwrap();
            prop_assert_eq!(price(format!("{}.{fraction:02}", groups.join(",")).as_bytes(), Point), Some(expected));
            prop_assert_eq!(price(format!("{},{fraction:02}", groups.join(".")).as_bytes(), Comma), Some(expected));
        }
    }
}
