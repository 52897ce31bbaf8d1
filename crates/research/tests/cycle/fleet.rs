//! Whole cycles over the embedded engine: relay, sweeper, worker and orchestrator as in production.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::hypothesis::{Answer, ApprovalTerms, Hypothesis, Idea};
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::lesson::Reached;
use ktrdr_domain::report::{AssessmentReport, Verdict};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{EndStatus, Event, FailureReason, OperationId, Phase, Status, Timestamp};
use ktrdr_fabric::broker::{Broker, Message};
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::store::{Cancelled, Pace, Store, Submitted};
use ktrdr_research::{CycleSummary, plan};
use ktrdr_worker::Outcome;
use serde_json::json;

use crate::fixture::{assessment, design, losing, research, untalented, value};
use crate::world::{World, behave};

async fn submit(world: &World, cycles: u32, in_flight: u32) -> Vec<OperationId> {
    submit_as(world, cycles, in_flight, &research()).await
}

async fn submit_as(world: &World, cycles: u32, in_flight: u32, told: &ResearchSpec) -> Vec<OperationId> {
    let roots = plan(&"night".parse().unwrap(), cycles, told, Timestamp(0), 1).unwrap();
    let ids = roots.iter().map(|root| root.id.clone()).collect();
    assert_eq!(
        world.engine.store.submit_roots(roots, Pace::free(in_flight)).await.unwrap(),
        Submitted::Created
    );
    ids
}

pub(crate) async fn one(world: &World) -> OperationId {
    submit(world, 1, 1).await.remove(0)
}

#[tokio::test]
async fn a_cycle_runs_through_its_four_phases_and_is_remembered() {
    let world = World::new(|phase, _| behave(phase));
    let root = one(&world).await;
    let row = world.ended(&root).await;
    assert_eq!((row.status, row.phase), (Status::Completed, Some(Phase::Assessing)));
    let summary: CycleSummary = serde_json::from_value(row.result.unwrap()).unwrap();
    assert_eq!(
        (summary.verdict, summary.backtest_gate),
        (Some(Verdict::Promising), Some(GateVerdict::Passed))
    );

    let children = world.children(&root).await;
    assert_eq!(children.len(), 4);
    assert!(children.iter().all(|c| c.status == Status::Completed && c.tries == 1));
    assert!(children.iter().all(|c| c.tries_max == research().tries_max), "as many as the cycle was told");
    let lessons = world.lessons().await;
    assert_eq!(lessons.len(), 1);
    assert_eq!((&lessons[0].cycle, lessons[0].reached), (&root, Reached::Examined));
}

#[tokio::test]
async fn what_a_cycle_proposes_and_tests_is_written_down() {
    let terms = ApprovalTerms { within_s: 60, default: Answer::Approve };
    let idea = Idea { text: "It fades.".into(), rationale: String::new() };
    let world = World::new(move |phase, _| match phase {
        Phase::Designing => {
            let name = Hypothesis::id_of(
                &"night".parse().unwrap(),
                &research().symbol,
                research().timeframe,
                "It fades.",
            );
            Outcome::Completed(value(DesignResult {
                hypotheses: vec![idea.clone()],
                tests: Some(name),
                ..design()
            }))
        }
        Phase::Assessing => Outcome::Completed(value(AssessmentReport {
            hypotheses: vec!["Nights are calm.".into()],
            ..assessment()
        })),
        other => behave(other),
    });
    let told = ResearchSpec { approval: Some(terms), ..research() };
    let root = submit_as(&world, 1, 1, &told).await.remove(0);
    world.ended(&root).await;
    let known = world.engine.store.hypotheses(None, 10).await.unwrap();
    let [assessed, designed] = known.as_slice() else { panic!("{known:#?}") };
    assert_eq!(designed.hypothesis.idea.text, "It fades.");
    let asked = designed.hypothesis.approval.unwrap();
    assert_eq!((asked.deadline.0, asked.default), (designed.hypothesis.proposed_at.0 + 60, Answer::Approve));
    assert_eq!(designed.test.as_ref().unwrap().cycle, root);
    assert!(assessed.hypothesis.proposed_by == "local" && assessed.test.is_none(), "{assessed:#?}");
}

#[tokio::test]
async fn a_gate_that_says_no_ends_the_cycle_and_is_remembered() {
    for (stops_at, result, error, reached) in [
        (
            Phase::Training,
            value(untalented()),
            "Training gate failed: accuracy_below_threshold (42.30% < 45%)",
            Reached::Designed,
        ),
        (
            Phase::Backtesting,
            value(losing()),
            "Backtest gate failed: drawdown_too_high (45.0% > 40%)",
            Reached::Trained,
        ),
    ] {
        let world =
            World::new(
                move |phase, _| {
                    if phase == stops_at { Outcome::Completed(result.clone()) } else { behave(phase) }
                },
            );
        let row = world.ended(&one(&world).await).await;
        assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::Gate)));
        assert_eq!(row.error.as_deref(), Some(error));
        assert_eq!(world.lessons().await[0].reached, reached);
    }
}

