//! `ktrdr backtest …`

use std::process::ExitCode;

use ktrdr_domain::job::{BacktestSpec, BacktestSubject, Origin};
use ktrdr_domain::report::{BacktestReport, BacktestSummary};
use ktrdr_domain::{JobSpec, Operation, Sha256};

use super::start::{self, Work, answer, result_of};
use super::{Context, operations};
use crate::cli::backtest::{BacktestArguments, BacktestRun, BacktestVerb, MarketArguments, SignalsRun};
use crate::exit::{CliError, Kind, OrExit};
use crate::market::{self, Stretch};
use crate::report_card;
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>, arguments: &BacktestArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            BacktestVerb::Run(wanted) => {
                let prepare = async |workspace: &Workspace| with_model(workspace, wanted).await;
                let started = start::start(context, wanted.market.start, prepare).await?;
                finish(context, started).await
            }
            BacktestVerb::Signals(wanted) => {
                let prepare = async |workspace: &Workspace| with_signals(workspace, wanted).await;
                let how = wanted.market.start;
                let started = if how.local || how.wait {
                    start::start(context, how, prepare).await?
                } else {
                    start::Started::Ended(start::here_or_there(context, prepare).await?)
                };
                finish(context, started).await
            }
            BacktestVerb::Show { id } => {
                let workspace = context.open_beside().await?;
                let row = operations::find(&workspace, id).await?;
                show(context, &workspace, &row, true).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn with_model(workspace: &Workspace, wanted: &BacktestRun) -> Result<Work, CliError> {
    let name = wanted.strategy.parse().or_exit(Kind::Usage)?;
    let model = ktrdr_jobs::models::find(&*workspace.artifacts, &name, wanted.model_version)
        .await
        .map_err(market::explain)?;
    let stored = ktrdr_jobs::models::load(&*workspace.artifacts, &model).await.map_err(market::explain)?;
    let strategy = &stored.metadata.strategy;
    let base = strategy.training_data.base_timeframe;
    if wanted.market.timeframe != base {
        let message =
            format!("{name} decides on {base} bars, not {}; use --timeframe {base}", wanted.market.timeframe);
        return Err(CliError::new(Kind::Usage, message));
    }
    let mut timeframes = vec![base];
    timeframes.extend(strategy.training_data.timeframes.iter().filter(|t| **t != base));
    let mut spec =
        specification(workspace, &wanted.market, &timeframes, BacktestSubject::Model(model)).await?;
    spec.account.exits = strategy.risk.exits;
    if wanted.market.account.units.is_none() && wanted.market.account.fraction.is_none() {
        spec.account.sizing = strategy.risk.position_sizing;
    }
    Ok(Work::Job(JobSpec::Backtest(Box::new(spec))))
}

async fn with_signals(workspace: &Workspace, wanted: &SignalsRun) -> Result<Work, CliError> {
    let bytes = market::read_file(&wanted.signals, market::SIGNALS_BYTES_MAX)?;
    ktrdr_quant::signals::read(&bytes)
        .map_err(|e| CliError::new(Kind::InvalidInput, format!("{}: {e}", wanted.signals.display())))?;
    let sha256 = Sha256::of(&bytes);
    let key = ktrdr_jobs::backtesting::signals_key(&sha256)?;
    workspace.artifacts.put(&key, &bytes).await?;
    let subject = BacktestSubject::Signals { sha256 };
    let spec = specification(workspace, &wanted.market, &[wanted.market.timeframe], subject).await?;
    Ok(Work::Job(JobSpec::Backtest(Box::new(spec))))
}

/// Everything but size and exits, which belong to the subject.
async fn specification(
    workspace: &Workspace,
    wanted: &MarketArguments,
    timeframes: &[ktrdr_domain::Timeframe],
    subject: BacktestSubject,
) -> Result<BacktestSpec, CliError> {
    let data = market::pin(workspace, std::slice::from_ref(&wanted.symbol), timeframes).await?;
    let span = ktrdr_jobs::series::common_span(&data)
        .ok_or_else(|| CliError::new(Kind::InvalidInput, "the series do not overlap in time"))?;
    let windows = workspace.settings.windows.split(span).or_exit(Kind::InvalidInput)?;
    let everything = data[0].span;
    let whole = match subject {
        BacktestSubject::Model(_) => windows.gate,
        BacktestSubject::Signals { .. } => everything,
    };
    let stretch = Stretch { start: wanted.start_date, end: wanted.end_date.as_deref() };
    let window = stretch.within(whole, everything)?;
    let account = market::account(workspace.settings.account, &wanted.account)?;
    let seed = workspace_seed(&data[0].sha256);
    Ok(BacktestSpec {
        subject,
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        data,
        windows,
        window,
        account,
        campaign: wanted.campaign.clone(),
        origin: Origin::Person,
        seed,
        repeats: None,
    })
}

/// Null draws of a backtest by hand are seeded by its data: the same command gives the same report.
fn workspace_seed(data: &Sha256) -> u64 {
    data.seed()
}

async fn finish(context: &Context<'_>, started: start::Started) -> Result<ExitCode, CliError> {
    if let start::Started::Ended(rows) = &started {
        let workspace = context.open_beside().await?;
        for row in rows {
            show(context, &workspace, row, false).await?;
        }
    }
    answer(context, started, |_, _| Ok(()))
}

/// The whole report in JSON, a card for people.
async fn show(
    context: &Context<'_>,
    workspace: &Workspace,
    row: &Operation,
    whole: bool,
) -> Result<(), CliError> {
    let summary: BacktestSummary = result_of(row)?;
    let key = ktrdr_jobs::backtesting::report_key(&row.id, row.fence)?;
    let bytes = workspace.artifacts.get(&key).await?;
    let report: BacktestReport = serde_json::from_slice(&bytes)
        .map_err(|e| CliError::new(Kind::InvalidInput, format!("{key} is unreadable: {e}")))?;
    context.screen.answer(&report, |screen| {
        report_card::print(screen, &summary, whole);
        screen.line(format!("report      {}/{key}", workspace.artifacts.place()));
        if !whole {
            screen.note(format!("how each figure is defined: ktrdr backtest show {}", row.id));
        }
    })
}
