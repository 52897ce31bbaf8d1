//! `ktrdr data …`

mod windows;

use std::path::Path;
use std::process::ExitCode;

use ktrdr_app::data::{self, DataLoaded, IMPORT_BYTES_MAX, ImportRequest, ListedSeries};
use ktrdr_app::resample::ResampledSeries;
use ktrdr_app::use_cases::Library;
use ktrdr_app::{AppError, UseCases};
use ktrdr_domain::{Span, Windows};
use ktrdr_quant::data::health::HealthReport;

use super::Context;
use super::start::{ended, start_and_wait};
use crate::cli::StartArguments;
use crate::cli::data::{
    DataArguments, DataVerb, GenerateArguments, ImportArguments, ResampleArguments, SeriesArguments,
};
use crate::describe::{counted, thousands};
use crate::desk::Desk;
use crate::exit::{CliError, Kind, OrExit};
use crate::files;
use crate::screen::{Screen, table};

/// Gaps, and spikes, that are listed for people.
const LISTED_MAX: usize = 5;

pub(crate) fn run(context: &Context<'_>, arguments: &DataArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            DataVerb::Import(wanted) => import(context, wanted).await,
            DataVerb::Check(wanted) => check(context, wanted).await,
            DataVerb::Generate(wanted) => generate(context, wanted).await,
            DataVerb::Resample(wanted) => resample(context, wanted).await,
            DataVerb::List => list(context).await,
            DataVerb::Windows { symbol } => windows::show(context, symbol).await,
            DataVerb::RollWindows(wanted) => windows::roll(context, wanted).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// All files at once. One that can not be brought in is told, and the others are.
async fn import(context: &Context<'_>, wanted: &ImportArguments) -> Result<(), CliError> {
    let imports = imports(wanted)?;
    let submit = async |app: &dyn UseCases| {
        let mut submitted = Vec::with_capacity(imports.len());
        for Import { request, csv, .. } in &imports {
            submitted.push(app.import_data(request, csv).await?);
        }
        Ok(submitted)
    };
    let rows = ended(start_and_wait(context, StartArguments::default(), submit).await?)?;
    let mut loaded = Vec::with_capacity(rows.len());
    for (Import { file, .. }, row) in imports.iter().zip(&rows) {
        let named = |e: AppError| CliError::new(e.kind.into(), format!("{}: {e}", file.display()));
        loaded.push(data::imported(row).map_err(named)?);
    }
    match loaded.as_slice() {
        [one] => context.screen.answer(one, |screen| print_imported(screen, one)),
        several => context.screen.list("imported", several, |screen| {
            several.iter().for_each(|loaded| print_imported(screen, loaded));
        }),
    }
}

/// A file to bring in.
struct Import<'a> {
    file: &'a Path,
    request: ImportRequest,
    csv: Vec<u8>,
}

/// Every file, read; what can not be read or does not say what it holds is found before anything is brought in.
fn imports(wanted: &ImportArguments) -> Result<Vec<Import<'_>>, CliError> {
    if let Some(fault) = wanted.fault() {
        return Err(CliError::new(Kind::Usage, fault));
    }
    let named = wanted.files.iter().map(|file| {
        let (symbol, timeframe) = wanted.series(file).or_exit(Kind::Usage)?;
        Ok((file, wanted.request(symbol, timeframe)))
    });
    let named: Vec<_> = named.collect::<Result<_, CliError>>()?;
    named
        .into_iter()
        .map(|(file, request)| Ok(Import { csv: files::read(file, IMPORT_BYTES_MAX)?, file, request }))
        .collect()
}

fn print_imported(screen: &Screen, loaded: &DataLoaded) {
    screen.line(format!(
        "imported {} bars of {} {}: {}",
        loaded.bars, loaded.data.symbol, loaded.data.timeframe, loaded.data.span
    ));
    if let Some(w) = &loaded.windows {
        screen.line(format!("windows: {}", windows::dates(w)));
    }
    loaded.notes.iter().for_each(|n| screen.line(format!("note: {n}")));
    print_findings(screen, &loaded.health);
}

