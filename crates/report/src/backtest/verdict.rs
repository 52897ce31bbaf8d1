//! Is it a result, and what does the verdict say? First on every page.

use ktrdr_chart::{Cell, Table};
use ktrdr_domain::gate::{GateProfile, GateVerdict};

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
    let said = |code: &str, figures: &str| format!("It {}: {code} ({figures}).", words::of_code(code));
    let is_a_result = sheet.summary.in_sample.is_none() && sheet.summary.quarantine.is_empty();
    match &sheet.verdict {
        GateVerdict::Passed => {
            let text = match sheet.gates.profile {
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

/// What is asked, one by one.
pub(super) fn section(sheet: &Tearsheet) -> Section {
    let (summary, gates) = (&sheet.summary, &sheet.gates);
    if gates.profile != GateProfile::Honest || !summary.quarantine.is_empty() || summary.in_sample.is_some() {
        return Section::default();
    }
    let (metrics, evidence) = (&summary.metrics, &summary.evidence);
    let proof = match (evidence.leakage_proof, &summary.model) {
        (Some(true), _) => ("none found".to_owned(), Some(true)),
        (Some(false), _) => ("FOUND".to_owned(), Some(false)),
        (None, None) => ("not asked of signals".to_owned(), None),
        (None, Some(_)) => ("not examined".to_owned(), Some(false)),
    };
    let null = |rank: Option<ktrdr_domain::report::NullRank>| {
        let shown = rank
            .map(|rank| format!("p {} of {}", decimals(Some(rank.p), 3), counted(rank.draws.into(), "draw")));
        (shown.unwrap_or_else(|| "not drawn".into()), rank.map(|rank| rank.p <= gates.null_p_max))
    };
    let asked = [
        ("look-ahead".to_owned(), "none".to_owned(), proof),
        (
            "closed trades".into(),
            format!("at least {}", gates.trades_min),
            (count(metrics.total_trades), Some(metrics.total_trades >= gates.trades_min)),
        ),
        (
            "net return".into(),
            "over 0 %".into(),
            (percent(metrics.total_return_pct), Some(metrics.total_return_pct.is_some_and(|x| x > 0.0))),
        ),
        (
            "largest drawdown".into(),
            format!("at most {}", percent(Some(gates.drawdown_max))),
            (
                percent(metrics.max_drawdown_pct),
                Some(metrics.max_drawdown_pct.is_some_and(|x| x <= gates.drawdown_max)),
            ),
        ),
        (
            "random entries doing as well".into(),
            format!("p at most {}", gates.null_p_max),
            null(evidence.random_entries),
        ),
        (
            "other weeks doing as well".into(),
            format!("p at most {}", gates.null_p_max),
            null(evidence.shifted_weeks),
        ),
        (
            "deflated Sharpe ratio".into(),
            format!("at least {}", gates.deflated_sharpe_min),
            (
                decimals(evidence.deflated_sharpe, 3),
                Some(evidence.deflated_sharpe.is_some_and(|x| x >= gates.deflated_sharpe_min)),
            ),
        ),
    ];
    let mut table = Table::new(
        "What is asked of an exam, in this order; the first that fails is the reason",
        ["", "asked", "found", "met"],
    );
    for (what, wanted, (found, met)) in asked {
        let (word, tone) = match met {
            Some(true) => ("✓ yes", Some(0.5)),
            Some(false) => ("✗ no", Some(-0.5)),
            None => ("–", None),
        };
        let met = Cell { tone, ..Cell::words(word) };
        table.rows.push(vec![Cell::words(what), Cell::words(wanted), Cell::number(found), met]);
    }
    Section::new("Verdict", vec![Block::Table(table)])
}
