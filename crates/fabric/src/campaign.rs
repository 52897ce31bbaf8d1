//! Campaigns: the research cycles that were submitted under one name, counted by what became of them.
//!
//! The counts change in the step in which a cycle does, so they are neither late nor cut. They outlive the rows: a store
//! that forgets old rows says how many.

use async_trait::async_trait;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Phase, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// What is known of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Campaign {
    /// Its name.
    pub name: CampaignName,
    /// When its first cycle was submitted, by the store's clock.
    #[serde(rename = "begun_at", alias = "begun_at_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub begun_at_ms: i64,
    /// Cycles submitted under its name so far.
    pub cycles: u64,
    /// How many of them have no row any more, because they ended long ago.
    pub forgotten: u64,
    /// The last request to cancel all of it.
    pub cancel: Option<CancelRequest>,
    /// Whether that request is still being carried out: until then none of its cycles starts.
    pub is_cancelling: bool,
    /// How many cycles stand or ended how; the counts add up to [`Self::cycles`].
    pub outcomes: Vec<Outcome>,
}

/// Cycles with one fate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
pub struct Outcome {
    /// Where they stand.
    pub status: Status,
    /// Of failed ones: the phase they failed in.
    pub phase: Option<Phase>,
    /// Of failed ones: why.
    pub reason: Option<FailureReason>,
    /// Of failed ones: the gate's code, or the reason again.
    pub stopped_by: Option<String>,
    /// How many.
    pub cycles: u64,
}

/// A part of the list of campaigns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPage {
    /// Those begun last come first.
    pub campaigns: Vec<Campaign>,
    /// The position where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many there are in all.
    pub total: u64,
}

impl Campaign {
    /// How many cycles have a fate of this sort.
    pub fn count(&self, is_meant: impl Fn(&Outcome) -> bool) -> u64 {
        self.outcomes.iter().filter(|outcome| is_meant(outcome)).map(|outcome| outcome.cycles).sum()
    }

    /// Whether every cycle that was submitted so far has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.with_status(Status::Pending) + self.with_status(Status::Running) == 0
    }

    /// How many cycles are in this status.
    #[must_use]
    pub fn with_status(&self, status: Status) -> u64 {
        self.count(|outcome| outcome.status == status)
    }
}

/// The campaigns of a store.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Campaigns: Send + Sync {
    /// One of them.
    async fn campaign(&self, name: &CampaignName) -> Result<Option<Campaign>, StoreError>;
    /// A part of the list, at most 1000: behind the part that ended at a position, or the latest.
    async fn campaigns(&self, before: Option<u64>, limit: u32) -> Result<CampaignPage, StoreError>;
}
