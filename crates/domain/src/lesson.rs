//! What research remembers of a cycle: every figure of dev, and of the exam whether it was passed and what stopped it, in one
//! word. No other figure of the exam and none of the vault ever enters memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::author::Author;
use crate::hash::Sha256;
use crate::id::OperationId;
use crate::name::{CampaignName, HypothesisId};
use crate::positions::Positions;
use crate::report::{DevBacktest, TestMetrics};
use crate::strategy::Strategy;
use crate::time::Timestamp;

/// How far a cycle came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Designed; training failed or its gate said no.
    Designed,
    /// Trained and past the training gate; the backtest failed or its gate said no, it repeats what was examined before, or it was
    /// bred and is no champion.
    Trained,
    /// Past every check of the exam that it answers for by itself. Whether it also stands with every other trial counted, which
    /// the deflated Sharpe ratio asks, is no merit of its own and depends on who was looked at before it.
    #[serde(alias = "survived")]
    Examined,
}

/// One cycle, remembered once.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Lesson {
    /// The cycle.
    pub cycle: OperationId,
    /// The cycle that it went on with: this lesson stands in place of that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<OperationId>,
    /// Its campaign.
    pub campaign: CampaignName,
    /// Its number there; that of the cycle it went on with, if it did.
    #[serde(default)]
    pub index: u32,
    /// What was tried.
    pub strategy: Strategy,
    /// Its hash.
    pub strategy_sha256: Sha256,
    /// The language model that wrote it or what it was bred from, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The hypothesis that it was to test, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<HypothesisId>,
    /// How far it came.
    pub reached: Reached,
    /// Stable word of the gate that stopped it, without figures.
    pub stopped_by: Option<String>,
    /// The network on the test rows of dev.
    pub test: Option<TestMetrics>,
    /// The strategy traded walk-forward on dev.
    #[serde(default)]
    pub dev_backtest: Option<DevBacktest>,
    /// What it wanted to hold on dev meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_positions: Option<Positions>,
    /// Whether it was a champion, brought back for the exam.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub champion: bool,
    /// Last data time this lesson depends on, apart from the exam's one word; recall filters by it.
    pub known_until: Timestamp,
}
