//! `ktrdr data …`

use std::process::ExitCode;

use ktrdr_domain::job::DataLoadSpec;
use ktrdr_domain::window::Windows;
use ktrdr_domain::{DataRef, JobSpec, Sha256, Symbol, Timeframe};
use ktrdr_jobs::data_load::{self, DataLoaded};
use ktrdr_jobs::series;
use ktrdr_quant::data::csv;
use ktrdr_quant::data::generate::{self, Process, Recipe, Sessions};
use ktrdr_quant::data::health::{self, HealthReport};
use serde::Serialize;

use super::Context;
use super::start::{Work, here_or_there, result_of};
use crate::cli::data::{
    DataArguments, DataVerb, GenerateArguments, ImportArguments, ProcessName, SeriesArguments, SessionName,
};
use crate::exit::{CliError, Kind, OrExit};
use crate::market;
use crate::screen::{Screen, table};
use crate::workspace::Workspace;

/// Largest file that is imported, in bytes.
const IMPORT_BYTES_MAX: u64 = 2 << 30;

/// First price of generated bars.
const START_PRICE: f64 = 1.1;

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
    let utc_offset = wanted.utc_offset.unwrap_or(0.0);
    if !(-14.0..=14.0).contains(&utc_offset) {
        return Err(CliError::new(Kind::Usage, "--utc-offset is in hours, from -14 to 14"));
    }
    let bytes = market::read_file(&wanted.file, IMPORT_BYTES_MAX)?;
    let spec = DataLoadSpec {
        sha256: Sha256::of(&bytes),
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        utc_offset_s: (utc_offset * 3600.0).round() as i32,
        time_zone: wanted.time_zone.map(|zone| zone.to_string()),
        sort: wanted.sort,
        date_order: wanted.date_order.map(Into::into),
        decimal: wanted.decimal.map(Into::into),
        volume_column: wanted.volume_column.clone(),
        allow_negative_prices: wanted.allow_negative_prices,
        replace: wanted.replace,
    };
    let prepare = async |workspace: &Workspace| {
        workspace.artifacts.put(&data_load::raw_key(&spec.sha256)?, &bytes).await?;
        Ok(Work::Job(JobSpec::DataLoad(spec.clone())))
    };
    let rows = here_or_there(context, prepare).await?;
    let loaded: DataLoaded =
        result_of(&rows[0]).map_err(|e| CliError::new(e.kind, format!("{}: {e}", wanted.file.display())))?;
    context.screen.answer(&loaded, |screen| {
        screen.line(format!(
            "imported {} bars of {} {}: {}",
            loaded.bars, loaded.data.symbol, loaded.data.timeframe, loaded.data.span
        ));
        loaded.notes.iter().for_each(|n| screen.line(format!("note: {n}")));
        print_findings(screen, &loaded.health);
    })
}

async fn check(context: &Context<'_>, wanted: &SeriesArguments) -> Result<(), CliError> {
    let workspace = context.open_beside().await?;
    let (data, bars) = series::read_now(&*workspace.artifacts, &wanted.symbol, wanted.timeframe)
        .await
        .map_err(market::explain)?;
    let report = health::check(&bars);
    let document = serde_json::json!({ "data": data, "health": report });
    context.screen.answer(&document, |screen| {
        print_health(screen, &report);
        screen.line(format!("sha256 {}", data.sha256));
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
    let workspace = context.open_beside().await?;
    let data = make(&workspace, &recipe(wanted)?, wanted.replace).await?;
    context.screen.answer(&data, |screen| {
        screen.line(format!(
            "generated {} bars of {} {}: {}",
            wanted.bars, data.symbol, data.timeframe, data.span
        ));
    })
}

fn recipe(wanted: &GenerateArguments) -> Result<Recipe, CliError> {
    let process = match wanted.process {
        ProcessName::RandomWalk => Process::from_name("random-walk").or_exit(Kind::Usage)?,
        ProcessName::RegimeVolatility => Process::from_name("regime-volatility").or_exit(Kind::Usage)?,
        ProcessName::PlantedEdge => Process::PlantedEdge { strength: wanted.strength },
    };
    Ok(Recipe {
        process,
        sessions: match wanted.session {
            SessionName::Currency => Sessions::Currency,
            SessionName::Always => Sessions::Always,
            SessionName::Shares => Sessions::Shares,
        },
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        start: wanted.start,
        bars: wanted.bars as usize,
        start_price: START_PRICE,
        seed: wanted.seed,
    })
}

/// Generates bars and stores them as a series.
pub(crate) async fn make(workspace: &Workspace, recipe: &Recipe, replace: bool) -> Result<DataRef, CliError> {
    let bars = generate::generate(recipe).or_exit(Kind::Usage)?;
    let key = series::key(&recipe.symbol, recipe.timeframe)?;
    let bytes = csv::write(&bars);
    if replace {
        workspace.artifacts.put(&key, &bytes).await?;
    } else {
        workspace.artifacts.create(&key, &bytes).await?;
    }
    let (data, _) = series::read_now(&*workspace.artifacts, &recipe.symbol, recipe.timeframe)
        .await
        .map_err(market::explain)?;
    Ok(data)
}

/// One series of the workspace.
#[derive(Serialize)]
struct Listed {
    file: String,
    #[serde(flatten)]
    data: Option<DataRef>,
    windows: Option<Windows>,
    error: Option<String>,
}

async fn list(context: &Context<'_>) -> Result<(), CliError> {
    let workspace = context.open_beside().await?;
    let folder = "data".parse().or_exit(Kind::Usage)?;
    let mut listed = Vec::new();
    for key in workspace.artifacts.list(&folder).await? {
        let Some((symbol, timeframe)) = series_of(key.as_str()) else { continue };
        let read = series::read_now(&*workspace.artifacts, &symbol, timeframe).await;
        let (data, error) = match read {
            Ok((data, _)) => (Some(data), None),
            Err(fault) => (None, Some(market::explain(fault).message)),
        };
        let windows = data.as_ref().and_then(|d| workspace.settings.windows.split(d.span).ok());
        listed.push(Listed { file: key.to_string(), data, windows, error });
    }
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

fn series_of(key: &str) -> Option<(Symbol, Timeframe)> {
    let (symbol, timeframe) = key.strip_prefix("data/")?.strip_suffix(".csv")?.rsplit_once('_')?;
    Some((symbol.parse().ok()?, timeframe.parse().ok()?))
}

fn row(l: &Listed) -> Vec<String> {
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
