//! Jobs per second, from the first submit to the last end.

use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::probes;
use crate::cli::bench::FleetBench;
use crate::exit::CliError;
use crate::workspace::Workspace;

/// Submits on their way at once: the client is one of many in a fleet.
const SUBMITS: usize = 128;

pub(super) fn name(wanted: &FleetBench) -> &'static str {
    if wanted.sleep_ms == 0 { "no-op jobs, submit to end" } else { "sleeping jobs, submit to end" }
}

pub(super) async fn of(workspace: &Workspace, wanted: &FleetBench) -> Result<f64, CliError> {
    let others = probes::active(workspace).await?;
    let ids = probes::ids(wanted.jobs)?;
    let started = Instant::now();
    let mut left = ids.as_slice();
    while !left.is_empty() {
        let room = u64::from(wanted.in_flight)
            .saturating_sub(probes::active(workspace).await?.saturating_sub(others))
            as usize;
        let (now, later) = left.split_at(room.min(left.len()));
        left = later;
        stream::iter(now.iter().cloned())
            .map(|id| probes::submit(Arc::clone(&workspace.app.store), id, wanted.sleep_ms))
            .buffer_unordered(SUBMITS)
            .try_collect::<()>()
            .await?;
        if room == 0 {
            tokio::time::sleep(probes::LOOK).await;
        }
    }
    let ended = probes::all_ended(workspace, &ids, others).await?;
    Ok(f64::from(wanted.jobs) / ended.duration_since(started).as_secs_f64())
}
