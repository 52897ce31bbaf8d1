//! How JSON tells a moment of the store's clock: as every time, in RFC 3339, with its milliseconds. Inside it is a number of Unix
//! milliseconds, and so it is in what stores keep. For `#[serde(with = …)]`; what an older version tells as a number is read as well.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, SecondsFormat};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// `2026-11-29T22:00:00.123Z`
fn told(at_ms: i64) -> Option<String> {
    Some(DateTime::from_timestamp_millis(at_ms)?.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// A moment as JSON tells it: text, but for a moment of no calendar, which stays a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(
    /// Unix milliseconds.
    pub i64,
);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match told(self.0) {
            Some(text) => serializer.serialize_str(&text),
            None => serializer.serialize_i64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Told in place: that it is a time is all there is to know of it.
impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in RFC 3339, or Unix milliseconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
        DateTime::parse_from_rfc3339(text).map(|time| Instant(time.timestamp_millis())).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, at_ms: i64) -> Result<Instant, E> {
        Ok(Instant(at_ms))
    }

    fn visit_u64<E: Error>(self, at_ms: u64) -> Result<Instant, E> {
        i64::try_from(at_ms).map(Instant).map_err(E::custom)
    }
}

/// Writes a moment.
///
/// # Errors
/// Those of the serializer.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands over references
pub fn serialize<S: Serializer>(at_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    Instant(*at_ms).serialize(serializer)
}

/// Reads a moment.
///
/// # Errors
/// When it is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Instant::deserialize(deserializer).map(|told| told.0)
}

/// The same of what may be missing.
pub mod option {
    use super::{Deserialize, Deserializer, Instant, Serialize, Serializer};

    /// Writes a moment, or null.
    ///
    /// # Errors
    /// Those of the serializer.
    #[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option)] // serde hands over references
    pub fn serialize<S: Serializer>(at_ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        at_ms.map(Instant).serialize(serializer)
    }

    /// Reads a moment, or null.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|told| told.0))
    }
}

/// What stores keep of something told so: numbers under the old names, `at_ms` for `at`. A fleet is updated one process after
/// another, and those of the version before read nothing else.
#[must_use]
pub fn as_kept(told: Value, moments: &[&str]) -> Value {
    let Value::Object(fields) = told else { return told };
    let kept = fields.into_iter().map(|(name, value)| match value.as_str().map(str::to_owned) {
        Some(text) if moments.contains(&name.as_str()) => match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => (format!("{name}_ms"), time.timestamp_millis().into()),
            Err(_) => (name, value),
        },
        _ => (name, value),
    });
    Value::Object(kept.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(rename = "at", alias = "at_ms", with = "crate::instant")]
        at_ms: i64,
        #[serde(default, rename = "ended_at", alias = "ended_at_ms", with = "crate::instant::option")]
        ended_at_ms: Option<i64>,
    }

    #[test]
    fn moments_are_told_as_text_and_kept_and_read_as_numbers_too() {
        let row = Row { at_ms: 1_700_000_000_123, ended_at_ms: None };
        let told = serde_json::to_value(&row).unwrap();
        assert_eq!(told, json!({ "at": "2023-11-14T22:13:20.123Z", "ended_at": null }));
        let kept = as_kept(told.clone(), &["at", "ended_at"]);
        assert_eq!(kept["at_ms"], 1_700_000_000_123_i64);
        for document in [told, kept, json!({ "at_ms": 1_700_000_000_123_i64 })] {
            assert_eq!(serde_json::from_value::<Row>(document).unwrap(), row);
        }
        let never = Row { at_ms: i64::MAX, ended_at_ms: Some(-1) };
        let told = serde_json::to_value(&never).unwrap();
        assert_eq!(told["at"], i64::MAX);
        assert_eq!(serde_json::from_value::<Row>(told).unwrap(), never);
        for wrong in [json!("yesterday"), json!(true), json!(u64::MAX)] {
            assert!(serde_json::from_value::<Row>(json!({ "at": wrong })).is_err(), "{wrong}");
        }
    }
}
