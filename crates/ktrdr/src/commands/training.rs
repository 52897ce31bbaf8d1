//! `ktrdr training run`

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::market::Moment;
use ktrdr_app::operations::result_of;
use ktrdr_app::training::TrainingRequest;
use ktrdr_domain::number::Figure;
use ktrdr_domain::report::{DevBacktest, TrainingReport};
use ktrdr_domain::{Operation, OperationId};

use super::Context;
use super::start::{self, answer};
use super::strategies::choice;
use crate::cli::training::{TrainingArguments, TrainingRun, TrainingVerb};
use crate::describe::counted;
use crate::exit::CliError;
use crate::screen::{Screen, table};

pub(crate) fn run(context: &Context<'_>, arguments: &TrainingArguments) -> Result<ExitCode, CliError> {
    let TrainingVerb::Run(wanted) = &arguments.verb;
    let request = request(wanted)?;
    context.block_on(async {
        let submit = async |app: &dyn UseCases| app.submit_training(&request).await;
        let started = start::start(context, wanted.start, wanted.device, submit).await?;
        answer(context, started, show)
    })
}

/// A strategy that is named by a file travels as its text.
fn request(typed: &TrainingRun) -> Result<TrainingRequest, CliError> {
    Ok(TrainingRequest {
        strategy: choice(&typed.strategy)?,
        keep: false,
        symbols: typed.symbol.clone(),
        start: typed.start_date.map(Moment),
        end: typed.end_date,
        open_vault: typed.open_vault.clone(),
        seed: typed.seed,
        device: typed.device,
        idempotency_key: typed.key.idempotency_key.clone(),
    })
}

fn show(context: &Context<'_>, rows: &[Operation]) -> Result<(), CliError> {
    for row in rows {
        let report: TrainingReport = result_of(row)?;
        context.screen.answer(&report, |screen| print(screen, &row.id, &report))?;
    }
    Ok(())
}

fn print(screen: &Screen, id: &OperationId, report: &TrainingReport) {
    let percent =
        |x: Option<f64>| x.map_or_else(|| "undefined".into(), |x| format!("{:.2} %", Figure(x * 100.0)));
    // Errors of small returns are small.
    let number = |x: Option<f64>| match x {
        Some(x) if x != 0.0 && x.abs() < 0.001 => format!("{x:.2e}"),
        Some(x) => format!("{:.4}", Figure(x)),
        None => "undefined".into(),
    };
    let [train, validation, test] = report.rows;
    let facts = [
        ("operation", id.to_string()),
        ("model", format!("models/{}", report.model)),
        (
            "learned from",
            format!("{}{}", report.window, if report.synthetic { " (generated bars)" } else { "" }),
        ),
        (
            "rows",
            format!("{train} train · {validation} validation · {test} test · {} purged", report.rows_purged),
        ),
        ("network", format!("{} features · {} parameters", report.feature_count, report.parameter_count)),
        (
            "epochs",
            format!(
                "{} (kept the weights of {}) in {:.1} s on {}",
                report.epochs_trained, report.best_epoch, report.training_seconds, report.trained_on
            ),
        ),
        (
            "train loss",
            format!("{} → {}", number(report.initial_train_loss), number(report.final_train_loss)),
        ),
        (
            "test loss",
            format!(
                "{} (always saying the class shares: {})",
                number(report.test.loss),
                number(report.test.baseline_loss)
            ),
        ),
        (
            "test accuracy",
            format!(
                "{} (always saying the commonest class: {})",
                percent(report.test.accuracy),
                percent(report.test.baseline_accuracy)
            ),
        ),
    ];
    let rows: Vec<Vec<String>> = facts.iter().map(|(k, v)| vec![(*k).to_owned(), v.clone()]).collect();
    screen.line(table(&["", ""], &rows).trim_start_matches('\n'));
    if let Some(traded) = &report.dev_backtest {
        let figure = |x: Option<f64>| x.map_or_else(|| "undefined".into(), |x| format!("{:.2}", Figure(x)));
        screen.line(format!(
            "traded on rows of its window that its networks never saw ({} blocks): net {} · Sharpe {} · active Sharpe {} (annualised, \
             daily) · {} · {}",
            traded.blocks,
            percent(traded.total_return_pct),
            figure(traded.sharpe_ratio),
            figure(traded.active_sharpe_ratio),
            chance(traded),
            counted(traded.total_trades, "trade")
        ));
    }
    report.warnings.iter().for_each(|w| screen.line(format!("warning: {w}")));
}

/// How often chance did as well. That is not asked of a loss.
fn chance(traded: &DevBacktest) -> String {
    match traded.null_p {
        Some(p) => format!("chance did as well in {:.1} % of {} draws", Figure(p * 100.0), traded.null_draws),
        None => "chance was not asked".to_owned(),
    }
}
