//! `ktrdr health`: whether a role of this machine is alive and reaches the store. For supervisors and containers, whose
//! machine is one process: cheap, silent, and right also when the broker is away, which restarts would not mend.

use std::process::ExitCode;

use ktrdr_app::diagnosis::{self, Cause, Reason};
use ktrdr_fabric::epochs::Epoch;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::exit::{CliError, Kind};
use crate::reasons;

/// The roles of this machine, and what stands in the way of work.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health<'a> {
    /// Processes of this machine that were heard of within their lease.
    processes: Vec<String>,
    /// Figures of a store that refuses to be written; null where it has room.
    store_full: Option<&'a str>,
    /// The store, as its workspace remembers it.
    epoch: Option<&'a Epoch>,
    /// Whether nothing stands in the way of work.
    sound: bool,
    /// What does, what is behind other things first.
    reasons: Vec<Reason>,
}

pub(crate) fn run(context: &Context<'_>) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        let host = ktrdr_fabric::process::host_name();
        // Who has not announced itself within its lease is not listed any more.
        let mut processes = workspace.app.registry.workers().await?;
        processes.retain(|seen| seen.worker.host == host);
        if processes.is_empty() {
            let message =
                format!("no role on {host} was heard of within its lease; see `ktrdr workers list`");
            return Err(CliError::new(Kind::Unreachable, message));
        }
        // Told, and no reason to restart anything here: it does not mend them.
        let causes = workspace.app.diagnosis().await?;
        let reasons = diagnosis::reasons(&causes);
        let full = causes.iter().find_map(|cause| match cause {
            Cause::Room(room) if room.refuses => Some(room.figures.as_str()),
            _ => None,
        });
        let boots: Vec<String> = processes.iter().map(|seen| seen.worker.boot.to_string()).collect();
        let all = workspace.identity.epochs().all().await.unwrap_or_default();
        let (sound, epoch) = (reasons.is_empty(), all.last());
        let health = Health { processes: boots, store_full: full, epoch, sound, reasons };
        context.screen.answer(&health, |screen| {
            health.processes.iter().for_each(|boot| screen.line(boot));
            health.reasons.iter().for_each(|reason| reasons::print(screen, reason));
        })?;
        Ok(ExitCode::SUCCESS)
    })
}
