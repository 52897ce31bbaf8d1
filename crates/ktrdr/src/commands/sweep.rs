//! `ktrdr strategies sweep`: trainings, then exams, then the table of both. Each part is submitted, followed and stopped as single jobs
//! are; said again it finds what was done.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::sweep::{Sweep, SweepRequest, Swept, SweptVariant};
use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::number::Figure;
use ktrdr_domain::{Operation, OperationId, Status, Symbol, WindowKind};

use super::Context;
use super::start::{self, Started, exit_code};
use super::strategies::read_strategy;
use crate::cli::strategies::SweepArguments;
use crate::confirm::confirm;
use crate::describe::{brief, counted};
use crate::exit::{CliError, Kind};
use crate::screen::{Screen, table};

/// Longest reason beside a variant without figures.
const WHY_CHARACTERS: usize = 160;

/// The column of the table that only exams have.
const DEFLATED: usize = 3;

pub(super) async fn sweep(context: &Context<'_>, wanted: &SweepArguments) -> Result<ExitCode, CliError> {
    let sweep = planned(context, wanted).await?;
    announce(context, &sweep, wanted.yes)?;
    let train = async |app: &dyn UseCases| sweep.train(app).await;
    let trainings = ended(start::start_and_wait(context, wanted.start, train).await?)?;
    let is_examined = |row: &Operation| sweep.window == WindowKind::Gate && row.status == Status::Completed;
    let exams = if trainings.iter().any(is_examined) {
        let examine = async |app: &dyn UseCases| sweep.examine(app, &trainings).await;
        ended(start::start_and_wait(context, wanted.start, examine).await?)?
    } else {
        Vec::new()
    };
    let completed = exams.iter().filter(|row| row.status == Status::Completed);
    let completed: Vec<OperationId> = completed.map(|row| row.id.clone()).collect();
    let standings = context.desk().await?.app().standings(&completed).await?;
    context.record.came_to(counted(sweep.variants.len() as u64, "variant"));
    let swept = Swept::of(&sweep, &trainings, &exams, &standings);
    context.screen.answer(&swept, |screen| print(screen, &swept))?;
    Ok(exit_code(&[trainings, exams].concat()))
}

async fn planned(context: &Context<'_>, wanted: &SweepArguments) -> Result<Sweep, CliError> {
    let request = SweepRequest {
        strategy: read_strategy(context, &wanted.strategy).await?,
        axes: wanted.set.clone(),
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        window: wanted.window.into(),
        seed: wanted.seed,
        account: (&wanted.account).into(),
        campaign: wanted.campaign.clone(),
    };
    Ok(Sweep::of(context.desk().await?.app(), request).await?)
}

/// Says what will be done, and asks where looks are spent.
fn announce(context: &Context<'_>, sweep: &Sweep, yes: bool) -> Result<(), CliError> {
    let Sweep { strategy, symbol, timeframe, variants, .. } = sweep;
    let count = variants.len() as u64;
    let trainings = part(sweep.trainings_left(), count, "training", "trained");
    let what = format!("{} of {strategy} on {symbol} {timeframe}: {trainings}", counted(count, "variant"));
    if sweep.window == WindowKind::Dev {
        context.screen.note(format!("{what}, compared on dev; no look at the exam is taken"));
        return Ok(());
    }
    let looks = part(sweep.looks_left(), count, "look", "examined");
    if sweep.looks_left() == 0 {
        context.screen.note(format!("{what}, and no new look at the gate ({count} examined before)"));
        return Ok(());
    }
    let (good, before) = ("each counted for good", before(sweep));
    confirm(context.screen, &format!("{what}, and {looks} at the gate, {good}{before}"), yes)
}

/// `3 trainings`, `2 trainings (1 of 3 was trained before)`
fn part(left: u64, all: u64, what: &str, done: &str) -> String {
    let left_of_it = counted(left, what);
    match all - left {
        0 => left_of_it,
        before => format!("{left_of_it} ({before} of {all} {done} before)"),
    }
}

/// The looks that these come on top of.
fn before(sweep: &Sweep) -> String {
    let Some(looks) = sweep.looks else { return String::new() };
    let looks = format!(" on top of {} before", counted(looks, "look"));
    let others: Vec<&str> = sweep.correlated.iter().map(Symbol::as_str).collect();
    match others.as_slice() {
        [] => looks,
        _ => format!("{looks}, with those at {}, which moves as {} does", others.join(", "), sweep.symbol),
    }
}

