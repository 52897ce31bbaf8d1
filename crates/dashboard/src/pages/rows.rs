//! Operations as rows of a table.

use ktrdr_chart::Markup;
use ktrdr_domain::{OperationSummary, Status, Subject};

use crate::markup;
use crate::time::{lasting, took};

/// One row.
pub(crate) struct Row {
    row: OperationSummary,
    now_ms: i64,
}

impl Row {
    pub(crate) fn all(rows: Vec<OperationSummary>, now_ms: i64) -> Vec<Self> {
        rows.into_iter().map(|row| Self { row, now_ms }).collect()
    }

    pub(crate) fn id(&self) -> &str {
        self.row.id.as_str()
    }

    pub(crate) fn link(&self) -> Markup {
        markup::operation(&self.row.id)
    }

    pub(crate) fn kind(&self) -> String {
        self.row.kind.to_string()
    }

    /// The market first: it is short, and tells most.
    pub(crate) fn subject(&self) -> String {
        let Subject { strategy, symbol, timeframe } = &self.row.subject;
        let market = [symbol.as_ref().map(ToString::to_string), timeframe.map(|bars| bars.to_string())];
        let words = market.into_iter().chain([strategy.as_ref().map(ToString::to_string)]).flatten();
        words.collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn campaign(&self) -> Option<String> {
        self.row.campaign.as_ref().map(ToString::to_string)
    }

    pub(crate) fn status(&self) -> Markup {
        markup::status(&self.row)
    }

    /// Of a cycle its phase, of a job its progress; of what ended what came of it.
    pub(crate) fn how(&self) -> Markup {
        match (self.row.status, &self.row.progress, self.row.phase) {
            (Status::Failed | Status::Cancelled, ..) | (Status::Pending, None, None) => {
                Markup::text(first_line(self.row.error.as_deref().unwrap_or_default()))
            }
            (Status::Running, Some(progress), _) => {
                markup::progress(progress.percentage, self.row.id.as_str())
            }
            (Status::Running, None, Some(phase)) => Markup::text(phase),
            (Status::Completed, ..) => Markup::text(self.row.caveat.as_deref().unwrap_or_default()),
            _ => Markup::default(),
        }
    }

    /// What its progress says beside the figure.
    pub(crate) fn step(&self) -> String {
        match (self.row.status, &self.row.progress) {
            (Status::Running, Some(progress)) => progress.step.clone(),
            _ => String::new(),
        }
    }

    /// When it came to where it stands.
    pub(crate) fn since(&self) -> Markup {
        markup::time(self.since_ms(), self.now_ms)
    }

    pub(crate) fn since_ms(&self) -> i64 {
        self.row.finished_at_ms.or(self.row.started_at_ms).unwrap_or(self.row.created_at_ms)
    }

    /// Its status as a word.
    pub(crate) fn word(&self) -> &'static str {
        self.row.status.as_str()
    }

    /// How long it took, or has taken so far.
    pub(crate) fn took(&self) -> String {
        match (self.measured_ms(), self.took_ms()) {
            (Some(ms), _) => took(ms),
            (None, Some(ms)) => lasting(ms),
            (None, None) => "–".into(),
        }
    }

    pub(crate) fn took_ms(&self) -> Option<i64> {
        let until = self.row.finished_at_ms.unwrap_or(self.now_ms);
        let measured = self.measured_ms().and_then(|ms| i64::try_from(ms).ok());
        measured.or_else(|| Some(until - self.row.started_at_ms?))
    }

    /// As its attempts were measured, once they have ended.
    fn measured_ms(&self) -> Option<u64> {
        self.row.took_ms.filter(|_| self.row.status.is_terminal())
    }

    pub(crate) fn tries(&self) -> Option<String> {
        (self.row.tries > 1).then(|| format!("try {} of {}", self.row.tries, self.row.tries_max))
    }
}

/// The first line of a text, as much of it as fits into a row.
pub(crate) fn first_line(text: &str) -> String {
    const CHARS_MAX: usize = 140;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
