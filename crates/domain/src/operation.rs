//! An operation: one tracked unit of work with one row in the store.

use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::FailureReason;
use crate::id::OperationId;
use crate::kind::Kind;
use crate::name::CampaignName;
use crate::phase::Phase;
use crate::status::Status;
use crate::subject::Subject;

/// Tries of a job, unless configured otherwise.
pub const TRIES_MAX: u32 = 4;

/// How far a running job is. Written by the job's thread, read by everyone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Progress {
    /// 0 to 100.
    pub percentage: f64,
    /// What is being done, such as `epoch 12/30`.
    pub step: String,
    /// Work items done (bars, epochs, rows).
    #[serde(default)]
    pub items_done: u64,
    /// Work items in all, where known.
    #[serde(default)]
    pub items_total: Option<u64>,
    /// Numbers worth showing now, such as `loss`, `pnl`, `trades`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<(String, f64)>,
    /// The same figures at earlier items, first to last: at most [`MARKS_MAX`], evenly spaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<Mark>,
}

/// Most marks of a trail: enough to draw a line by.
pub const MARKS_MAX: u64 = 32;

/// Figures as they were when so many items were done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Mark {
    /// Items done then.
    pub item: u64,
    /// As [`Progress::figures`] then.
    pub figures: Vec<(String, f64)>,
}

impl Progress {
    /// Marks where the figures stand, if the last mark is far enough behind for an even trail.
    pub fn leave_mark(&mut self) {
        let Some(total) = self.items_total.filter(|_| !self.figures.is_empty()) else { return };
        let next = self.trail.last().map_or(0, |last| last.item + total.div_ceil(MARKS_MAX).max(1));
        if self.items_done >= next {
            self.trail.push(Mark { item: self.items_done, figures: self.figures.clone() });
        }
    }
}

/// Who asked for a cancel, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct CancelRequest {
    /// When it was asked for.
    #[serde(rename = "at", alias = "at_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub at_ms: i64,
    /// The asker.
    pub by: String,
    /// Free text.
    pub reason: String,
    /// The operation completed although a cancel had been asked for.
    #[serde(default)]
    pub too_late: bool,
}

/// What a list says of an operation: its row without specification and result. Times are those of the store's clock.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct OperationSummary {
    /// Identity.
    pub id: OperationId,
    /// Kind of work. Whoever reads an operation knows it as its type, as filters and options do. Stores and messages keep the name
    /// `kind`: processes of two versions work side by side while a fleet is updated.
    #[serde(rename = "type", alias = "kind")]
    pub kind: Kind,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// Where it stands.
    pub status: Status,
    /// Why it failed.
    pub reason: Option<FailureReason>,
    /// What went wrong, in words for people.
    pub error: Option<String>,
    /// Why the figures that it returned are no result, if they are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caveat: Option<String>,
    /// Attempt number; every write carries it; it only grows.
    pub fence: u64,
    /// Tries spent. A release and a deferral give one back, and so does the loss of a worker, mostly.
    pub tries: u32,
    /// Tries allowed.
    pub tries_max: u32,
    /// Boot id of the worker that holds it.
    pub worker: Option<String>,
    /// When the claim lapses.
    #[serde(default, rename = "lease_until", alias = "lease_until_ms", with = "crate::instant::option")]
    #[schemars(with = "Option<crate::instant::Instant>")]
    pub lease_until_ms: Option<i64>,
    /// A cancel request, if any.
    pub cancel: Option<CancelRequest>,
    /// Latest progress.
    pub progress: Option<Progress>,
    /// What it waits for outside, without a worker: a deferred one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The campaign it is counted in: a cycle, and its jobs.
    #[serde(default)]
    pub campaign: Option<CampaignName>,
    /// The cycle this belongs to (children only).
    pub root: Option<OperationId>,
    /// Current phase (roots only).
    pub phase: Option<Phase>,
    /// The child whose end moves this root (roots only).
    pub waiting: Option<OperationId>,
    /// When it was submitted.
    #[serde(rename = "created_at", alias = "created_at_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub created_at_ms: i64,
    /// When it was last claimed (a root: started).
    #[serde(default, rename = "started_at", alias = "started_at_ms", with = "crate::instant::option")]
    #[schemars(with = "Option<crate::instant::Instant>")]
    pub started_at_ms: Option<i64>,
    /// When it ended.
    #[serde(default, rename = "finished_at", alias = "finished_at_ms", with = "crate::instant::option")]
    #[schemars(with = "Option<crate::instant::Instant>")]
    pub finished_at_ms: Option<i64>,
    /// How long its last attempt (a root: all of it) took, by a clock that nobody can set; not known of every row.
    #[serde(default)]
    pub took_ms: Option<u64>,
    /// How often it lost its worker.
    pub rescues: u32,
}

impl OperationSummary {
    /// The same without the way that its progress came: lists say where it is.
    #[must_use]
    pub fn without_trail(mut self) -> Self {
        self.progress.iter_mut().for_each(|progress| progress.trail.clear());
        self
    }
}

/// One whole row, as the store returns it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Operation {
    /// What lists say of it.
    #[serde(flatten)]
    pub summary: OperationSummary,
    /// The job's specification.
    pub spec: Value,
    /// What the job returned.
    pub result: Option<Value>,
}

/// A row says all that its summary says.
impl Deref for Operation {
    type Target = OperationSummary;
    fn deref(&self) -> &OperationSummary {
        &self.summary
    }
}

impl DerefMut for Operation {
    fn deref_mut(&mut self) -> &mut OperationSummary {
        &mut self.summary
    }
}

impl OperationSummary {
    /// Running, and someone asked for it to stop.
    #[must_use]
    pub fn is_cancelling(&self) -> bool {
        self.status == Status::Running && self.cancel.is_some()
    }
}
