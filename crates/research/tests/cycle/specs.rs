//! What each child is told.

use ktrdr_domain::Kind;
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::{
    AssessmentSpec, BacktestSpec, BacktestSubject, DesignResult, DesignSpec, MESSAGE_BYTES_MAX, Origin,
    TrainingSpec,
};
use ktrdr_domain::report::EpochRecord;
use ktrdr_domain::trading::Sizing;
use ktrdr_domain::{OperationId, Span, Timestamp};
use ktrdr_research::{ChildEnd, Cycle, Decision, PlanError, plan, step};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

use crate::fixture::{backtest, cycles, day, design, research, results, strategy, training, value};

fn next<T: DeserializeOwned>(cycle: &Cycle, end: &ChildEnd) -> T {
    match step(cycle, end) {
        Decision::Next { child, .. } => serde_json::from_value(child.spec).unwrap(),
        other => panic!("no next phase: {other:?}"),
    }
}

fn after_design(change: impl FnOnce(&mut DesignResult)) -> Decision {
    let mut design = design();
    change(&mut design);
    step(&cycles()[0], &ChildEnd::Completed(value(design)))
}

fn refusal(decision: Decision) -> String {
    match decision {
        Decision::Fail { fault, lesson, .. } => {
            assert!(lesson.is_some(), "what was tried is remembered");
            format!("{}: {}", fault.reason, fault.error)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn training_gets_dev_its_data_and_a_seed_of_its_own() {
    let spec: TrainingSpec = next(&cycles()[0], &ChildEnd::Completed(results()[0].clone()));
    assert_eq!(spec.window, research().windows.dev);
    assert_eq!(spec.data, research().data);
    assert_eq!(spec.account.sizing, Sizing::FixedFraction(0.5));
    assert_ne!(spec.seed, research().seed);
}

#[test]
fn a_strategys_dates_narrow_dev_and_can_not_widen_it() {
    let narrowed = |start, end| {
        let decision = after_design(|d| {
            (d.strategy.training_data.start_date, d.strategy.training_data.end_date) = (start, end);
        });
        let Decision::Next { child, .. } = decision else { panic!("{decision:?}") };
        serde_json::from_value::<TrainingSpec>(child.spec).unwrap().window
    };
    assert_eq!(narrowed(Some(day(100)), Some(day(200))), Span { start: day(100), end: day(200) });
    assert_eq!(narrowed(Some(day(100)), Some(day(900))), Span { start: day(100), end: day(600) });
    assert_eq!(narrowed(Some(day(-50)), None), Span { start: day(0), end: day(600) });
}

#[test]
fn a_design_outside_dev_is_refused() {
    let refused = refusal(after_design(|d| d.strategy.training_data.start_date = Some(day(700))));
    assert!(refused.starts_with("outside_dev: Design failed: trend: "), "{refused}");
}

#[test]
fn a_design_that_needs_data_the_cycle_has_not_is_refused() {
    let refused = refusal(after_design(|d| d.strategy = strategy(&["EURUSD"], &["1h", "1d"])));
    assert_eq!(
        refused,
        "missing_data: Design failed: trend needs EURUSD 1d, but this cycle was given only EURUSD 1h, EURUSD 4h"
    );
    let refused = refusal(after_design(|d| d.strategy = strategy(&["EURUSD", "USDJPY"], &["1h"])));
    assert!(refused.contains("needs USDJPY 1h"), "{refused}");
}

#[test]
fn a_design_for_other_bars_is_refused() {
    let refused = refusal(after_design(|d| d.strategy = strategy(&["EURUSD"], &["4h"])));
    assert!(refused.starts_with("wrong_timeframe: "), "{refused}");
}

#[test]
fn a_message_too_large_to_travel_closes_the_cycle() {
    let mut chatty = backtest();
    chatty.warnings = vec!["x".repeat(MESSAGE_BYTES_MAX)];
    let refused = refusal(step(&cycles()[2], &ChildEnd::Completed(value(chatty))));
    assert!(refused.contains("at most 65536 travel"), "{refused}");
}

#[test]
fn the_backtest_runs_on_the_gate_window_with_the_cycles_costs_and_the_strategys_size() {
    let spec: BacktestSpec = next(&cycles()[1], &ChildEnd::Completed(results()[1].clone()));
    assert_eq!(spec.window, research().windows.gate);
    assert_eq!(spec.origin, Origin::Research);
    assert_eq!(spec.subject, BacktestSubject::Model(training().model));
    assert_eq!(spec.data, research().data, "the traded bars first");
    assert_eq!(spec.account.costs, research().account.costs);
    assert_eq!((spec.account.sizing, spec.account.exits.stop_loss), (Sizing::FixedFraction(0.5), Some(0.02)));
    assert_eq!(spec.campaign, research().campaign);
}

#[test]
fn the_assessor_gets_the_reports_and_a_message_that_travels() {
    let mut training = training();
    training.history = (1..=5000)
        .map(|epoch| EpochRecord {
            epoch,
            train_loss: 1.0 / 3.0,
            train_accuracy: 1.0 / 3.0,
            validation_loss: Some(1.0 / 3.0),
            validation_accuracy: Some(1.0 / 3.0),
            learning_rate: 1.0 / 3.0,
        })
        .collect();
    let [_, _, mut backtesting, _] = cycles();
    backtesting.stage = ktrdr_research::Stage::Backtesting(Box::new(design()), Box::new(training));
    let spec: AssessmentSpec = next(&backtesting, &ChildEnd::Completed(value(backtest())));
    assert_eq!(spec.verdict, GateVerdict::Passed);
    assert_eq!(spec.agent, research().agent);
    assert_eq!(spec.training.history.last().unwrap().epoch, 5000);
    assert!(spec.training.history.len() <= 100);
}

#[test]
fn a_plan_gives_each_cycle_its_own_id_index_and_seed() {
    let campaign = "night".parse().unwrap();
    let roots = plan(&campaign, 500, &research(), Timestamp(0), u32::MAX - 3).unwrap();
    let specs: Vec<DesignSpec> =
        roots.iter().map(|r| serde_json::from_value(r.first.spec.clone()).unwrap()).collect();
    let distinct = |set: BTreeSet<String>| assert_eq!(set.len(), 500);
    distinct(roots.iter().map(|r| r.id.to_string()).collect());
    distinct(specs.iter().map(|s| s.research.seed.to_string()).collect());
    assert!(specs.iter().map(|s| s.research.index).eq(0..500));
    assert!(specs.iter().all(|s| s.research.campaign_seed == research().seed), "designs share one seed");
    let renamed = plan(&"day".parse().unwrap(), 500, &research(), Timestamp(0), 1).unwrap();
    let seeds = renamed.iter().map(|r| r.first.spec["research"]["seed"].as_u64().unwrap());
    assert!(seeds.eq(specs.iter().map(|s| s.research.seed)), "a name is no chance");
    for root in &roots {
        assert_eq!((root.phase.as_str(), root.first.kind), ("designing", Kind::AgentDesign));
        assert_eq!(root.first.id, root.id.child(Kind::AgentDesign, 1));
        assert!(root.first.id.to_string().parse::<OperationId>().is_ok());
    }
    assert_eq!(plan(&campaign, 500, &research(), Timestamp(0), u32::MAX - 3).unwrap(), roots);
}

#[test]
fn a_plan_of_nothing_or_of_too_much_is_refused() {
    for cycles in [0, 10_001] {
        let plan = plan(&"night".parse().unwrap(), cycles, &research(), Timestamp(0), 1);
        assert_eq!(plan, Err(PlanError::Cycles(cycles)));
    }
}
