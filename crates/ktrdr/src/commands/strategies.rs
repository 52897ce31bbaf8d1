//! `ktrdr strategies …`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ktrdr_app::AppError;
use ktrdr_app::missing::{self, MissingSeries};
use ktrdr_app::strategies::{self, CheckedStrategy, ListedStrategy, UpgradedStrategy};
use ktrdr_app::training::StrategyChoice;
use ktrdr_app::use_cases::Library;
use ktrdr_catalog::strategies as stored;
use ktrdr_domain::strategy::schema;
use ktrdr_domain::{Strategy, StrategyName};
use ktrdr_fabric::local::whole;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, sweep};
use crate::cli::strategies::{StrategiesArguments, StrategiesVerb};
use crate::describe::brief;
use crate::examples;
use crate::exit::{CliError, Kind, OrExit};
use crate::files;
use crate::screen::table;

/// Longest fault beside a strategy in the list.
const FAULT_CHARACTERS: usize = 160;

pub(crate) fn run(context: &Context<'_>, arguments: &StrategiesArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            StrategiesVerb::New { name, from } => new(context, name, from).await,
            StrategiesVerb::Validate { strategies } => validate(context, strategies).await,
            StrategiesVerb::Migrate { file, to } => migrate(context, file, to.as_deref()).await,
            StrategiesVerb::Schema => schema(context),
            StrategiesVerb::Sweep(wanted) => sweep::sweep(context, wanted).await,
            StrategiesVerb::Features { strategy } => features(context, strategy).await,
            StrategiesVerb::List => list(context).await,
        }
    })
}

/// Writes another strategy's text under a name of its own. Comments stay; what it learned from is not told: nothing has been trained.
async fn new(context: &Context<'_>, name: &StrategyName, from: &Path) -> Result<ExitCode, CliError> {
    let artifacts = context.artifacts()?;
    let key = stored::key(name).map_err(AppError::from)?;
    let (place, text) = beginning(context, from).await?;
    let renamed = renamed(&text, name);
    stored::parse(&place, &renamed).map_err(AppError::from)?;
    artifacts.create(&key, renamed.as_bytes()).await.map_err(AppError::from)?;
    let document = NewStrategy { written_to: key.as_str(), from: &place };
    context.screen.answer(&document, |screen| screen.line(format!("wrote {key} from {place}")))?;
    Ok(ExitCode::SUCCESS)
}

/// A strategy that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NewStrategy<'a> {
    /// Where.
    written_to: &'a str,
    /// What it began as.
    from: &'a str,
}

/// What a strategy begins as, and where that stands. A strategy of the workspace goes before an example of that name.
async fn beginning(context: &Context<'_>, from: &Path) -> Result<(String, String), CliError> {
    match (read_text(context, from).await, from.to_str().and_then(examples::find)) {
        (Ok(found), _) => Ok(found),
        (Err(_), Some(example)) => {
            Ok((format!("the example {}", example.name), examples::with_schema(example.yaml)))
        }
        (Err(why), None) => Err(why),
    }
}

fn renamed(yaml: &str, name: &StrategyName) -> String {
    let line =
        |line: &str| if line.starts_with("name:") { format!("name: {name}\n") } else { format!("{line}\n") };
    yaml.lines().map(line).collect()
}

fn schema(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let schema = serde_json::to_string_pretty(&schema::json_schema()).or_exit(Kind::InvalidInput)?;
    context.screen.raw(&schema);
    Ok(ExitCode::SUCCESS)
}

/// One checked file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CheckedFile {
    /// Which.
    file: String,
    #[serde(flatten)]
    found: CheckedStrategy,
    /// Bars that it asks for and that are not in this workspace; a server's are not looked for.
    missing: Vec<MissingSeries>,
}

async fn checked(context: &Context<'_>, file: String, text: &str) -> Result<CheckedFile, CliError> {
    let mut found = strategies::validate(text);
    let mut missing = Vec::new();
    if found.valid
        && context.server.is_none()
        && let Ok(strategy) = stored::parse(&file, text)
    {
        let data = missing::look(&*context.artifacts()?, &strategy).await?;
        found.warnings.extend(data.warnings);
        missing = data.missing;
    }
    Ok(CheckedFile { file, found, missing })
}

