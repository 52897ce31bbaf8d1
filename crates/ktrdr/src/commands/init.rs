//! `ktrdr init`: a workspace with everything that a first hour needs. What is there already stays as it is.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use ktrdr_domain::strategy::schema;
use ktrdr_fabric::local::whole;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::init::InitArguments;
use crate::examples::{EXAMPLES, SCHEMA_FILE, with_schema};
use crate::exit::{CliError, Kind, OrExit};
use crate::settings::Settings;

const FOLDERS: [&str; 4] = ["data", "strategies", "models", "reports"];

const ABOUT_SETTINGS: &str = "\
# What is configured for this workspace. Each line that is commented out says the value that holds without it; KTRDR_… variables of
# the environment go before this file, and `ktrdr config show` prints what is in force.
";

/// What became of a file.
#[derive(Debug, Serialize, JsonSchema)]
struct Placed {
    /// Which, below the workspace.
    file: String,
    /// Whether it was written; one that was there was left alone.
    written: bool,
}

/// A workspace that is ready.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Begun<'a> {
    /// Its folder.
    workspace: String,
    /// The files that it begins with.
    files: &'a [Placed],
}

pub(crate) fn run(context: &Context<'_>, asked: &InitArguments) -> Result<ExitCode, CliError> {
    let folder = asked.folder.as_deref().unwrap_or(&context.folder);
    for name in FOLDERS {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).map_err(|e| refused(&folder, &e))?;
    }
    let files = files()?;
    let placed: Result<Vec<Placed>, CliError> =
        files.iter().map(|(name, text)| place(folder, name, text)).collect();
    let placed = placed?;
    let document = Begun { workspace: folder.display().to_string(), files: &placed };
    context.screen.answer(&document, |screen| {
        for Placed { file, written } in &placed {
            screen.line(format!("{} {file}", if *written { "wrote" } else { "kept " }));
        }
        screen.line("next, in that folder: ktrdr data import EURUSD_1h.csv");
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Every file of a new workspace, and what stands in it.
fn files() -> Result<Vec<(String, String)>, CliError> {
    let schema = serde_json::to_string_pretty(&schema::json_schema()).or_exit(Kind::InvalidInput)?;
    let mut files = vec![
        ("ktrdr.toml".to_owned(), commented_settings()?),
        (format!("strategies/{SCHEMA_FILE}"), format!("{schema}\n")),
    ];
    files.extend(EXAMPLES.iter().map(|e| (format!("strategies/{}.yaml", e.name), with_schema(e.yaml))));
    Ok(files)
}

/// The built-in configuration, as comments.
fn commented_settings() -> Result<String, CliError> {
    let built_in = toml::to_string_pretty(&Settings::default()).or_exit(Kind::InvalidInput)?;
    let comment = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("# {line}\n") };
    Ok(format!("{ABOUT_SETTINGS}\n{}", built_in.lines().map(comment).collect::<String>()))
}

/// Writes a file whole, unless there is one.
fn place(folder: &Path, name: &str, text: &str) -> Result<Placed, CliError> {
    let path = folder.join(name);
    let written = match whole::create(&path, text.as_bytes()) {
        Ok(()) => true,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => false,
        Err(e) => return Err(refused(&path, &e)),
    };
    Ok(Placed { file: path.display().to_string(), written })
}

fn refused(path: &Path, why: &io::Error) -> CliError {
    CliError::new(Kind::Files, format!("{}: {why}", path.display()))
}
