//! `backtesting`: trade a model or signals on one window, test its significance, store the report.
//!
//! A page of named steps: admit → decide → refuse what repeats, or count the look → trade → test significance → conclude → deflate →
//! store. Beside the report lies a sheet that pages about it are drawn from: nothing of it is judged, or hashed.

mod contamination;
mod novelty;
mod rules;
pub(crate) mod sheet;
mod significance;
mod subject;
mod telling;

use std::ops::Range;
use std::sync::Arc;

use ktrdr_catalog::counting::{self, Counted};
use ktrdr_catalog::reports;
use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::report::{
    BacktestReport, BacktestSheet, BacktestSummary, Contamination, EquityPoint, Hashes,
};
use ktrdr_domain::trading::Account;
use ktrdr_domain::trial::{Conclusion, Look};
use ktrdr_domain::window_history::OpenVault;
use ktrdr_domain::{Kind, OperationId, Span, Timestamp, WindowKind, Windows};
use ktrdr_fabric::ledger::Ledger;
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::exam::Exam;
use ktrdr_quant::leaks::results;
use ktrdr_quant::metrics;
use ktrdr_quant::simulate::{Run, trades_sha256};
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::evaluate;
use crate::fault::{self, Fault};
use significance::Weighed;
use subject::Decided;
use telling::Telling;

/// See the module.
pub struct Backtesting {
    pub(crate) services: Services,
    /// Where looks are counted.
    pub(crate) ledger: Arc<dyn Ledger>,
}

impl Handler for Backtesting {
    fn kind(&self) -> Kind {
        Kind::Backtesting
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.backtest(job, &spec)))
    }
}

/// A run with everything that judging it needs.
struct Traded<'a> {
    bars: &'a Bars,
    range: Range<usize>,
    decided: &'a Decided,
    /// `None` for what is no look.
    look: Option<Look>,
    run: Run,
}

impl Traded<'_> {
    fn exam<'a>(&'a self, account: &'a Account, calendar: Option<&'a Calendar>) -> Exam<'a> {
        let (bars, range) = (self.bars, self.range.clone());
        Exam { bars, range, targets: &self.decided.targets, account, calendar }
    }

    /// Whether anybody asks how it came about: of research, only what earned something.
    fn is_worth_explaining(&self, spec: &BacktestSpec) -> bool {
        spec.origin != Origin::Research || self.run.net_return(spec.account.initial_capital) > 0.0
    }
}

impl Backtesting {
    fn backtest(&self, job: &Job, spec: &BacktestSpec) -> Result<BacktestSummary, Fault> {
        spec.account.validate().map_err(Fault::input)?;
        let windows = self.services.admit(spec, look_of(job, spec))?;
        let bars = subject::market(&self.services, spec)?;
        let range = evaluate::window(&bars[0], &spec.window)?;
        job.progress.step(1.0, "deciding");
        let decided = subject::decide(&self.services, spec, &bars, &range)?;
        let look = self.begin(job, spec, &windows, covered(&bars[0], &range), &decided)?;
        let draws = significance::draws_max(&bars[0], &range);
        let mut telling = Telling::new(job, &bars[0], range.clone(), draws);
        let run = evaluate::trade(&bars[0], &range, &decided.targets, &spec.account, &mut |simulation| {
            telling.traded(simulation)
        })?;
        let traded = Traded { bars: &bars[0], range, decided: &decided, look, run };
        let (report, sheet) = self.judge(&mut telling, job, spec, &windows, &traded)?;
        self.store(job, &report, &sheet)?;
        Ok(report.summary)
    }

