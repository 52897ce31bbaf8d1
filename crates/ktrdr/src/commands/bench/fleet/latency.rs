//! From the moment before the submit to the first moment of the job, at a load that leaves queues short.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::interval;

use super::{Measured, probes, quantile};
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

/// Most samples.
const JOBS_MAX: u32 = 2_000;

/// Slowest pace, so that a slow machine is not looked at for minutes.
const RATE_MIN: f64 = 50.0;

/// `rate`: jobs per second.
pub(super) async fn measure(
    workspace: &Workspace,
    jobs: u32,
    rate: f64,
    durable: &str,
) -> Result<Vec<Measured>, CliError> {
    let others = probes::active(workspace).await?;
    let rate = rate.max(RATE_MIN);
    let mut pace = interval(Duration::from_secs_f64(1.0 / rate));
    let mut samples = Vec::new();
    let mut submits = JoinSet::new();
    for id in probes::ids(jobs.min(JOBS_MAX))? {
        pace.tick().await;
        let before_us = chrono::Utc::now().timestamp_micros();
        submits.spawn(probes::submit(Arc::clone(&workspace.app.store), id.clone(), 0));
        samples.push((id, before_us));
    }
    while let Some(done) = submits.join_next().await {
        done.or_exit(Kind::OperationFailed)??;
    }
    let ids: Vec<_> = samples.iter().map(|(id, _)| id.clone()).collect();
    probes::all_ended(workspace, &ids, others).await?;
    let mut took = Vec::with_capacity(samples.len());
    for (id, before_us) in samples {
        let row = workspace.app.store.get(&id).await?;
        let started_us = row.and_then(|row| row.result?.get("started_us")?.as_i64());
        took.extend(started_us.map(|started_us| started_us.saturating_sub(before_us).max(0) as f64 / 1000.0));
    }
    took.sort_by(f64::total_cmp);
    let setting = format!("{} jobs at {rate:.0} jobs/s, a tenth of the rate; {durable}", took.len());
    let at = |what: &str, share| Measured::of(what, "ms", vec![quantile(&took, share)], setting.clone());
    Ok(vec![at("enqueue to start, median", 0.5), at("enqueue to start, 99 %", 0.99)])
}
