//! Signals: target positions that another tool decided on, kept by hash until they are traded.

use ktrdr_domain::Sha256;
use ktrdr_fabric::artifacts::{Artifacts, Key};

use crate::CatalogError;

fn key(sha256: &Sha256) -> Result<Key, CatalogError> {
    Ok(format!("signals/{sha256}.csv").parse()?)
}

/// The hash of the file that is kept under a key; `None` of a key that is none of these.
#[must_use]
pub fn hash_at(key: &Key) -> Option<Sha256> {
    key.as_str().strip_prefix("signals/")?.strip_suffix(".csv")?.parse().ok()
}

/// Keeps a file of signals; its hash is its name.
///
/// # Errors
/// When it can not be written.
pub async fn keep(artifacts: &dyn Artifacts, bytes: &[u8]) -> Result<Sha256, CatalogError> {
    let sha256 = Sha256::of(bytes);
    artifacts.put(&key(&sha256)?, bytes).await?;
    Ok(sha256)
}

/// Reads signals that were kept; other bytes than theirs are refused.
///
/// # Errors
/// When they are not there, were changed, or can not be read.
pub async fn read(artifacts: &dyn Artifacts, sha256: &Sha256) -> Result<Vec<u8>, CatalogError> {
    let bytes = artifacts.get(&key(sha256)?).await?;
    if Sha256::of(&bytes) == *sha256 {
        Ok(bytes)
    } else {
        Err(CatalogError::invalid("the signals file was changed since it was submitted; submit it again"))
    }
}
