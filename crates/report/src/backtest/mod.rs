//! The tearsheet of a backtest, in the order of questions: is it a result, what does the verdict say and why, how did the account
//! go, was it luck, where was it earned, what does it bear, what did the network look at, and how is all this computed.

mod account;
mod foundations;
mod luck;
mod rules;
mod stress;
mod trades;
mod verdict;

pub(crate) use account::curves;

use ktrdr_domain::closing::FinalVerdict;
use ktrdr_domain::gate::{GatePolicy, GateVerdict};
use ktrdr_domain::report::{BacktestSheet, BacktestSummary};
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::{Document, Weight};
use crate::figures::{counted, dates};

/// A backtest with everything that is told of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Tearsheet {
    /// Figures, evidence, conventions and hashes.
    #[serde(flatten)]
    pub summary: BacktestSummary,
    /// What the configured gate says of it.
    pub verdict: GateVerdict,
    /// What it asked.
    pub gates: GatePolicy,
    /// What it came to when its campaign closed, if it was a candidate of one.
    #[serde(rename = "final")]
    pub finally: Option<FinalVerdict>,
    /// What charts are drawn from; `None` where its job left none.
    pub sheet: Option<BacktestSheet>,
}

impl Tearsheet {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document {
        let summary = &self.summary;
        let model = summary.model.as_ref().map_or_else(String::new, |model| format!(" · models/{model}"));
        let window = summary.window_kind.map_or_else(String::new, |kind| format!(" ({kind} window)"));
        let mut document = Document {
            title: format!("{} on {} {}", summary.subject, summary.symbol, summary.timeframe),
            lead: format!(
                "Backtest{model} · {}{window} · {}",
                dates(&summary.window),
                counted(summary.bars, "bar")
            ),
            colophon: format!("{} · computed by ktrdr {}", summary.operation, summary.hashes.code),
            ..Document::default()
        };
        verdict::notices(&mut document, self);
        document.add(verdict::section(self));
        let sheet = self.sheet.as_ref();
        if sheet.is_none() {
            let text = "The job left nothing to draw: it ran before sheets were kept. A replay of it has one (ktrdr replay).";
            document.notice(Weight::Plain, "Figures only", text);
        }
        // Figures that nobody earns are not shown as if somebody had; where the trades lie may tell what knew the future.
        if summary.quarantine.is_empty() {
            account::sections(summary, sheet).into_iter().for_each(|section| document.add(section));
            document.add(luck::section(summary, sheet));
        }
        sheet.into_iter().for_each(|sheet| document.add(trades::section(summary, sheet)));
        if let Some(sheet) = sheet.filter(|_| summary.quarantine.is_empty()) {
            document.add(stress::section(sheet));
            document.add(rules::section(summary, sheet));
        }
        document.add(foundations::section(summary));
        document
    }
}
