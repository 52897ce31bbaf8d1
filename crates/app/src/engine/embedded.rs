//! The embedded engine: everything in the workspace's folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ktrdr_agent::Providers;
use ktrdr_embedded::{Engine, OpenError, Role, SqliteOptions, SqliteStore};
use ktrdr_fabric::audit::Audit;
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::requests::Requests;
use ktrdr_fabric::retention::Pruning;
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::StoreError;
use ktrdr_fabric::tokens::Tokens;

use super::examine::Check;
use super::identity::{Identity, Known};
use super::own_store::{OwnStore, Room, megabytes};
use super::{Care, Messages, Opened, Opening, Way};
use crate::dead_letters::NoLetterBox;
use crate::{App, AppError, ErrorKind, Labour};

impl Opening {
    pub(super) async fn open_embedded(&self, role: Role, care: Care) -> Result<Opened, AppError> {
        let epochs = self.epochs()?;
        let known = Known::undamaged(&epochs).await?;
        let options = SqliteOptions { epoch: known.expected(), ..SqliteOptions::default() };
        let engine = Engine::open_with(&self.folder, role, options).map_err(|error| match error {
            OpenError::Stranger(stranger) => known.refuse(&epochs, &stranger),
            other => explain(&self.folder, other),
        })?;
        let identity = Identity::new(Arc::clone(&engine.store) as Arc<dyn OwnStore>, epochs);
        Ok(Opened {
            identity: self.settled(identity, known, care).await?,
            app: App {
                campaigns: Arc::clone(&engine.store) as Arc<dyn Campaigns>,
                ledger: Arc::clone(&engine.store) as Arc<dyn Ledger>,
                budget: Arc::clone(&engine.store) as Arc<dyn Budget>,
                registry: Arc::clone(&engine.store) as Arc<dyn WorkerRegistry>,
                tokens: Arc::clone(&engine.store) as Arc<dyn Tokens>,
                audit: Arc::clone(&engine.store) as Arc<dyn Audit>,
                requests: Arc::clone(&engine.store) as Arc<dyn Requests>,
                schedules: Arc::clone(&engine.store) as Arc<dyn Schedules>,
                pruning: Arc::clone(&engine.store) as Arc<dyn Pruning>,
                own: Arc::clone(&engine.store) as Arc<dyn OwnStore>,
                store: engine.store,
                artifacts: engine.artifacts,
                pins: Arc::default(),
                letters: Arc::new(NoLetterBox),
                policy: self.policy.clone(),
                by: self.by.clone(),
                labour: Labour::OneProcess,
                is_held: {
                    let opening = self.clone();
                    Arc::new(move || opening.holder().is_some())
                },
                providers: Providers::default(),
            },
            messages: Messages(Way::Here(engine.broker)),
        })
    }
}

/// The store that is there, whatever it is.
pub(super) fn meet(folder: &Path) -> Result<Arc<dyn OwnStore>, AppError> {
    Ok(Engine::open(folder, Role::Client).map_err(|e| explain(folder, e))?.store)
}

fn explain(folder: &Path, error: OpenError) -> AppError {
    let kind = match &error {
        OpenError::Held { .. } => ErrorKind::Conflict,
        OpenError::Stranger(_) => ErrorKind::StoreLost,
        OpenError::Foreign { .. } | OpenError::Newer { .. } | OpenError::Corrupt { .. } => {
            ErrorKind::InvalidInput
        }
        OpenError::Full { .. } => ErrorKind::Unreachable,
        OpenError::Unwritable { .. } | OpenError::Io { .. } => ErrorKind::Files,
    };
    AppError::caused(kind, error).at(format!("workspace {}", folder.display()))
}

#[async_trait]
impl OwnStore for SqliteStore {
    fn epoch(&self) -> &str {
        Self::epoch(self)
    }

    fn place(&self) -> String {
        Self::place(self)
    }

    fn is_read_only(&self) -> bool {
        Self::is_read_only(self)
    }

    async fn check_identity(&self) -> Result<(), StoreError> {
        Self::check_identity(self)
    }

    /// Its disk, and its own limit.
    async fn room(&self) -> Result<Room, StoreError> {
        let room = Self::room(self)?;
        let figures = format!(
            "{} MB free of {} MB on its disk; the database has {} MB and may have {} MB",
            megabytes(room.disk.free),
            megabytes(room.disk.bytes),
            megabytes(room.bytes),
            megabytes(room.bytes_max)
        );
        let is_scarce = room.disk.is_scarce();
        let action = "free some space on its disk; new work is refused meanwhile, reading goes on";
        Ok(Room { refuses: room.is_full(), is_scarce, figures, action })
    }

    async fn protections(&self) -> Result<Vec<Check>, StoreError> {
        Ok(vec![Check::ok("store", "SQLite, write-ahead log, synchronous=FULL")])
    }

    async fn rescue(&self, name: String) -> Option<Result<PathBuf, StoreError>> {
        Some(Self::rescue(self, name).await)
    }
}
