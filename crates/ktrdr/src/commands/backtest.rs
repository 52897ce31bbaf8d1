//! `ktrdr backtest …`

use std::process::ExitCode;

use ktrdr_app::backtest::{BacktestRequest, SIGNALS_BYTES_MAX, SignalsRequest, UNUSABLE_SIGNALS};
use ktrdr_app::cancel::{CancelOneRequest, OPERATOR};
use ktrdr_app::reports::export;
use ktrdr_app::{AppError, UseCases};
use ktrdr_domain::{DeviceRequest, Kind, OperationId};
use ktrdr_fabric::local::whole;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use super::operations::cancelling;
use super::start::{self, Started, answer};
use crate::account_card;
use crate::cli::backtest::{
    BacktestArguments, BacktestExport, BacktestVerb, ExportFormat, MarketArguments, SignalsRun,
};
use crate::closing;
use crate::describe::counted;
use crate::exit::{CliError, Kind as Exit, OrExit};
use crate::files;
use crate::report_card;

pub(crate) fn run(context: &Context<'_>, arguments: &BacktestArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            BacktestVerb::Run(wanted) => {
                let request = BacktestRequest::from(wanted);
                let submit = async |app: &dyn UseCases| app.submit_backtest(&request).await;
                let started = start::start(context, wanted.market.start, DeviceRequest::Any, submit).await?;
                finish(context, started).await
            }
            BacktestVerb::Signals(wanted) => finish(context, signals(context, wanted).await?).await,
            BacktestVerb::Cancel { id, reason } => {
                let desk = context.desk().await?;
                let request = CancelOneRequest {
                    operation: id.clone(),
                    reason: reason.clone(),
                    by: OPERATOR.to_owned(),
                };
                cancelling::tell(context, &desk.app().cancel_backtest(&request).await?)
            }
            BacktestVerb::Show { id } => {
                let desk = context.desk().await?;
                let id = id.resolve(desk.app(), Some(Kind::Backtesting)).await?;
                show(context, desk.app(), &id, true).await?;
                Ok(ExitCode::SUCCESS)
            }
            BacktestVerb::Export(wanted) => {
                export(context, wanted).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn signals(context: &Context<'_>, wanted: &SignalsRun) -> Result<Started, CliError> {
    let csv = files::read(&wanted.signals, SIGNALS_BYTES_MAX)?;
    let MarketArguments { key, start, .. } = &wanted.market;
    let market = (&wanted.market).into();
    let request = SignalsRequest { market, idempotency_key: key.idempotency_key.clone() };
    // What came is bytes: only here is known which file they were.
    let named = |error: AppError| match error.code.as_deref() {
        Some(UNUSABLE_SIGNALS) => error.at(wanted.signals.display()),
        _ => error,
    };
    let submit = async |app: &dyn UseCases| app.submit_signals(&request, &csv).await.map_err(named);
    start::start_and_wait(context, *start, submit).await
}

async fn finish(context: &Context<'_>, started: Started) -> Result<ExitCode, CliError> {
    if let Started::Ended(rows) = &started {
        let desk = context.desk().await?;
        let app = desk.app();
        for row in rows {
            show(context, app, &row.id, false).await?;
        }
    }
    answer(context, started, |_, _| Ok(()))
}

/// The whole report in JSON, a card for people.
async fn show(
    context: &Context<'_>,
    app: &dyn UseCases,
    id: &OperationId,
    whole: bool,
) -> Result<(), CliError> {
    let stored = app.report(id).await?;
    context.screen.answer(&stored.report, |screen| {
        report_card::print(screen, &stored.summary, whole);
        if stored.summary.quarantine.is_empty() {
            account_card::print(screen, &stored.report, stored.hold);
        }
        stored.finally.iter().for_each(|verdict| screen.line(closing::verdict(verdict)));
        screen.line(format!("report      {}", stored.place));
        if !whole {
            screen.note(format!(
                "how each figure is defined: ktrdr backtest show {id}; as a page: ktrdr report {id}"
            ));
        }
    })
}

/// A file that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Exported {
    /// Where.
    written_to: String,
    /// How many rows it has.
    rows: usize,
}

async fn export(context: &Context<'_>, wanted: &BacktestExport) -> Result<(), CliError> {
    let desk = context.desk().await?;
    let id = wanted.id.resolve(desk.app(), Some(Kind::Backtesting)).await?;
    let report = desk.app().report(&id).await?.report;
    let table = if wanted.trades { export::trades(&report) } else { export::equity(&report) };
    let Some(path) = &wanted.to else {
        // Lists are told in JSON as every list is; CSV is the form for people here.
        return context.screen.list(table.name(), &table.json(), |screen| screen.raw(&table.csv()));
    };
    let file = match wanted.format {
        ExportFormat::Csv => table.csv().into_bytes(),
        ExportFormat::Parquet => table.parquet().or_exit(Exit::Files)?,
    };
    whole::create(path, &file).map_err(|e| CliError::new(Exit::Files, format!("{}: {e}", path.display())))?;
    let document = Exported { written_to: path.display().to_string(), rows: table.rows() };
    let line = format!("wrote {} to {}", counted(table.rows() as u64, "row"), path.display());
    context.screen.answer(&document, |screen| screen.line(line))
}
