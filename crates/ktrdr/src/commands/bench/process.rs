//! Processes of this program that are measured, and what they use by the kernel's own count.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::commands::Context;

use crate::exit::{CliError, Kind, OrExit};

/// The longest a process may take to start, or to end.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Whatever starting costs is over by then.
pub(super) const SETTLED: Duration = Duration::from_secs(2);

/// Ticks per second of `/proc/<pid>/stat` on Linux (`getconf CLK_TCK`).
const TICKS_PER_S: f64 = 100.0;

/// This program with the same workspace; killed when it is dropped.
pub(super) fn program(context: &Context<'_>, arguments: &[&str]) -> Result<Command, CliError> {
    let mut command = Command::new(std::env::current_exe().or_exit(Kind::Files)?);
    command.arg("--workspace").arg(&context.folder).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Asks all to end, and waits for it.
pub(super) async fn end(children: impl IntoIterator<Item = Child>) -> Result<(), CliError> {
    let children: Vec<Child> = children.into_iter().collect();
    let pids = children.iter().filter_map(Child::id).map(|pid| pid.to_string());
    Command::new("kill").arg("-TERM").args(pids).status().await.or_exit(Kind::Files)?;
    for mut child in children {
        // Whoever is late is killed when it is dropped.
        let _ = tokio::time::timeout(TIMEOUT, child.wait()).await;
    }
    Ok(())
}

/// At one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// User and system time so far.
    pub(super) cpu: Duration,
    /// Resident memory in MiB.
    pub(super) memory_mb: f64,
}

impl Usage {
    pub(super) fn of(pid: u32) -> Result<Self, CliError> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).or_exit(Kind::Files);
        let ticks = ticks(&read("stat")?);
        let (Some(ticks), Some(memory_mb)) = (ticks, resident_mb(&read("status")?)) else {
            return Err(CliError::new(
                Kind::Files,
                format!("/proc/{pid} does not say what the process uses"),
            ));
        };
        Ok(Self { cpu: Duration::from_secs_f64(ticks / TICKS_PER_S), memory_mb })
    }
}

/// User and system time so far: fields 14 and 15, counted after the command's name in brackets.
fn ticks(stat: &str) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
}

fn resident_mb(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
