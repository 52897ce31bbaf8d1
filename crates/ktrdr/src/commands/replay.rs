//! `ktrdr replay ID`: run a backtest again, here, from the same inputs, and compare trade lists by hash.

use std::process::ExitCode;

use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::report::BacktestSummary;
use ktrdr_domain::{JobSpec, Kind as OperationKind};
use serde::Deserialize;

use super::start::{Work, here_or_there, result_of};
use super::{Context, operations};
use crate::cli::ReplayArguments;
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>, arguments: &ReplayArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let first = original(context, arguments).await?;
        let prepare = async |workspace: &Workspace| again(workspace, arguments).await;
        let rows = here_or_there(context, prepare).await?;
        let second: BacktestSummary = result_of(&rows[0])?;
        compare(context, &first, &second)
    })
}

async fn original(context: &Context<'_>, arguments: &ReplayArguments) -> Result<BacktestSummary, CliError> {
    let workspace = context.open_beside().await?;
    let row = operations::find(&workspace, &arguments.id).await?;
    if row.kind != OperationKind::Backtesting {
        return Err(CliError::new(
            Kind::Usage,
            format!("{} is no backtest; replay takes a completed backtest", row.id),
        ));
    }
    result_of(&row)
}

async fn again(workspace: &Workspace, arguments: &ReplayArguments) -> Result<Work, CliError> {
    let row = operations::find(workspace, &arguments.id).await?;
    let mut spec = BacktestSpec::deserialize(&row.spec).or_exit(Kind::InvalidInput)?;
    spec.origin = Origin::Replay;
    Ok(Work::Job(JobSpec::Backtest(Box::new(spec))))
}

fn compare(
    context: &Context<'_>,
    first: &BacktestSummary,
    second: &BacktestSummary,
) -> Result<ExitCode, CliError> {
    let same = first.hashes.trades == second.hashes.trades;
    let document = serde_json::json!({
        "operation": first.operation,
        "replayed_as": second.operation,
        "same": same,
        "trades_sha256": first.hashes.trades,
        "replayed_trades_sha256": second.hashes.trades,
        "code": first.hashes.code,
        "replayed_code": second.hashes.code,
    });
    context.screen.answer(&document, |screen| {
        let verdict = if same { "same trade list" } else { "DIFFERENT trade list" };
        screen.line(format!("{verdict}: {} trades", second.metrics.total_trades));
        screen.line(format!("  then {} (ktrdr {})", first.hashes.trades, first.hashes.code));
        screen.line(format!("  now  {} (ktrdr {})", second.hashes.trades, second.hashes.code));
    })?;
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(Kind::OperationFailed as u8) })
}
