//! `ktrdr replay ID`: run a backtest again from the same inputs, and compare trade lists by hash.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::operations::result_of;
use ktrdr_app::replay::{ReplayComparison, ReplayRequest};
use ktrdr_domain::report::BacktestSummary;

use super::Context;
use super::start::{ended, start_and_wait};
use crate::cli::ReplayArguments;
use crate::describe::counted;
use crate::exit::{CliError, Kind};

pub(crate) fn run(context: &Context<'_>, arguments: &ReplayArguments) -> Result<ExitCode, CliError> {
    let idempotency_key = arguments.key.idempotency_key.clone();
    let request = ReplayRequest { operation: arguments.id.clone(), idempotency_key };
    context.block_on(async {
        let submit = async |app: &dyn UseCases| app.submit_replay(&request).await;
        let rows = ended(start_and_wait(context, arguments.start, submit).await?)?;
        for row in &rows {
            result_of::<BacktestSummary>(row)?;
        }
        let desk = context.desk().await?;
        let app = desk.app();
        compare(context, &app.compare_replay(&request.operation, &rows[0].id).await?)
    })
}

fn compare(context: &Context<'_>, compared: &ReplayComparison) -> Result<ExitCode, CliError> {
    context.screen.answer(compared, |screen| {
        let verdict = if compared.same { "same trade list" } else { "DIFFERENT trade list" };
        screen.line(format!("{verdict}: {}", counted(compared.trades, "trade")));
        screen.line(format!("  then {} (ktrdr {})", compared.trades_sha256, compared.code));
        screen.line(format!("  now  {} (ktrdr {})", compared.replayed_trades_sha256, compared.replayed_code));
    })?;
    Ok(if compared.same { ExitCode::SUCCESS } else { ExitCode::from(Kind::OperationFailed as u8) })
}
