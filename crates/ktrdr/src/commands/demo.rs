//! `ktrdr demo`: a whole research campaign on generated data, in a folder of its own.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use ktrdr_app::campaign::{CampaignDetail, CampaignRequest};
use ktrdr_app::data::{GenerateRequest, ProcessChoice, SessionChoice};
use ktrdr_app::market::{AccountChange, Moment};
use ktrdr_domain::{DeviceRequest, Symbol, Timeframe, Timestamp};

use super::start::Started;
use super::{Context, research};
use crate::cli::{DemoArguments, StartArguments};
use crate::exit::{CliError, Kind, OrExit};

/// Hourly bars of each series: about twelve years of a currency pair, of which the exam is three.
const BARS: u32 = 75_000;

/// Strength of the planted edge: whoever knows it earns a Sharpe ratio between 2 and 3 a year after costs. Better ones
/// are hardly found on markets.
const STRENGTH: f64 = 0.17;

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
        (
            "EDGE",
            ProcessChoice::PlantedEdge(STRENGTH),
            "a planted edge: prices are pulled back to a slow average, worth a Sharpe ratio between 2 and 3 to whoever knows it",
        ),
        ("NOISE", ProcessChoice::RandomWalk, "a random walk: there is nothing to find"),
    ] {
        let CampaignDetail { cycles, closings, .. } = campaign(&context, arguments, symbol, process, about)?;
        answers.push(
            serde_json::json!({ "symbol": symbol, "about": about, "cycles": cycles, "closings": closings }),
        );
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
    process: ProcessChoice,
    about: &str,
) -> Result<CampaignDetail, CliError> {
    context.screen.line(format!("\n{symbol}: {about}"));
    let symbol: Symbol = symbol.parse().or_exit(Kind::Usage)?;
    let timeframe: Timeframe = "1h".parse().or_exit(Kind::Usage)?;
    let bars = GenerateRequest {
        symbol: symbol.clone(),
        timeframe,
        process,
        session: SessionChoice::Currency,
        bars: BARS,
        start: Moment(START),
        seed: arguments.seed,
        replace: true,
    };
    let request = CampaignRequest {
        symbol,
        timeframe,
        cycles: arguments.cycles,
        campaign: None,
        in_flight: None,
        generation: None,
        agent: None,
        gates: None,
        brief: None,
        device: DeviceRequest::Any,
        seed: arguments.seed,
        account: AccountChange::default(),
        budget: None,
        idempotency_key: None,
    };
    context.block_on(async {
        context.open_beside().await?.app.generate_data(&bars).await?;
        let how = StartArguments { local: true, wait: false };
        let Started::Closed(campaign) = research::begin(context, &request, how).await? else {
            return Err(CliError::new(Kind::Interrupted, "interrupted"));
        };
        if context.screen.is_text() {
            research::print(context.screen, &campaign);
        }
        Ok(*campaign)
    })
}
