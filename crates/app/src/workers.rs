//! Processes of the fleet, as they say of themselves; no worker is asked.

use ktrdr_domain::OperationSummary;
use ktrdr_fabric::registry::{WorkerEntry, WorkerInfo};
use ktrdr_fabric::store::{BootId, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind};

/// A process, and how long ago it was heard of.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct HeardWorker {
    /// What it said.
    #[serde(flatten)]
    pub worker: WorkerInfo,
    /// How long ago, by the store's clock.
    pub heard_ms_ago: i64,
    /// What it runs, without specifications: rows that were there when this was asked.
    pub jobs: Vec<OperationSummary>,
    /// What it does.
    pub state: WorkerState,
    /// Of a silent one: when it is no longer listed unless it is heard of, by the store's clock.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "until",
        alias = "until_ms",
        with = "ktrdr_domain::instant::option"
    )]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub until_ms: Option<i64>,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// It takes no jobs, and plays its role.
    AtWork,
    /// It runs none of the jobs that it takes.
    Idle,
    /// It runs some.
    Busy,
    /// It takes nothing new and ends when its jobs have.
    Draining,
    /// Nothing was heard of it for longer than two lost heartbeats explain: it is dead, frozen or cut off.
    Silent,
}

impl HeardWorker {
    fn new(entry: WorkerEntry, jobs: Vec<OperationSummary>, now_ms: i64) -> Self {
        let is_silent = entry.is_silent(now_ms);
        let WorkerEntry { worker, at_ms, until_ms } = entry;
        let state = match (is_silent, worker.is_draining, worker.slots(), worker.running.is_empty()) {
            (true, ..) => WorkerState::Silent,
            (_, true, ..) => WorkerState::Draining,
            (_, _, 0, _) => WorkerState::AtWork,
            (.., true) => WorkerState::Idle,
            (.., false) => WorkerState::Busy,
        };
        let until_ms = is_silent.then_some(until_ms);
        Self { worker, heard_ms_ago: (now_ms - at_ms).max(0), jobs, state, until_ms }
    }
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
        for entry in seen {
            let rows = self.store.get_all(&entry.worker.running).await?;
            heard.push(HeardWorker::new(entry, rows.into_iter().map(|row| row.summary).collect(), now_ms));
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
