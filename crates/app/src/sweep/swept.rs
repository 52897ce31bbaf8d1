//! What a sweep came to: its variants, the best first, and what the best of so many is worth.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::{BacktestSummary, DevBacktest, TrainingReport};
use ktrdr_domain::strategy::grid::{Setting, Variant};
use ktrdr_domain::{Operation, OperationId, Status, StrategyName, Symbol, Timeframe, WindowKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sweep;
use crate::operations::result_of;
use crate::standing::Standing;

/// A sweep that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Swept {
    /// The strategy that all variants come from.
    pub strategy: StrategyName,
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that were traded.
    pub timeframe: Timeframe,
    /// What was looked at.
    pub window: WindowKind,
    /// Who the looks belong to; `None` where none was counted, on dev.
    pub campaign: Option<CampaignName>,
    /// Looks at that time of the instrument by now, these and all others; `None` on dev.
    pub trials: Option<u64>,
    /// Groups of near-copies among them.
    pub different_trials: Option<u64>,
    /// The yearly Sharpe ratio beyond the market that the best of so many worthless trials is expected to reach.
    pub luck_sharpe_ratio: Option<f64>,
    /// On dev: how likely one of so many worthless variants would do as well as the best one did.
    pub luck_p: Option<f64>,
    /// The variants, the one that earned most beyond the market for its risk first.
    pub variants: Vec<SweptVariant>,
}

/// One variant, and how it did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct SweptVariant {
    /// Its name.
    pub strategy: StrategyName,
    /// In what it differs.
    pub settings: Vec<Setting>,
    /// Its training.
    pub training: OperationId,
    /// Its exam; none on dev, and where the training did not complete.
    pub backtest: Option<OperationId>,
    /// How the last of them ended.
    pub status: Status,
    /// Why it has no figures, if it has none.
    pub error: Option<String>,
    /// Yearly Sharpe ratio of what it earned beyond the market.
    pub active_sharpe_ratio: Option<f64>,
    /// Deflated Sharpe ratio with every look counted that there is by now, those at its rivals among them.
    pub deflated_sharpe: Option<f64>,
    /// How often chance does as well.
    pub null_p: Option<f64>,
    /// Net return as a fraction.
    pub total_return_pct: Option<f64>,
    /// Closed trades.
    pub total_trades: Option<u64>,
}

impl Swept {
    /// What the rows of a sweep say: `trainings` in the order of its variants, and the `exams` of those that completed.
    #[must_use]
    pub fn of(sweep: &Sweep, trainings: &[Operation], exams: &[Operation], standings: &[Standing]) -> Self {
        let mut exams_left = exams.iter();
        let mut variants: Vec<SweptVariant> = sweep
            .variants
            .iter()
            .zip(trainings)
            .map(|(variant, training)| {
                let is_examined = sweep.window == WindowKind::Gate && training.status == Status::Completed;
                let exam = is_examined.then(|| exams_left.next()).flatten();
                SweptVariant::of(variant, training, exam, standings)
            })
            .collect();
        let score = |of: &SweptVariant| of.active_sharpe_ratio.unwrap_or(f64::NEG_INFINITY);
        variants.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let best = variants.first();
        let of_best =
            best.and_then(|best| standings.iter().find(|it| Some(&it.exam) == best.backtest.as_ref()));
        let is_counted = sweep.window == WindowKind::Gate;
        Self {
            strategy: sweep.strategy.clone(),
            symbol: sweep.symbol.clone(),
            timeframe: sweep.timeframe,
            window: sweep.window,
            campaign: is_counted.then(|| sweep.campaign.clone()),
            trials: of_best.map(|standing| standing.trials),
            different_trials: of_best.map(|standing| standing.different_trials),
            luck_sharpe_ratio: of_best.and_then(|standing| yearly(standing, exams)),
            luck_p: best
                .and_then(|best| best.null_p)
                .filter(|_| !is_counted)
                .map(|p| of_any(p, variants.len())),
            variants,
        }
    }
}

/// The luck of a standing, by the year of its exam's data.
fn yearly(standing: &Standing, exams: &[Operation]) -> Option<f64> {
    let exam = exams.iter().find(|row| row.id == standing.exam)?;
    let days = result_of::<BacktestSummary>(exam).ok()?.metrics.days_per_year?;
    Some(standing.luck_sharpe_daily? * days.sqrt())
}

/// How likely at least one of so many does what one does with probability `p` (Šidák).
fn of_any(p: f64, count: usize) -> f64 {
    1.0 - (1.0 - p).powf(count as f64)
}

impl SweptVariant {
    fn of(variant: &Variant, training: &Operation, exam: Option<&Operation>, standings: &[Standing]) -> Self {
        let last = exam.unwrap_or(training);
        let none = Self {
            strategy: variant.strategy.name.clone(),
            settings: variant.settings.clone(),
            training: training.id.clone(),
            backtest: exam.map(|row| row.id.clone()),
            status: last.status,
            error: None,
            active_sharpe_ratio: None,
            deflated_sharpe: None,
            null_p: None,
            total_return_pct: None,
            total_trades: None,
        };
        let figures = match exam {
            Some(exam) => result_of(exam).map(|summary| none.clone().examined(&summary, standings)),
            None => {
                result_of(training).map(|report: TrainingReport| none.clone().on_dev(report.dev_backtest))
            }
        };
        figures.unwrap_or_else(|why| Self { error: Some(why.message), ..none })
    }

    fn examined(self, summary: &BacktestSummary, standings: &[Standing]) -> Self {
        let evidence = &summary.evidence;
        let standing = standings.iter().find(|standing| standing.exam == summary.operation);
        Self {
            error: summary.undefined.get("active_return").cloned(),
            active_sharpe_ratio: evidence.active.and_then(|active| active.sharpe_ratio),
            deflated_sharpe: standing.and_then(|standing| standing.deflated_sharpe),
            null_p: evidence.null_p(),
            total_return_pct: summary.metrics.total_return_pct,
            total_trades: Some(summary.metrics.total_trades),
            ..self
        }
    }

    fn on_dev(self, traded: Option<DevBacktest>) -> Self {
        let Some(traded) = traded else {
            return Self { error: Some("it was not traded on dev: there are no test rows".into()), ..self };
        };
        Self {
            active_sharpe_ratio: traded.active_sharpe_ratio,
            null_p: traded.null_p,
            total_return_pct: traded.total_return_pct,
            total_trades: Some(traded.total_trades),
            ..self
        }
    }
}
