//! `ktrdr completions SHELL`

use std::process::ExitCode;

use crate::cli::CompletionsArguments;
use crate::complete;
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

pub(crate) fn run(arguments: &CompletionsArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let shell = arguments.shell;
    let script = complete::script(shell)
        .ok_or_else(|| CliError::new(Kind::Usage, format!("nobody knows how {shell} asks")))?;
    let document = serde_json::json!({ "shell": shell.to_string(), "script": script });
    screen.answer(&document, |screen| screen.raw(&script))?;
    Ok(ExitCode::SUCCESS)
}