    fn judge(
        &self,
        telling: &mut Telling<'_>,
        job: &Job,
        spec: &BacktestSpec,
        windows: &Windows,
        traded: &Traded<'_>,
    ) -> Result<(BacktestReport, BacktestSheet), Fault> {
        let figures = evaluate::figures(&traded.run, traded.bars, traded.range.clone(), &spec.account);
        let quarantine = results::implausible(&figures.metrics);
        let weighed = match no_result(traded.decided, &quarantine) {
            Some(reason) => Weighed::default().without(&significance::FIGURES, &reason),
            None => significance::against_chance(telling, spec, traded, figures.calendar.as_ref())?,
        };
        let span = covered(traded.bars, &traded.range);
        let apart = traded.decided.author.as_ref().map(|author| {
            let (initial_capital, calendar) = (spec.account.initial_capital, figures.calendar.as_ref());
            contamination::Exam { traded, initial_capital, calendar, active: &weighed.beyond }.cut(author)
        });
        let counted = self.conclude(spec, traded, &weighed, apart.as_ref(), span)?;
        let mut undefined = figures.undefined;
        let mut evidence = significance::evidence(&weighed, counted, traded.decided);
        evidence.vault_openings = self.services.vault_openings(&spec.symbol)?;
        undefined.extend(weighed.undefined);
        let summary = BacktestSummary {
            operation: job.id.clone(),
            subject: traded.decided.name.clone(),
            model: traded.decided.model.clone(),
            symbol: spec.symbol.clone(),
            timeframe: spec.timeframe,
            window: span,
            window_kind: window_kind(windows, &spec.window),
            origin: spec.origin,
            synthetic: spec.data.iter().any(|d| d.synthetic),
            bars: traded.range.len() as u64,
            account: spec.account,
            metrics: figures.metrics,
            undefined,
            evidence,
            conventions: metrics::conventions(figures.calendar.as_ref()),
            hashes: hashes(spec, traded),
            warnings: warnings(traded),
            contamination: apart,
            in_sample: traded.decided.in_sample.clone(),
            quarantine,
        };
        job.progress.step(97.0, "drawing the sheet");
        let sheet = sheet::of(job, spec, traded, &weighed.drawn, figures.calendar.as_ref())?;
        let trades = traded.run.trades.clone();
        Ok((BacktestReport { summary, equity: curve(traded), trades }, sheet))
    }

    /// Counts the look before its first bar is traded, and an opened vault: whoever is stopped from now on has seen a part.
    ///
    /// A model shown again what it learned within dev is no look at an exam, and counts as none; whatever shows a part of
    /// the gate or the vault is one.
    fn begin(
        &self,
        job: &Job,
        spec: &BacktestSpec,
        windows: &Windows,
        span: Span,
        decided: &Decided,
    ) -> Result<Option<Look>, Fault> {
        let look = look(job, spec, windows, span, decided);
        if decided.in_sample.is_some() && look.windows.iter().all(|window| *window == WindowKind::Dev) {
            return Ok(None);
        }
        if let Some(word) = word_for(spec, windows, &span) {
            self.services.open_vault(&spec.data, &look.operation, span, word)?;
        }
        // A replay repeats on purpose, and is no look.
        match spec.refuse_repetition && spec.origin == Origin::Research {
            true => self.begin_unless_repeated(&look, decided)?,
            false => self.services.runtime.block_on(self.ledger.begin(&look))?,
        }
        Ok(Some(look))
    }

    /// Writes down what the look showed; gives the looks that its verdict pays for, itself among them.
    fn conclude(
        &self,
        spec: &BacktestSpec,
        traded: &Traded<'_>,
        weighed: &Weighed,
        apart: Option<&Contamination>,
        span: Span,
    ) -> Result<Counted, Fault> {
        let Some(look) = &traded.look else { return Ok(Counted::default()) };
        let Services { artifacts, series, ledger, runtime, .. } = &self.services;
        let correlated = runtime.block_on(async {
            let (bars, dev) = (look.data_sha256, spec.windows.dev);
            let others = counting::others::<Fault>(&**artifacts, &**ledger, &spec.symbol, bars, span).await?;
            Ok::<_, Fault>(counting::correlated(&**artifacts, series, others, traded.bars, dev).await?)
        })?;
        let conclusion = Conclusion {
            sharpe_daily: weighed.record.map(|record| record.sharpe),
            days: weighed.record.map_or(0, |record| record.periods as u64),
            apart: apart.map(contamination::for_ledger),
            positions: traded.decided.on_dev.clone(),
            correlated: correlated.clone(),
        };
        self.services.runtime.block_on(self.ledger.conclude(&look.operation, &conclusion))?;
        Ok(runtime.block_on(counting::looks(&**ledger, &spec.symbol, correlated, span))?)
    }

