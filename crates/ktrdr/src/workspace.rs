//! A workspace: the folder a user works in, opened through the seams.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktrdr_domain::{OperationId, Timestamp};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::embedded::{Engine, OpenError, Role};
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::store::Store;

use crate::exit::{CliError, Kind};
use crate::settings::Settings;

/// An opened workspace.
pub(crate) struct Workspace {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// Rows.
    pub(crate) store: Arc<dyn Store>,
    /// Trials and lessons.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Messages.
    pub(crate) broker: Arc<dyn Broker>,
    /// Files.
    pub(crate) artifacts: Arc<dyn Artifacts>,
}

impl Workspace {
    /// Opens the workspace to run roles on it: one process at a time.
    pub(crate) fn open_to_run(folder: &Path, settings: &Settings) -> Result<Self, CliError> {
        Self::open(folder, settings, Role::Runner)
    }

    /// Opens the workspace to read, submit and cancel, beside a process that runs roles.
    pub(crate) fn open_beside(folder: &Path, settings: &Settings) -> Result<Self, CliError> {
        Self::open(folder, settings, Role::Client)
    }

    fn open(folder: &Path, settings: &Settings, role: Role) -> Result<Self, CliError> {
        let engine = Engine::open(folder, role).map_err(|e| explain(folder, &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            settings: settings.clone(),
            ledger: Arc::clone(&engine.store) as Arc<dyn Ledger>,
            store: engine.store,
            broker: engine.broker,
            artifacts: engine.artifacts,
        })
    }
}

fn explain(folder: &Path, error: &OpenError) -> CliError {
    let kind = match error {
        OpenError::Held { .. } => Kind::Conflict,
        OpenError::Foreign { .. } | OpenError::Newer { .. } | OpenError::Corrupt { .. } => Kind::InvalidInput,
        OpenError::Io { .. } => Kind::Files,
    };
    CliError::new(kind, format!("workspace {}: {error}", folder.display()))
}

/// Seconds since the epoch, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp(chrono::Utc::now().timestamp())
}

/// A fresh operation id.
pub(crate) fn fresh_id(kind: ktrdr_domain::Kind) -> OperationId {
    OperationId::new(kind, now(), nonce())
}

/// A number nobody else has: from the standard library's per-process random keys.
pub(crate) fn nonce() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) as u32
}
