//! `ktrdr health`: whether a role of this machine is alive and reaches the store. For supervisors and containers, whose
//! machine is one process: cheap, silent, and right also when the broker is away, which restarts would not mend.

use std::process::ExitCode;

use ktrdr_app::diagnosis::{self, Cause};

use super::Context;
use crate::exit::{CliError, Kind};
use crate::reasons;

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
            Cause::Room(room) if room.refuses => Some(&room.figures),
            _ => None,
        });
        let boots: Vec<String> = processes.iter().map(|seen| seen.worker.boot.to_string()).collect();
        let all = workspace.identity.epochs().all().await.unwrap_or_default();
        let document = serde_json::json!({
            "processes": boots, "store_full": full, "epoch": all.last(), "sound": reasons.is_empty(), "reasons": reasons
        });
        context.screen.answer(&document, |screen| {
            boots.iter().for_each(|boot| screen.line(boot));
            reasons.iter().for_each(|reason| reasons::print(screen, reason));
        })?;
        Ok(ExitCode::SUCCESS)
    })
}
