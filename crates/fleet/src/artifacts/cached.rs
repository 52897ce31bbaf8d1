//! A bucket behind a cache. Whether a kept artefact is still what the bucket has is asked each time: a hash that
//! differs from a pinned one is then the bucket's, never an old file's.

use std::sync::Arc;

use async_trait::async_trait;

use super::bucket::S3Artifacts;
use super::cache::Cache;
use super::download::Download;
use super::entry::{Entry, Label};
use ktrdr_fabric::artifacts::{self, ArtifactError, Artifacts, Key};

pub(super) struct CachedArtifacts {
    remote: S3Artifacts,
    cache: Arc<Cache>,
}

impl CachedArtifacts {
    pub(super) fn new(remote: S3Artifacts, cache: Cache) -> Self {
        Self { remote, cache: Arc::new(cache) }
    }

    fn name(&self, key: &Key) -> String {
        format!("{}/{key}", self.remote.place())
    }

    /// Works on files away from the async threads.
    async fn apart<T: Send + 'static>(
        &self,
        key: &Key,
        work: impl FnOnce(&Cache, &str) -> T + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let (cache, of) = (self.cache.clone(), self.name(key));
        let done = tokio::task::spawn_blocking(move || work(&cache, &of)).await;
        done.map_err(|e| self.remote.failed(key, e.to_string()))
    }

    /// Keeps what came, and hands it on. A cache that can not be written to costs time, not work.
    async fn keep(&self, key: &Key, new: Download) -> Result<Vec<u8>, ArtifactError> {
        let Download { bytes, e_tag: Some(e_tag), sha256 } = new else { return Ok(new.bytes) };
        self.apart(key, move |cache, of| {
            if let Err(error) = cache.keep(&Label { of: of.to_owned(), e_tag, sha256 }, &bytes) {
                tracing::warn!(artefact = of, %error, "an artefact could not be cached");
            }
            bytes
        })
        .await
    }
}

#[async_trait]
impl Artifacts for CachedArtifacts {
    async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError> {
        let kept = self.apart(key, Cache::find).await?;
        let fetched = self.remote.fetch(key, kept.as_ref().map(|entry| entry.e_tag.as_str())).await;
        match (fetched, kept) {
            (Ok(None), Some(Entry { bytes, .. })) => Ok(bytes),
            (Ok(None), None) => self.remote.get(key).await,
            (Ok(Some(new)), _) => self.keep(key, new).await,
            (Err(gone @ ArtifactError::NotFound { .. }), Some(_)) => {
                self.apart(key, Cache::forget).await?;
                Err(gone)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.remote.put(key, bytes).await
    }

    async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.remote.create(key, bytes).await
    }

    async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError> {
        self.remote.list(folder).await
    }

    async fn entries(&self, folder: &Key) -> Result<Vec<artifacts::Entry>, ArtifactError> {
        self.remote.entries(folder).await
    }

    async fn remove(&self, key: &Key) -> Result<(), ArtifactError> {
        self.remote.remove(key).await?;
        self.apart(key, Cache::forget).await
    }

    fn place(&self) -> String {
        self.remote.place()
    }
}
