//! `ktrdr config show`

use std::process::ExitCode;

use super::Context;
use crate::cli::{ConfigArguments, ConfigVerb};
use crate::exit::{CliError, Kind, OrExit};

pub(crate) fn run(context: &Context<'_>, arguments: &ConfigArguments) -> Result<ExitCode, CliError> {
    match arguments.verb {
        ConfigVerb::Show => {
            let as_toml = toml::to_string_pretty(&context.settings).or_exit(Kind::InvalidInput)?;
            context.screen.answer(&context.settings, |screen| {
                let file = context.folder.join("ktrdr.toml");
                let found = if file.exists() { "read" } else { "not there" };
                screen.line(format!(
                    "# built-in values, then {} ({found}), then KTRDR_… variables",
                    file.display()
                ));
                screen.line(as_toml.trim_end());
            })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
