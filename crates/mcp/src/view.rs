//! What of an answer a model may see. Lists of what is shown, never of what is hidden: whatever a report says one day that it does
//! not say today stays hidden until it is named here.

use ktrdr_app::campaign::Campaign;
use ktrdr_app::cycle_status::CycleView;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::refusal::Refusal;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Operation, OperationSummary, Phase, Timestamp, WindowKind};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Access;

/// Facts of a result that no exam has a part in: of a cycle, a design, a training, a backtest's circumstances, an import.
const BEFORE_THE_EXAM: &[&str] = &[
    "phase",
    "strategy",
    "strategy_sha256",
    "designer",
    "origin",
    "author",
    "model",
    "test",
    "dev_backtest",
    "training_gate",
    "backtest",
    "synthetic",
    "symbols",
    "window",
    "rows",
    "rows_purged",
    "feature_count",
    "parameter_count",
    "epochs_trained",
    "best_epoch",
    "initial_train_loss",
    "final_train_loss",
    "training_seconds",
    "trained_on",
    "operation",
    "subject",
    "symbol",
    "timeframe",
    "window_kind",
    "bars",
    "data",
];

/// Figures of a backtest, shown where it traded dev.
const FIGURES: &[&str] = &["metrics", "undefined"];

/// What a model is told in their place.
const HIDDEN: &str =
    "figures of an exam are for people: of an exam a model learns whether it was passed and what stopped it";

/// One operation, with what it returned.
pub(crate) fn operation(row: &Operation, access: Access) -> Value {
    let mut told = summary(row, access);
    told["result"] = row.result.as_ref().map(|result| self::result(result, access)).into();
    drop_nulls(&mut told);
    told
}

/// One operation in a list.
pub(crate) fn summary(row: &OperationSummary, access: Access) -> Value {
    let mut told = json!({
        "id": row.id,
        "type": row.kind,
        "strategy": row.subject.strategy,
        "symbol": row.subject.symbol,
        "timeframe": row.subject.timeframe,
        "campaign": row.campaign,
        "status": row.status,
        "is_cancelling": row.is_cancelling(),
        "phase": row.phase,
        "waits_for": row.waiting,
        "cycle": row.root,
        "tries": row.tries,
        "created_at": Timestamp::of_ms(row.created_at_ms),
        "started_at": row.started_at_ms.map(Timestamp::of_ms),
        "finished_at": row.finished_at_ms.map(Timestamp::of_ms),
        "took_ms": row.took_ms,
        "reason": row.reason,
        "error": row.error.as_deref().and_then(|error| words(row, error, access)),
        "progress": row.progress.as_ref().map(|p| match has_seen_an_exam(row) && !access.show_exam {
            true => json!({ "percentage": p.percentage }),
            false => json!({ "percentage": p.percentage, "step": p.step }),
        }),
    });
    drop_nulls(&mut told);
    told
}

/// A cycle at a glance.
pub(crate) fn cycle(cycle: &CycleView, access: Access) -> Value {
    let mut told = json!({
        "operation": cycle.operation,
        "status": cycle.status,
        "is_cancelling": cycle.is_cancelling,
        "phase": cycle.phase,
        "symbol": cycle.symbol,
        "timeframe": cycle.timeframe,
        "strategy": cycle.strategy,
        "child": cycle.child,
        "percentage": cycle.progress.as_ref().map(|progress| progress.percentage),
        "started_at": cycle.started_at_ms.map(Timestamp::of_ms),
        "duration_ms": cycle.duration_ms,
        "reason": cycle.reason,
        "error": match (&cycle.error, access.show_exam || !is_examined(cycle.phase)) {
            (Some(error), true) => Some(error.clone()),
            (Some(error), false) => gate_code(error),
            (None, _) => None,
        },
    });
    drop_nulls(&mut told);
    told
}

/// A result, but for what an exam showed.
pub(crate) fn result(result: &Value, access: Access) -> Value {
    let Value::Object(all) = result else { return Value::Null };
    if access.show_exam {
        return result.clone();
    }
    let traded_dev = all.get("window_kind") == Some(&json!(WindowKind::Dev));
    let figures = FIGURES.iter().filter(|_| traded_dev);
    let shown = BEFORE_THE_EXAM.iter().chain(figures);
    let mut told: Map<String, Value> =
        shown.filter_map(|key| Some(((*key).to_owned(), all.get(*key)?.clone()))).collect();
    if let Some(gate) = all.get("backtest_gate").filter(|gate| !gate.is_null()) {
        told.insert("backtest_gate".into(), verdict(gate));
    }
    if told.len() < all.len() {
        told.insert("hidden".into(), HIDDEN.into());
    }
    Value::Object(told)
}

/// A gate's verdict without its figures.
fn verdict(gate: &Value) -> Value {
    let mut told = json!({ "gate": gate.get("gate"), "code": gate.get("code") });
    drop_nulls(&mut told);
    told
}

