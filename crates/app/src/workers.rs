//! Processes of the fleet, as they say of themselves; no worker is asked.

use ktrdr_domain::OperationSummary;
use ktrdr_fabric::registry::{WorkerEntry, WorkerInfo};
use ktrdr_fabric::store::{BootId, Filter};
use serde::Serialize;

use crate::{App, AppError, ErrorKind};

/// A process, and how long ago it was heard of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeardWorker {
    /// What it said.
    #[serde(flatten)]
    pub worker: WorkerInfo,
    /// How long ago, by the store's clock.
    pub heard_ms_ago: i64,
    /// What it runs, without specifications: rows that were there when this was asked.
    pub jobs: Vec<OperationSummary>,
}

impl App {
    /// Every process that was heard of lately.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn workers(&self) -> Result<Vec<HeardWorker>, AppError> {
        let seen = self.registry.workers().await?;
        // By the store's clock, which told the other time, too.
        let now_ms = self.store.list(&Filter { limit: 1, ..Filter::default() }).await?.now_ms;
        let mut heard = Vec::with_capacity(seen.len());
        for WorkerEntry { worker, at_ms } in seen {
            let rows = self.store.get_all(&worker.running).await?;
            let jobs = rows.into_iter().map(|row| row.summary).collect();
            heard.push(HeardWorker { worker, heard_ms_ago: (now_ms - at_ms).max(0), jobs });
        }
        Ok(heard)
    }

    /// Asks a process to end: it takes nothing new, and its jobs end or go back undone.
    ///
    /// # Errors
    /// When none of that name was heard of lately.
    pub async fn drain_worker(&self, boot: &str) -> Result<(), AppError> {
        if self.registry.drain(&BootId(boot.to_owned())).await? {
            return Ok(());
        }
        let message = format!("no worker {boot:?} was heard of lately; see `ktrdr workers list`");
        Err(AppError::new(ErrorKind::NotFound, message))
    }
}
