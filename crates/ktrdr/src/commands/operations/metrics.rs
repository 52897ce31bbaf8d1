//! `ktrdr operations metrics`: what is measured of an operation, by its type.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::metrics::{Metrics, Reading, Segment};
use ktrdr_domain::OperationId;

use crate::commands::Context;
use crate::describe;
use crate::exit::CliError;
use crate::screen::{Screen, table};

pub(super) async fn run(
    context: &Context<'_>,
    app: &dyn UseCases,
    id: &OperationId,
) -> Result<ExitCode, CliError> {
    let measured = app.metrics(id).await?;
    context.screen.answer(&measured, |screen| match &measured.metrics {
        Metrics::Epochs(readings) => print(screen, "EPOCH", readings),
        Metrics::Bars(readings) => print(screen, "BAR", readings),
        Metrics::Segments(segments) => {
            let row = |s: &Segment| vec![s.start.to_string(), s.end.to_string()];
            screen.line(table(&["FROM", "TO"], &segments.iter().map(row).collect::<Vec<_>>()));
        }
        Metrics::History(_) => screen.note(format!("its history: ktrdr operations events {id}")),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A row for each reading, a column for each figure that the last one has.
fn print(screen: &Screen, item: &str, readings: &[Reading]) {
    let names =
        readings.last().map(|last| last.figures.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let row = |reading: &Reading| {
        let figures = names
            .iter()
            .map(|name| reading.figures.get(name).map_or_else(|| "–".into(), |f| describe::figure(*f)));
        std::iter::once(reading.item.to_string()).chain(figures).collect()
    };
    let head: Vec<String> =
        std::iter::once(item.to_owned()).chain(names.iter().map(|n| n.to_uppercase())).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    screen.line(table(&head, &readings.iter().map(row).collect::<Vec<_>>()));
}
