//! `ktrdr demo`: a whole research campaign on generated data, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use ktrdr_app::campaign::{CampaignDetail, CampaignRequest};
use ktrdr_app::data::{GenerateRequest, ProcessChoice, SessionChoice};
use ktrdr_app::market::{AccountChange, Moment};
use ktrdr_domain::closing::Closing;
use ktrdr_domain::{DeviceRequest, Operation, Symbol, Timeframe, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use ktrdr_claude::Given;
use ktrdr_domain::name::ProviderName;
use ktrdr_fake::{Fake, Mind};

use super::start::Started;
use super::{Context, research};
use crate::cli::{DemoArguments, StartArguments};
use crate::exit::{CliError, Kind, OrExit};
use crate::settings::AgentAccess;
use crate::workspace;

/// Hourly bars of each series: about twelve years of a currency pair, of which the exam is three.
const BARS: u32 = 75_000;

/// Strength of the planted edge: whoever knows it earns a Sharpe ratio between 2 and 3 a year after costs. Better ones
/// are hardly found on markets.
const STRENGTH: f64 = 0.17;

/// The agent that is no model.
const FAKE: &str = "fake";

/// What tells the workspace of a demo from others.
const MARK: &str = "demo.txt";

const ABOUT_MARK: &str = "`ktrdr demo --keep` works in this folder: what is in it was generated. It goes on here only while this file is there.\n";

/// Seconds of 2018-01-01.
const START: Timestamp = Timestamp(1_514_764_800);

pub(crate) fn run(context: &Context<'_>, arguments: &DemoArguments) -> Result<ExitCode, CliError> {
    let started = Instant::now();
    let stage = Stage::of(context, arguments)?;
    let (folder, temporary) = folder(arguments)?;
    let mut context = context.at(&folder).embedded();
    if let Some(access) = stage.access() {
        context.settings.agent_access = access;
    }
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
        let CampaignDetail { cycles, closings, .. } =
            campaign(&context, arguments, stage.agent.as_ref(), symbol, process, about)?;
        answers.push(Researched { symbol, about, cycles, closings });
    }
    context.screen.answer(&Demo { workspace: &folder, campaigns: answers }, |screen| {
        screen.line(format!("\nboth campaigns took {:.0} s", started.elapsed().as_secs_f64()));
        screen.line(match arguments.keep {
            Some(_) => "look around: ktrdr operations list · ktrdr ledger trials · ktrdr ledger lessons",
            None => "keep the workspace next time with --keep DIR, and look around in it",
        });
    })?;
    drop(temporary);
    Ok(ExitCode::SUCCESS)
}

/// What was shown.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Demo<'a> {
    /// The folder that it was shown in.
    workspace: &'a Path,
    /// The campaign on each series.
    campaigns: Vec<Researched<'a>>,
}

/// One campaign of it.
#[derive(Serialize, JsonSchema)]
struct Researched<'a> {
    /// The series.
    symbol: &'a str,
    /// What there is to find in it.
    about: &'a str,
    /// The cycles, as they ended.
    cycles: Vec<Operation>,
    /// What the campaign came to when it closed.
    closings: Vec<Closing>,
}

/// Who designs: the local search, a real model, or a fake server that is started for the demo and plays one.
struct Stage {
    agent: Option<ProviderName>,
    fake: Option<Fake>,
}

impl Stage {
    fn of(context: &Context<'_>, arguments: &DemoArguments) -> Result<Self, CliError> {
        let Some(agent) = arguments.agent.clone() else { return Ok(Self { agent: None, fake: None }) };
        if agent.as_str() != FAKE {
            return Ok(Self { agent: Some(agent), fake: None });
        }
        let fake = Fake::start(Mind::Good).or_exit(Kind::Files)?;
        context.screen.line(format!(
            "no model is asked here: a fake server on {} plays one, with designs that are written in advance; nothing is spent",
            fake.base_url()
        ));
        Ok(Self { agent: Some("claude".parse().or_exit(Kind::Usage)?), fake: Some(fake) })
    }

    /// Where the fake server is: no key of anybody is needed for it, and none goes there.
    fn access(&self) -> Option<AgentAccess> {
        let base_url = Some(self.fake.as_ref()?.base_url());
        Some(AgentAccess(Ok(Given { base_url, ..Given::default() })))
    }
}

fn folder(arguments: &DemoArguments) -> Result<(PathBuf, Option<tempfile::TempDir>), CliError> {
    match &arguments.keep {
        Some(folder) => {
            let refused = |e| CliError::new(Kind::Files, format!("{}: {e}", folder.display()));
            let mark = folder.join(MARK);
            if workspace::is_one(folder) && !mark.exists() {
                let message = format!(
                    "{} is a workspace already, and no earlier demo's: the demo's instruments, trials and lessons would stand among its \
                     own; name another folder",
                    folder.display()
                );
                return Err(CliError::new(Kind::Refused, message));
            }
            std::fs::create_dir_all(folder).map_err(refused)?;
            std::fs::write(&mark, ABOUT_MARK).map_err(refused)?;
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
    agent: Option<&ProviderName>,
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
        agent: agent.cloned(),
        batch: false,
        mix: None,
        gates: None,
        brief: None,
        masked: false,
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
