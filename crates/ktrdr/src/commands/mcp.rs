//! `ktrdr mcp`: a server for one client at stdin and stdout.

use std::process::ExitCode;

use super::Context;
use crate::cli::mcp::McpArguments;
use crate::exit::{CliError, Kind, OrExit};

pub(crate) fn run(context: &Context<'_>, arguments: McpArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        let served = ktrdr_mcp::serve(workspace.app.clone(), arguments.into());
        tokio::select! {
            served = served => served.or_exit(Kind::InvalidInput)?,
            lost = workspace.lost() => return Err(lost),
        }
        Ok(ExitCode::SUCCESS)
    })
}
