//! The artefacts of one bucket.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use tokio::sync::OnceCell;

use super::failure::explain;
use super::upload::Mode;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Entry, Key};
use ktrdr_fabric::clock::unix_ms;

/// Most keys of one list: a page holds a thousand of them, and a fleet of years has written fewer.
const KEYS_MAX: usize = 1_000_000;

/// Slowest transfer that is waited for, in bytes per second: below it four gigabytes take more than an hour.
const BYTES_PER_SECOND_MIN: u64 = 1 << 20;

/// The artefacts below one prefix of one bucket.
pub(super) struct S3Artifacts {
    /// Repeats calls and resumes bodies by itself.
    pub(super) patient: AmazonS3,
    /// Does what it is told, once.
    pub(super) once: AmazonS3,
    prefix: Option<Key>,
    place: String,
    timeout: Duration,
    /// Set once the storage proved that it refuses to replace.
    pub(super) refuses_to_replace: OnceCell<()>,
}

impl S3Artifacts {
    pub(super) fn new(
        patient: AmazonS3,
        once: AmazonS3,
        prefix: Option<Key>,
        place: String,
        timeout: Duration,
    ) -> Self {
        Self { patient, once, prefix, place, timeout, refuses_to_replace: OnceCell::new() }
    }

    /// Where a key, or a name of ours that is none, lies in the bucket.
    pub(super) fn path(&self, name: &str) -> Path {
        Path::from(self.prefix.as_ref().map_or_else(|| name.to_owned(), |prefix| format!("{prefix}/{name}")))
    }

    fn key_at(&self, path: &Path) -> Option<Key> {
        let name = match &self.prefix {
            Some(prefix) => path.as_ref().strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => path.as_ref(),
        };
        name.parse().ok()
    }

    /// Longest wait for so many bytes to be moved.
    pub(super) fn time_for(&self, bytes: u64) -> Duration {
        self.timeout + Duration::from_secs(bytes / BYTES_PER_SECOND_MIN)
    }

    pub(super) fn explain(&self, key: &Key, error: &Error) -> ArtifactError {
        explain(key, &self.place, error)
    }

    pub(super) fn failed(&self, key: &Key, what: impl Into<String>) -> ArtifactError {
        ArtifactError::Io { key: key.clone(), place: self.place.clone(), what: what.into() }
    }
}

#[async_trait]
impl Artifacts for S3Artifacts {
    async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError> {
        let fetched = self.fetch(key, None).await?;
        fetched.map(|download| download.bytes).ok_or_else(|| self.failed(key, "an empty answer"))
    }

    async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.upload(key, bytes, Mode::Replace).await
    }

    async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.upload(key, bytes, Mode::Create).await
    }

    async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError> {
        Ok(self.entries(folder).await?.into_iter().map(|entry| entry.key).collect())
    }

    async fn entries(&self, folder: &Key) -> Result<Vec<Entry>, ArtifactError> {
        let path = self.path(folder.as_str());
        let mut found = self.patient.list(Some(&path));
        let mut entries = Vec::new();
        while let Some(object) = found.try_next().await.map_err(|e| self.explain(folder, &e))? {
            // What is no key was put there by someone else, and is none of ours.
            let Some(key) = self.key_at(&object.location) else { continue };
            // A storage that tells no time has written it just now: nobody takes it for old.
            let written_at_ms = match object.last_modified.timestamp_millis() {
                ..=0 => unix_ms(),
                told => told,
            };
            entries.push(Entry { key, bytes: object.size, written_at_ms });
            if entries.len() > KEYS_MAX {
                return Err(self.failed(folder, format!("more than {KEYS_MAX} artefacts: remove old ones")));
            }
        }
        entries.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(entries)
    }

    async fn remove(&self, key: &Key) -> Result<(), ArtifactError> {
        match self.patient.delete(&self.path(key.as_str())).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.explain(key, &e)),
        }
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}
