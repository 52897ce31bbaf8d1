//! `ktrdr completions SHELL`

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::CompletionsArguments;
use crate::complete;
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

/// What a shell is given to read.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Script<'a> {
    /// Which shell.
    shell: String,
    /// What it reads.
    script: &'a str,
}

pub(crate) fn run(arguments: &CompletionsArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let shell = arguments.shell;
    let script = complete::script(shell)
        .ok_or_else(|| CliError::new(Kind::Usage, format!("nobody knows how {shell} asks")))?;
    let document = Script { shell: shell.to_string(), script: &script };
    screen.answer(&document, |screen| screen.raw(&script))?;
    Ok(ExitCode::SUCCESS)
}
