//! Logs: structured, on stderr, never secrets. `KTRDR_LOG` sets the filter, `KTRDR_LOG_FORMAT=json` the form.

use std::io::{self, IsTerminal};

use ktrdr_fleet::amqp::LIBRARY;
use tracing_subscriber::EnvFilter;

use crate::cli::Arguments;
use crate::exit::{CliError, Kind, OrExit};
use crate::settings;
use crate::stream;

/// Starts logging for the life of the process.
pub(crate) fn start(arguments: &Arguments) -> Result<(), CliError> {
    let default = match arguments.verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let wanted = variable("KTRDR_LOG")?.unwrap_or_else(|| default.to_owned());
    let filter = EnvFilter::try_new(&wanted)
        .map_err(|e| CliError::new(Kind::Usage, format!("KTRDR_LOG={wanted:?} is no log filter: {e}")))?;
    // What the broker's library says of an error, our own error says too, and what to do about it; and what it says of
    // everything holds the password.
    let filter = filter.add_directive(format!("{LIBRARY}=off").parse().or_exit(Kind::Usage)?);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stream::stderr)
        .with_ansi(io::stderr().is_terminal());
    let as_json = match variable("KTRDR_LOG_FORMAT")?.as_deref() {
        None | Some("" | "text") => false,
        Some("json") => true,
        Some(_) => return Err(CliError::new(Kind::Usage, "KTRDR_LOG_FORMAT is text or json")),
    };
    let started = if as_json { builder.json().try_init() } else { builder.try_init() };
    started.or_exit(Kind::Usage)
}

fn variable(name: &str) -> Result<Option<String>, CliError> {
    std::env::var_os(name).map(|value| settings::text(name, &value)).transpose()
}