/// Needs no store: a workspace that may only be read is enough.
async fn check(context: &Context<'_>, wanted: &SeriesArguments) -> Result<(), CliError> {
    let (symbol, timeframe) = (&wanted.symbol, wanted.timeframe);
    let checked = match &context.server {
        Some(server) => server.check_data(symbol, timeframe).await?,
        None => data::check(&*context.artifacts_there()?, symbol, timeframe).await?,
    };
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
    for gap in g.longest.iter().take(LISTED_MAX) {
        let class = serde_json::to_value(gap.class).unwrap_or_default();
        screen.line(format!("            {} … {} {}", gap.from, gap.to, class.as_str().unwrap_or_default()));
    }
    rest(screen, g.closure + g.unexpected, g.longest.len());
    screen.line(format!("spikes      {} · repeated bars {}", report.spikes.count, report.stale.bars));
    for spike in report.spikes.largest.iter().take(LISTED_MAX) {
        let back = if spike.reverted { ", taken back by the next bar" } else { "" };
        screen.line(format!(
            "            {} a move of {:.2} %, {:.0} times the usual{back}",
            spike.at,
            spike.log_return.exp_m1() * 100.0,
            spike.times_median
        ));
    }
    rest(screen, report.spikes.count, report.spikes.largest.len());
    if let Some(from) = report.stale.longest_from {
        screen.line(format!(
            "            {} the longest run of repeated bars: {}",
            from, report.stale.longest_run
        ));
    }
    print_findings(screen, report);
}

/// That there are more than were listed.
fn rest(screen: &Screen, all: u64, known: usize) {
    let shown = known.min(LISTED_MAX) as u64;
    if all > shown && shown > 0 {
        screen.line(format!("            and {} more; --output json lists the largest 20", all - shown));
    }
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
    let data = context.desk().await?.app().generate_data(&wanted.into()).await?;
    context.screen.answer(&data, |screen| {
        screen.line(format!(
            "generated {} bars of {} {}: {}",
            wanted.bars, data.symbol, data.timeframe, data.span
        ));
    })
}

async fn resample(context: &Context<'_>, wanted: &ResampleArguments) -> Result<(), CliError> {
    let made = context.desk().await?.app().resample_data(&wanted.into()).await?;
    context.screen.answer(&made, |screen| {
        let ResampledSeries { data, bars, from, from_bars } = &made;
        screen.line(format!(
            "made {} of {} {} of {} {from} bars: {}",
            counted(*bars, "bar"),
            data.symbol,
            data.timeframe,
            thousands(*from_bars),
            data.span
        ));
    })
}

/// Looks are counted in the store. Without it, as in a workspace that may only be read, everything else is shown.
async fn list(context: &Context<'_>) -> Result<(), CliError> {
    let listed = match counting(context).await? {
        Some(desk) => desk.app().list_data().await?,
        None => data::list(&*context.artifacts_there()?, &context.settings.windows).await?,
    };
    context.screen.list("series", &listed, |screen| {
        if listed.is_empty() {
            screen.line(
                "no series; import one with `ktrdr data import` or make one with `ktrdr data generate`",
            );
            return;
        }
        screen.line(table(
            &["FILE", "DEV FROM", "GATE FROM", "VAULT FROM", "TO", "LOOKS AT GATE", "VAULT OPENED", "KIND"],
            &listed.iter().map(row).collect::<Vec<_>>(),
        ));
    })
}

/// Who counts looks; `None` where nobody does: a store is not begun only to be asked.
async fn counting(context: &Context<'_>) -> Result<Option<Desk>, CliError> {
    if context.server.is_some() {
        return context.desk().await.map(Some);
    }
    let remembered = context.opening()?.epochs()?.current().await;
    if matches!(remembered, Ok(None)) {
        return Ok(None);
    }
    let opened = context.desk().await;
    if let Err(why) = &opened {
        context.screen.note(format!("looks can not be counted: {}", why.message));
    }
    Ok(opened.ok())
}

fn row(l: &ListedSeries) -> Vec<String> {
    let dash = || "–".to_owned();
    let kind = match (&l.data, &l.error) {
        (_, Some(error)) => error.lines().next().unwrap_or_default().to_owned(),
        (Some(d), None) if d.synthetic => "generated".to_owned(),
        (_, None) => "observed".to_owned(),
    };
    let looks = match (l.looks, l.burnt) {
        (Some(looks), Some(true)) => format!("{looks} (burnt)"),
        (Some(looks), _) => looks.to_string(),
        (None, _) => dash(),
    };
    let not_fixed = if l.windows_fixed || l.windows.is_none() { "" } else { " (not fixed yet)" };
    let start = |window: fn(&Windows) -> Span| match (&l.windows, &l.data) {
        (Some(windows), Some(data)) => windows::start(window(windows), data.span),
        _ => dash(),
    };
    vec![
        l.file.clone(),
        l.data.as_ref().map_or_else(dash, |d| windows::date(d.span.start)),
        start(|windows| windows.gate),
        start(|windows| windows.vault) + not_fixed,
        l.data.as_ref().map_or_else(dash, |d| windows::date(d.span.end)),
        looks,
        l.vault_openings.to_string(),
        kind,
    ]
}
