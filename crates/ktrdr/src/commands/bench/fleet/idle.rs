//! What a process costs that has nothing to do: share of one core, and memory.

use std::time::Duration;

use super::Measured;
use super::processes::Processes;
use crate::commands::bench::process::{SETTLED, Usage};
use crate::exit::CliError;

pub(super) async fn watch(processes: &Processes, seconds: u64) -> Result<Vec<Measured>, CliError> {
    tokio::time::sleep(SETTLED).await;
    let before = all(processes)?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after = all(processes)?;
    let used = before.iter().zip(&after).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
    let cpu = used.map(|used| used.as_secs_f64() / seconds as f64 * 100.0).collect();
    let memory = after.iter().map(|usage| usage.memory_mb).collect();
    let roles: Vec<&str> = processes.iter().map(|p| p.role.as_str()).collect();
    let setting = format!("{} idle processes over {seconds} s: {}", roles.len(), roles.join(", "));
    Ok(vec![
        Measured::of("idle process, of one core", "%", cpu, setting.clone()),
        Measured::of("idle process, memory", "MB", memory, setting),
    ])
}

fn all(processes: &Processes) -> Result<Vec<Usage>, CliError> {
    processes.iter().map(|process| Usage::of(process.pid)).collect()
}
