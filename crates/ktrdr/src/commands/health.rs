//! `ktrdr health`: whether a role of this machine is alive and reaches the store. For supervisors and containers, whose
//! machine is one process: cheap, silent, and right also when the broker is away, which restarts would not mend.

use std::process::ExitCode;

use super::Context;
use crate::exit::{CliError, Kind};

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
        let room = workspace.identity.room().await?;
        if room.refuses {
            context.screen.note(format!("the store is full: {}; {}", room.figures, room.action));
        }
        let boots: Vec<String> = processes.iter().map(|seen| seen.worker.boot.to_string()).collect();
        let all = workspace.identity.epochs().all().await.unwrap_or_default();
        let full = room.refuses.then_some(room.figures);
        let document = serde_json::json!({ "processes": boots, "store_full": full, "epoch": all.last() });
        context.screen.answer(&document, |screen| boots.iter().for_each(|boot| screen.line(boot)))?;
        Ok(ExitCode::SUCCESS)
    })
}
