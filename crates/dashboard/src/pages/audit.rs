//! The audit log: who asked for what, why, and what came of it.

use askama::Template;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_chart::Markup;
use ktrdr_domain::scope::Scope;

use crate::answer::Answer;
use crate::ask::{Ask, Words};
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::Instant;

/// Entries of a page.
const ROWS: u32 = 100;

struct Entry {
    number: u64,
    at: Markup,
    by: String,
    via: String,
    what: String,
    target: String,
    reason: String,
    outcome: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    entries: Vec<Entry>,
    next: Option<u64>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    if !ask.may(Scope::Operator) {
        let message = format!("the audit log is for operators; your token is for a {}", ask.caller.scope);
        return Err(AppError::new(ErrorKind::Refused, message));
    }
    let part = ask.app.audit(Words::read(&ask.query).read_as("before")?, ROWS).await?;
    let now_ms = Instant::now().0;
    let entries = part.entries.into_iter().map(|entry| Entry {
        number: entry.number,
        at: markup::time(entry.at_ms, now_ms),
        by: entry.action.by,
        via: entry.action.via,
        what: entry.action.what,
        target: entry.action.target,
        reason: entry.action.reason,
        outcome: entry.outcome.unwrap_or_else(|| "under way, or cut short".into()),
    });
    let shell = Shell::new(ask, Section::Audit, "Audit");
    Answer::page(&AuditPage { shell, entries: entries.collect(), next: part.next })
}
