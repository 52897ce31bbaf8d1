//! Cancelling many operations: in batches, each one atomic step, so that nobody else waits for long.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, Status};

/// Most operations of one batch: tens of milliseconds of the store's time.
pub const BATCH_MAX: u32 = 1000;

/// Which operations shall stop, who asks, and how far one step goes.
///
/// What waits is cancelled before what runs is asked to stop, roots before leaves: a root that ends meanwhile then finds
/// nothing to start. When all cycles of a campaign are meant, its lanes stand still from the first step to the last, and
/// the sweep goes on where nobody else does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupCancel {
    /// Only what belongs to this campaign: its cycles and their children.
    pub campaign: Option<CampaignName>,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only pending, or only running ones.
    pub status: Option<Status>,
    /// Who asks.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Only what was created up to this number: what the first step answered, so that the group does not grow while it is
    /// being cancelled. `None` in the first step.
    pub upto: Option<u64>,
    /// Only what had been created up to this number when the group was asked for first, however late its first step comes.
    pub within: Option<u64>,
    /// At most so many in this step, 1 to [`BATCH_MAX`].
    pub limit: u32,
}

impl GroupCancel {
    /// The campaign whose cycles are meant, all of them.
    #[must_use]
    pub fn whole_campaign(&self) -> Option<&CampaignName> {
        let are_all_cycles = self.kind.is_some_and(Kind::is_root) && self.status.is_none();
        self.campaign.as_ref().filter(|_| are_all_cycles)
    }

    /// Whether operations of this status are meant.
    #[must_use]
    pub fn means(&self, status: Status) -> bool {
        self.status.is_none_or(|only| only == status)
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupCancelled {
    /// So many were pending and are cancelled now.
    pub cancelled: u64,
    /// So many are running and were asked to stop.
    pub asked: u64,
    /// For the next step.
    pub upto: u64,
    /// Whether there may be more to do.
    pub more: bool,
}
