//! What a research cycle is told when it starts.

use serde::{Deserialize, Serialize};

use crate::data::DataRef;
use crate::device::DeviceRequest;
use crate::evolution::Evolution;
use crate::gate::GatePolicy;
use crate::hypothesis::ApprovalTerms;
use crate::id::OperationId;
use crate::job::DesignResult;
use crate::name::{CampaignName, ProviderName, Symbol};
use crate::operation::TRIES_MAX;
use crate::timeframe::Timeframe;
use crate::trading::Account;
use crate::window::Windows;

/// Whose lessons a design knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonScope {
    /// Those of its campaign's earlier generations: the same seed gives the same designs, whatever else was researched, as long as
    /// no other campaign examined what they repeat.
    #[default]
    Campaign,
    /// Those of every campaign about its instrument and bars.
    Instrument,
}

impl LessonScope {
    fn is_campaign(&self) -> bool {
        *self == Self::Campaign
    }
}

/// One cycle of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResearchSpec {
    /// Whose lessons are shared. Looks are counted across campaigns.
    pub campaign: CampaignName,
    /// This cycle's number in its campaign, from 0.
    pub index: u32,
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// The data, pinned; the traded timeframe first.
    pub data: Vec<DataRef>,
    /// The platform's windows.
    pub windows: Windows,
    /// Capital and costs; size and exits come from each strategy.
    pub account: Account,
    /// The gates.
    pub gates: GatePolicy,
    /// The provider that designs and assesses.
    pub agent: ProviderName,
    /// Whether a language model is asked in batches: within a day, at a lower price.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch: bool,
    /// Its part in a campaign that breeds its designs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evolution: Option<Evolution>,
    /// What to look for, in words, for a designer that reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<String>,
    /// Whether symbol, dates and price level are hidden from a language model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// How hypotheses are approved that come of it; without it they are open at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalTerms>,
    /// What its networks are trained on.
    #[serde(default, skip_serializing_if = "DeviceRequest::is_any")]
    pub device: DeviceRequest,
    /// How many cycles of the campaign, counted from its first one, make a generation: they are designed from what the
    /// generations before theirs have taught, whatever runs beside them.
    #[serde(default = "one")]
    pub generation: u32,
    /// Of everything random in the campaign's designs.
    #[serde(default)]
    pub campaign_seed: u64,
    /// Of everything random in the cycle's other jobs.
    pub seed: u64,
    /// Tries of each of its jobs.
    #[serde(default = "tries_max")]
    pub tries_max: u32,
    /// Whose lessons its design knows.
    #[serde(default, skip_serializing_if = "LessonScope::is_campaign")]
    pub learns_from: LessonScope,
    /// The strategy that it begins with, where somebody gave one: nothing is designed then, and training comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Box<DesignResult>>,
    /// The cycle that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<Resumed>,
}

/// Cycles that are older than generations.
fn one() -> u32 {
    1
}

/// Cycles that were submitted before they said so.
fn tries_max() -> u32 {
    TRIES_MAX
}

/// A cycle that was cut short, as seen by the one that goes on with it. An end is for ever, so going on is a new cycle; what
/// the old one found out stays found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The cycle that was cut short.
    pub cycle: OperationId,
    /// Jobs of earlier cycles that completed, in the order of the phases: their results are this cycle's.
    pub completed: Vec<OperationId>,
}
