//! `ktrdr strategies …`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ktrdr_app::AppError;
use ktrdr_app::strategies::{self, CheckedStrategy, UpgradedStrategy};
use ktrdr_app::training::StrategyChoice;
use ktrdr_catalog::strategies as stored;
use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::schema;
use ktrdr_fabric::local::whole;
use serde::Serialize;

use super::Context;
use crate::cli::strategies::{StrategiesArguments, StrategiesVerb};
use crate::describe::brief;
use crate::exit::{CliError, Kind, OrExit};
use crate::files;
use crate::screen::table;

/// Longest fault beside a strategy in the list.
const FAULT_CHARACTERS: usize = 160;

pub(crate) fn run(context: &Context<'_>, arguments: &StrategiesArguments) -> Result<ExitCode, CliError> {
    match &arguments.verb {
        StrategiesVerb::Validate { strategies: files } => {
            validate(context, &files.iter().map(PathBuf::as_path).collect::<Vec<_>>())
        }
        StrategiesVerb::Migrate { file, to } => migrate(context, file, to.as_deref()),
        StrategiesVerb::Schema => {
            context
                .screen
                .raw(&serde_json::to_string_pretty(&schema::json_schema()).or_exit(Kind::InvalidInput)?);
            Ok(ExitCode::SUCCESS)
        }
        StrategiesVerb::Features { strategy } => features(context, strategy),
        StrategiesVerb::List => list(context),
    }
}

/// One checked file.
#[derive(Serialize)]
struct CheckedFile {
    file: String,
    #[serde(flatten)]
    found: CheckedStrategy,
}

fn validate(context: &Context<'_>, files: &[&Path]) -> Result<ExitCode, CliError> {
    let mut checked = Vec::with_capacity(files.len());
    for file in files {
        checked.push(check(context, file)?);
    }
    context.screen.list("strategies", &checked, |screen| {
        for c in &checked {
            let CheckedFile { file, found: c } = c;
            let upgraded = c.upgraded_from.as_ref().map_or_else(String::new, |g| format!(" (read as {g})"));
            screen.line(format!("{} {file}{upgraded}", if c.valid { "valid  " } else { "INVALID" }));
            c.errors.iter().for_each(|e| screen.line(format!("  error: {e}")));
            c.warnings.iter().for_each(|w| screen.line(format!("  warning: {w}")));
        }
    })?;
    let all_valid = checked.iter().all(|c| c.found.valid);
    Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::from(Kind::InvalidInput as u8) })
}

fn check(context: &Context<'_>, file: &Path) -> Result<CheckedFile, CliError> {
    let (file, text) = read_text(context, file)?;
    Ok(CheckedFile { file, found: strategies::validate(&text) })
}

/// The text of a file, or of the workspace's strategy of that name.
fn read_text(context: &Context<'_>, file: &Path) -> Result<(String, String), CliError> {
    let named = context.folder.join("strategies").join(file).with_extension("yaml");
    let is_name = file.components().count() == 1 && file.extension().is_none() && !file.is_file();
    if is_name {
        stays_inside(context, &named)?;
    }
    let path = if is_name { named } else { file.to_owned() };
    let bytes = files::read(&path, stored::BYTES_MAX)?;
    let shown = path.display().to_string();
    let text = stored::text(&shown, bytes).map_err(AppError::from)?;
    Ok((shown, text))
}

/// A file that was only met in the workspace is read in it: what a link leads to elsewhere has to be named by itself.
fn stays_inside(context: &Context<'_>, path: &Path) -> Result<(), CliError> {
    let (Ok(root), Ok(resolved)) = (context.folder.canonicalize(), path.canonicalize()) else {
        // Not there: reading says so.
        return Ok(());
    };
    if resolved.starts_with(&root) {
        return Ok(());
    }
    let message = format!(
        "{} is a link that leads out of the workspace, to {}; name that file itself, or copy it here",
        path.display(),
        resolved.display()
    );
    Err(CliError::new(Kind::Refused, message))
}

fn read_strategy(context: &Context<'_>, file: &Path) -> Result<Strategy, CliError> {
    let (shown, text) = read_text(context, file)?;
    Ok(stored::parse(&shown, &text).map_err(AppError::from)?)
}

/// A strategy of the workspace by name, or the text of any file by path.
pub(crate) fn choice(wanted: &str) -> Result<StrategyChoice, CliError> {
    if !wanted.contains(['/', '\\']) && !wanted.ends_with(".yaml") && !wanted.ends_with(".yml") {
        return Ok(StrategyChoice::Name(wanted.parse().or_exit(Kind::Usage)?));
    }
    let bytes = files::read(Path::new(wanted), stored::BYTES_MAX)?;
    let text = stored::text(wanted, bytes).map_err(AppError::from)?;
    // Faults are told with the name of the file.
    stored::parse(wanted, &text).map_err(AppError::from)?;
    Ok(StrategyChoice::Yaml(text))
}

fn migrate(context: &Context<'_>, file: &Path, to: Option<&Path>) -> Result<ExitCode, CliError> {
    let (shown, text) = read_text(context, file)?;
    let UpgradedStrategy { strategy: migrated, warnings } = strategies::upgrade(&shown, &text)?;
    if let Some(path) = to {
        whole::create(path, migrated.as_bytes())
            .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}", path.display())))?;
    }
    let document = serde_json::json!({ "written_to": to, "strategy": migrated, "warnings": warnings });
    context.screen.answer(&document, |screen| {
        warnings.iter().for_each(|w| screen.note(format!("warning: {w}")));
        match to {
            Some(path) => screen.line(format!("wrote {}", path.display())),
            None => screen.raw(&migrated),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn features(context: &Context<'_>, file: &Path) -> Result<ExitCode, CliError> {
    let features = read_strategy(context, file)?.features();
    context.screen.list("features", &features, |screen| {
        let row = |(i, f): (usize, &ktrdr_domain::strategy::Feature)| {
            vec![
                i.to_string(),
                f.name.clone(),
                f.indicator.to_string(),
                f.timeframe.to_string(),
                f.lag.to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = features.iter().enumerate().map(row).collect();
        screen.line(table(&["#", "FEATURE", "INDICATOR", "BARS", "LAG"], &rows));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What `--strategy` takes.
fn name_of(file: &str) -> std::borrow::Cow<'_, str> {
    Path::new(file).file_stem().unwrap_or_default().to_string_lossy()
}

fn list(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let folder = context.folder.join("strategies");
    let mut files: Vec<_> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(CliError::new(Kind::Files, format!("{}: {e}", folder.display()))),
    };
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml" || e == "yml"));
    files.sort();
    let check = |file: &PathBuf| {
        let read = stays_inside(context, file).and_then(|()| check(context, file));
        read.unwrap_or_else(|fault| CheckedFile {
            file: file.display().to_string(),
            found: CheckedStrategy::unreadable(fault.message),
        })
    };
    let checked: Vec<CheckedFile> = files.iter().map(check).collect();
    context.screen.list("strategies", &checked, |screen| {
        if checked.is_empty() {
            screen.line(format!("no strategies in {}", folder.display()));
        }
        for c in &checked {
            let CheckedFile { file, found: c } = c;
            let fault =
                c.errors.first().map_or_else(String::new, |e| format!(": {}", brief(e, FAULT_CHARACTERS)));
            screen.line(format!("{} {}{fault}", if c.valid { "valid  " } else { "INVALID" }, name_of(file)));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
