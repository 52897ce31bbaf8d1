//! Jobs through RabbitMQ and Redis, by processes of their own as in production: submit → outbox → relay → queue →
//! claim → run → finish → event. Every message is confirmed, every row on disk as the server is set up to do it.

mod cancel;
mod cycle;
mod idle;
mod latency;
mod processes;
mod rate;

use ktrdr_app::engine::store_facts;
use ktrdr_fabric::store::Filter;
use ktrdr_fleet::redis::{Fsync, Persistence};

use super::{Measured, probes, quantile};
use crate::cli::bench::FleetBench;
use crate::commands::Context;
use crate::describe::thousands;
use crate::exit::{CliError, Kind};
use crate::settings::EngineName;
use processes::Processes;

/// Share of the measured rate at which latency is looked at: queues are short then, as they should be.
const LOAD: f64 = 0.1;

pub(super) async fn measure(
    context: &Context<'_>,
    wanted: &FleetBench,
    runs: usize,
) -> Result<Vec<Measured>, CliError> {
    if context.settings.engine == EngineName::Embedded {
        let message = "this measures the fleet: set KTRDR_ENGINE=fleet and its addresses (`scripts/services start` \
                       prints them); `ktrdr bench queue` measures the embedded engine";
        return Err(CliError::new(Kind::Usage, message));
    }
    let workspace = context.open_to_run().await?;
    let durable = durability(context).await?;
    let others = workspace.app.store.list(&Filter { limit: 1, ..Filter::default() }).await?.active;
    if others > 0 {
        context.screen.note(format!(
            "{} operations of others are pending or running here: what runs of them slows the figures down",
            thousands(others)
        ));
    }
    let processes = Processes::start(context, wanted).await?;
    let idle = idle::watch(&processes, wanted.idle_seconds).await?;
    let mut rates = Vec::with_capacity(runs);
    for _ in 0..runs {
        rates.push(rate::of(&workspace, wanted).await?);
    }
    let setting = format!("{}, {durable}", setting(wanted));
    let rate = Measured::of(rate::name(wanted), "jobs/s", rates, setting);
    let mut measured = vec![rate];
    measured.extend(latency::measure(&workspace, wanted.jobs, measured[0].median * LOAD, &durable).await?);
    measured.push(cancel::measure(&workspace, wanted.cancels, &durable).await?);
    if wanted.cycles > 0 {
        measured.push(cycle::measure(&workspace, wanted.cycles, &durable).await?);
    }
    measured.extend(idle);
    processes.end().await?;
    Ok(measured)
}

fn setting(wanted: &FleetBench) -> String {
    let FleetBench { jobs, in_flight, workers, slots, .. } = wanted;
    format!("{jobs} jobs, {in_flight} in flight, {workers} workers with {slots} slots")
}

/// What the servers promise about what they acknowledged.
async fn durability(context: &Context<'_>) -> Result<String, CliError> {
    let facts = store_facts(&context.settings.fleet_config()?).await?;
    let store = match facts.persistence {
        Persistence::Snapshots => "snapshots only",
        Persistence::AppendOnly { fsync: Some(Fsync::Always), .. } => "appendfsync always",
        Persistence::AppendOnly { fsync: Some(Fsync::EverySecond), .. } => "appendfsync everysec",
        Persistence::AppendOnly { fsync: Some(Fsync::Never), .. } => "appendfsync no",
        Persistence::AppendOnly { fsync: None, .. } => "append-only file",
    };
    Ok(format!("quorum queues with confirms and late acks, Redis {} {store}", facts.version))
}
