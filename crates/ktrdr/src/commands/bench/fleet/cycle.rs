//! What the protocol adds to a research cycle: the time from its start to its end, less the time its four jobs ran.

use ktrdr_domain::{DeviceRequest, OperationId, Status};
use ktrdr_fabric::store::{Filter, NewRoot, Pace};
use ktrdr_quant::data::generate::{Process, Recipe, Sessions};

use super::{Measured, probes};
use crate::cli::research::ResearchRun;
use crate::cli::{AccountArguments, StartArguments};
use crate::commands::start::Work;
use crate::commands::{data, research};
use crate::describe::took_ms;
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

/// Hourly bars of the generated series.
const BARS: usize = 5_000;

pub(super) async fn measure(workspace: &Workspace, cycles: u32, durable: &str) -> Result<Measured, CliError> {
    let roots = campaign(workspace, cycles).await?;
    let ids: Vec<OperationId> = roots.iter().map(|root| root.id.clone()).collect();
    workspace.store.submit_roots(roots, Pace::free(1)).await?;
    probes::all_ended(workspace, &ids, u64::MAX).await?;
    let mut overheads = Vec::new();
    for id in &ids {
        overheads.extend(overhead_ms(workspace, id).await?);
    }
    if overheads.is_empty() {
        return Err(CliError::new(Kind::OperationFailed, "no cycle got through all four steps"));
    }
    let setting =
        format!("{} cycles of four steps, less the time their jobs ran; {durable}", overheads.len());
    Ok(Measured::of("research cycle, protocol alone", "ms", overheads, setting))
}

async fn campaign(workspace: &Workspace, cycles: u32) -> Result<Vec<NewRoot>, CliError> {
    let symbol: ktrdr_domain::Symbol = "BENCH".parse().or_exit(Kind::Usage)?;
    let timeframe: ktrdr_domain::Timeframe = "1h".parse().or_exit(Kind::Usage)?;
    let recipe = Recipe {
        process: Process::PlantedEdge { strength: 0.9 },
        sessions: Sessions::Currency,
        symbol: symbol.clone(),
        timeframe,
        start: ktrdr_domain::Timestamp(1_514_764_800),
        bars: BARS,
        start_price: 1.1,
        seed: 3,
    };
    data::make(workspace, &recipe, true).await?;
    let wanted = ResearchRun {
        symbol,
        timeframe,
        cycles,
        campaign: None,
        in_flight: Some(1),
        generation: None,
        agent: None,
        gates: None,
        brief: None,
        device: DeviceRequest::Any,
        seed: 1,
        account: AccountArguments::default(),
        start: StartArguments { local: false, wait: false },
    };
    match research::prepare(workspace, &wanted).await? {
        Work::Campaign(roots, _) => Ok(roots),
        Work::Job(_) => Err(CliError::new(Kind::Usage, "a campaign was expected")),
    }
}

/// `None` where a gate ended the cycle before its fourth step.
async fn overhead_ms(workspace: &Workspace, root: &OperationId) -> Result<Option<f64>, CliError> {
    let row = workspace.store.get(root).await?;
    let filter = Filter { root: Some(root.clone()), limit: 10, ..Filter::default() };
    let children = workspace.store.list(&filter).await?.operations;
    let Some(row) = row.filter(|row| row.status == Status::Completed && children.len() == 4) else {
        return Ok(None);
    };
    let jobs: Option<i64> = children.iter().map(took_ms).sum();
    Ok(took_ms(&row).zip(jobs).map(|(whole, jobs)| (whole - jobs) as f64))
}
