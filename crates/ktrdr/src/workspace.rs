//! A workspace: the folder a user works in, opened through the seams.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktrdr_domain::{OperationId, Timestamp};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::embedded::{Engine, OpenError, Role};
use ktrdr_fabric::fleet::redis::Channel;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::presence::Presence;
use ktrdr_fabric::store::Store;

use crate::connect::{self, Part};
use crate::exit::{CliError, Kind};
use crate::settings::{EngineName, Settings};

/// An opened workspace.
pub(crate) struct Workspace {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// Rows.
    pub(crate) store: Arc<dyn Store>,
    /// Campaigns, counted.
    pub(crate) campaigns: Arc<dyn Campaigns>,
    /// Trials and lessons.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Workers, and what operators ask of them.
    pub(crate) presence: Arc<dyn Presence>,
    /// Files.
    pub(crate) artifacts: Arc<dyn Artifacts>,
    messages: Messages,
}

/// How this process gets at messages.
enum Messages {
    /// They never leave it.
    Here(Arc<dyn Broker>),
    /// Each role connects for itself.
    RabbitMq,
}

impl Workspace {
    /// Opens the workspace to run roles that hear these hints. On the embedded engine that is for one process at a
    /// time, which hears everything.
    pub(crate) async fn open_to_run(
        folder: &Path,
        settings: &Settings,
        hears: &[Channel],
    ) -> Result<Self, CliError> {
        match settings.engine {
            EngineName::Embedded => Self::open_embedded(folder, settings, Role::Runner),
            EngineName::Fleet => Self::open_fleet(folder, settings, hears).await,
        }
    }

    /// Opens the workspace to read, submit and cancel, beside those who run roles.
    pub(crate) async fn open_beside(folder: &Path, settings: &Settings) -> Result<Self, CliError> {
        match settings.engine {
            EngineName::Embedded => Self::open_embedded(folder, settings, Role::Client),
            EngineName::Fleet => Self::open_fleet(folder, settings, &Channel::ALL).await,
        }
    }

    fn open_embedded(folder: &Path, settings: &Settings, role: Role) -> Result<Self, CliError> {
        let engine = Engine::open(folder, role).map_err(|e| explain(folder, &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            settings: settings.clone(),
            campaigns: Arc::clone(&engine.store) as Arc<dyn Campaigns>,
            ledger: Arc::clone(&engine.store) as Arc<dyn Ledger>,
            presence: Arc::clone(&engine.store) as Arc<dyn Presence>,
            store: engine.store,
            artifacts: engine.artifacts,
            messages: Messages::Here(engine.broker),
        })
    }

    async fn open_fleet(folder: &Path, settings: &Settings, hears: &[Channel]) -> Result<Self, CliError> {
        let store = Arc::new(connect::store(settings, hears).await?);
        Ok(Self {
            folder: folder.to_owned(),
            settings: settings.clone(),
            campaigns: Arc::clone(&store) as Arc<dyn Campaigns>,
            ledger: Arc::clone(&store) as Arc<dyn Ledger>,
            presence: Arc::clone(&store) as Arc<dyn Presence>,
            store,
            artifacts: connect::artifacts(folder, settings)?,
            messages: Messages::RabbitMq,
        })
    }

    /// Messages, for one part that this process plays.
    pub(crate) async fn broker(&self, part: Part) -> Result<Arc<dyn Broker>, CliError> {
        match &self.messages {
            Messages::Here(broker) => Ok(Arc::clone(broker)),
            Messages::RabbitMq => Ok(Arc::new(connect::broker(&self.settings, part).await?)),
        }
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
