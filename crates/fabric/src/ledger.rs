//! The ledger: counted looks at data, what they showed, what campaigns came to when they closed, remembered lessons,
//! and hypotheses with what was said of them.
//! Append-only: nothing here can be changed or taken back.

use async_trait::async_trait;
use ktrdr_domain::closing::{Candidate, Closing};
use ktrdr_domain::hypothesis::{Considered, Decision, Hypothesis, HypothesisTest};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, HypothesisId, Symbol};
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{OperationId, Span};

use crate::store::StoreError;

/// Which part of a list of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Only what comes behind the part that had so many entries [behind it](Part::behind): however many are added meanwhile, parts
    /// of a list follow each other without a gap or a repetition.
    pub behind: Option<u64>,
    /// Skip this many.
    pub offset: u64,
    /// At most this many, 1 to 1000.
    pub limit: u32,
}

/// A part of a list of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// The entries, in the order of their list.
    pub entries: Vec<T>,
    /// How many come behind them.
    pub behind: u64,
    /// How many there are in all.
    pub total: u64,
}

impl Stretch {
    /// Where this part begins in a list of so many entries, newest first.
    #[must_use]
    pub fn begins_among(self, total: u64) -> u64 {
        let ended = self.behind.map_or(0, |behind| total.saturating_sub(behind));
        ended.saturating_add(self.offset).min(total)
    }
}

impl<T> Part<T> {
    /// A part that begins there in a list of so many.
    #[must_use]
    pub fn beginning_at(begin: u64, entries: Vec<T>, total: u64) -> Self {
        let behind = total.saturating_sub(begin).saturating_sub(entries.len() as u64);
        Self { entries, behind, total }
    }
}

/// The reading half of a [`Ledger`]. An `Arc<dyn Ledger>` is an `Arc<dyn LedgerReader>` wherever one is asked for.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait LedgerReader: Send + Sync {
    /// Trials of a campaign (`None`: of all), oldest first, replays among them.
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError>;
    /// A part of the trials of a campaign (`None`: of all), newest first, replays among them.
    async fn trials_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Trial>, StoreError>;
    /// Looks at an instrument that overlap a stretch of time, oldest first: by anyone, in any campaign, on any timeframe, at
    /// any file. A replay shows nothing new and is not among them.
    async fn looks(&self, symbol: &Symbol, during: Span) -> Result<Vec<Trial>, StoreError>;
    /// Candidates of a campaign, oldest first.
    async fn candidates(&self, campaign: &CampaignName) -> Result<Vec<Candidate>, StoreError>;
    /// What a campaign came to when it closed (`None`: all of them), oldest first; more than one where cycles were added
    /// later.
    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, StoreError>;
    /// A part of what a campaign came to (`None`: all of them), newest first.
    async fn closings_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Closing>, StoreError>;
    /// Lessons of a campaign (`None`: of all), newest first, at most `limit`.
    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError>;
    /// A part of the lessons of a campaign (`None`: of all), newest first.
    async fn lessons_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Lesson>, StoreError>;
    /// Hypotheses of a campaign (`None`: of all), newest first, at most `limit`, each with what was said of it since.
    async fn hypotheses(
        &self,
        campaign: Option<&CampaignName>,
        limit: u32,
    ) -> Result<Vec<Considered>, StoreError>;
}

/// The ledger.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later. What could not be read
/// back is [`StoreError::Invalid`].
#[async_trait]
pub trait Ledger: LedgerReader {
    /// Counts a look, durably, before its first bar is traded. Once per operation: a second attempt of the same operation
    /// changes nothing.
    async fn begin(&self, look: &Look) -> Result<(), StoreError>;
    /// The same, unless another operation was counted that [shows](Look::shows) the same: then nothing is counted. Of two that begin
    /// at once one is.
    async fn begin_unless_repeated(&self, look: &Look) -> Result<Begun, StoreError>;
    /// Writes down what a counted look showed. The first conclusion stands; one of an operation that was never counted
    /// is [`StoreError::Invalid`].
    async fn conclude(&self, operation: &OperationId, conclusion: &Conclusion) -> Result<(), StoreError>;
    /// Writes down a candidate, once for its exam.
    async fn nominate(&self, candidate: &Candidate) -> Result<(), StoreError>;
    /// Writes down what a campaign came to, with its tests, in one step. Compare-and-set: [`Closed::TooLate`] unless its last
    /// closing is the one that this follows, and each test is the next one of its sequence.
    async fn close(&self, closing: &Closing) -> Result<Closed, StoreError>;
    /// Remembers a cycle, once.
    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError>;
    /// Writes down a hypothesis, once.
    async fn propose(&self, hypothesis: &Hypothesis) -> Result<(), StoreError>;
    /// Writes down what a person says to a hypothesis. The first word stands.
    async fn decide(&self, hypothesis: &HypothesisId, decision: &Decision) -> Result<Remarked, StoreError>;
    /// Writes down what became of a hypothesis. The first test stands.
    async fn tested(&self, hypothesis: &HypothesisId, test: &HypothesisTest) -> Result<Remarked, StoreError>;
}

/// What became of a look that was to repeat none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is counted, now or by an attempt before.
    Counted,
    /// This operation was counted before, and shows the same.
    Repeats(OperationId),
}

/// What became of a remark on a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remarked {
    /// It is written down.
    Recorded,
    /// Somebody was faster.
    TooLate,
    /// There is no such hypothesis.
    Unknown,
}

/// What a closing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It is written down.
    Recorded,
    /// Another one came between: read again.
    TooLate,
}

/// What engines say of a conclusion without a look.
#[must_use]
pub fn never_counted(operation: &OperationId) -> StoreError {
    StoreError::Invalid(format!("{operation} was never counted as a look at data: begin it first").into())
}
