//! `ktrdr report …`

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use ktrdr_app::App;
use ktrdr_app::reports::{Report, Subject};
use ktrdr_domain::number;
use ktrdr_fabric::local::whole;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::report::{ReportArguments, ReportFormat, Wanted};
use crate::exit::{CliError, Kind, OrExit};
use crate::reference::Reference;

pub(crate) fn run(context: &Context<'_>, arguments: &ReportArguments) -> Result<ExitCode, CliError> {
    let (subjects, report) = context.block_on(async {
        let app = context.open_beside().await?.app;
        let subjects = subjects(&app, &arguments.subjects).await?;
        let report = app.report_on(&subjects).await?;
        Ok::<_, CliError>((subjects, report))
    })?;
    let unless_said = match context.screen.is_text() || arguments.open {
        true => ReportFormat::Html,
        false => ReportFormat::Json,
    };
    let format = arguments.format.unwrap_or(unless_said);
    if format != ReportFormat::Html && arguments.to.is_none() {
        if arguments.open {
            return Err(CliError::new(
                Kind::Usage,
                "--open shows a file: add --to FILE, or leave --format out",
            ));
        }
        print(context, &report, format)?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = arguments.to.clone().unwrap_or_else(|| default_path(&context.folder, &subjects));
    write(&path, &written(&report, format)?)?;
    let document = WrittenReport { written_to: path.display().to_string() };
    context.screen.answer(&document, |screen| screen.line(format!("wrote {}", path.display())))?;
    if arguments.open {
        open(context, &path);
    }
    Ok(ExitCode::SUCCESS)
}

/// A report that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WrittenReport {
    /// Where.
    written_to: String,
}

async fn subjects(app: &App, wanted: &[Wanted]) -> Result<Vec<Subject>, CliError> {
    let mut subjects = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        subjects.push(match wanted {
            Wanted::Last => {
                Subject::Operation(Reference::Last.resolve(app, Some(ktrdr_domain::Kind::Backtesting)).await?)
            }
            Wanted::Named(subject) => subject.clone(),
        });
    }
    Ok(subjects)
}

fn print(context: &Context<'_>, report: &Report, format: ReportFormat) -> Result<(), CliError> {
    if format == ReportFormat::Md {
        context.screen.raw(&report.markdown());
        return Ok(());
    }
    let bytes = written(report, format)?;
    context.screen.answer(report, |screen| screen.raw(&String::from_utf8_lossy(&bytes)))
}

fn written(report: &Report, format: ReportFormat) -> Result<Vec<u8>, CliError> {
    Ok(match format {
        ReportFormat::Html => report.html().into_bytes(),
        ReportFormat::Md => report.markdown().into_bytes(),
        ReportFormat::Json => number::json_pretty(report).or_exit(Kind::InvalidInput)?,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| whole::replace(path, &[bytes]))
        .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}; --to names another file", path.display())))
}

/// `reports/<what it is on>.html` of the workspace.
fn default_path(folder: &Path, subjects: &[Subject]) -> PathBuf {
    let name = match subjects {
        [Subject::Operation(id)] => id.to_string(),
        [Subject::Campaign(name)] => name.to_string(),
        _ => "comparison".to_owned(),
    };
    folder.join("reports").join(format!("{name}.html"))
}

/// Hands the file to the desktop. Where there is none, the file is there all the same.
fn open(context: &Context<'_>, path: &Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = Command::new(opener)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(why) = quiet {
        context.screen.note(format!("{opener} can not be run ({why}): open {} yourself", path.display()));
    }
}
