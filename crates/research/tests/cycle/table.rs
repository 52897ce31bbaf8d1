//! Every (phase, end): what the cycle does, what it says, what it remembers.

use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::lesson::Reached;
use ktrdr_domain::report::{BacktestSummary, NullRank, Verdict};
use ktrdr_domain::{FailureReason, Phase};
use ktrdr_research::{ChildEnd, Decision, Stage, step};
use serde_json::{Value, json};

use crate::fixture::{backtest, cycles, day, losing, results, root, untalented, value};

/// A decision in one line.
fn told(decision: &Decision) -> String {
    let lesson = |reached: Reached, stopped_by: &Option<String>| {
        format!("{reached:?} {}", stopped_by.as_deref().unwrap_or("to the end"))
    };
    match decision {
        Decision::Next { phase, child } => {
            assert_eq!((child.kind, &child.id), (phase.kind(), &phase.child_of(&root())));
            format!("→ {phase}")
        }
        Decision::Complete { lesson: l, .. } => format!("done | {}", lesson(l.reached, &l.stopped_by)),
        Decision::Fail { fault, lesson: l, .. } => {
            let remembered = l.as_ref().map_or("nothing".into(), |l| lesson(l.reached, &l.stopped_by));
            format!("{}: {} | {remembered}", fault.reason, fault.error)
        }
    }
}

fn row(end: impl Fn(usize) -> ChildEnd) -> [String; 4] {
    let mut phase = 0;
    cycles().map(|cycle| {
        phase += 1;
        told(&step(&cycle, &end(phase - 1)))
    })
}

#[test]
fn a_completed_child_leads_to_the_next_phase() {
    let told = row(|phase| ChildEnd::Completed(results()[phase].clone()));
    assert_eq!(told, ["→ training", "→ backtesting", "→ assessing", "done | Examined to the end"]);
}

