//! What a reader of strategy files found: where, what, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::node::ends_name;

/// One fault of a strategy file, or one warning about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The place, such as `fuzzy_sets.rsi.low`; empty for the file as a whole.
    pub path: String,
    /// Line in the file, from 1; `None` when the strategy did not come from a file.
    pub line: Option<u32>,
    /// What is wrong, or may be.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        let place = if self.path.is_empty() { "file" } else { &self.path };
        write!(f, "{place}: {}; {}", self.message, self.fix)
    }
}

/// Every fault of a strategy, in the order of the file. One line of text each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct StrategyErrors(pub Vec<Diagnostic>);

impl fmt::Display for StrategyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

/// Most kept of each sort: a hostile file earns no longer answer.
pub(super) const KEPT_MAX: usize = 100;

/// Faults and warnings as they are collected.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Notes a fault: the strategy will be refused.
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        keep(&mut self.errors, diagnostic);
    }

    /// Notes a warning.
    pub(super) fn warning(&mut self, diagnostic: Diagnostic) {
        keep(&mut self.warnings, diagnostic);
    }

    /// Whether a fault lies at `path` or inside it, so that what follows from it needs no second mention.
    pub(super) fn faulty(&self, path: &str) -> bool {
        self.errors.iter().any(|e| e.path.strip_prefix(path).is_some_and(ends_name))
    }

    /// Fills in the lines that the finder did not know.
    pub(super) fn locate(&mut self, line_of: impl Fn(&str) -> Option<u32>) {
        for diagnostic in self.errors.iter_mut().chain(&mut self.warnings) {
            diagnostic.line = diagnostic.line.or_else(|| line_of(&diagnostic.path));
        }
    }

    /// The warnings, when there is no fault; either in the order of the file.
    pub(super) fn into_result(mut self) -> Result<Vec<Diagnostic>, StrategyErrors> {
        self.errors.sort_by_key(|diagnostic| diagnostic.line);
        self.warnings.sort_by_key(|diagnostic| diagnostic.line);
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(StrategyErrors(self.errors)) }
    }
}

fn keep(list: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if list.len() < KEPT_MAX && !list.contains(&diagnostic) {
        list.push(diagnostic);
    }
}

/// Foreign text for a message: short, quoted, without control characters.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
