//! `ktrdr data …`

use std::process::ExitCode;

use ktrdr_app::App;
use ktrdr_app::data::{self, IMPORT_BYTES_MAX, ImportRequest, ListedSeries};
use ktrdr_quant::data::health::HealthReport;

use super::Context;
use super::start::{ended, start_and_wait};
use crate::cli::StartArguments;
use crate::cli::data::{DataArguments, DataVerb, GenerateArguments, ImportArguments, SeriesArguments};
use crate::exit::CliError;
use crate::files;
use crate::screen::{Screen, table};

pub(crate) fn run(context: &Context<'_>, arguments: &DataArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            DataVerb::Import(wanted) => import(context, wanted).await,
            DataVerb::Check(wanted) => check(context, wanted).await,
            DataVerb::Generate(wanted) => generate(context, wanted).await,
            DataVerb::List => list(context).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn import(context: &Context<'_>, wanted: &ImportArguments) -> Result<(), CliError> {
    let csv = files::read(&wanted.file, IMPORT_BYTES_MAX)?;
    let request = ImportRequest::from(wanted);
    let submit = async |app: &App| app.import_data(&request, &csv).await;
    let rows = ended(start_and_wait(context, StartArguments::default(), submit).await?)?;
    let loaded = data::imported(&rows[0])
        .map_err(|e| CliError::new(e.kind.into(), format!("{}: {e}", wanted.file.display())))?;
    context.screen.answer(&loaded, |screen| {
        screen.line(format!(
            "imported {} bars of {} {}: {}",
            loaded.bars, loaded.data.symbol, loaded.data.timeframe, loaded.data.span
        ));
        loaded.notes.iter().for_each(|n| screen.line(format!("note: {n}")));
        print_findings(screen, &loaded.health);
    })
}

/// Needs no store: a workspace that may only be read is enough.
async fn check(context: &Context<'_>, wanted: &SeriesArguments) -> Result<(), CliError> {
    let checked = data::check(&*context.artifacts()?, &wanted.symbol, wanted.timeframe).await?;
    context.screen.answer(&checked, |screen| {
        print_health(screen, &checked.health);
        screen.line(format!("sha256 {}", checked.data.sha256));
    })
}

fn print_health(screen: &Screen, report: &HealthReport) {
    let span = report.span.map_or_else(|| "–".into(), |s| s.to_string());
    let generated = if report.synthetic { " · generated" } else { "" };
    screen.line(format!("{} {} · {} bars · {span}{generated}", report.symbol, report.timeframe, report.rows));
    if let Some(calendar) = &report.calendar {
        screen.line(format!(
            "calendar    {:.1} days and {:.0} bars per year",
            calendar.days_per_year, calendar.bars_per_year
        ));
    }
    let g = &report.gaps;
    screen.line(format!(
        "gaps        {} weekend · {} session · {} holiday · {} closure · {} unexpected ({} bars)",
        g.weekend, g.session, g.holiday, g.closure, g.unexpected, g.unexpected_bars
    ));
    screen.line(format!("spikes      {} · repeated bars {}", report.spikes.count, report.stale.bars));
    print_findings(screen, report);
}

fn print_findings(screen: &Screen, report: &HealthReport) {
    if report.findings.is_empty() {
        screen.line("no findings: fit for research");
    }
    for f in &report.findings {
        screen.line(format!("{:<9} {}; {}", f.severity, f.message, f.fix));
    }
}

async fn generate(context: &Context<'_>, wanted: &GenerateArguments) -> Result<(), CliError> {
    let data = context.open_beside().await?.app.generate_data(&wanted.into()).await?;
    context.screen.answer(&data, |screen| {
        screen.line(format!(
            "generated {} bars of {} {}: {}",
            wanted.bars, data.symbol, data.timeframe, data.span
        ));
    })
}

/// As [`check`]: needs no store.
async fn list(context: &Context<'_>) -> Result<(), CliError> {
    let listed = data::list(&*context.artifacts()?, &context.settings.windows).await?;
    context.screen.list("series", &listed, |screen| {
        if listed.is_empty() {
            screen.line(
                "no series; import one with `ktrdr data import` or make one with `ktrdr data generate`",
            );
            return;
        }
        screen.line(table(
            &["FILE", "FROM", "GATE FROM", "VAULT FROM", "TO", "KIND"],
            &listed.iter().map(row).collect::<Vec<_>>(),
        ));
    })
}

fn row(l: &ListedSeries) -> Vec<String> {
    let dash = || "–".to_owned();
    let date = |t: ktrdr_domain::Timestamp| t.to_string().chars().take(10).collect::<String>();
    let kind = match (&l.data, &l.error) {
        (Some(d), _) if d.synthetic => "generated".to_owned(),
        (Some(_), _) => "observed".to_owned(),
        (None, error) => error.clone().unwrap_or_default().lines().next().unwrap_or_default().to_owned(),
    };
    vec![
        l.file.clone(),
        l.data.as_ref().map_or_else(dash, |d| date(d.span.start)),
        l.windows.map_or_else(dash, |w| date(w.gate.start)),
        l.windows.map_or_else(dash, |w| date(w.vault.start)),
        l.data.as_ref().map_or_else(dash, |d| date(d.span.end)),
        kind,
    ]
}
