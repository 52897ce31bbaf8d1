//! What a workspace remembers of its store: each store has an epoch, a random name it was given when it was made, and the
//! epochs a workspace has lived through lie beside its bars and models.
//!
//! So whoever meets an empty store, or another one, knows: rows and the count of looks at data are missing, and nothing
//! is written there as if it were the first day. One small artefact per epoch, numbered, never changed: of two who write
//! the next one, one wins.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{ArtifactError, Artifacts, BadKey, Key};

/// What to do where a store lost its rows, behind the words that say so.
pub const RESTORE_FIRST: &str = ". Stop what runs and restore its backup first: whoever is started before that is refused. Or \
                                 begin anew with `ktrdr store new-epoch --reason TEXT`";

/// Most epochs of a workspace: four digits keep their names in order.
const EPOCHS_MAX: usize = 9999;

/// One life of a store, as its workspace remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Epoch {
    /// What the store calls itself.
    pub epoch: String,
    /// Where it was when it was met, for people.
    pub store: String,
    /// When it was met, RFC 3339.
    pub since: String,
    /// Who met it.
    pub by: String,
    /// Why another one was begun; `None` for the first.
    pub reason: Option<String>,
    /// The epoch before it.
    pub before: Option<String>,
}

/// A store that is not the one its workspace remembers: empty, or another one. Nothing was written to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} {}, and epoch {expected} is remembered", found_words(.found.as_ref()))]
pub struct Stranger {
    /// Where it is.
    pub place: String,
    /// Its epoch; `None`: there is nothing.
    pub found: Option<String>,
    /// The epoch it should have.
    pub expected: String,
}

fn found_words(found: Option<&String>) -> String {
    found.map_or("is empty".to_owned(), |epoch| format!("holds another store, of epoch {epoch}"))
}

/// The epochs of one engine's store.
#[derive(Clone)]
pub struct Epochs {
    artifacts: Arc<dyn Artifacts>,
    folder: Key,
}

impl Epochs {
    /// What these artefacts remember of the store of this engine; each engine has a store of its own.
    ///
    /// # Errors
    /// When the name of the engine is none.
    pub fn new(artifacts: Arc<dyn Artifacts>, engine: &str) -> Result<Self, BadKey> {
        Ok(Self { artifacts, folder: format!("epochs/{engine}").parse()? })
    }

    /// Where they are remembered, for people.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.artifacts.place(), self.folder)
    }

    /// The epoch in force; `None` where none is remembered.
    ///
    /// # Errors
    /// When it can not be read.
    pub async fn current(&self) -> Result<Option<Epoch>, ArtifactError> {
        match self.artifacts.list(&self.folder).await?.last() {
            Some(key) => self.read(key).await.map(Some),
            None => Ok(None),
        }
    }

    /// Every epoch there was, the one in force last.
    ///
    /// # Errors
    /// When one can not be read.
    pub async fn all(&self) -> Result<Vec<Epoch>, ArtifactError> {
        let mut all = Vec::new();
        for key in self.artifacts.list(&self.folder).await? {
            all.push(self.read(&key).await?);
        }
        Ok(all)
    }

    /// Remembers an epoch after those there are. Whoever comes second gets [`ArtifactError::Exists`].
    ///
    /// # Errors
    /// When it can not be written.
    pub async fn add(&self, epoch: &Epoch) -> Result<(), ArtifactError> {
        let number = self.artifacts.list(&self.folder).await?.len() + 1;
        if number > EPOCHS_MAX {
            return Err(self.failed(&self.folder, "there are too many epochs: remove the oldest"));
        }
        self.write(number, epoch).await
    }

    /// Remembers the first epoch. The answer is the one in force: of two who come at once, one wins.
    ///
    /// # Errors
    /// When it can be neither written nor read.
    pub async fn remember_first(&self, epoch: Epoch) -> Result<Epoch, ArtifactError> {
        match self.write(1, &epoch).await {
            Err(ArtifactError::Exists(key)) => match self.current().await? {
                Some(earlier) => Ok(earlier),
                None => Err(self.failed(&key, "others write and remove it at the same time")),
            },
            written => written.map(|()| epoch),
        }
    }

    async fn write(&self, number: usize, epoch: &Epoch) -> Result<(), ArtifactError> {
        let key = format!("{}/{number:04}.json", self.folder).parse()?;
        let bytes = serde_json::to_vec_pretty(epoch).map_err(|e| self.failed(&key, &e.to_string()))?;
        self.artifacts.create(&key, &bytes).await
    }

    async fn read(&self, key: &Key) -> Result<Epoch, ArtifactError> {
        let bytes = self.artifacts.get(key).await?;
        serde_json::from_slice(&bytes).map_err(|e| ArtifactError::Unreadable {
            key: key.clone(),
            place: self.artifacts.place(),
            what: format!(
                "is not the record of an epoch ({e}): restore it, or begin anew with `ktrdr store new-epoch --reason …`"
            ),
        })
    }

    fn failed(&self, key: &Key, what: &str) -> ArtifactError {
        ArtifactError::Io { key: key.clone(), place: self.artifacts.place(), what: what.into() }
    }
}
