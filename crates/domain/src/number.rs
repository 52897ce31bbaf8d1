//! Numbers as they leave the program, in files and on screens: zero has no sign.
//!
//! A sum of nothing, a loss of `−ln 1` and a short that earned nothing are all −0 in floating point, and −0.00004 is
//! written `-0.0000`. No reader means a negative nothing by that.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// A number in words: written like an `f64`, except that what rounds to zero has no minus.
///
/// ```
/// use ktrdr_domain::number::Figure;
///
/// assert_eq!(format!("{:.2} %", Figure(-0.004)), "0.00 %");
/// assert_eq!(format!("{:+.2}", Figure(-0.0)), "+0.00");
/// assert_eq!(format!("{:.2}", Figure(-0.005_1)), "-0.01");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure(pub f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        let rounds_to_zero = match f.precision() {
            Some(decimals) => !format!("{size:.decimals$}").bytes().any(|b| matches!(b, b'1'..=b'9')),
            None => size == 0.0,
        };
        let shown = if rounds_to_zero && self.0.is_finite() { 0.0 } else { self.0 };
        fmt::Display::fmt(&shown, f)
    }
}

/// The middle of sorted values, of an even number the mean of the two; none of none.
///
/// ```
/// use ktrdr_domain::number::median;
///
/// assert_eq!([median(&[1.0, 2.0, 4.0, 8.0]), median(&[1.0, 2.0, 8.0]), median(&[])], [Some(3.0), Some(2.0), None]);
/// ```
#[must_use]
pub fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// JSON on one line.
///
/// # Errors
/// When the value can not be written as JSON.
pub fn json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    written(value, CompactFormatter)
}

/// JSON for people to read.
///
/// # Errors
/// When the value can not be written as JSON.
pub fn json_pretty<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    written(value, PrettyFormatter::new())
}

fn written<T: Serialize + ?Sized>(value: &T, layout: impl Formatter) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, UnsignedZero(layout)))?;
    Ok(bytes)
}

/// A layout that writes −0 as 0.
struct UnsignedZero<F>(F);

/// Hands what a layout decides on to the inner one.
macro_rules! as_inner {
    ($($step:ident($($flag:ident)?);)*) => {
        $(fn $step<W: ?Sized + Write>(&mut self, writer: &mut W $(, $flag: bool)?) -> io::Result<()> {
            self.0.$step(writer $(, $flag)?)
        })*
    };
}

impl<F: Formatter> Formatter for UnsignedZero<F> {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // −0 + 0 is 0; everything else stays what it was.
        self.0.write_f64(writer, value + 0.0)
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.0.write_f32(writer, value + 0.0)
    }

    as_inner! {
        begin_array();
        end_array();
        begin_array_value(first);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_laid_out_as_ever_and_has_no_negative_zero() {
        let value = json!({"a": [-0.0, -1.5, {}], "b": {"c": -0.0}, "d": [], "e": "-0.0"});
        let expected = json!({"a": [0.0, -1.5, {}], "b": {"c": 0.0}, "d": [], "e": "-0.0"});
        assert_eq!(json(&value).unwrap(), serde_json::to_vec(&expected).unwrap());
        assert_eq!(json_pretty(&value).unwrap(), serde_json::to_vec_pretty(&expected).unwrap());
        assert_eq!(json(&[-0.0_f32]).unwrap(), b"[0.0]");
    }

    #[test]
    fn figures_keep_width_sign_and_what_is_not_zero() {
        assert_eq!(format!("{:>7.2}|{:+.1}|{}", Figure(-0.001), Figure(2.0), Figure(-0.0)), "   0.00|+2.0|0");
        assert_eq!(format!("{:.0} {:.4}", Figure(-0.6), Figure(-0.000_05)), "-1 -0.0001");
        assert_eq!(format!("{:.2} {:.2}", Figure(f64::NAN), Figure(f64::NEG_INFINITY)), "NaN -inf");
    }
}
