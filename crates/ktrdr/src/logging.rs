//! Logs: structured, on stderr, never secrets. `KTRDR_LOG` sets the filter, `KTRDR_LOG_FORMAT=json` the form.

use std::io::{self, IsTerminal};

use ktrdr_fabric::fleet::amqp::LIBRARY;
use tracing_subscriber::EnvFilter;

use crate::cli::Arguments;
use crate::exit::{CliError, Kind, OrExit};

/// Starts logging for the life of the process.
pub(crate) fn start(arguments: &Arguments) -> Result<(), CliError> {
    let default = match arguments.verbose {
        // What the broker's library logs of an error, our own error says again, and what to do about it.
        0 => format!("warn,{LIBRARY}=off"),
        1 => format!("info,{LIBRARY}=off"),
        _ => format!("debug,{LIBRARY}=info"),
    };
    let wanted = std::env::var("KTRDR_LOG").unwrap_or(default);
    let filter = EnvFilter::try_new(&wanted)
        .map_err(|e| CliError::new(Kind::Usage, format!("KTRDR_LOG={wanted:?} is no log filter: {e}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let as_json = std::env::var("KTRDR_LOG_FORMAT").is_ok_and(|f| f == "json");
    let started = if as_json { builder.json().try_init() } else { builder.try_init() };
    started.or_exit(Kind::Usage)
}
