//! A campaign that breeds its designs on dev, and looks at the exam for champions alone.
//!
//! Its generations breed: their designs are trained, traded walk-forward on dev, remembered, and end there. Those of the last
//! generation present: each takes one champion of what was bred to the exam.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;
use crate::name::ProviderName;

/// The code of what stops a design that passed the gate of training and is no champion.
pub const NOT_A_CHAMPION: &str = "not_a_champion";

/// A cycle's part in such a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evolution {
    /// What it does.
    pub part: Part,
    /// Whose designs are mixed in while the campaign breeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Mix>,
}

/// What a cycle does in a campaign that breeds its designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It adds a design to the archive, and does not look at the exam.
    Breeds,
    /// It takes a champion to the exam. Where none is left it adds a design.
    Presents,
}

/// A share of designs that another provider makes: `claude:1/4` is one of each four, the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mix {
    /// The other provider.
    pub agent: ProviderName,
    designs: u32,
    of: u32,
}

/// Largest number of designs that a share may be given of.
const OF_MAX: u32 = 1_000;

impl Mix {
    /// Whether the cycle of this number is the other provider's.
    #[must_use]
    pub fn is_theirs(&self, index: u32) -> bool {
        index % self.of >= self.of - self.designs
    }
}

/// A share that can not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a mix: use PROVIDER:N/M, as claude:1/4 for one design of each four, with 0 < N < M ≤ {OF_MAX}"
)]
pub struct BadMix(String);

impl FromStr for Mix {
    type Err = BadMix;

    fn from_str(text: &str) -> Result<Self, BadMix> {
        let parts = || {
            let (agent, share) = text.rsplit_once(':')?;
            let (designs, of) = share.split_once('/')?;
            Some(Self { agent: agent.parse().ok()?, designs: designs.parse().ok()?, of: of.parse().ok()? })
        };
        parts()
            .filter(|mix| (1..mix.of).contains(&mix.designs) && mix.of <= OF_MAX)
            .ok_or_else(|| BadMix(excerpt(text)))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.agent, self.designs, self.of)
    }
}

impl TryFrom<String> for Mix {
    type Error = BadMix;

    fn try_from(text: String) -> Result<Self, BadMix> {
        text.parse()
    }
}

impl From<Mix> for String {
    fn from(mix: Mix) -> Self {
        mix.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_the_last_ones_of_each_so_many_and_survives_json() {
        let mix: Mix = "claude:2/5".parse().unwrap();
        let theirs: Vec<u32> = (0..12).filter(|index| mix.is_theirs(*index)).collect();
        assert_eq!(theirs, [3, 4, 8, 9]);
        let json = serde_json::to_string(&mix).unwrap();
        assert_eq!((json.as_str(), serde_json::from_str::<Mix>(&json).unwrap()), ("\"claude:2/5\"", mix));
    }

    #[test]
    fn a_share_of_none_of_all_and_of_nothing_is_refused() {
        for text in
            ["claude", "claude:1", "claude:0/4", "claude:4/4", "claude:1/0", "../x:1/4", ":1/4", "c:1/1001"]
        {
            let refused = text.parse::<Mix>().unwrap_err().to_string();
            assert!(refused.contains("claude:1/4"), "{refused}");
        }
    }
}
