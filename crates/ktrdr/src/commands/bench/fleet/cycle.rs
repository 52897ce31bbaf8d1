//! What the protocol adds to a research cycle: the time from its start to its end, less the time its four jobs ran.

use ktrdr_app::App;
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::data::{GenerateRequest, ProcessChoice, SessionChoice};
use ktrdr_app::market::{AccountChange, Moment};
use ktrdr_domain::{DeviceRequest, OperationId, Status, Symbol, Timeframe, Timestamp};
use ktrdr_fabric::store::Filter;

use super::{Measured, probes};
use crate::describe::took_ms;
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

/// Hourly bars of the generated series.
const BARS: u32 = 5_000;

/// Seconds of 2018-01-01.
const START: Timestamp = Timestamp(1_514_764_800);

pub(super) async fn measure(workspace: &Workspace, cycles: u32, durable: &str) -> Result<Measured, CliError> {
    let ids = campaign(&workspace.app, cycles).await?;
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

/// One cycle at a time on a series with an edge.
async fn campaign(app: &App, cycles: u32) -> Result<Vec<OperationId>, CliError> {
    let symbol: Symbol = "BENCH".parse().or_exit(Kind::Usage)?;
    let timeframe: Timeframe = "1h".parse().or_exit(Kind::Usage)?;
    let bars = GenerateRequest {
        symbol: symbol.clone(),
        timeframe,
        process: ProcessChoice::PlantedEdge(0.9),
        session: SessionChoice::Currency,
        bars: BARS,
        start: Moment(START),
        seed: 3,
        replace: true,
    };
    app.generate_data(&bars).await?;
    let request = CampaignRequest {
        symbol,
        timeframe,
        cycles,
        campaign: None,
        in_flight: Some(1),
        generation: None,
        agent: None,
        batch: false,
        mix: None,
        gates: None,
        brief: None,
        device: DeviceRequest::Any,
        seed: 1,
        account: AccountChange::default(),
        budget: None,
        idempotency_key: None,
    };
    Ok(app.start_campaign(&request).await?.cycles)
}

/// `None` where a gate ended the cycle before its fourth step.
async fn overhead_ms(workspace: &Workspace, root: &OperationId) -> Result<Option<f64>, CliError> {
    let row = workspace.app.store.get(root).await?;
    let filter = Filter { root: Some(root.clone()), limit: 10, ..Filter::default() };
    let children = workspace.app.store.list(&filter).await?.operations;
    let Some(row) = row.filter(|row| row.status == Status::Completed && children.len() == 4) else {
        return Ok(None);
    };
    let jobs: Option<i64> = children.iter().map(took_ms).sum();
    Ok(took_ms(&row).zip(jobs).map(|(whole, jobs)| (whole - jobs) as f64))
}