/// The rows as they ended, where none was stopped and nobody stopped waiting.
fn ended(started: Started) -> Result<Vec<Operation>, CliError> {
    let again = "the same command goes on where it was";
    let stopped = |what: &str| Err(CliError::new(Kind::Interrupted, format!("{what}; {again}")));
    match started {
        Started::Ended(rows) if rows.iter().all(|row| row.status != Status::Cancelled) => Ok(rows),
        Started::Ended(_) => stopped("the sweep was stopped, and what completed stays"),
        _ => stopped("detached, and what was begun goes on"),
    }
}

fn print(screen: &Screen, swept: &Swept) {
    let is_counted = swept.window == WindowKind::Gate;
    let mut head = vec!["#", "VARIANT", "ACTIVE SHARPE", "CHANCE", "NET", "TRADES"];
    let mut rows: Vec<Vec<String>> = (1..).zip(&swept.variants).map(|(rank, of)| row(rank, of)).collect();
    if is_counted {
        head.insert(DEFLATED, "DEFLATED");
        let deflated = |of: &SweptVariant| number(of.deflated_sharpe, 3);
        rows.iter_mut().zip(&swept.variants).for_each(|(row, of)| row.insert(DEFLATED, deflated(of)));
    }
    screen.line(table(&head, &rows));
    for SweptVariant { strategy, error, .. } in &swept.variants {
        if let Some(why) = error {
            screen.line(format!("{strategy}: {}", brief(why, WHY_CHARACTERS)));
        }
    }
    best_of(swept).into_iter().for_each(|line| screen.line(line));
    match &swept.campaign {
        Some(campaign) => screen.note(format!("the looks: ktrdr ledger trials --campaign {campaign}")),
        None => screen.note(format!(
            "one of them on the exam, a counted look: ktrdr backtest run --strategy NAME --symbol {} --timeframe {}",
            swept.symbol, swept.timeframe
        )),
    }
    if is_counted {
        screen.note("side by side: ktrdr report <backtest> <backtest> …");
    }
}

fn number(x: Option<f64>, digits: usize) -> String {
    x.map_or_else(|| "–".to_owned(), |x| format!("{:.digits$}", Figure(x)))
}

fn row(rank: usize, of: &SweptVariant) -> Vec<String> {
    let percent = |x: Option<f64>, digits| match x {
        Some(x) => format!("{} %", number(Some(x * 100.0), digits)),
        None => "–".to_owned(),
    };
    vec![
        rank.to_string(),
        of.strategy.to_string(),
        number(of.active_sharpe_ratio, 2),
        percent(of.null_p, 1),
        percent(of.total_return_pct, 2),
        of.total_trades.map_or_else(|| "–".to_owned(), |trades| trades.to_string()),
    ]
}

/// What the first line of the table is worth: it was chosen.
fn best_of(swept: &Swept) -> Vec<String> {
    let count = swept.variants.len();
    let Some((best, sharpe)) = swept.variants.first().and_then(|of| Some((of, of.active_sharpe_ratio?)))
    else {
        return vec!["no variant has a figure to be chosen by".into()];
    };
    let mut lines = vec![format!(
        "the best of {count} is the best of {count}: {} has an active Sharpe ratio of {:.2} a year",
        best.strategy,
        Figure(sharpe)
    )];
    if let (Some(luck), Some(trials), Some(different)) =
        (swept.luck_sharpe_ratio, swept.trials, swept.different_trials)
    {
        let deflated =
            best.deflated_sharpe.map_or_else(|| "undefined".into(), |x| format!("{:.3}", Figure(x)));
        lines.push(format!(
            "luck alone reaches {:.2} as the best of the {} counted at this window by now ({different} of them different); \
             deflated by all of them: {deflated}; an exam asks for {} unless `gates.deflated_sharpe_min` says otherwise",
            Figure(luck),
            counted(trials, "look"),
            GatePolicy::DEFAULT.deflated_sharpe_min,
        ));
    }
    if let Some(p) = swept.luck_p {
        lines.push(format!(
            "on dev one of {count} worthless variants does as well with a probability of {:.0} %",
            Figure(p * 100.0)
        ));
    }
    lines
}
