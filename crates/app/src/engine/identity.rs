//! Whether the store is the one that the workspace remembers, and still there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::epochs::{Epoch, Epochs, Stranger};
use ktrdr_fabric::store::StoreError;

use super::own_store::{OwnStore, Room};
use crate::clock::now;
use crate::{AppError, ErrorKind};

/// What to run when the rows are not coming back.
const BEGIN_ANEW: &str = "`ktrdr store new-epoch --reason TEXT`";

/// How often whoever runs on a store makes sure that it is still there: a look at a file, or one small read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every so many looks what is remembered is read as well: of a bucket that costs two requests.
const LOOKS_PER_MEMORY: u32 = 30;

/// What is known of the store before it is opened.
pub(super) enum Known {
    /// This epoch, and no other, is there.
    Remembered(Epoch),
    /// Nothing: this is the first look, or the first one of a version that remembers.
    Nothing,
    /// It could not be asked; who only looks goes on.
    Unreadable(ArtifactError),
}

impl Known {
    pub(super) async fn of(epochs: &Epochs) -> Self {
        match epochs.current().await {
            Ok(Some(epoch)) => Self::Remembered(epoch),
            Ok(None) => Self::Nothing,
            Err(why) => Self::Unreadable(why),
        }
    }

    /// As [`Self::of`], for those who open a store: nobody may begin one beside a damaged memory.
    pub(super) async fn undamaged(epochs: &Epochs) -> Result<Self, AppError> {
        match Self::of(epochs).await {
            Self::Unreadable(why @ ArtifactError::Unreadable { .. }) => {
                Err(AppError::caused(ErrorKind::StoreLost, why))
            }
            known => Ok(known),
        }
    }

    /// The epoch that a store must have.
    pub(super) fn expected(&self) -> Option<String> {
        match self {
            Self::Remembered(epoch) => Some(epoch.epoch.clone()),
            Self::Nothing | Self::Unreadable(_) => None,
        }
    }

    /// Why a stranger is refused.
    pub(super) fn refuse(&self, epochs: &Epochs, stranger: &Stranger) -> AppError {
        match self {
            Self::Remembered(epoch) => refusal(epochs, epoch, stranger),
            Self::Nothing | Self::Unreadable(_) => AppError::caused(ErrorKind::StoreLost, stranger.clone()),
        }
    }
}

/// What is where, and the ways on.
fn refusal(epochs: &Epochs, known: &Epoch, stranger: &Stranger) -> AppError {
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
    AppError::new(ErrorKind::StoreLost, message)
}

/// The record of a store that was met just now.
pub(super) fn met(
    epoch: &str,
    store: String,
    by: &str,
    reason: Option<String>,
    before: Option<String>,
) -> Epoch {
    Epoch { epoch: epoch.to_owned(), store, since: now().to_string(), by: by.to_owned(), reason, before }
}

/// The store that this process has open, and what is remembered of it.
pub struct Identity {
    store: Arc<dyn OwnStore>,
    epochs: Epochs,
}

impl Identity {
    pub(super) fn new(store: Arc<dyn OwnStore>, epochs: Epochs) -> Self {
        Self { store, epochs }
    }

    pub(super) fn store(&self) -> &dyn OwnStore {
        &*self.store
    }

    /// What the store calls itself.
    #[must_use]
    pub fn epoch(&self) -> &str {
        self.store.epoch()
    }

    /// What is remembered of it, and of those before it.
    #[must_use]
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Remembers a store that nothing was known of. Of two who meet different ones at once, one is refused.
    pub(super) async fn remember(&self, by: &str) -> Result<(), AppError> {
        let (epoch, place) = (self.store.epoch(), self.store.place());
        let known = self.epochs.remember_first(met(epoch, place.clone(), by, None, None)).await?;
        if known.epoch == epoch {
            return Ok(());
        }
        let expected = known.epoch.clone();
        Err(refusal(&self.epochs, &known, &Stranger { place, found: Some(epoch.to_owned()), expected }))
    }

    /// Whether it takes new work, with figures.
    ///
    /// # Errors
    /// When it can not be asked.
    pub async fn room(&self) -> Result<Room, AppError> {
        Ok(self.store.room().await?)
    }

    /// Whether the store is still the one that was opened.
    ///
    /// # Errors
    /// When it is not, or can not be asked.
    pub async fn check(&self) -> Result<(), AppError> {
        Ok(self.store.check_identity().await?)
    }

    /// Until the store, the workspace, or what it remembers is gone or another one. What can not be asked now may be
    /// there all the same.
    pub async fn lost(&self, folder: &Path) -> AppError {
        for look in 1.. {
            tokio::time::sleep(LOOK_EVERY).await;
            if !folder.exists() && folder.parent().is_some_and(Path::exists) {
                let message =
                    format!("the workspace {} was deleted or moved while it was in use", folder.display());
                return AppError::new(ErrorKind::StoreLost, message);
            }
            if let Err(why @ StoreError::Replaced(_)) = self.store.check_identity().await {
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

    async fn forgotten(&self) -> Option<AppError> {
        let remembered = self.epochs.current().await.ok()?;
        let (epoch, store) = (self.store.epoch(), self.store.place());
        if remembered.as_ref().is_some_and(|known| known.epoch == epoch) {
            return None;
        }
        let now = remembered.map_or("nothing".to_owned(), |known| format!("epoch {}", known.epoch));
        let message = format!(
            "{} remembers {now}, and no longer this store ({store}, epoch {epoch}): was it deleted or replaced, or is it \
             not mounted?",
            self.epochs.place()
        );
        Some(AppError::new(ErrorKind::StoreLost, message))
    }

    /// Saves what a deleted database still holds in this process; what became of it, for people.
    pub async fn rescue(&self) -> Option<String> {
        let name = format!("ktrdr.db.rescued-{}", now().to_string().replace([':', '-'], ""));
        Some(match self.store.rescue(name).await? {
            Ok(copy) => {
                format!("what it held was saved as {}: move it to ktrdr.db to go on with it", copy.display())
            }
            Err(why) => format!("what it held could not be saved: {why}"),
        })
    }
}
