//! `ktrdr completions SHELL`

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Arguments, CompletionsArguments};
use crate::exit::CliError;
use crate::screen::Screen;

pub(crate) fn run(arguments: &CompletionsArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "ktrdr", &mut script);
    screen.raw(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
