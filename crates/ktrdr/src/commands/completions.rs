//! `ktrdr completions SHELL`

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Arguments, CompletionsArguments};
use crate::exit::CliError;
use crate::screen::Screen;

pub(crate) fn run(arguments: &CompletionsArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "ktrdr", &mut script);
    let script = String::from_utf8_lossy(&script);
    let document = serde_json::json!({ "shell": arguments.shell.to_string(), "script": script });
    screen.answer(&document, |screen| screen.raw(&script))?;
    Ok(ExitCode::SUCCESS)
}
