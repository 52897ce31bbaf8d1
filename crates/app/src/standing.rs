//! How examined strategies stand now. The evidence of a report counts the looks up to its own; whoever picks the best of several
//! has seen all of them, and pays for all.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_catalog::series;
use ktrdr_domain::report::BacktestSummary;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Kind, OperationId, Span, Symbol};
use ktrdr_research::closing::Examined;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::result_of;
use crate::{App, AppError, ErrorKind};

/// Most exams that are asked for at once.
pub const EXAMS_MAX: usize = 100;

/// A completed backtest, with every look counted that there is by now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Standing {
    /// The backtest.
    pub exam: OperationId,
    /// Looks counted, as in a backtest's evidence.
    pub trials: u64,
    /// Groups of near-copies among them.
    pub different_trials: u64,
    /// Other instruments whose looks were counted in.
    pub correlated: Vec<Symbol>,
    /// Expected best daily Sharpe ratio of that many worthless trials.
    pub luck_sharpe_daily: Option<f64>,
    /// Deflated Sharpe ratio with all of them counted.
    pub deflated_sharpe: Option<f64>,
}

impl App {
    /// How completed backtests stand now, in the order asked for.
    ///
    /// # Errors
    /// When one is no backtest, or did not complete; when too many are asked for.
    pub async fn standings(&self, exams: &[OperationId]) -> Result<Vec<Standing>, AppError> {
        if exams.len() > EXAMS_MAX {
            let message = format!("{} exams: ask for up to {EXAMS_MAX}", exams.len());
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let mut standings = Vec::with_capacity(exams.len());
        // Exams that are asked for together were at one stretch, mostly.
        let mut read: BTreeMap<(Symbol, i64, i64), Vec<Trial>> = BTreeMap::new();
        for exam in exams {
            let row = self.row(exam).await?;
            if row.kind != Kind::Backtesting {
                let message = format!("{exam} is no backtest but {}", row.kind);
                return Err(AppError::new(ErrorKind::InvalidRequest, message));
            }
            let summary: BacktestSummary = result_of(&row)?;
            let (symbol, span) = (&summary.symbol, summary.window);
            let key = (symbol.clone(), span.start.0, span.end.0);
            if !read.contains_key(&key) {
                read.insert(key.clone(), self.looks_during(symbol, span).await?);
            }
            let trials = read.get(&key).map_or(&[][..], Vec::as_slice);
            standings.push(standing(exam, &summary, trials));
        }
        Ok(standings)
    }

    /// Looks at a stretch of time, at this instrument and at every other one here.
    async fn looks_during(&self, symbol: &Symbol, span: Span) -> Result<Vec<Trial>, AppError> {
        let here = series::all(&*self.artifacts).await?;
        let symbols: BTreeSet<Symbol> =
            here.into_iter().map(|(_, symbol, _)| symbol).chain([symbol.clone()]).collect();
        let mut trials = Vec::new();
        for symbol in &symbols {
            trials.extend(self.ledger.looks(symbol, span).await?);
        }
        Ok(trials)
    }
}

fn standing(exam: &OperationId, summary: &BacktestSummary, trials: &[Trial]) -> Standing {
    let examined = Examined { symbol: &summary.symbol, span: summary.window, daily: summary.evidence.daily };
    let (deflation, correlated) = examined.weighed(trials);
    Standing {
        exam: exam.clone(),
        trials: deflation.trials,
        different_trials: deflation.different_trials,
        correlated,
        luck_sharpe_daily: deflation.luck_sharpe_daily,
        deflated_sharpe: deflation.deflated_sharpe,
    }
}
