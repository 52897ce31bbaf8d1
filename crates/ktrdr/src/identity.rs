//! Whether the store is the one that the workspace remembers, and still there.
//!
//! Before this: `workspace.rs` opens both. What is remembered: `fabric/src/epochs.rs`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_embedded::SqliteStore;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts};
use ktrdr_fabric::epochs::{Epoch, Epochs, Stranger};
use ktrdr_fabric::process::host_name;
use ktrdr_fabric::store::StoreError;
use ktrdr_fleet::redis::RedisStore;

use crate::exit::{CliError, Kind, OrExit};
use crate::room::Room;
use crate::settings::EngineName;
use crate::workspace::now;

/// What to run when the rows are not coming back.
const BEGIN_ANEW: &str = "`ktrdr store new-epoch --reason TEXT`";

/// How often whoever runs on a store makes sure that it is still there: a look at a file, or one small read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every so many looks what is remembered is read as well: of a bucket that costs two requests.
const LOOKS_PER_MEMORY: u32 = 30;

/// What a workspace remembers of the store of its engine.
pub(crate) fn epochs(artifacts: Arc<dyn Artifacts>, engine: EngineName) -> Result<Epochs, CliError> {
    Epochs::new(artifacts, engine.name()).or_exit(Kind::Usage)
}

/// What is known of the store before it is opened.
pub(crate) enum Known {
    /// This epoch, and no other, is there.
    Remembered(Epoch),
    /// Nothing: this is the first look, or the first one of a version that remembers.
    Nothing,
    /// It could not be asked; who only looks goes on.
    Unreadable(ArtifactError),
}

impl Known {
    pub(crate) async fn of(epochs: &Epochs) -> Self {
        match epochs.current().await {
            Ok(Some(epoch)) => Self::Remembered(epoch),
            Ok(None) => Self::Nothing,
            Err(why) => Self::Unreadable(why),
        }
    }

    /// The epoch that a store must have.
    pub(crate) fn expected(&self) -> Option<String> {
        match self {
            Self::Remembered(epoch) => Some(epoch.epoch.clone()),
            Self::Nothing | Self::Unreadable(_) => None,
        }
    }

    /// Why a stranger is refused.
    pub(crate) fn refuse(&self, epochs: &Epochs, stranger: &Stranger) -> CliError {
        match self {
            Self::Remembered(epoch) => refusal(epochs, epoch, stranger),
            Self::Nothing | Self::Unreadable(_) => CliError::new(Kind::StoreLost, stranger),
        }
    }
}

/// What is where, and the ways on.
fn refusal(epochs: &Epochs, known: &Epoch, stranger: &Stranger) -> CliError {
    let Stranger { place, found, .. } = stranger;
    let (found, missing) = match found {
        None => ("is empty".to_owned(), "rows, and the count of looks at data, are missing"),
        Some(found) => (format!("holds another store (epoch {found})"), "it is not where this work was done"),
    };
    let Epoch { epoch, store, since, .. } = known;
    let message = format!(
        "{place} {found}, but {} remembers epoch {epoch}, met on {since} as {store}: {missing}. Restore the backup, or \
         correct which store, prefix or workspace is meant; or begin anew with {BEGIN_ANEW}, which is recorded",
        epochs.place()
    );
    CliError::new(Kind::StoreLost, message)
}

/// The record of a store that was met just now.
pub(crate) fn met(epoch: &str, store: String, reason: Option<String>, before: Option<String>) -> Epoch {
    let person = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    Epoch {
        epoch: epoch.to_owned(),
        store,
        since: now().to_string(),
        by: format!("{}@{}", person.unwrap_or_else(|| "unknown".into()), host_name()),
        reason,
        before,
    }
}

/// The store that this process has open, and what is remembered of it.
pub(crate) struct Identity {
    pub(crate) store: Opened,
    pub(crate) epochs: Epochs,
}

/// The engine's own store.
pub(crate) enum Opened {
    Sqlite(Arc<SqliteStore>),
    Redis(Arc<RedisStore>),
}

impl Identity {
    /// What the store calls itself, and where it is.
    pub(crate) fn names(&self) -> (&str, String) {
        match &self.store {
            Opened::Sqlite(store) => (store.epoch(), store.place()),
            Opened::Redis(store) => (store.epoch(), store.place()),
        }
    }

    /// Remembers a store that nothing was known of. Of two who meet different ones at once, one is refused.
    pub(crate) async fn remember(&self) -> Result<(), CliError> {
        let (epoch, place) = self.names();
        let known = self.epochs.remember_first(met(epoch, place.clone(), None, None)).await?;
        if known.epoch == epoch {
            return Ok(());
        }
        let expected = known.epoch.clone();
        Err(refusal(&self.epochs, &known, &Stranger { place, found: Some(epoch.to_owned()), expected }))
    }

    /// Whether it takes new work, with figures.
    pub(crate) async fn room(&self) -> Result<Room, CliError> {
        Ok(match &self.store {
            Opened::Sqlite(store) => Room::of_sqlite(&store.room()?),
            Opened::Redis(store) => Room::of_redis(&store.facts().await?),
        })
    }

    /// Whether the store is still the one that was opened.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        match &self.store {
            Opened::Sqlite(store) => store.check_identity(),
            Opened::Redis(store) => store.check_identity().await,
        }
    }

    /// Until the store, the workspace, or what it remembers is gone or another one. What can not be asked now may be
    /// there all the same.
    pub(crate) async fn lost(&self, folder: &Path) -> CliError {
        for look in 1.. {
            tokio::time::sleep(LOOK_EVERY).await;
            if !folder.exists() && folder.parent().is_some_and(Path::exists) {
                let message =
                    format!("the workspace {} was deleted or moved while it was in use", folder.display());
                return CliError::new(Kind::StoreLost, message);
            }
            if let Err(why @ StoreError::Replaced(_)) = self.check().await {
                return why.into();
            }
            if look % LOOKS_PER_MEMORY == 0
                && let Some(why) = self.forgotten().await
            {
                return why;
            }
        }
        std::future::pending().await
    }

    async fn forgotten(&self) -> Option<CliError> {
        let remembered = self.epochs.current().await.ok()?;
        let (epoch, store) = self.names();
        if remembered.as_ref().is_some_and(|known| known.epoch == epoch) {
            return None;
        }
        let now = remembered.map_or("nothing".to_owned(), |known| format!("epoch {}", known.epoch));
        let message = format!(
            "{} remembers {now}, and no longer this store ({store}, epoch {epoch}): was it deleted or replaced, or is it \
             not mounted?",
            self.epochs.place()
        );
        Some(CliError::new(Kind::StoreLost, message))
    }

    /// Saves what a deleted database still holds in this process; what became of it, for people.
    pub(crate) async fn rescue(&self) -> Option<String> {
        let Opened::Sqlite(store) = &self.store else { return None };
        let name = format!("ktrdr.db.rescued-{}", now().to_string().replace([':', '-'], ""));
        Some(match store.rescue(name).await {
            Ok(copy) => {
                format!("what it held was saved as {}: move it to ktrdr.db to go on with it", copy.display())
            }
            Err(why) => format!("what it held could not be saved: {why}"),
        })
    }
}
