//! The trial ledger: every look at data that anyone takes, counted before the first bar is traded, and what it showed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::author::Author;
use crate::hash::Sha256;
use crate::id::OperationId;
use crate::job::Origin;
use crate::name::{CampaignName, Symbol};
use crate::positions::Positions;
use crate::time::Span;
use crate::timeframe::Timeframe;
use crate::window::WindowKind;

/// One look at data, as it is counted. Appended once per operation (a second attempt of the same operation is the same
/// look), never changed, never removed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Look {
    /// The backtest.
    pub operation: OperationId,
    /// Who belongs together; looks are counted across campaigns.
    pub campaign: CampaignName,
    /// What was tried: hash of the strategy or of the signals.
    pub subject_sha256: Sha256,
    /// Hash of the strategy without its name; `None` of signals, and of looks that older programs counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_sha256: Option<Sha256>,
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
    /// The language model that wrote what was tried, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
}

impl Look {
    /// What looks have in common that show the same: instrument, time, and the strategy's content. `None` of what has no such
    /// content, and of a replay, which shows nothing new.
    #[must_use]
    pub fn shows(&self) -> Option<String> {
        let content = self.content_sha256.filter(|_| self.origin != Origin::Replay)?;
        Some(format!("{} {} {} {content}", self.symbol, self.span.start, self.span.end))
    }
}

/// What a look showed. Appended once, never changed, never removed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Conclusion {
    /// Sharpe ratio of the daily active returns, not annualised; `None` where it is undefined.
    pub sharpe_daily: Option<f64>,
    /// Daily returns.
    pub days: u64,
    /// The same on each side of what its author may remember, where a language model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<Apart>,
    /// What the same subject would have held on dev, by which near-copies are told; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions: Option<Positions>,
    /// Other instruments with looks at that time whose daily returns go with this one's on dev.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlated: Vec<Symbol>,
}

/// What a look showed before the end of what a strategy's author may remember, and after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Apart {
    /// Sharpe ratio of the daily active returns before it, not annualised.
    pub before: Option<f64>,
    /// Daily returns before it.
    pub days_before: u64,
    /// The same ratio after it.
    pub after: Option<f64>,
    /// Daily returns after it.
    pub days_after: u64,
}

/// A look with what it showed. One without a conclusion is under way, or was cut off: it counts as any other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Trial {
    /// The look.
    #[serde(flatten)]
    pub look: Look,
    /// What it showed.
    #[serde(flatten)]
    pub conclusion: Option<Conclusion>,
}

impl Trial {
    /// Sharpe ratio of the daily active returns, where there is one.
    #[must_use]
    pub fn sharpe_daily(&self) -> Option<f64> {
        self.conclusion.as_ref()?.sharpe_daily
    }

    /// What it would have held on dev, where that is known.
    #[must_use]
    pub fn positions(&self) -> Option<&Positions> {
        self.conclusion.as_ref()?.positions.as_ref()
    }
}
