//! Pruning what ended long ago: a pass along all rows in small steps, with a pause behind each. Coordinators make one every hour;
//! a person may look what one would do, or have it done at once.

use std::time::Duration;

use ktrdr_fabric::retention::{PruneStep, PrunedSoFar, PrunedStep};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::prune::{self, FilePruneRequest, Sort};
use crate::{App, AppError};

/// Rows that one step looks at, each with its jobs: a step takes milliseconds, and a submit that comes meanwhile waits no longer.
const STEP_ROWS: u32 = 200;

/// Between two steps.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two passes.
const PASS_EVERY: Duration = Duration::from_secs(3600);

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PrunedPass {
    /// Operations that went, with all that was theirs.
    pub operations: u64,
    /// Histories that went while their operations stay.
    pub histories: u64,
    /// Whether nothing was done: these would go.
    pub dry_run: bool,
}

impl App {
    /// Prunes what may go, or only counts it.
    ///
    /// # Errors
    /// When the store can not be read or written; what was pruned until then is.
    pub async fn prune(&self, dry_run: bool) -> Result<PrunedPass, AppError> {
        let mut pass = PrunedPass { dry_run, ..PrunedPass::default() };
        let mut step = PruneStep { retention: self.policy.retention, after: 0, limit: STEP_ROWS, dry_run };
        loop {
            let PrunedStep { operations, histories, next } = self.pruning.prune(&step).await?;
            pass.operations += operations;
            pass.histories += histories;
            let Some(next) = next else { return Ok(pass) };
            step.after = next;
            if !dry_run {
                sleep(PAUSE).await;
            }
        }
    }

    /// What was pruned in all.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn pruned(&self) -> Result<PrunedSoFar, AppError> {
        Ok(self.pruning.pruned().await?)
    }

    /// Prunes again and again, until it is stopped. What fails is tried again with the next pass.
    pub async fn keep_pruning(self, stop: CancellationToken) {
        let passes = async {
            loop {
                self.prune_rows().await;
                self.prune_copies().await;
                sleep(PASS_EVERY).await;
            }
        };
        stop.run_until_cancelled(passes).await;
    }

    async fn prune_rows(&self) {
        if self.policy.retention.shortest().is_none() {
            return;
        }
        match self.prune(false).await {
            Ok(PrunedPass { operations: 0, histories: 0, .. }) => {}
            Ok(PrunedPass { operations, histories, .. }) => {
                info!(operations, histories, "pruned what ended long ago");
            }
            Err(why) => warn!(%why, "what ended long ago can not be pruned; the next pass tries again"),
        }
    }

    /// Copies of files whose imports have ended, well or badly. All else that lies in a workspace is a person's to prune.
    async fn prune_copies(&self) {
        let copies = FilePruneRequest { older_than: prune::USUAL, only: vec![Sort::Imports] };
        let pruned = async {
            let plan = self.plan_file_prune(&copies).await?;
            self.prune_files(&plan).await?;
            Ok::<u64, AppError>(plan.goes.iter().map(|pile| pile.count).sum())
        };
        match pruned.await {
            Ok(0) => {}
            Ok(copies) => info!(copies, "removed the copies of files that were imported"),
            Err(why) => {
                warn!(%why, "copies of imported files can not be removed; the next pass tries again");
            }
        }
    }
}
