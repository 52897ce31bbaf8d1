//! What a research cycle went through, read from its row and its history: the whole of it, and its phases. Its jobs tell of
//! themselves, when they end.

use ktrdr_domain::{FailureReason, Operation, OperationId, Phase, SpanId, Status};
use ktrdr_fabric::history::{Change, Transition};

use crate::job::{describe, figures, phase_span};
use crate::names;
use crate::part::{Part, nanos};

/// A cycle as parts of its trace.
pub(crate) fn told(row: &Operation, history: &[Transition]) -> Vec<Part> {
    std::iter::once(whole(row)).chain(phases(row, history)).collect()
}

/// From its start to its end: for its turn it may have waited for days.
fn whole(row: &Operation) -> Part {
    let from = row.started_at_ms.unwrap_or(row.created_at_ms);
    let until = row.finished_at_ms.unwrap_or(from);
    let part = Part::new(&row.id, SpanId::whole(&row.id), names::CYCLE.to_owned(), nanos(from), nanos(until));
    let waited_s = (from - row.created_at_ms).max(0) as f64 / 1000.0;
    let outcome = match (&row.reason, row.status) {
        (Some(reason), Status::Failed) => reason.as_str(),
        _ => row.status.as_str(),
    };
    let part = describe(part, row).say(names::WAITED_S, waited_s).say(names::OUTCOME, outcome);
    let part = figures(part, row);
    match row.status {
        Status::Failed if !is_verdict(row) => part.failed(row.error.as_deref().unwrap_or_default()),
        _ => part,
    }
}

/// Whether a cycle failed as most do: what it found out is no error.
fn is_verdict(row: &Operation) -> bool {
    row.reason == Some(FailureReason::Gate)
}

/// When a cycle entered which phase.
fn entered(change: &Transition) -> Option<(Phase, i64)> {
    let note = change.note.as_deref()?;
    let phase = match change.what {
        Change::Started => {
            let child: OperationId = note.parse().ok()?;
            Phase::ALL.into_iter().find(|phase| child.is_of(phase.kind()))?
        }
        Change::Advanced => note.parse().ok()?,
        _ => return None,
    };
    Some((phase, change.at_ms))
}

fn phases(row: &Operation, history: &[Transition]) -> Vec<Part> {
    let entered: Vec<(Phase, i64)> = history.iter().filter_map(entered).collect();
    let ends = entered.iter().skip(1).map(|(_, at_ms)| Some(*at_ms)).chain([None]);
    entered.iter().zip(ends).map(|((phase, from), until)| part(row, *phase, *from, until)).collect()
}

/// A phase, until the next one began or the cycle ended in it.
fn part(row: &Operation, phase: Phase, from: i64, until: Option<i64>) -> Part {
    let end = until.or(row.finished_at_ms).unwrap_or(from);
    let name = format!("{}.{}", names::PHASE, word(phase));
    let part = Part::new(&row.id, phase_span(&row.id, phase), name, nanos(from), nanos(end))
        .within(SpanId::whole(&row.id))
        .say(names::OPERATION_ID, row.id.as_str())
        .say(names::PHASE_NAME, phase.as_str());
    let is_gated = matches!(phase, Phase::Training | Phase::Backtesting);
    let error = row.error.as_deref().unwrap_or_default();
    match (until, row.status) {
        (Some(_), _) if is_gated => {
            part.say(names::OUTCOME, "completed").say(names::GATE, word(phase)).say(names::GATE_PASSED, true)
        }
        (None, Status::Failed) if is_verdict(row) => part
            .say(names::OUTCOME, "completed")
            .say(names::GATE, word(phase))
            .say(names::GATE_PASSED, false)
            .say(names::GATE_REASON, error),
        (None, Status::Failed) => part.say(names::OUTCOME, "failed").failed(error),
        (None, status) => part.say(names::OUTCOME, status.as_str()),
        (Some(_), _) => part.say(names::OUTCOME, "completed"),
    }
}

/// A phase as the system before this one called it.
fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Designing => "design",
        Phase::Training => "training",
        Phase::Backtesting => "backtest",
        Phase::Assessing => "assessment",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(reason: &str, error: &str) -> Operation {
        serde_json::from_value(json!({
            "id": "op_agent_research_20261121_025513_99cb0f94", "kind": "agent_research", "status": "failed",
            "reason": reason, "error": error, "fence": 0, "tries": 0, "tries_max": 1, "rescues": 0,
            "created_at_ms": 0, "started_at_ms": 5_000, "finished_at_ms": 9_000, "spec": {}, "result": null,
        }))
        .unwrap()
    }

    fn change(at_ms: i64, what: Change, note: &str) -> Transition {
        Transition { what, note: Some(note.to_owned()), ..Transition::created(at_ms) }
    }

    #[test]
    fn a_cycle_is_its_phases_and_a_gate_that_says_no_is_no_error() {
        let child = "op_agent_research_20261121_025513_99cb0f94.agent_design.1";
        let history = [
            Transition::created(0),
            change(5_000, Change::Started, child),
            change(6_000, Change::Advanced, "training"),
            change(9_000, Change::Failed, "gate: no"),
        ];
        for (reason, is_error) in [("gate", false), ("error", true)] {
            let parts = told(&row(reason, "no skill"), &history);
            let names: Vec<_> = parts.iter().map(|part| part.span.name.as_str()).collect();
            assert_eq!(names, ["agent.research_cycle", "agent.phase.design", "agent.phase.training"]);
            let times: Vec<_> =
                parts.iter().map(|part| part.span.start_time_unix_nano / 1_000_000_000).collect();
            assert_eq!(times, [5, 5, 6]);
            let failed: Vec<_> = parts.iter().map(|part| part.span.status.is_some()).collect();
            assert_eq!(failed, [is_error, false, is_error]);
        }
    }
}
