//! `ktrdr agent …`

use std::process::ExitCode;

use super::{Context, budget};
use crate::cli::agent::{AgentArguments, AgentVerb};
use crate::exit::CliError;

pub(crate) fn run(context: &Context<'_>, arguments: &AgentArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            AgentVerb::Budget(wanted) => budget::show(context, &wanted.into()).await,
        }
    })
}