#[test]
fn a_failed_child_closes_the_cycle_with_the_childs_reason() {
    let told = row(|_| ChildEnd::Failed { reason: FailureReason::BadInput, error: "no bars".into() });
    let expected = [
        "bad_input: Design failed: no bars | nothing",
        "bad_input: Training failed: no bars | Designed bad_input",
        "bad_input: Backtest failed: no bars | Trained bad_input",
        "bad_input: Assessment failed: no bars | Examined bad_input",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_child_out_of_tries_closes_the_cycle() {
    let told = row(|_| ChildEnd::Exhausted("worker lost".into()));
    let expected = [
        "attempts_exhausted: Design failed on every try, last with: worker lost | nothing",
        "attempts_exhausted: Training failed on every try, last with: worker lost | Designed attempts_exhausted",
        "attempts_exhausted: Backtest failed on every try, last with: worker lost | Trained attempts_exhausted",
        "attempts_exhausted: Assessment failed on every try, last with: worker lost | Examined attempts_exhausted",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_cancelled_child_closes_the_cycle() {
    let told = row(|_| ChildEnd::Cancelled);
    let expected = [
        "cancelled: Design was cancelled | nothing",
        "cancelled: Training was cancelled | Designed cancelled",
        "cancelled: Backtest was cancelled | Trained cancelled",
        "cancelled: Assessment was cancelled | Examined cancelled",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_unreadable_result_closes_the_cycle() {
    for nonsense in [Value::Null, json!("?"), json!({"strategy": 1}), json!([[[]]])] {
        for (told, noun) in row(|_| ChildEnd::Completed(nonsense.clone())).iter().zip([
            "Design",
            "Training",
            "Backtest",
            "Assessment",
        ]) {
            let start = format!("unreadable_result: {noun} returned something unreadable");
            assert!(told.starts_with(&start), "{told}");
        }
    }
}

#[test]
fn a_gate_that_says_no_closes_the_cycle_with_its_figures() {
    let [_, training, backtesting, _] = cycles();
    assert_eq!(
        told(&step(&training, &ChildEnd::Completed(value(untalented())))),
        "gate: Training gate failed: accuracy_below_threshold (42.30% < 45%) | Designed accuracy_below_threshold"
    );
    assert_eq!(
        told(&step(&backtesting, &ChildEnd::Completed(value(losing())))),
        "gate: Backtest gate failed: drawdown_too_high (45.0% > 40%) | Trained drawdown_too_high"
    );
}

#[test]
fn the_same_end_always_gives_the_same_decision() {
    for (cycle, result) in cycles().iter().zip(results()) {
        let end = ChildEnd::Completed(result);
        assert_eq!(step(cycle, &end), step(cycle, &end));
    }
}

#[test]
fn a_done_cycle_sums_up_and_remembers_everything() {
    let [_, _, _, assessing] = cycles();
    let end = ChildEnd::Completed(results()[3].clone());
    let Decision::Complete { summary, lesson } = step(&assessing, &end) else { panic!("not done") };
    assert_eq!(summary.phase, Phase::Assessing);
    assert_eq!(summary.strategy.as_ref().unwrap().as_str(), "trend");
    assert_eq!(summary.metrics.as_ref().unwrap().total_trades, 60);
    assert!(
        summary.training_gate.as_ref().unwrap().passed() && summary.backtest_gate.as_ref().unwrap().passed()
    );
    assert_eq!((summary.verdict, lesson.reached), (Some(Verdict::Promising), Reached::Examined));
    assert!(summary.synthetic);
    assert_eq!(value(&summary)["metrics"]["win_rate"], json!(0.5));
}

#[test]
fn memory_depends_on_nothing_after_dev_but_the_exams_one_word() {
    let known_until = |phase: usize, result: Value| match step(&cycles()[phase], &ChildEnd::Completed(result))
    {
        Decision::Fail { lesson, .. } => lesson.unwrap().known_until,
        other => panic!("not failed: {other:?}"),
    };
    let ends = [(1, value(untalented())), (2, value(losing())), (2, Value::Null)];
    assert_eq!(ends.map(|(phase, result)| known_until(phase, result)), [day(600); 3]);
}

/// Sentinels where an exam has figures and words: none of them may be remembered.
fn planted(mut exam: BacktestSummary, seed: f64) -> BacktestSummary {
    exam.metrics.total_return = Some(31_415.9 + seed);
    exam.metrics.volatility = Some(0.271_828 + seed);
    exam.evidence.luck_sharpe_daily = Some(0.577_215 + seed);
    exam.evidence.trials = 161_803 + seed as u64;
    exam.warnings = vec![format!("sentinel {seed}")];
    exam.undefined.insert("sortino_ratio".into(), format!("sentinel {seed}"));
    exam
}

#[test]
fn memory_holds_no_figure_of_the_exam() {
    let lesson_of = |exam: BacktestSummary| match step(&cycles()[2], &ChildEnd::Completed(value(exam))) {
        Decision::Fail { lesson, .. } => serde_json::to_string(&lesson).unwrap(),
        other => panic!("not failed: {other:?}"),
    };
    let text = lesson_of(planted(losing(), 0.0));
    assert!(text.contains("drawdown_too_high"));
    for sentinel in ["0.45", "45.0%", "31415", "0.271", "0.577", "161803", "sentinel"] {
        assert!(!text.contains(sentinel), "{sentinel} in {text}");
    }
    assert_eq!(text, lesson_of(planted(losing(), 5.0)), "exams that differ in nothing but figures");
}

#[test]
fn a_survivors_lesson_holds_no_figure_of_its_exam_and_not_the_words_of_its_assessment() {
    let lesson_of = |seed: f64, verdict: &str| {
        let [.., mut assessing] = cycles();
        let Stage::Assessing(design, training, exam) = assessing.stage else { panic!("not assessing") };
        assessing.stage = Stage::Assessing(design, training, Box::new(planted(*exam, seed)));
        let mut assessment = results()[3].clone();
        assessment["verdict"] = verdict.into();
        match step(&assessing, &ChildEnd::Completed(assessment)) {
            Decision::Complete { lesson, .. } => serde_json::to_string(&lesson).unwrap(),
            other => panic!("not done: {other:?}"),
        }
    };
    assert_eq!(lesson_of(0.0, "promising"), lesson_of(5.0, "mediocre"));
}

#[test]
fn what_only_the_number_of_trials_stopped_teaches_as_much_as_what_passed() {
    let reached = |deflated: f64| {
        let [_, _, mut backtesting, _] = cycles();
        backtesting.spec.gates = GatePolicy::default();
        let mut exam = backtest();
        exam.metrics.total_return_pct = Some(0.1);
        exam.metrics.max_drawdown_pct = Some(0.1);
        exam.evidence.deflated_sharpe = Some(deflated);
        exam.evidence.random_entries = Some(NullRank { p: 0.001, draws: 1000 });
        exam.evidence.leakage_proof = Some(true);
        match step(&backtesting, &ChildEnd::Completed(value(exam))) {
            Decision::Fail { lesson, fault, .. } => (lesson.unwrap().reached, fault.stopped_by),
            other => panic!("not failed: {other:?}"),
        }
    };
    assert_eq!(reached(0.3), (Reached::Examined, "deflated_sharpe_too_low".to_owned()));
}
