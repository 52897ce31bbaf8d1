//! From asking a running job to stop to its row being cancelled, while many others run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ktrdr_domain::{Kind as OperationKind, OperationId, Status};
use ktrdr_fabric::store::{Filter, StoreHint};

use super::{Measured, probes, quantile};
use crate::exit::{CliError, Kind};
use crate::workspace::Workspace;

/// Longer than the measurement takes.
const SLEEP_MS: u64 = 600_000;

/// The longest one cancel is waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn measure(workspace: &Workspace, jobs: u32, durable: &str) -> Result<Measured, CliError> {
    let ids = probes::ids(jobs)?;
    for id in &ids {
        probes::submit(Arc::clone(&workspace.app.store), id.clone(), SLEEP_MS).await?;
    }
    let (kinds, statuses) = (vec![OperationKind::Probe], vec![Status::Running]);
    let running = Filter { kinds, statuses, limit: 1, ..Filter::default() };
    // As many as there are slots; the rest waits, and is cancelled where it waits.
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = workspace.app.store.list(&running).await?.total;
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    let mut took = Vec::with_capacity(ids.len());
    for id in &ids {
        if workspace.app.store.get(id).await?.is_some_and(|row| row.status == Status::Running) {
            took.push(one(workspace, id).await?);
        } else {
            workspace.app.store.cancel(id, "bench", "").await?;
        }
    }
    took.sort_by(f64::total_cmp);
    let setting =
        format!("{before} running at first, {} cancelled one after the other; {durable}", took.len());
    let p99 = quantile(&took, 0.99);
    let middle = quantile(&took, 0.5);
    Ok(Measured {
        median: p99,
        min: middle,
        ..Measured::of("cancel of a running job, 99 % (min: median)", "ms", took, setting)
    })
}

/// Milliseconds.
async fn one(workspace: &Workspace, id: &OperationId) -> Result<f64, CliError> {
    let mut hints = workspace.app.store.hints();
    let asked = Instant::now();
    workspace.app.store.cancel(id, "bench", "").await?;
    let ended = async {
        loop {
            match hints.recv().await {
                Ok(StoreHint::Changed(changed)) if changed != *id => {}
                _ => {
                    if workspace.app.store.get(id).await?.is_some_and(|row| row.status.is_terminal()) {
                        return Ok::<_, CliError>(asked.elapsed().as_secs_f64() * 1e3);
                    }
                }
            }
        }
    };
    tokio::time::timeout(TIMEOUT, ended)
        .await
        .unwrap_or_else(|_| Err(CliError::new(Kind::Unreachable, format!("{id} was not cancelled in time"))))
}
