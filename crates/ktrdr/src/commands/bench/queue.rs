//! No-op jobs through the embedded engine: submit → outbox → queue → claim → run → finish → event, each transition
//! durable before it is answered.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use ktrdr_app::ids;
use ktrdr_domain::{Kind as OperationKind, OperationId, Status};
use ktrdr_fabric::store::{OperationReader, StoreHint};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::{Measured, probes};
use crate::commands::Context;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};
use crate::fleet::RunningRoles;
use crate::roles::Roles;
use crate::workspace::Workspace;

/// One job at a time is timed this often.
const SINGLE_JOBS: usize = 300;

pub(super) async fn measure(
    context: &Context<'_>,
    jobs: u32,
    in_flight: u32,
    runs: usize,
) -> Result<Vec<Measured>, CliError> {
    let folder =
        tempfile::Builder::new().prefix("ktrdr-bench-").tempdir_in(&context.folder).or_exit(Kind::Files)?;
    let context = context.at(folder.path()).embedded();
    let workspace = context.open_to_run().await?;
    let fleet = RunningRoles::start(
        &workspace,
        &Roles::all(&workspace.settings.fleet, Computing::on_cpu()).with_probe_slots(probe_slots(in_flight)),
    )
    .await?;
    let latency = one_at_a_time(&workspace).await?;
    let mut rates = Vec::with_capacity(runs);
    for _ in 0..runs {
        rates.push(many(&workspace, jobs, in_flight).await?);
    }
    fleet.drain().await?;
    let durable = "SQLite WAL, synchronous=FULL, group commit; each transition on disk before it is answered";
    Ok(vec![
        Measured::of("no-op job, one at a time", "µs", latency, format!("submit to end, {durable}")),
        Measured::of(
            "no-op jobs, many in flight",
            "jobs/s",
            rates,
            format!("{jobs} jobs, {in_flight} in flight, {durable}"),
        ),
    ])
}

fn probe_slots(in_flight: u32) -> u16 {
    u16::try_from(in_flight.clamp(1, 64)).unwrap_or(64)
}

/// Microseconds from before the submit to the moment the row is seen completed.
async fn one_at_a_time(workspace: &Workspace) -> Result<Vec<f64>, CliError> {
    let mut took = Vec::with_capacity(SINGLE_JOBS);
    for _ in 0..SINGLE_JOBS {
        let mut hints = workspace.app.store.hints();
        let started = Instant::now();
        let id = ids::operation(OperationKind::Probe)?;
        probes::submit(Arc::clone(&workspace.app.store), id.clone(), 0).await?;
        loop {
            let hint = hints.recv().await;
            let ours = match &hint {
                Ok(StoreHint::Changed(changed)) => *changed == id,
                Ok(StoreHint::Outbox | StoreHint::Cancel(_) | StoreHint::Control) => false,
                Ok(StoreHint::Unknown) | Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => {
                    return Err(CliError::new(Kind::Unreachable, "the store was closed"));
                }
            };
            if ours && has_ended(&*workspace.app.store, &id).await? {
                break;
            }
        }
        took.push(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(took)
}

/// Jobs per second, from the first submit to the last end.
async fn many(workspace: &Workspace, jobs: u32, in_flight: u32) -> Result<f64, CliError> {
    let mut hints = workspace.app.store.hints();
    let started = Instant::now();
    let window = Arc::new(Semaphore::new(in_flight as usize));
    let ids = probes::ids(jobs)?;
    let mut open: HashSet<OperationId> = ids.iter().cloned().collect();
    let mut submits = JoinSet::new();
    let (store, to_submit) = (Arc::clone(&workspace.app.store), ids);
    let permits = Arc::clone(&window);
    submits.spawn(async move {
        let mut each = JoinSet::new();
        for id in to_submit {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
            permit.forget();
            each.spawn(probes::submit(Arc::clone(&store), id, 0));
        }
        while let Some(done) = each.join_next().await {
            done.or_exit(Kind::OperationFailed)??;
        }
        Ok::<(), CliError>(())
    });
    while !open.is_empty() {
        match hints.recv().await {
            Ok(StoreHint::Changed(id)) => {
                if open.contains(&id) && has_ended(&*workspace.app.store, &id).await? && open.remove(&id) {
                    window.add_permits(1);
                }
            }
            Ok(StoreHint::Outbox | StoreHint::Cancel(_) | StoreHint::Control) => {}
            Ok(StoreHint::Unknown) | Err(RecvError::Lagged(_)) => {
                for id in open.clone() {
                    if has_ended(&*workspace.app.store, &id).await? && open.remove(&id) {
                        window.add_permits(1);
                    }
                }
            }
            Err(RecvError::Closed) => return Err(CliError::new(Kind::Unreachable, "the store was closed")),
        }
    }
    while let Some(done) = submits.join_next().await {
        done.or_exit(Kind::OperationFailed)??;
    }
    Ok(f64::from(jobs) / started.elapsed().as_secs_f64())
}

async fn has_ended(store: &dyn OperationReader, id: &OperationId) -> Result<bool, CliError> {
    Ok(store.get(id).await?.is_some_and(|row| row.status == Status::Completed))
}
