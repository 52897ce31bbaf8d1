//! Durations as people write them: `30s`, `5m`, `6h`.

use std::time::Duration;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_duration(*value))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    // What was written there is not repeated: it may be anything, a password too.
    let expected = &"a duration such as 30s, 5m or 6h";
    humantime::parse_duration(&text).map_err(|_| D::Error::invalid_value(Unexpected::Other("text"), expected))
}
