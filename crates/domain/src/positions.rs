//! A sketch of what a strategy holds over a long stretch: small enough to be kept for every trial, fine enough to tell a
//! near-copy from another idea.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Span;

/// Equal parts of the stretch.
const PARTS: usize = 256;

/// A full position in a part.
const FULL: f64 = 127.0;

/// The mean position in each of 256 equal parts of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Positions {
    /// The stretch. Sketches of different stretches can not be compared.
    pub stretch: Span,
    /// From −127 (short) to 127 (long), as hexadecimal bytes.
    means: Means,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Means(Vec<i8>);

impl Positions {
    /// Sketches what is held: −1, 0 or 1 from each time on, until the next. Times outside the stretch are left out.
    pub fn sketch(stretch: Span, held: impl Iterator<Item = (i64, i8)>) -> Self {
        let length = (stretch.end.0 - stretch.start.0).max(1) as f64;
        let mut parts = vec![(0.0, 0.0); PARTS];
        for (time, position) in held {
            let at = (time - stretch.start.0) as f64 / length * PARTS as f64;
            if let Some((sum, count)) = (at >= 0.0).then(|| parts.get_mut(at as usize)).flatten() {
                *sum += f64::from(position);
                *count += 1.0;
            }
        }
        let mean =
            |(sum, count): (f64, f64)| if count > 0.0 { (sum / count * FULL).round() as i8 } else { 0 };
        Self { stretch, means: Means(parts.into_iter().map(mean).collect()) }
    }

    /// The mean positions, −1 to 1.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        self.means.0.iter().map(|mean| f64::from(*mean) / FULL).collect()
    }
}

impl From<Means> for String {
    fn from(Means(means): Means) -> Self {
        means.iter().map(|mean| format!("{mean:02x}")).collect()
    }
}

impl TryFrom<String> for Means {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let byte = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok().map(u8::cast_signed)
        };
        let means: Option<Vec<i8>> = text.as_bytes().chunks(2).map(byte).collect();
        means
            .filter(|means| means.len() == PARTS && text.len() == 2 * PARTS)
            .map(Self)
            .ok_or_else(|| format!("a sketch of positions is {PARTS} bytes in hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_sketch_holds_the_mean_of_each_part_and_comes_back_as_it_was() {
        let stretch = Span { start: Timestamp(1_000), end: Timestamp(1_000 + 2_560) };
        // Ten times in each part; the first part is half long, the last one short; the rest flat.
        let held = (0..2_600).map(|t| (990 + t, if t < 15 { 1 } else { -i8::from(t >= 2_560) }));
        let sketch = Positions::sketch(stretch, held);
        let means = sketch.means();
        assert_eq!((means.len(), means[1], means[255]), (256, 0.0, -1.0));
        assert!((means[0] - 0.5).abs() < 0.01, "{}", means[0]);
        let json = serde_json::to_string(&sketch).unwrap();
        assert!(json.len() < 700, "{json}");
        assert_eq!(serde_json::from_str::<Positions>(&json).unwrap(), sketch);
    }

    #[test]
    fn text_that_is_not_a_sketch_is_refused() {
        for means in ["", "00", &"zz".repeat(256), &"0".repeat(511), &"é".repeat(256)] {
            let json = serde_json::json!({"stretch": {"start": "1970-01-01T00:00:00Z", "end": "1970-01-02T00:00:00Z"}, "means": means});
            let refused = serde_json::from_value::<Positions>(json).unwrap_err().to_string();
            assert!(refused.contains("256 bytes"), "{refused}");
        }
    }
}
