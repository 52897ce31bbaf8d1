//! Reading: a body comes whole, and as it was written, or not at all.

use futures_util::TryStreamExt;
use ktrdr_domain::Sha256;
use object_store::{Attribute, Attributes, Error, GetOptions, GetResult, ObjectStore};
use tokio::time::timeout;

use super::bucket::S3Artifacts;
use ktrdr_fabric::artifacts::{ArtifactError, BYTES_MAX, Key};

/// What is remembered beside an artefact, of its content. What others put into the bucket has none.
pub(super) const SHA256: &str = "ktrdr-sha256";

/// Most memory taken before any of it has arrived, in bytes.
const RESERVED_MAX: u64 = 64 << 20;

/// An artefact as it is in the storage.
pub(super) struct Download {
    pub(super) bytes: Vec<u8>,
    /// What the storage calls this content: another content has another one.
    pub(super) e_tag: Option<String>,
    pub(super) sha256: Sha256,
}

impl S3Artifacts {
    /// Reads an artefact; `None` when it is still the content that `known` is the tag of.
    pub(super) async fn fetch(
        &self,
        key: &Key,
        known: Option<&str>,
    ) -> Result<Option<Download>, ArtifactError> {
        let options = GetOptions { if_none_match: known.map(str::to_owned), ..GetOptions::default() };
        let found = match self.patient.get_opts(&self.path(key.as_str()), options).await {
            Err(Error::NotModified { .. }) => return Ok(None),
            answer => answer.map_err(|e| self.explain(key, &e))?,
        };
        let (size, e_tag) = (found.meta.size, found.meta.e_tag.clone());
        if size > BYTES_MAX {
            return Err(self.failed(key, format!("it has {size} bytes, at most {BYTES_MAX} are read")));
        }
        let written = remembered(&found.attributes, SHA256).and_then(|text| text.parse::<Sha256>().ok());
        let body = timeout(self.time_for(size), whole(found));
        let bytes =
            body.await.map_err(|_| self.failed(key, format!("its {size} bytes did not come in time")))?;
        let bytes = bytes.map_err(|e| self.explain(key, &e))?;
        if bytes.len() as u64 != size {
            return Err(self.failed(key, format!("{} of its {size} bytes came", bytes.len())));
        }
        let (bytes, sha256) = self.hashed(key, bytes).await?;
        if written.is_some_and(|written| written != sha256) {
            return Err(self
                .failed(key, "it is not as it was written: damaged in storage, or on the way; restore it"));
        }
        Ok(Some(Download { bytes, e_tag, sha256 }))
    }

    /// Hashes away from the async threads: gigabytes take seconds.
    pub(super) async fn hashed(&self, key: &Key, bytes: Vec<u8>) -> Result<(Vec<u8>, Sha256), ArtifactError> {
        let hashing = tokio::task::spawn_blocking(move || {
            let sha256 = Sha256::of(&bytes);
            (bytes, sha256)
        });
        hashing.await.map_err(|e| self.failed(key, e.to_string()))
    }
}

/// What was written beside an artefact.
pub(super) fn remembered<'a>(attributes: &'a Attributes, name: &'static str) -> Option<&'a str> {
    attributes.get(&Attribute::Metadata(name.into())).map(AsRef::as_ref)
}

/// The body, up to one byte more than was announced.
async fn whole(found: GetResult) -> Result<Vec<u8>, Error> {
    let size = found.meta.size;
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(RESERVED_MAX)).unwrap_or_default());
    let mut body = found.into_stream();
    while let Some(chunk) = body.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > size {
            break;
        }
    }
    Ok(bytes)
}
