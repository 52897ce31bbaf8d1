//! Names that arrive from outside and end up in file paths, queue names and keys.
//!
//! Each is checked once, on construction, so that no later code needs to worry about `../`, separators or
//! control characters. Deserialising goes through the same check.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;
use crate::hash::Sha256;

/// Why a name was refused: what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {found:?} is not allowed: use {rule}")]
pub struct BadName {
    /// The noun, such as `symbol`.
    pub what: &'static str,
    /// The refused text, shortened to 80 characters.
    pub found: String,
    /// The rule in words.
    pub rule: &'static str,
}

fn refuse<T>(what: &'static str, found: &str, rule: &'static str) -> Result<T, BadName> {
    Err(BadName { what, found: excerpt(found), rule })
}

macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text; safe as one component of a path.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { refuse($what, text, $rule) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

checked_name!(
    /// A traded instrument, such as `EURUSD` or `BRK.B`.
    Symbol,
    "symbol",
    "1 to 20 letters, digits, '.', '_' or '-', starting with a letter or digit",
    |s| (1..=20).contains(&s.len())
        && s.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !s.contains("..")
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);

checked_name!(
    /// A strategy's name: also the stem of its file and the folder of its models.
    StrategyName,
    "strategy name",
    "1 to 64 lower-case letters, digits, '_' or '-', starting with a letter or digit",
    is_slug
);

checked_name!(
    /// A research campaign: the scope within which trials are counted together.
    CampaignName,
    "campaign name",
    "1 to 64 lower-case letters, digits, '_' or '-', starting with a letter or digit",
    is_slug
);

checked_name!(
    /// A schedule. Its campaigns are called after it and the time they were due.
    ScheduleName,
    "schedule name",
    "1 to 40 lower-case letters, digits, '_' or '-', starting with a letter or digit",
    |name| name.len() <= 40 && is_slug(name)
);

checked_name!(
    /// A provider of designs and assessments: `local`, `evolve`, or what a deployment calls its language model.
    ProviderName,
    "provider name",
    "1 to 64 lower-case letters, digits, '_' or '-', starting with a letter or digit",
    is_slug
);

checked_name!(
    /// A hypothesis, by a hash of what it says and of what it is about.
    HypothesisId,
    "hypothesis",
    "`hyp_` and 12 hexadecimal digits, as in `ktrdr memory hypotheses`",
    |name| name.strip_prefix("hyp_").is_some_and(|hex| {
        hex.len() == 12 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
);

impl HypothesisId {
    /// The one of this hash.
    #[must_use]
    pub fn of(hash: &Sha256) -> Self {
        let digits: String = hash.to_string().chars().take(12).collect();
        Self(format!("hyp_{digits}"))
    }
}

impl Default for ProviderName {
    /// `local`: seeded search and rules, which need no key.
    fn default() -> Self {
        Self("local".to_owned())
    }
}

impl ProviderName {
    /// `evolve`: breeds designs on dev, and needs no key either.
    #[must_use]
    pub fn evolving() -> Self {
        Self("evolve".to_owned())
    }

    /// Whether its designs are those of a campaign that evolves.
    #[must_use]
    pub fn evolves(&self) -> bool {
        *self == Self::evolving()
    }
}

/// `^[a-z0-9][a-z0-9_-]{0,63}$`
fn is_slug(s: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=64).contains(&s.len())
        && s.bytes().next().is_some_and(word)
        && s.bytes().all(|b| word(b) || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_tricks_are_refused() {
        for bad in ["", "..", "../etc", "a/b", "a\\b", ".hidden", "a\0b", "Ä", &"x".repeat(65)] {
            assert!(bad.parse::<StrategyName>().is_err(), "{bad:?}");
            assert!(bad.parse::<Symbol>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ordinary_names_pass_and_survive_json() {
        let symbol: Symbol = "BRK.B".parse().unwrap();
        let json = serde_json::to_string(&symbol).unwrap();
        assert_eq!(serde_json::from_str::<Symbol>(&json).unwrap(), symbol);
        assert!(serde_json::from_str::<StrategyName>("\"../x\"").is_err());
    }
}