/// A campaign: its cycles by what became of them, of those that a gate stopped by its code.
pub(crate) fn campaign(campaign: &Campaign) -> Value {
    let mut told = json!({
        "name": campaign.name,
        "begun_at": Timestamp::of_ms(campaign.begun_at_ms),
        "cycles": campaign.cycles,
        "forgotten": campaign.forgotten,
        "is_cancelling": campaign.is_cancelling,
        "outcomes": campaign.outcomes,
    });
    drop_nulls(&mut told);
    told
}

/// A counted look; what it showed only where it traded nothing but dev.
pub(crate) fn trial(trial: &Trial, access: Access) -> Value {
    let look = &trial.look;
    let is_of_dev = look.windows.iter().all(|window| *window == WindowKind::Dev);
    let mut told = json!({
        "operation": look.operation,
        "campaign": look.campaign,
        "subject": look.subject,
        "symbol": look.symbol,
        "timeframe": look.timeframe,
        "span": look.span,
        "windows": look.windows,
        "by": look.origin,
        "author": look.author,
        "is_concluded": trial.conclusion.is_some(),
        "sharpe_daily": trial.sharpe_daily().filter(|_| is_of_dev || access.show_exam),
    });
    drop_nulls(&mut told);
    told
}

/// What was learnt from one cycle, without the strategy's text. Memory holds no figure of an exam.
pub(crate) fn lesson(lesson: &Lesson) -> Value {
    let mut told = json!({
        "cycle": lesson.cycle,
        "campaign": lesson.campaign,
        "strategy": lesson.strategy.name,
        "hypothesis": lesson.strategy.hypothesis,
        "reached": lesson.reached,
        "stopped_by": lesson.stopped_by,
        "test": lesson.test,
        "dev_backtest": lesson.dev_backtest,
        "known_until": lesson.known_until,
    });
    drop_nulls(&mut told);
    told
}

/// Words about a failure: where an exam has been seen, the gate's code alone.
fn words(row: &OperationSummary, error: &str, access: Access) -> Option<String> {
    match access.show_exam || !has_seen_an_exam(row) {
        true => Some(error.to_owned()),
        false => gate_code(error),
    }
}

/// `Backtest gate failed: no_net_profit` of the same with figures behind it.
fn gate_code(error: &str) -> Option<String> {
    Refusal::read(error).map(|refusal| refusal.without_figures())
}

/// Whether what it says may come from an exam: a backtest, what judges one, and a cycle that came so far.
fn has_seen_an_exam(row: &OperationSummary) -> bool {
    is_examined(row.phase) || Phase::ALL.into_iter().any(|p| is_examined(Some(p)) && p.kind() == row.kind)
}

fn is_examined(phase: Option<Phase>) -> bool {
    matches!(phase, Some(Phase::Backtesting | Phase::Assessing))
}

/// Leaves out what is not there.
pub(crate) fn drop_nulls(value: &mut Value) {
    if let Value::Object(object) = value {
        object.retain(|_, value| !value.is_null());
    }
}

/// Anything as JSON.
pub(crate) fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: Access = Access { scope: ktrdr_domain::scope::Scope::Viewer, show_exam: false };

    #[test]
    fn of_a_cycle_that_was_examined_only_the_gates_code_is_told() {
        let result = json!({
            "phase": "backtesting", "strategy": "trend", "test": { "accuracy": 0.5 },
            "metrics": { "sharpe_ratio": 1.2345 }, "evidence": { "deflated_sharpe": 0.4321 },
            "backtest_gate": { "gate": "failed", "code": "no_net_profit", "figures": "-7.77% <= 0%" },
            "verdict": "promising", "tomorrow": 6.789,
        });
        let told = super::result(&result, READER);
        assert_eq!(
            told,
            json!({
                "phase": "backtesting", "strategy": "trend", "test": { "accuracy": 0.5 },
                "backtest_gate": { "gate": "failed", "code": "no_net_profit" }, "hidden": HIDDEN,
            })
        );
        assert_eq!(super::result(&result, Access { show_exam: true, ..READER }), result);
    }

    #[test]
    fn figures_of_dev_are_shown() {
        let of = |kind: &str| json!({ "window_kind": kind, "metrics": { "sharpe_ratio": 1.5 } });
        assert_eq!(super::result(&of("dev"), READER), of("dev"));
        assert!(super::result(&of("gate"), READER).get("metrics").is_none());
        assert!(super::result(&json!({ "metrics": {} }), READER).get("metrics").is_none());
    }

    #[test]
    fn words_about_a_gate_lose_their_figures() {
        let code = gate_code("Backtest gate failed: no_net_profit (-1.20% <= 0%)");
        assert_eq!(code.as_deref(), Some("Backtest gate failed: no_net_profit"));
        assert_eq!(gate_code("Backtest failed: lost 12.5 % on the way"), None);
        assert_eq!(gate_code("x gate failed: -1.20%"), None);
    }
}