    fn store(&self, job: &Job, report: &BacktestReport, sheet: &BacktestSheet) -> Result<(), Fault> {
        job.progress.step(98.0, "storing the report");
        let artifacts = &*self.services.artifacts;
        Ok(self.services.runtime.block_on(async {
            reports::store_sheet(artifacts, &job.id, job.fence, sheet).await?;
            reports::store(artifacts, &job.id, job.fence, report).await
        })?)
    }
}

/// By whose word the vault is opened, where it is: a replay shows nothing that was not seen before.
fn word_for<'a>(spec: &'a BacktestSpec, windows: &Windows, span: &Span) -> Option<&'a OpenVault> {
    let opens = spec.origin != Origin::Replay && windows.vault.overlaps(span);
    spec.open_vault.as_ref().filter(|_| opens)
}

/// The operation that a look is counted under.
fn look_of<'a>(job: &'a Job, spec: &'a BacktestSpec) -> &'a OperationId {
    spec.repeats.as_ref().unwrap_or(&job.id)
}

fn look(job: &Job, spec: &BacktestSpec, windows: &Windows, span: Span, decided: &Decided) -> Look {
    Look {
        operation: look_of(job, spec).clone(),
        campaign: spec.campaign.clone(),
        subject_sha256: decided.sha256,
        content_sha256: decided.content_sha256,
        subject: decided.name.clone(),
        symbol: spec.symbol.clone(),
        timeframe: spec.timeframe,
        data_sha256: spec.data[0].sha256,
        span,
        windows: windows.touched(&span),
        origin: spec.origin,
        author: decided.author.clone(),
    }
}

/// Why the figures are no result, if they are none.
fn no_result(decided: &Decided, quarantine: &[String]) -> Option<String> {
    let known = decided.in_sample.as_ref().map(|known| format!("it is in-sample: {known}"));
    known.or_else(|| quarantine.first().map(|finding| format!("it is quarantined: {finding}")))
}

/// From the first bar's open to the last bar's close.
pub(crate) fn covered(bars: &Bars, range: &Range<usize>) -> Span {
    let last = range.end.saturating_sub(1);
    Span {
        start: Timestamp(bars.time[range.start]),
        end: Timestamp(bars.time[last] + bars.timeframe.seconds()),
    }
}

fn window_kind(windows: &Windows, wanted: &Span) -> Option<WindowKind> {
    [WindowKind::Dev, WindowKind::Gate, WindowKind::Vault]
        .into_iter()
        .find(|w| windows.span(*w).covers(wanted))
}

fn hashes(spec: &BacktestSpec, traded: &Traded<'_>) -> Hashes {
    Hashes {
        subject: traded.decided.sha256,
        model: traded.decided.model.as_ref().map(|m| m.sha256),
        data: spec.data.iter().map(|d| (format!("{}_{}", d.symbol, d.timeframe), d.sha256)).collect(),
        trades: trades_sha256(&traded.run.trades),
        code: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn warnings(traded: &Traded<'_>) -> Vec<String> {
    let mut warnings = traded.run.warnings();
    if traded.run.trades.is_empty() {
        let wanted = traded.decided.targets.iter().filter(|t| **t != 0).count();
        let remedy = match &traded.decided.model {
            Some(_) => {
                "lower `confidence_threshold` or widen the fuzzy sets of the strategy, and train it again"
            }
            None => "see that the times of `--signals` lie in the window and that some of them are 1 or -1",
        };
        warnings.push(format!(
            "no trade was made: a position was wanted at {wanted} of {} closes; {remedy}",
            traded.range.len()
        ));
    }
    warnings
}

fn curve(traded: &Traded<'_>) -> Vec<EquityPoint> {
    let times = &traded.bars.time[traded.range.clone()];
    times
        .iter()
        .zip(&traded.run.equity)
        .map(|(t, e)| EquityPoint { time: Timestamp(*t), equity: *e })
        .collect()
}
