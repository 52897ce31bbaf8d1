//! Imports: raw files that wait for theirs, and what an import returns.

use ktrdr_domain::{DataRef, Sha256, Windows};
use ktrdr_fabric::artifacts::{Artifacts, Key};
use ktrdr_quant::data::health::HealthReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CatalogError;

/// What an import returns.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct DataLoaded {
    /// The stored series.
    pub data: DataRef,
    /// Bars stored.
    pub bars: u64,
    /// What the reader decided, such as a missing volume column.
    pub notes: Vec<String>,
    /// The instrument's windows over these bars; `None` while it has too few bars to be cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// The health report.
    pub health: HealthReport,
}

fn key(sha256: &Sha256) -> Result<Key, CatalogError> {
    Ok(format!("imports/{sha256}.csv").parse()?)
}

/// The hash of the file that is kept under a key; `None` of a key that is none of these.
#[must_use]
pub fn hash_at(key: &Key) -> Option<Sha256> {
    key.as_str().strip_prefix("imports/")?.strip_suffix(".csv")?.parse().ok()
}

/// Keeps a raw file for its import; its hash is its name.
///
/// # Errors
/// When it can not be written.
pub async fn keep(artifacts: &dyn Artifacts, bytes: &[u8]) -> Result<Sha256, CatalogError> {
    let sha256 = Sha256::of(bytes);
    artifacts.put(&key(&sha256)?, bytes).await?;
    Ok(sha256)
}

/// Reads a raw file that was kept.
///
/// # Errors
/// When it is not there any more, or can not be read.
pub async fn read(artifacts: &dyn Artifacts, sha256: &Sha256) -> Result<Vec<u8>, CatalogError> {
    Ok(artifacts.get(&key(sha256)?).await?)
}
