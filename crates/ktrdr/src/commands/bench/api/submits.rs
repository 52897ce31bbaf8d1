//! Requests that begin work: a training whose data is pinned and whose row is on disk before the answer comes.

use std::fs::File;
use std::io::Write as _;
use std::time::Instant;

use serde_json::{Value, json};

use super::server::{Server, answered, timed};
use crate::commands::Context;
use crate::commands::bench::numbers::STRATEGY;
use crate::commands::bench::{Measured, percentiles};
use crate::exit::{CliError, Kind, OrExit};

pub(super) async fn measure(
    server: &Server,
    context: &Context<'_>,
    submits: u32,
) -> Result<Vec<Measured>, CliError> {
    prepare(server).await?;
    let mut took = Vec::with_capacity(submits as usize);
    for seed in 0..submits {
        took.push(timed(server.post("/trainings/start").json(&training(seed))).await?);
    }
    let setting = "POST /trainings/start, one at a time, the queue paused";
    let mut measured = Vec::from(percentiles("submit", "ms", took, setting));
    let syncs = syncs(context, submits)?;
    measured.extend(percentiles("sync of the disk", "ms", syncs, "4 KiB appended to a file and synced"));
    Ok(measured)
}

/// Bars to train on, and a queue that nothing is taken from: what runs would slow down what is measured.
async fn prepare(server: &Server) -> Result<(), CliError> {
    let bars = json!({ "symbol": "BENCH", "timeframe": "1h", "bars": 5_000, "start": "2015-01-05", "replace": true });
    answered(server.post("/data/generate").json(&bars)).await?;
    answered(server.post("/queues/training/pause")).await?;
    Ok(())
}

/// A request for a training of its own.
pub(super) fn training(seed: u32) -> Value {
    json!({ "strategy": { "yaml": STRATEGY }, "seed": seed })
}

/// Milliseconds of as many syncs of a file in the workspace.
fn syncs(context: &Context<'_>, count: u32) -> Result<Vec<f64>, CliError> {
    let path = context.folder.join("sync.bench");
    let mut file = File::create(&path).or_exit(Kind::Files)?;
    let mut took = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let started = Instant::now();
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).or_exit(Kind::Files)?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(&path).or_exit(Kind::Files)?;
    Ok(took)
}
