//! A data set as messages name it: by symbol, timeframe and content hash, never by path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Sha256, Span, Symbol, Timeframe};

/// One series of bars, pinned by the hash of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct DataRef {
    /// The instrument.
    pub symbol: Symbol,
    /// The bar length.
    pub timeframe: Timeframe,
    /// Hash of the file's bytes. A worker that finds other bytes refuses the job.
    pub sha256: Sha256,
    /// From the first bar's open to the last bar's close.
    pub span: Span,
    /// Whether the bars were generated, not observed. Carried into every report.
    #[serde(default)]
    pub synthetic: bool,
}
