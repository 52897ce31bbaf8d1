//! Logs: structured, on stderr, never secrets. `KTRDR_LOG` sets the filter, `KTRDR_LOG_FORMAT=json` the form.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use ktrdr_fleet::amqp::LIBRARY;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::Arguments;
use crate::exit::{CliError, Kind, OrExit};
use crate::log_lines::{TracedFields, TracedLines};
use crate::settings;
use crate::stream;

/// Lines kept for a follower that is slow.
const LINES_MAX: usize = 1024;

/// The form of lines.
const FORM: &str = "KTRDR_LOG_FORMAT";

/// Every line of this process's log, for those who follow it.
static LINES: LazyLock<Sender<Arc<str>>> = LazyLock::new(|| broadcast::channel(LINES_MAX).0);

/// Whether stderr is for programs: nothing is written there but lines of JSON.
static IS_JSON: LazyLock<bool> = LazyLock::new(|| std::env::var_os(FORM).is_some_and(|form| form == "json"));

/// Whether lines go to those who follow alone: somebody draws on the terminal where they would appear.
static IS_HELD: AtomicBool = AtomicBool::new(false);

/// Keeps lines off a terminal that is drawn on, or no longer.
pub(crate) fn hold(is_held: bool) {
    IS_HELD.store(is_held, Ordering::SeqCst);
}

/// The lines from now on.
pub(crate) fn lines() -> Receiver<Arc<str>> {
    LINES.subscribe()
}

/// Whether whatever is said on stderr has to be a line of JSON.
pub(crate) fn is_json() -> bool {
    *IS_JSON
}

/// One line on its way to stderr, and to whoever follows.
struct Tee {
    lines: Sender<Arc<str>>,
    whole: Vec<u8>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lines.receiver_count() > 0 {
            self.whole.extend_from_slice(bytes);
        }
        if IS_HELD.load(Ordering::SeqCst) && io::stderr().is_terminal() {
            return Ok(bytes.len());
        }
        stream::stderr().write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stream::stderr().flush()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let line = String::from_utf8_lossy(&self.whole);
        if !line.trim().is_empty() {
            // Nobody follows any more.
            let _ = self.lines.send(line.trim_end().into());
        }
    }
}

/// Starts logging for the life of the process.
pub(crate) fn start(arguments: &Arguments) -> Result<(), CliError> {
    let default = match arguments.verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let wanted = variable("KTRDR_LOG")?.filter(|wanted| !wanted.is_empty());
    let wanted = wanted.unwrap_or_else(|| default.to_owned());
    let filter: Targets = wanted
        .parse()
        .map_err(|e| CliError::new(Kind::Usage, format!("KTRDR_LOG={wanted:?} is no log filter: {e}")))?;
    // What the broker's library says of an error, our own error says too, and what to do about it; and what it says of
    // everything holds the password.
    let filter = filter.with_target(LIBRARY, LevelFilter::OFF);
    let lines = layer().with_writer(|| Tee { lines: LINES.clone(), whole: Vec::new() });
    let lines = match variable(FORM)?.as_deref() {
        None | Some("" | "text") => {
            lines.with_ansi(io::stderr().is_terminal()).fmt_fields(TracedFields::new()).boxed()
        }
        Some("json") => {
            panics_are_lines();
            lines.fmt_fields(JsonFields::new()).event_format(TracedLines::new()).boxed()
        }
        Some(_) => return Err(CliError::new(Kind::Usage, "KTRDR_LOG_FORMAT is text or json")),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init().or_exit(Kind::Usage)
}

/// A panic is told as every error is.
fn panics_are_lines() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload_as_str().unwrap_or("without words");
        tracing::error!(place, words, "a thread panicked");
    }));
}

fn variable(name: &str) -> Result<Option<String>, CliError> {
    std::env::var_os(name).map(|value| settings::text(name, &value)).transpose()
}
