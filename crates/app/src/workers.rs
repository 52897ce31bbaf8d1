//! Processes of the fleet, as they say of themselves; no worker is asked.

use ktrdr_fabric::registry::{WorkerEntry, WorkerInfo};
use ktrdr_fabric::store::{BootId, Filter};
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind};

/// A process, and how long ago it was heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardWorker {
    /// What it said.
    #[serde(flatten)]
    pub worker: WorkerInfo,
    /// How long ago, by the store's clock.
    pub heard_ms_ago: i64,
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
        let heard = |WorkerEntry { worker, at_ms }: WorkerEntry| HeardWorker {
            worker,
            heard_ms_ago: (now_ms - at_ms).max(0),
        };
        Ok(seen.into_iter().map(heard).collect())
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
