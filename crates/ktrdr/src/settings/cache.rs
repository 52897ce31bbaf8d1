//! `[cache]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[cache]`: what was fetched from an `s3://` bucket is kept here, and served after a short question.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CacheSettings {
    /// Where, relative to the workspace.
    pub(crate) folder: PathBuf,
    /// Most bytes kept; the least recently used go first.
    pub(crate) bytes_max: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { folder: ".ktrdr/cache".into(), bytes_max: 10 << 30 }
    }
}