async fn validate(context: &Context<'_>, wanted: &[PathBuf]) -> Result<ExitCode, CliError> {
    let mut checked = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let (file, text) = read_text(context, wanted).await?;
        checked.push(self::checked(context, file, &text).await?);
    }
    context.screen.list("strategies", &checked, |screen| {
        for c in &checked {
            let CheckedFile { file, found: c, missing } = c;
            let upgraded = c.upgraded_from.as_ref().map_or_else(String::new, |g| format!(" (read as {g})"));
            screen.line(format!("{} {file}{upgraded}", if c.valid { "valid  " } else { "INVALID" }));
            for MissingSeries { symbol, timeframe, run } in missing {
                screen.line(format!("  missing here: {symbol} {timeframe}; make it with `{run}`"));
            }
            c.errors.iter().for_each(|e| screen.line(format!("  error: {e}")));
            c.warnings.iter().for_each(|w| screen.line(format!("  warning: {w}")));
        }
    })?;
    let all_valid = checked.iter().all(|c| c.found.valid);
    Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::from(Kind::InvalidInput as u8) })
}

/// The text of a file, or of the workspace's strategy of that name.
async fn read_text(context: &Context<'_>, wanted: &Path) -> Result<(String, String), CliError> {
    let is_name = wanted.components().count() == 1 && wanted.extension().is_none() && !wanted.is_file();
    if is_name {
        let name = wanted.display().to_string().parse().or_exit(Kind::Usage)?;
        let found = match &context.server {
            Some(server) => server.strategy_text(&name).await?,
            None => strategies::text(&*context.artifacts()?, &name).await?,
        };
        return Ok((found.file, found.text));
    }
    let bytes = files::read(wanted, stored::BYTES_MAX)?;
    let shown = wanted.display().to_string();
    let text = stored::text(&shown, bytes).map_err(AppError::from)?;
    Ok((shown, text))
}

pub(super) async fn read_strategy(context: &Context<'_>, file: &Path) -> Result<Strategy, CliError> {
    let (shown, text) = read_text(context, file).await?;
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

/// A strategy in today's grammar.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Migrated<'a> {
    /// Where it was written, if it was.
    written_to: Option<String>,
    /// Its text.
    strategy: &'a str,
    /// What deserves a second thought.
    warnings: &'a [String],
}

async fn migrate(context: &Context<'_>, file: &Path, to: Option<&Path>) -> Result<ExitCode, CliError> {
    let (shown, text) = read_text(context, file).await?;
    let UpgradedStrategy { strategy: migrated, warnings } = strategies::upgrade(&shown, &text)?;
    if let Some(path) = to {
        whole::create(path, migrated.as_bytes())
            .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}", path.display())))?;
    }
    let (written_to, strategy) = (to.map(|to| to.display().to_string()), &migrated);
    context.screen.answer(&Migrated { written_to, strategy, warnings: &warnings }, |screen| {
        warnings.iter().for_each(|w| screen.note(format!("warning: {w}")));
        match to {
            Some(path) => screen.line(format!("wrote {}", path.display())),
            None => screen.raw(&migrated),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn features(context: &Context<'_>, file: &Path) -> Result<ExitCode, CliError> {
    let features = read_strategy(context, file).await?.features();
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

async fn list(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let (listed, place) = match &context.server {
        Some(server) => (server.strategies().await?, server.place()),
        None => {
            let artifacts = context.artifacts_there()?;
            (strategies::list(&*artifacts).await?, artifacts.place())
        }
    };
    context.screen.list("strategies", &listed, |screen| {
        if listed.is_empty() {
            screen.line(format!("no strategies in {place}"));
        }
        for ListedStrategy { name, checked } in &listed {
            let fault = checked.errors.first();
            let fault = fault.map_or_else(String::new, |e| format!(": {}", brief(e, FAULT_CHARACTERS)));
            screen.line(format!("{} {name}{fault}", if checked.valid { "valid  " } else { "INVALID" }));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
