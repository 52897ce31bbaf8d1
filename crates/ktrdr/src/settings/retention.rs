//! `[retention]`: how long rows of what has ended are kept.

use std::time::Duration;

use ktrdr_fabric::retention::{Retention, USUAL};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::human;

/// Durations such as `90d`; `0s`: for ever. What is kept whatever its age is not configured.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// Operations, with specification and result.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) operations: Duration,
    /// Operations that used up their tries, once they are dismissed.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) dead_letters: Duration,
    /// Histories of operations that stay.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) histories: Duration,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { operations: USUAL, dead_letters: USUAL, histories: USUAL }
    }
}

impl RetentionSettings {
    /// As a workspace forgets.
    pub(crate) fn policy(self) -> Retention {
        let kept = |time: Duration| (!time.is_zero()).then_some(time);
        Retention {
            operations: kept(self.operations),
            dead_letters: kept(self.dead_letters),
            histories: kept(self.histories),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_at_all_is_for_ever() {
        let said: RetentionSettings = toml::from_str("operations = \"0s\"\nhistories = \"7d\"").unwrap();
        let week = Some(Duration::from_secs(7 * 86_400));
        let kept = Retention { operations: None, dead_letters: Some(USUAL), histories: week };
        assert_eq!(said.policy(), kept);
    }
}
