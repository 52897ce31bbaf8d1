//! The ledger: counted trials and remembered lessons. Append-only: nothing here can be changed or taken back.

use async_trait::async_trait;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;

use crate::store::StoreError;

/// What the ledger knows after a trial was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialCount {
    /// Trials of the campaign, this one included. Replays are no trials.
    pub trials: u64,
    /// Daily Sharpe ratios of those that have one, in the order of counting.
    pub sharpes_daily: Vec<f64>,
    /// Looks, by anyone in any campaign, at data that overlaps this trial's span of the same data file. A replay
    /// shows nothing new and is no look.
    pub looks_at_window: u64,
}

/// The reading half of a [`Ledger`]. An `Arc<dyn Ledger>` is an `Arc<dyn LedgerReader>` wherever one is asked for.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait LedgerReader: Send + Sync {
    /// Trials of a campaign (`None`: of all), oldest first.
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError>;
    /// Lessons of a campaign (`None`: of all), newest first, at most `limit`.
    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError>;
}

/// The ledger.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later. What could not be read
/// back is [`StoreError::Invalid`].
#[async_trait]
pub trait Ledger: LedgerReader {
    /// Counts a trial, durably, before its result is shown to anyone. Once per operation: a second attempt of the
    /// same operation changes nothing and gets the same kind of answer.
    async fn count(&self, trial: &Trial) -> Result<TrialCount, StoreError>;
    /// Remembers a cycle, once.
    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError>;
}
