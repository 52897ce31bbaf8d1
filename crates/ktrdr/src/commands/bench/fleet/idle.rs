//! What a process costs that has nothing to do: share of one core, and memory.

use std::time::Duration;

use super::Measured;
use super::processes::{Process, Processes};
use crate::exit::{CliError, Kind, OrExit};

/// Ticks per second of `/proc/<pid>/stat` on Linux (`getconf CLK_TCK`).
const TICKS_PER_S: f64 = 100.0;

pub(super) async fn watch(processes: &Processes, seconds: u64) -> Result<Vec<Measured>, CliError> {
    // Whatever starting costs is over by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = all(processes, ticks)?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after = all(processes, ticks)?;
    let share = |(b, a): (&f64, &f64)| (a - b) / TICKS_PER_S / seconds as f64 * 100.0;
    let cpu = before.iter().zip(&after).map(share).collect();
    let memory = all(processes, resident_mb)?;
    let roles: Vec<&str> = processes.iter().map(|p| p.role.as_str()).collect();
    let setting = format!("{} idle processes over {seconds} s: {}", roles.len(), roles.join(", "));
    Ok(vec![
        Measured::of("idle process, of one core", "%", cpu, setting.clone()),
        Measured::of("idle process, memory", "MB", memory, setting),
    ])
}

fn all(processes: &Processes, of: fn(&str) -> Option<f64>) -> Result<Vec<f64>, CliError> {
    processes.iter().map(|p| read(p, of)).collect()
}

fn read(process: &Process, of: fn(&str) -> Option<f64>) -> Result<f64, CliError> {
    let path = format!("/proc/{}/", process.pid);
    let stat = std::fs::read_to_string(format!("{path}stat")).or_exit(Kind::Files)?;
    let status = std::fs::read_to_string(format!("{path}status")).or_exit(Kind::Files)?;
    of(&format!("{stat}\n{status}"))
        .ok_or_else(|| CliError::new(Kind::Files, format!("{path} of {} is not readable", process.role)))
}

/// User and system time so far: fields 14 and 15, counted after the command's name in brackets.
fn ticks(text: &str) -> Option<f64> {
    let fields: Vec<&str> = text.lines().next()?.rsplit_once(") ")?.1.split(' ').collect();
    Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
}

fn resident_mb(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
