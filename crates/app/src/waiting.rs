//! Why what waits does not go on: what of the [diagnosis](crate::diagnosis) stands before it.

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Operation, OperationId, Phase};
use ktrdr_fabric::broker::Queue;
use ktrdr_research::turn::must_wait;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{Reason, Seen, Waits, diagnose};
use crate::{App, AppError};

/// Ask why operations stand still, for whoever waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandstillRequest {
    /// Which; the first [`STANDING_STILL_MAX`] of them are looked at.
    pub operations: Vec<OperationId>,
    /// Whether they do so for long: then nobody is left without any reason.
    #[serde(default)]
    pub long: bool,
}

/// Most operations that are looked at for one answer.
pub const STANDING_STILL_MAX: usize = 100;

impl App {
    /// Why these stand still, each reason once.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn why_standing_still(&self, request: &StandstillRequest) -> Result<Vec<Reason>, AppError> {
        let mut rows = Vec::new();
        for id in request.operations.iter().take(STANDING_STILL_MAX) {
            rows.extend(self.store.get(id).await?);
        }
        let rows: Vec<&Operation> = rows.iter().collect();
        self.why_waiting(&rows, request.long).await
    }

    /// Why these stand still, each reason once. After a `long` time nobody is left without any reason.
    async fn why_waiting(&self, stuck: &[&Operation], long: bool) -> Result<Vec<Reason>, AppError> {
        let mut standing_still = Vec::with_capacity(stuck.len());
        for row in stuck {
            if !self.waits_for_its_turn(row).await? {
                standing_still.push(*row);
            }
        }
        Ok(why(&standing_still, &self.see().await?, long))
    }

    /// Whether a cycle is examined after others that go on.
    pub(crate) async fn waits_for_its_turn(&self, row: &Operation) -> Result<bool, AppError> {
        match ResearchSpec::deserialize(&row.spec) {
            Ok(spec) if row.phase == Some(Phase::Training) => {
                Ok(must_wait(self.store.as_ref(), &spec).await?)
            }
            _ => Ok(false),
        }
    }
}

/// What stands before these.
pub(crate) fn why(stuck: &[&Operation], seen: &Seen, long: bool) -> Vec<Reason> {
    let waits: Vec<Waits> = stuck.iter().map(|row| waits(row)).collect();
    let mut seen = seen.clone();
    for &wait in &waits {
        if let Waits::Job(queue) = wait
            && !seen.waiting.iter().any(|(of, _)| *of == queue)
        {
            seen.waiting.push((queue, 1));
        }
    }
    let causes = diagnose(&seen);
    let before = causes.iter().filter(|cause| waits.iter().any(|wait| cause.stands_before(*wait)));
    let mut reasons: Vec<Reason> = before.map(Reason::from).collect();
    // What is tried again later, or waits for something outside, says so itself.
    let says_so = |row: &&Operation| row.error.is_some() || row.waits_for.is_some();
    if long && reasons.is_empty() && !stuck.iter().all(says_so) {
        reasons.push(Reason::unknown());
    }
    reasons
}

/// What a row waits with, and for.
pub(crate) fn waits(row: &Operation) -> Waits {
    if row.kind.is_root() { Waits::Cycle } else { Waits::Job(Queue::of_job(row.kind, &row.spec)) }
}
