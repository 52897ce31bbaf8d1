//! The strategy traded on what its networks had not seen, net of costs, as one account, and ranked among null draws.

use std::ops::Range;

use ktrdr_domain::Span;
use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::positions::Positions;
use ktrdr_domain::report::DevBacktest;
use ktrdr_domain::report::sheet::AccountCurves;
use ktrdr_domain::trading::Account;
use ktrdr_quant::exam::{Exam, Market, PValue, Shifts};
use ktrdr_quant::sheet::Daily;
use ktrdr_quant::simulate::{Run, Target};
use ktrdr_quant::statistics::{correlation, moments, ratios};
use ktrdr_quant::{Bars, decide, simulate};
use ktrdr_worker::Job;

use super::walk_forward::WalkForward;
use crate::backtesting::{covered, sheet};
use crate::evaluate::{self, Figures};
use crate::fault::Fault;

/// Null draws: p-values in steps of one in a hundred, which is finer than any bar that they are held against here. The exam
/// on unseen data draws many more.
const DRAWS: usize = 99;

/// What came of it.
pub(super) struct DevTraded {
    pub(super) backtest: DevBacktest,
    /// A sketch of what was wanted.
    pub(super) positions: Positions,
    /// How the account went.
    pub(super) account: AccountCurves,
    /// From the first traded bar's open to the last one's close.
    pub(super) span: Span,
}

/// Trades what was said on dev with the strategy's own size and exits.
pub(super) fn trade(
    job: &Job,
    spec: &TrainingSpec,
    bars: &Bars,
    walked: &WalkForward,
) -> Result<DevTraded, Fault> {
    let targets = decide::targets(&walked.outputs, &spec.strategy.decisions).map_err(Fault::input)?;
    let risk = spec.strategy.risk;
    let account = Account { sizing: risk.position_sizing, exits: risk.exits, ..spec.account };
    let range = walked.range.clone();
    let run = simulate::run(bars, range.clone(), &targets, &account).map_err(Fault::input)?;
    let figures = evaluate::figures(&run, bars, range.clone(), &account);
    let traded = Traded { bars, range, targets: &targets, account: &account };
    let beyond = traded.beyond(job, &run, &figures)?;
    let holding_bars = figures.metrics.avg_holding_bars;
    let backtest = DevBacktest {
        blocks: walked.blocks,
        bars: walked.range.len() as u64,
        total_return_pct: figures.metrics.total_return_pct,
        sharpe_ratio: figures.metrics.sharpe_ratio,
        total_trades: figures.metrics.total_trades,
        holding_bars,
        trend_following: holding_bars.and_then(|held| traded.trend_following(held)),
        ..beyond
    };
    let times = bars.time[walked.range.clone()].iter().copied();
    let positions = Positions::sketch(spec.windows.dev, times.zip(targets.iter().copied()));
    let exam = traded.exam(&figures);
    let daily = Daily::of(&exam, &exam.market(), &run);
    Ok(DevTraded {
        backtest,
        positions,
        account: sheet::account(&exam, &run, &daily),
        span: covered(bars, &walked.range),
    })
}

/// What was traded.
struct Traded<'a> {
    bars: &'a Bars,
    range: Range<usize>,
    targets: &'a [Target],
    account: &'a Account,
}

impl Traded<'_> {
    fn exam<'a>(&'a self, figures: &'a Figures) -> Exam<'a> {
        Exam {
            bars: self.bars,
            range: self.range.clone(),
            targets: self.targets,
            account: self.account,
            calendar: figures.calendar.as_ref(),
        }
    }

    /// How the positions wanted go with the moves of as many bars before as one is held; nothing where one of them never varies.
    fn trend_following(&self, holding_bars: f64) -> Option<f64> {
        let back = (holding_bars.round() as usize).max(1);
        let first = self.range.start.max(back);
        let moves: Vec<f64> =
            (first..self.range.end).map(|bar| self.close(bar) / self.close(bar - back) - 1.0).collect();
        let wanted: Vec<f64> =
            self.targets.get(first - self.range.start..)?.iter().map(|target| f64::from(*target)).collect();
        correlation::pearson(&wanted, &moves).ok()
    }

    fn close(&self, bar: usize) -> f64 {
        self.bars.close[bar]
    }

    /// What was earned beyond the market's own part; nothing where nothing was traded.
    fn beyond(&self, job: &Job, run: &Run, figures: &Figures) -> Result<DevBacktest, Fault> {
        let exam = self.exam(figures);
        let market = exam.market();
        let Some(active) = exam.active(run, &market).ok().filter(|_| !run.trades.is_empty()) else {
            return Ok(DevBacktest::default());
        };
        let days = figures.metrics.days_per_year;
        let sharpe_daily = ratios::sharpe(&active.returns).ok();
        // How often chance does as well is not asked of a loss: that costs more than the fit.
        let earned = figures.metrics.total_return_pct.is_some_and(|net| net > 0.0);
        let score = sharpe_daily.filter(|_| earned);
        let null = score.map(|score| rank(job, &exam, &market, score)).transpose()?;
        Ok(DevBacktest {
            beta: Some(active.beta),
            active_return_per_year: moments::mean(&active.returns)
                .ok()
                .zip(days)
                .map(|(mean, days)| mean * days),
            active_sharpe_ratio: sharpe_daily.zip(days).map(|(sharpe, days)| sharpe * days.sqrt()),
            null_p: null.map(|null| null.p),
            null_draws: null.map_or(0, |null| null.draws),
            ..DevBacktest::default()
        })
    }
}

/// Among the same positions, whole weeks earlier or later: an even choice of [`DRAWS`] shifts.
fn rank(job: &Job, exam: &Exam<'_>, market: &Market, score: f64) -> Result<PValue, Fault> {
    let shifts = Shifts::new(exam);
    let every = shifts.len().div_ceil(DRAWS).max(1);
    let mut drawn = Vec::with_capacity(DRAWS);
    for targets in shifts.step_by(every) {
        if job.stop.is_stopped() {
            return Err(Fault::Stopped);
        }
        drawn.push(exam.score(&targets, market).map_err(Fault::input)?);
    }
    Ok(PValue::of(score, &drawn))
}
