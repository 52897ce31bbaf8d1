//! `ktrdr demo`: a whole research campaign on generated data, in a folder of its own.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use ktrdr_domain::{DeviceRequest, Symbol, Timeframe, Timestamp};
use ktrdr_quant::data::generate::{Process, Recipe, Sessions};

use super::start::Started;
use super::{Context, data, research};
use crate::cli::research::ResearchRun;
use crate::cli::{AccountArguments, DemoArguments, StartArguments};
use crate::exit::{CliError, Kind, OrExit};

/// Hourly bars of each series: about five years of a currency pair.
const BARS: usize = 30_000;

/// Seconds of 2018-01-01.
const START: Timestamp = Timestamp(1_514_764_800);

pub(crate) fn run(context: &Context<'_>, arguments: &DemoArguments) -> Result<ExitCode, CliError> {
    let started = Instant::now();
    let (folder, temporary) = folder(arguments)?;
    let context = context.at(&folder).embedded();
    let screen = context.screen;
    screen.note(format!("workspace {}", folder.display()));
    let mut answers = Vec::new();
    for (symbol, process, about) in [
        ("EDGE", "planted-edge", "a planted edge: prices are pulled back to a slow average"),
        ("NOISE", "random-walk", "a random walk: there is nothing to find"),
    ] {
        let cycles = campaign(&context, arguments, symbol, process, about)?;
        answers.push(serde_json::json!({ "symbol": symbol, "about": about, "cycles": cycles }));
    }
    context.screen.answer(&serde_json::json!({ "workspace": folder, "campaigns": answers }), |screen| {
        screen.line(format!("\nboth campaigns took {:.0} s", started.elapsed().as_secs_f64()));
        screen.line(match arguments.keep {
            Some(_) => "look around: ktrdr operations list · ktrdr ledger trials · ktrdr ledger lessons",
            None => "keep the workspace next time with --keep DIR, and look around in it",
        });
    })?;
    drop(temporary);
    Ok(ExitCode::SUCCESS)
}

fn folder(arguments: &DemoArguments) -> Result<(PathBuf, Option<tempfile::TempDir>), CliError> {
    match &arguments.keep {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}", folder.display())))?;
            Ok((folder.clone(), None))
        }
        None => {
            let temporary = tempfile::Builder::new().prefix("ktrdr-demo-").tempdir().or_exit(Kind::Files)?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}

/// Generates one series and researches it.
fn campaign(
    context: &Context<'_>,
    arguments: &DemoArguments,
    symbol: &str,
    process: &str,
    about: &str,
) -> Result<Vec<ktrdr_domain::Operation>, CliError> {
    context.screen.line(format!("\n{symbol}: {about}"));
    let symbol: Symbol = symbol.parse().or_exit(Kind::Usage)?;
    let timeframe: Timeframe = "1h".parse().or_exit(Kind::Usage)?;
    let recipe = Recipe {
        process: Process::from_name(process).or_exit(Kind::Usage)?,
        sessions: Sessions::Currency,
        symbol: symbol.clone(),
        timeframe,
        start: START,
        bars: BARS,
        start_price: 1.1,
        seed: arguments.seed,
    };
    let wanted = ResearchRun {
        symbol,
        timeframe,
        cycles: arguments.cycles,
        campaign: None,
        in_flight: None,
        generation: None,
        gates: None,
        agent: None,
        brief: None,
        device: DeviceRequest::Any,
        seed: arguments.seed,
        account: AccountArguments::default(),
        start: StartArguments { local: true, wait: false },
    };
    context.block_on(async {
        data::make(&context.open_beside().await?, &recipe, true).await?;
        let Started::Ended(cycles) = research::begin(context, &wanted).await? else {
            return Err(CliError::new(Kind::Interrupted, "interrupted"));
        };
        if context.screen.is_text() {
            research::print(context.screen, &cycles);
        }
        Ok(cycles)
    })
}
