//! `ktrdr strategies …`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::schema;
use ktrdr_fabric::artifacts::{ArtifactError, Key};
use ktrdr_fabric::local::whole;
use serde::Serialize;

use super::Context;
use crate::cli::strategies::{StrategiesArguments, StrategiesVerb};
use crate::describe::brief;
use crate::exit::{CliError, Kind, OrExit};
use crate::market;
use crate::screen::table;
use crate::workspace::Workspace;

/// Longest fault beside a strategy in the list.
const FAULT_CHARACTERS: usize = 160;

/// Largest strategy file, in bytes.
const STRATEGY_BYTES_MAX: u64 = 256 * 1024;

pub(crate) fn run(context: &Context<'_>, arguments: &StrategiesArguments) -> Result<ExitCode, CliError> {
    match &arguments.verb {
        StrategiesVerb::Validate { strategies } => {
            validate(context, &strategies.iter().map(PathBuf::as_path).collect::<Vec<_>>())
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
struct Checked {
    file: String,
    valid: bool,
    errors: Vec<String>,
    warnings: Vec<String>,
    upgraded_from: Option<String>,
}

impl Checked {
    /// A file whose text can not be had.
    fn unreadable(file: &Path, fault: CliError) -> Self {
        Self {
            file: file.display().to_string(),
            valid: false,
            errors: vec![fault.message],
            warnings: Vec::new(),
            upgraded_from: None,
        }
    }
}

fn validate(context: &Context<'_>, files: &[&Path]) -> Result<ExitCode, CliError> {
    let mut checked = Vec::with_capacity(files.len());
    for file in files {
        checked.push(check(context, file)?);
    }
    context.screen.list("strategies", &checked, |screen| {
        for c in &checked {
            let upgraded = c.upgraded_from.as_ref().map_or_else(String::new, |g| format!(" (read as {g})"));
            screen.line(format!("{} {}{upgraded}", if c.valid { "valid  " } else { "INVALID" }, c.file));
            c.errors.iter().for_each(|e| screen.line(format!("  error: {e}")));
            c.warnings.iter().for_each(|w| screen.line(format!("  warning: {w}")));
        }
    })?;
    let all_valid = checked.iter().all(|c| c.valid);
    Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::from(Kind::InvalidInput as u8) })
}

fn check(context: &Context<'_>, file: &Path) -> Result<Checked, CliError> {
    let (shown, text) = read_text(context, file)?;
    Ok(match Strategy::from_yaml(&text) {
        Ok(read) => Checked {
            file: shown,
            valid: true,
            errors: Vec::new(),
            warnings: read.warnings.iter().map(ToString::to_string).collect(),
            upgraded_from: read.upgraded_from.map(|g| g.to_string()),
        },
        Err(errors) => Checked {
            file: shown,
            valid: false,
            errors: errors.0.iter().map(ToString::to_string).collect(),
            warnings: Vec::new(),
            upgraded_from: None,
        },
    })
}

/// The text of a file, or of the workspace's strategy of that name.
fn read_text(context: &Context<'_>, file: &Path) -> Result<(String, String), CliError> {
    let named = context.folder.join("strategies").join(file).with_extension("yaml");
    let is_name = file.components().count() == 1 && file.extension().is_none() && !file.is_file();
    if is_name {
        stays_inside(context, &named)?;
    }
    let path = if is_name { named } else { file.to_owned() };
    let bytes = market::read_file(&path, STRATEGY_BYTES_MAX)?;
    let shown = path.display().to_string();
    let text = utf8(&shown, bytes)?;
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

fn utf8(shown: &str, bytes: Vec<u8>) -> Result<String, CliError> {
    if bytes.len() as u64 > STRATEGY_BYTES_MAX {
        let message =
            format!("{shown} is larger than {} KiB, the most that is read", STRATEGY_BYTES_MAX >> 10);
        return Err(CliError::new(Kind::InvalidInput, message));
    }
    String::from_utf8(bytes)
        .map_err(|_| CliError::new(Kind::InvalidInput, format!("{shown} is no UTF-8 text; save it as UTF-8")))
}

fn read_strategy(context: &Context<'_>, file: &Path) -> Result<Strategy, CliError> {
    let (shown, text) = read_text(context, file)?;
    parse(&shown, &text)
}

fn parse(shown: &str, text: &str) -> Result<Strategy, CliError> {
    let read = Strategy::from_yaml(text);
    read.map(|r| r.strategy)
        .map_err(|e| CliError::new(Kind::InvalidInput, format!("{shown} is no valid strategy:\n{e}")))
}

/// A strategy of the workspace by name, or any file by path.
pub(crate) async fn load_strategy(workspace: &Workspace, wanted: &str) -> Result<Strategy, CliError> {
    if wanted.contains(['/', '\\']) || wanted.ends_with(".yaml") || wanted.ends_with(".yml") {
        let bytes = market::read_file(Path::new(wanted), STRATEGY_BYTES_MAX)?;
        return parse(wanted, &utf8(wanted, bytes)?);
    }
    let name: ktrdr_domain::StrategyName = wanted.parse().or_exit(Kind::Usage)?;
    let key: Key = format!("strategies/{name}.yaml").parse().or_exit(Kind::Usage)?;
    let bytes = workspace.artifacts.get(&key).await.map_err(|e| match e {
        ArtifactError::NotFound { .. } => {
            CliError::new(Kind::NotFound, format!("{e}; see `ktrdr strategies list`"))
        }
        other => other.into(),
    })?;
    parse(key.as_str(), &utf8(key.as_str(), bytes)?)
}

fn migrate(context: &Context<'_>, file: &Path, to: Option<&Path>) -> Result<ExitCode, CliError> {
    let (shown, text) = read_text(context, file)?;
    let read = Strategy::from_yaml(&text)
        .map_err(|e| CliError::new(Kind::InvalidInput, format!("{shown} can not be migrated:\n{e}")))?;
    let migrated = read.strategy.to_yaml();
    if let Some(path) = to {
        whole::create(path, migrated.as_bytes())
            .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}", path.display())))?;
    }
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
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
        read.unwrap_or_else(|fault| Checked::unreadable(file, fault))
    };
    let checked: Vec<Checked> = files.iter().map(check).collect();
    context.screen.list("strategies", &checked, |screen| {
        if checked.is_empty() {
            screen.line(format!("no strategies in {}", folder.display()));
        }
        for c in &checked {
            let fault =
                c.errors.first().map_or_else(String::new, |e| format!(": {}", brief(e, FAULT_CHARACTERS)));
            screen.line(format!(
                "{} {}{fault}",
                if c.valid { "valid  " } else { "INVALID" },
                name_of(&c.file)
            ));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
