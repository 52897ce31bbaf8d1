//! What research remembers of a cycle. Only dev figures and a coarse answer of the gate: no gate detail and no
//! vault number ever enters memory.

use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::id::OperationId;
use crate::name::CampaignName;
use crate::report::{DevBacktest, TestMetrics, Verdict};
use crate::strategy::Strategy;
use crate::time::Timestamp;

/// How far a cycle came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Designed; training failed or its gate said no.
    Designed,
    /// Trained and past the training gate; the backtest failed or its gate said no.
    Trained,
    /// Past the backtest's gate.
    Survived,
}

/// One cycle, remembered once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// The cycle.
    pub cycle: OperationId,
    /// The cycle that it went on with: this lesson stands in place of that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<OperationId>,
    /// Its campaign.
    pub campaign: CampaignName,
    /// What was tried.
    pub strategy: Strategy,
    /// Its hash.
    pub strategy_sha256: Sha256,
    /// How far it came.
    pub reached: Reached,
    /// Stable word of the gate that stopped it, without figures.
    pub stopped_by: Option<String>,
    /// The network on the test rows of dev.
    pub test: Option<TestMetrics>,
    /// The strategy traded walk-forward on dev.
    #[serde(default)]
    pub dev_backtest: Option<DevBacktest>,
    /// The assessor's word.
    pub verdict: Option<Verdict>,
    /// Last data time this lesson depends on; recall filters by it.
    pub known_until: Timestamp,
}
