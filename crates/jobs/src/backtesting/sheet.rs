//! The sheet of a backtest: everything that pages about it draw, thinned to what a screen shows.
//!
//! Most of it is read off the run and costs a few more simulations, so every backtest has it. Asking the network again without
//! each of its inputs costs more: of research, only runs that earned something are asked.

use ktrdr_chart::decimate;
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::report::sheet::{AccountCurves, BacktestSheet, Curve, NullShape, SHEET_VERSION};
use ktrdr_domain::trading::Account;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::exam::Exam;
use ktrdr_quant::sheet::{self, Daily, histogram};
use ktrdr_quant::simulate::Run;
use ktrdr_quant::statistics::ratios;
use ktrdr_worker::Job;

use super::Traded;
use crate::fault::Fault;

/// Columns that a curve keeps its lows and highs of.
const COLUMNS: usize = 600;

/// Parts of the distribution of a null's scores.
const NULL_PARTS: usize = 40;

/// The sheet of one run, whose nulls scored like that.
pub(super) fn of(
    job: &Job,
    spec: &BacktestSpec,
    traded: &Traded<'_>,
    drawn: &[(&'static str, Vec<f64>)],
    calendar: Option<&Calendar>,
) -> Result<BacktestSheet, Fault> {
    let exam = traded.exam(&spec.account, calendar);
    let market = exam.market();
    let daily = Daily::of(&exam, &market, &traded.run);
    let rules = match &traded.decided.mind {
        Some(mind) => Some(mind.card(job, &exam, &market, traded.is_worth_explaining(spec))?),
        None => None,
    };
    let rolling = daily.rolling_sharpe();
    Ok(BacktestSheet {
        version: SHEET_VERSION,
        account: account(&exam, &traded.run, &daily),
        months: daily.months(),
        rolling_sharpe: rolling.map(|mut rolling| {
            rolling.curve = thinned(&rolling.curve);
            rolling
        }),
        price: sheet::price::charts(traded.bars, traded.range.clone(), &traded.run.trades),
        trades: sheet::trades::shapes(&traded.run.trades),
        nulls: nulls(&daily, drawn),
        stress: sheet::stress::rows(&exam, &market, &traded.run, &daily),
        rules,
    })
}

/// How the account of an exam went.
pub(crate) fn account(exam: &Exam<'_>, run: &Run, daily: &Daily) -> AccountCurves {
    let Account { initial_capital, .. } = *exam.account;
    let times = exam.bars.time.get(exam.range.clone()).unwrap_or_default();
    let at_closes = |values: Vec<f64>| thinned(&times.iter().copied().zip(values).collect::<Curve>());
    AccountCurves {
        drawdown: at_closes(sheet::daily::drawdown(initial_capital, &run.equity)),
        equity: at_closes(run.equity.clone()),
        matched_market: daily.matched_market().map(|curve| thinned(&curve)),
    }
}

fn nulls(daily: &Daily, drawn: &[(&'static str, Vec<f64>)]) -> Vec<NullShape> {
    let score = daily.active.as_ref().and_then(|active| ratios::sharpe(active).ok());
    let shape = |(name, scores): &(&'static str, Vec<f64>)| {
        Some(NullShape { name: (*name).to_owned(), scores: histogram(scores, NULL_PARTS), score: score? })
    };
    drawn.iter().filter_map(shape).collect()
}

/// What a screen shows of a curve. Its times are whole seconds, which a float holds exactly.
fn thinned(curve: &Curve) -> Curve {
    let points: Vec<(f64, f64)> = curve.iter().map(|(time, value)| (*time as f64, *value)).collect();
    decimate(&points, COLUMNS).into_iter().map(|(time, value)| (time as i64, value)).collect()
}
