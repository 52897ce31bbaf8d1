//! The trial ledger: every backtest that anyone can see, counted before its result is shown.

use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::id::OperationId;
use crate::job::Origin;
use crate::name::{CampaignName, Symbol};
use crate::time::Span;
use crate::timeframe::Timeframe;
use crate::window::WindowKind;

/// One look at data. Appended once per operation (a second attempt of the same operation is the same trial),
/// never changed, never removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The backtest.
    pub operation: OperationId,
    /// The scope of counting.
    pub campaign: CampaignName,
    /// What was tried: hash of the strategy or of the signals.
    pub subject_sha256: Sha256,
    /// Name of it, for people.
    pub subject: String,
    /// The instrument.
    pub symbol: Symbol,
    /// The bars.
    pub timeframe: Timeframe,
    /// Hash of the traded data file.
    pub data_sha256: Sha256,
    /// What was looked at.
    pub span: Span,
    /// The windows that this meets.
    pub windows: Vec<WindowKind>,
    /// Who looked.
    pub origin: Origin,
    /// Sharpe ratio of the daily active returns, not annualised.
    pub sharpe_daily: Option<f64>,
    /// Daily returns.
    pub days: u64,
}