#[tokio::test]
async fn a_child_that_fails_in_any_phase_ends_the_cycle() {
    for fails in Phase::ALL {
        let world = World::new(move |phase, _| {
            if phase == fails {
                Outcome::Failed { reason: FailureReason::BadInput, error: "no bars".into() }
            } else {
                behave(phase)
            }
        });
        let root = one(&world).await;
        let row = world.ended(&root).await;
        assert_eq!(
            (row.status, row.reason.as_ref()),
            (Status::Failed, Some(&FailureReason::BadInput)),
            "{fails}"
        );
        assert_eq!(world.lessons().await.len(), usize::from(fails != Phase::Designing));
        assert!(world.children(&root).await.iter().all(|c| c.status.is_terminal()));
    }
}

#[tokio::test]
async fn a_child_out_of_tries_ends_the_cycle() {
    let world = World::new(|phase, _| {
        assert!(phase != Phase::Training, "poison");
        behave(phase)
    });
    let row = world.ended(&one(&world).await).await;
    assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::AttemptsExhausted)));
    assert!(row.summary.error.unwrap().contains("poison"));
}

#[tokio::test]
async fn a_child_that_returns_nonsense_ends_the_cycle() {
    let world = World::new(|phase, _| match phase {
        Phase::Backtesting => Outcome::Completed(json!({"sharpe": "great"})),
        phase => behave(phase),
    });
    let row = world.ended(&one(&world).await).await;
    assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::UnreadableResult)));
}

#[tokio::test]
async fn cancelling_a_cycle_cancels_its_running_child_and_is_remembered() {
    let world = World::new(|phase, job| {
        if phase != Phase::Training {
            return behave(phase);
        }
        while !job.stop.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Stopped
    });
    let root = one(&world).await;
    let child = Phase::Training.child_of(&root);
    world.until(&child, |row| row.status == Status::Running).await;
    assert_eq!(world.engine.store.cancel(&root, "test", "enough").await.unwrap(), Cancelled::Requested);
    assert_eq!(world.ended(&root).await.status, Status::Cancelled);
    assert_eq!(world.row(&child).await.status, Status::Cancelled);
    assert_eq!(world.lessons().await[0].stopped_by.as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn cancelling_the_child_cancels_the_cycle() {
    let world = World::new(|phase, job| {
        if phase != Phase::Designing {
            return behave(phase);
        }
        while !job.stop.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Stopped
    });
    let root = one(&world).await;
    let child = Phase::Designing.child_of(&root);
    world.until(&child, |row| row.status == Status::Running).await;
    world.engine.store.cancel(&child, "test", "enough").await.unwrap();
    assert_eq!(world.ended(&root).await.status, Status::Cancelled);
    assert!(world.lessons().await.is_empty(), "there was no strategy to learn from");
}

#[tokio::test]
async fn a_child_that_completes_despite_a_cancel_does_not_start_the_next_phase() {
    let world = World::new(|phase, job| {
        while phase == Phase::Training && !job.stop.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        behave(phase)
    });
    let root = one(&world).await;
    world.until(&Phase::Training.child_of(&root), |row| row.status == Status::Running).await;
    world.engine.store.cancel(&root, "test", "enough").await.unwrap();
    assert_eq!(world.ended(&root).await.status, Status::Cancelled);
    assert_eq!(world.children(&root).await.len(), 2);
    assert_eq!(world.lessons().await.len(), 1);
}

#[tokio::test]
async fn lanes_hold_the_number_of_cycles_in_flight() {
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (running, peak) = (now.clone(), most.clone());
    // A cycle is in flight from its design to its assessment.
    let world = World::new(move |phase, _| {
        if phase == Phase::Designing {
            let cycles = running.fetch_add(1, Ordering::AcqRel) + 1;
            peak.fetch_max(cycles, Ordering::AcqRel);
        }
        if phase == Phase::Assessing {
            running.fetch_sub(1, Ordering::AcqRel);
        }
        behave(phase)
    });
    for root in submit(&world, 12, 3).await {
        assert_eq!(world.ended(&root).await.status, Status::Completed);
    }
    assert!((1..=3).contains(&most.load(Ordering::Acquire)), "{most:?}");
    assert_eq!(world.lessons().await.len(), 12);
}

#[tokio::test]
async fn two_orchestrators_and_doubled_events_move_each_cycle_once() {
    let world = World::new(|phase, _| behave(phase));
    world.add_orchestrator();
    let roots = submit(&world, 20, 10).await;
    for root in &roots {
        for phase in Phase::ALL {
            // Early, late or stale: whatever it is, it must not matter.
            let event = Event {
                operation: phase.child_of(root),
                kind: phase.kind(),
                root: Some(root.clone()),
                status: EndStatus::Completed,
                fence: 1,
                again: true,
            };
            world.engine.broker.publish(vec![Message::Event(event)]).await.unwrap();
        }
    }
    for root in &roots {
        assert_eq!(world.ended(root).await.status, Status::Completed);
        assert_eq!(world.children(root).await.len(), 4);
    }
    assert_eq!(world.lessons().await.len(), 20);
}

#[tokio::test]
async fn a_ledger_that_can_not_be_reached_delays_the_end_and_loses_nothing() {
    let world = World::new(|phase, _| behave(phase));
    world.ledger.to_forget.store(2, Ordering::Release);
    let root = one(&world).await;
    assert_eq!(world.ended(&root).await.status, Status::Completed);
    assert_eq!(world.lessons().await.len(), 1, "remembered before the cycle was closed");
}
