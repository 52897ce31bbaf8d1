//! The engine of one workspace: what a process opens at its start.

use std::path::Path;
use std::sync::Arc;

use super::broker::MemoryBroker;
use super::error::OpenError;
use super::lock::ProcessLock;
use super::store::{SqliteOptions, SqliteStore};
use ktrdr_fabric::local::LocalArtifacts;

/// What a process does with a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs jobs, relays and advances. One process at a time: it holds the process lock, and everything that an
    /// earlier runner left behind is brought back when it opens.
    Runner,
    /// Reads, submits and cancels, while a runner may or may not be there.
    Client,
}

/// The seams of a workspace.
#[derive(Clone)]
pub struct Engine {
    /// Rows, ledger and registry.
    pub store: Arc<SqliteStore>,
    /// Messages; a client's refuses everything.
    pub broker: Arc<MemoryBroker>,
    /// Files.
    pub artifacts: Arc<LocalArtifacts>,
}

impl Engine {
    /// Opens a workspace, creating what is missing. Blocks for as long as that takes; call it before the work starts.
    ///
    /// # Errors
    /// [`OpenError::Held`] when another process runs jobs there; otherwise what is wrong with folder or file.
    pub fn open(folder: &Path, role: Role) -> Result<Self, OpenError> {
        Self::open_with(folder, role, SqliteOptions::default())
    }

    /// As [`Self::open`], with another clock or durability.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(folder: &Path, role: Role, options: SqliteOptions) -> Result<Self, OpenError> {
        std::fs::create_dir_all(folder).map_err(|e| OpenError::io(folder, e))?;
        let artifacts = LocalArtifacts::open(folder).map_err(|e| OpenError::io(folder, e))?;
        let (store, broker) = match role {
            Role::Client => (SqliteStore::open(folder, options)?, MemoryBroker::of_a_client()),
            Role::Runner => {
                let lock = ProcessLock::take(folder)?;
                artifacts.remove_leftovers();
                let store = SqliteStore::open_recovered(folder, options, lock)?;
                (store, MemoryBroker::default())
            }
        };
        Ok(Self { store: Arc::new(store), broker: Arc::new(broker), artifacts: Arc::new(artifacts) })
    }
}
