//! Who is asked for values: the workspace, or the server, that the line so far names. Nothing is made there, nothing is said,
//! and nobody waits for long.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use clap::Parser;
use ktrdr_app::AppError;
use ktrdr_catalog::{series, strategies};
use ktrdr_domain::Timeframe;
use ktrdr_fabric::artifacts::Artifacts;

use super::source::Source;
use crate::cli::{Arguments, OutputForm};
use crate::commands::Context;
use crate::screen::Screen;
use crate::settings::EngineName;

/// For how long a shell waits: a server that is farther away offers nothing.
const PATIENCE: Duration = Duration::from_millis(400);

/// The store of an embedded engine: where it is not, none is made.
const STORE: &str = "ktrdr.db";

/// Options of the line that say who is asked.
const OPTIONS: [&str; 5] = ["--workspace", "-w", "--server", "--token-file", "--server-ca"];

/// Who is asked.
pub(super) struct Asked {
    arguments: Arguments,
    screen: Screen,
    /// The words before the one that is typed.
    typed: Vec<String>,
}

impl Asked {
    /// As the line says that this process completes.
    pub(super) fn of_this_process() -> Option<Self> {
        let line = std::env::args_os().skip_while(|word| word != "--").skip(2).collect::<Vec<_>>();
        Self::of_line(&line)
    }

    /// As a line says it that may be no command.
    pub(super) fn of_line(line: &[OsString]) -> Option<Self> {
        // Any command will do: it is only the options that are read.
        let words = ["ktrdr", "queues", "list"].map(OsString::from).into_iter().chain(among(line));
        let arguments = Arguments::try_parse_from(words).ok()?;
        let before = &line[..line.len().saturating_sub(1)];
        let typed = before.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Some(Self { screen: Screen::new(OutputForm::Json), arguments, typed })
    }

    /// The values, if they come in time.
    pub(super) fn answer(&self, source: &Source) -> Option<Vec<(String, String)>> {
        if let Some(known) = source.known(&self.typed) {
            return Some(known);
        }
        let context = Context::new(&self.arguments, &self.screen).ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let answer =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, values(&context, source)).await });
        runtime.shutdown_background();
        answer.ok()?
    }
}

/// Those of the options that the line has so far, with their values.
fn among(line: &[OsString]) -> Vec<OsString> {
    let mut said = Vec::new();
    let mut words = line.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let name = text.split('=').next().unwrap_or_default();
        match (OPTIONS.contains(&name), text.contains('=')) {
            (true, true) => said.push(word.clone()),
            (true, false) => said.extend([Some(word.clone()), words.next().cloned()].into_iter().flatten()),
            (false, _) => {}
        }
    }
    said
}

async fn values(context: &Context<'_>, source: &Source) -> Option<Vec<(String, String)>> {
    if context.server.is_none() {
        // Files are listed without opening a store.
        if let Some(names) = of_files(context, source).await {
            return names.ok();
        }
        let is_embedded = context.settings.engine == EngineName::Embedded;
        if is_embedded && !context.folder.join(STORE).is_file() {
            return None;
        }
    }
    let desk = context.desk().await.ok()?;
    source.values(desk.app()).await.ok()
}

/// Values that are names of files here; `None` for those that are not.
async fn of_files(context: &Context<'_>, source: &Source) -> Option<Result<Vec<(String, String)>, AppError>> {
    if !matches!(source, Source::Symbols | Source::Timeframes | Source::Strategies) {
        return None;
    }
    let artifacts = context.artifacts().ok()?;
    let names = named(&*artifacts, source).await;
    Some(names.map(|names| names.into_iter().map(|name| (name, String::new())).collect()))
}

async fn named(artifacts: &dyn Artifacts, source: &Source) -> Result<Vec<String>, AppError> {
    if *source == Source::Strategies {
        let names = strategies::names(artifacts).await?;
        return Ok(names.iter().map(ToString::to_string).collect());
    }
    let all = series::all(artifacts).await?;
    Ok(match source {
        Source::Timeframes => {
            let bars: BTreeSet<Timeframe> = all.into_iter().map(|(_, _, bars)| bars).collect();
            bars.iter().map(ToString::to_string).collect()
        }
        _ => {
            let names: BTreeSet<String> = all.iter().map(|(_, symbol, _)| symbol.to_string()).collect();
            names.into_iter().collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_the_options_are_read_that_say_who_is_asked() {
        let read = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            among(&words).iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("-w lab operations status op_"), "-w lab");
        assert_eq!(read("--workspace=lab data check --symbol"), "--workspace=lab");
        assert_eq!(read("--server http://x -o json"), "--server http://x");
        assert_eq!(read("operations -w"), "-w");
    }
}
