//! Is it a result, and what does the verdict say? First on every page.

use ktrdr_chart::{Cell, Table};
use ktrdr_domain::gate::{GatePolicy, GateProfile, GateVerdict};
use ktrdr_domain::report::{BacktestSummary, NullRank};

use super::Tearsheet;
use crate::document::{Block, Document, Section, Weight};
use crate::figures::{count, counted, decimals, percent};
use crate::words;

/// What must be known before any figure.
pub(super) fn notices(document: &mut Document, sheet: &Tearsheet) {
    let summary = &sheet.summary;
    if let Some(known) = &summary.in_sample {
        let text = format!("{known}. The figures show what it remembers; no gate takes them.");
        document.notice(Weight::Grave, "IN-SAMPLE", text);
    }
    for finding in &summary.quarantine {
        let text = format!(
            "{finding}. Nobody earns that: look for what knows the future. The figures are in the JSON form of this report, not here."
        );
        document.notice(Weight::Grave, "QUARANTINED", text);
    }
    if summary.synthetic {
        document.notice(Weight::Plain, "GENERATED BARS", "No market ever traded like this.");
    }
    verdict(document, sheet);
    if summary.evidence.vault_openings > 0 {
        let times = counted(summary.evidence.vault_openings, "time");
        let text = "Whether this strategy was chosen by what was seen there, nothing here can know.";
        document.notice(Weight::Plain, format!("The vault was opened {times}"), text);
    }
    for warning in &summary.warnings {
        document.notice(Weight::Plain, "Warning", warning.clone());
    }
}

fn verdict(document: &mut Document, sheet: &Tearsheet) {
    let said = words::sentence;
    let is_a_result = sheet.summary.in_sample.is_none() && sheet.summary.quarantine.is_empty();
    match &sheet.verdict {
        GateVerdict::Passed => {
            let text = match sheet.gates.profile {
                GateProfile::Honest if is_loosened(&sheet.gates) => {
                    "By thresholds that were loosened: chance may do as well more often than usually, as the table below says."
                }
                GateProfile::Honest => {
                    "It earned something beyond the market, net of costs, that chance seldom gives, with every look counted \
                     that there was."
                }
                GateProfile::Parity => "By the thresholds of the older system, which ask nothing about luck.",
            };
            document.notice(Weight::Good, "Survives the gate", text);
        }
        GateVerdict::Failed { code, figures } if is_a_result => {
            document.notice(Weight::Bad, "Fails the gate", said(code, figures));
        }
        GateVerdict::Failed { .. } => {}
    }
    match sheet.finally.as_ref().map(|verdict| (verdict, &verdict.verdict)) {
        Some((verdict, GateVerdict::Passed)) => document.notice(
            Weight::Good,
            "Accepted when its campaign closed",
            format!("With all {} counted.", counted(verdict.trials, "look")),
        ),
        Some((_, GateVerdict::Failed { code, figures })) => {
            document.notice(Weight::Bad, "Not accepted when its campaign closed", said(code, figures));
        }
        None => {}
    }
}

/// One thing that is asked of an exam.
struct Check {
    what: &'static str,
    asked: String,
    found: String,
    /// `None` where it does not apply.
    met: Option<bool>,
}

impl Check {
    fn new(what: &'static str, asked: String, found: String, met: bool) -> Self {
        Self { what, asked, found, met: Some(met) }
    }

    fn row(self) -> Vec<Cell> {
        let (word, tone) = match self.met {
            Some(true) => ("✓\u{a0}yes", Some(0.5)),
            Some(false) => ("✗\u{a0}no", Some(-0.5)),
            None => ("–", None),
        };
        let met = Cell { tone, ..Cell::words(word) };
        vec![Cell::words(self.what), Cell::words(self.asked), Cell::number(self.found), met]
    }
}

/// What is asked, one by one.
pub(super) fn section(sheet: &Tearsheet) -> Section {
    let summary = &sheet.summary;
    let is_a_result = summary.quarantine.is_empty() && summary.in_sample.is_none();
    if sheet.gates.profile != GateProfile::Honest || !is_a_result {
        return Section::default();
    }
    let caption = "What is asked of an exam, in this order; the first that fails is the reason";
    let mut table = Table::new(caption, ["", "asked", "found", "met"]);
    table.rows.extend(checks(summary, &sheet.gates).into_iter().map(Check::row));
    Section::new("Verdict", vec![Block::Table(table)])
}

/// Whether less is asked about luck than usually.
fn is_loosened(gates: &GatePolicy) -> bool {
    let usual = GatePolicy::DEFAULT;
    gates.null_p_max > usual.null_p_max || gates.deflated_sharpe_min < usual.deflated_sharpe_min
}

fn checks(summary: &BacktestSummary, gates: &GatePolicy) -> [Check; 7] {
    let (metrics, evidence) = (&summary.metrics, &summary.evidence);
    let (trades, net) = (metrics.total_trades, metrics.total_return_pct);
    let (fall, deflated) = (metrics.max_drawdown_pct, evidence.deflated_sharpe);
    let null = |what, rank: Option<NullRank>| Check {
        what,
        asked: format!("p at most {}", gates.null_p_max),
        found: rank.map_or_else(
            || "not drawn".into(),
            |rank| format!("p {} of {}", decimals(Some(rank.p), 3), counted(rank.draws.into(), "draw")),
        ),
        met: rank.map(|rank| rank.p <= gates.null_p_max),
    };
    [
        look_ahead(summary),
        Check::new(
            "closed trades",
            format!("at least {}", gates.trades_min),
            count(trades),
            trades >= gates.trades_min,
        ),
        Check::new("net return", "over 0 %".into(), percent(net), net.is_some_and(|x| x > 0.0)),
        Check::new(
            "largest drawdown",
            format!("at most {}", percent(Some(gates.drawdown_max))),
            percent(fall),
            fall.is_some_and(|x| x <= gates.drawdown_max),
        ),
        null("random entries that do as well", evidence.random_entries),
        null("other weeks that do as well", evidence.shifted_weeks),
        Check::new(
            "deflated Sharpe ratio",
            format!("at least {}", gates.deflated_sharpe_min),
            decimals(deflated, 3),
            deflated.is_some_and(|x| x >= gates.deflated_sharpe_min),
        ),
    ]
}

fn look_ahead(summary: &BacktestSummary) -> Check {
    let (found, met) = match (summary.evidence.leakage_proof, &summary.model) {
        (Some(true), _) => ("none found", Some(true)),
        (Some(false), _) => ("FOUND", Some(false)),
        (None, None) => ("not asked of signals", None),
        (None, Some(_)) => ("not examined", Some(false)),
    };
    Check { what: "look-ahead", asked: "none".into(), found: found.into(), met }
}
