//! Reports: those there are, and each of them as the file that `ktrdr report` writes.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::reports::Subject;

use super::rows::Row;
use crate::answer::Answer;
use crate::ask::{Ask, Words, invalid};
use crate::shell::{Section, Shell};

/// What ended last, of each type.
const ROWS: u32 = 25;

/// Types with reports: those of which something is measured, and cycles.
const WITH_REPORTS: &str = "type=training,backtesting&status=completed";

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    shell: Shell,
    rows: Vec<Row>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let words = Words::read(&ask.query);
    let chosen = words.all("of");
    if !chosen.is_empty() {
        return Ok(Answer::To(format!("/reports/{}", chosen.join(","))));
    }
    let part = ask.app.select(&WITH_REPORTS.parse()?, None, ROWS).await?;
    let shell = Shell::new(ask, Section::Reports, "Reports");
    Answer::page(&ReportsPage { shell, rows: Row::all(part.operations, part.now_ms) })
}

/// The page on one thing, or on several side by side: ids with commas between them.
pub(crate) async fn report(ask: &Ask) -> Result<Answer, AppError> {
    let subjects: Result<Vec<Subject>, String> = ask.path[1].split(',').map(str::parse).collect();
    let report = ask.app.report_on(&subjects.map_err(invalid)?).await?;
    Ok(Answer::Report(report.html()))
}
