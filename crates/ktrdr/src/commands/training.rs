//! `ktrdr training run`

use std::process::ExitCode;

use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::number::Figure;
use ktrdr_domain::report::TrainingReport;
use ktrdr_domain::{DataRef, JobSpec, Operation, OperationId, Span, Symbol};

use super::Context;
use super::start::{self, Work, answer, result_of};
use super::strategies::load_strategy;
use crate::cli::training::{TrainingArguments, TrainingRun, TrainingVerb};
use crate::device;
use crate::exit::{CliError, Kind, OrExit};
use crate::market;
use crate::screen::{Screen, table};
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>, arguments: &TrainingArguments) -> Result<ExitCode, CliError> {
    let TrainingVerb::Run(wanted) = &arguments.verb;
    context.block_on(async {
        let prepare = async |workspace: &Workspace| prepare(workspace, wanted).await;
        let started = start::start(context, wanted.start, prepare).await?;
        answer(context, started, show)
    })
}

async fn prepare(workspace: &Workspace, wanted: &TrainingRun) -> Result<Work, CliError> {
    device::admit(workspace, wanted.device, wanted.start).await?;
    let mut strategy = load_strategy(workspace, &wanted.strategy).await?;
    if !wanted.symbol.is_empty() {
        strategy.training_data.symbols.clone_from(&wanted.symbol);
    }
    let symbols: Vec<Symbol> = strategy.training_data.symbols.clone();
    let timeframes = strategy.training_data.timeframes.clone();
    let data = market::pin(workspace, &symbols, &timeframes).await?;
    let windows = workspace.settings.windows.split(common_span(&data)?).or_exit(Kind::InvalidInput)?;
    let window = Span {
        start: wanted.start_date.or(strategy.training_data.start_date).unwrap_or(windows.dev.start),
        end: wanted.end_date.or(strategy.training_data.end_date).unwrap_or(windows.dev.end),
    };
    windows.allow_training(&window).or_exit(Kind::Refused)?;
    let account = workspace.settings.account;
    let spec =
        TrainingSpec { strategy, data, windows, window, account, seed: wanted.seed, device: wanted.device };
    Ok(Work::Job(JobSpec::Training(Box::new(spec))))
}

/// The stretch that every series covers: windows are cut from it, so that no symbol's exam is another's dev.
fn common_span(data: &[DataRef]) -> Result<Span, CliError> {
    ktrdr_jobs::series::common_span(data).ok_or_else(|| {
        CliError::new(Kind::InvalidInput, "the series do not overlap in time; import longer ones")
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
    let number = |x: Option<f64>| x.map_or_else(|| "undefined".into(), |x| format!("{:.4}", Figure(x)));
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
            "traded on dev, on rows its networks never saw ({} blocks): net {} · Sharpe {} · active Sharpe {} (annualised, \
             daily) · null p {} of {} draws · {} trades",
            traded.blocks,
            percent(traded.total_return_pct),
            figure(traded.sharpe_ratio),
            figure(traded.active_sharpe_ratio),
            figure(traded.null_p),
            traded.null_draws,
            traded.total_trades
        ));
    }
    report.warnings.iter().for_each(|w| screen.line(format!("warning: {w}")));
}
