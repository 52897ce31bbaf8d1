//! What jobs report. A number stands with its unit in its name or its convention beside it; an undefined number
//! is `null` with a reason, never 0 or 999999.

pub mod assessment;
pub mod backtest;
pub mod caveat;
pub mod contamination;
pub mod sheet;
pub mod training;

pub use assessment::{AssessmentReport, Verdict};
pub use backtest::{
    ActiveReturn, BacktestReport, BacktestSummary, DailyRecord, Direction, EquityPoint, Evidence, ExitReason,
    Hashes, InSample, Metrics, NullRank, Trade,
};
pub use caveat::caveat;
pub use contamination::{Contamination, Part};
pub use sheet::{BacktestSheet, TrainingSheet};
pub use training::{DevBacktest, EpochRecord, Learned, ModelRef, TestMetrics, TrainingReport};
