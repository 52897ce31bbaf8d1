//! A cycle that was given its strategy designs nothing; everything else is as in any cycle.

use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::{DesignResult, TrainingSpec};
use ktrdr_domain::lesson::Reached;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{FailureReason, OperationId, Phase, Status, Timestamp};
use ktrdr_fabric::store::{NewRoot, Pace, Store, Submitted};
use ktrdr_research::resume::{self, successor};
use ktrdr_research::{CycleSummary, PlanError, plan};
use ktrdr_worker::Outcome;
use serde::Deserialize;

use crate::fixture::{design, research, strategy, timeframe, untalented, value};
use crate::world::{World, behave};

fn given(design: DesignResult) -> ResearchSpec {
    ResearchSpec { given: Some(Box::new(design)), ..research() }
}

fn planned(template: &ResearchSpec) -> Result<NewRoot, PlanError> {
    plan(&"mine".parse().unwrap(), 1, template, Timestamp(0), 1).map(|mut roots| roots.remove(0))
}

async fn start(world: &World, root: NewRoot) -> OperationId {
    let id = root.id.clone();
    let submitted = world.engine.store.submit_roots(vec![root], Pace::free(1)).await.unwrap();
    assert_eq!(submitted, Submitted::Created);
    id
}

#[tokio::test]
async fn a_given_strategy_is_trained_at_once_gated_examined_and_remembered() {
    let world = World::new(|phase, _| {
        assert_ne!(phase, Phase::Designing, "there is nothing to design");
        behave(phase)
    });
    let mine = DesignResult { designer: "somebody".into(), origin: "mine.yaml".into(), ..design() };
    let root = planned(&given(mine.clone())).unwrap();
    assert_eq!(root.phase, Phase::Training);
    assert_eq!(TrainingSpec::deserialize(&root.first.spec).unwrap().strategy, mine.strategy);
    let id = start(&world, root).await;
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.phase), (Status::Completed, Some(Phase::Assessing)));
    let summary = CycleSummary::deserialize(row.result.unwrap()).unwrap();
    assert_eq!(
        (summary.designer.as_deref(), summary.origin.as_deref()),
        (Some("somebody"), Some("mine.yaml"))
    );
    assert_eq!(summary.strategy_sha256, Some(mine.strategy_sha256));
    assert_eq!(summary.backtest_gate, Some(GateVerdict::Passed));
    assert_eq!(world.children(&id).await.len(), 3);
    assert_eq!(world.lessons().await[0].reached, Reached::Examined);
}

#[tokio::test]
async fn its_gates_say_no_as_to_any_other() {
    let world = World::new(|phase, _| match phase {
        Phase::Training => Outcome::Completed(value(untalented())),
        phase => behave(phase),
    });
    let id = start(&world, planned(&given(design())).unwrap()).await;
    let row = world.ended(&id).await;
    assert_eq!(row.reason, Some(FailureReason::Gate));
    assert!(row.summary.error.unwrap().starts_with("Training gate failed: accuracy_below_threshold"));
}

#[tokio::test]
async fn one_that_was_cut_short_is_resumed_without_a_design() {
    let broken = std::sync::atomic::AtomicBool::new(true);
    let world = World::new(move |phase, _| {
        let breaks = phase == Phase::Backtesting && broken.swap(false, std::sync::atomic::Ordering::AcqRel);
        match breaks {
            true => Outcome::Failed { reason: FailureReason::BadInput, error: "no bars".into() },
            false => behave(phase),
        }
    });
    let id = start(&world, planned(&given(design())).unwrap()).await;
    let ended = world.ended(&id).await;
    assert_eq!(ended.reason, Some(FailureReason::BadInput));
    let next = resume::plan(&*world.engine.store, &ended, 3).await.unwrap().unwrap();
    assert_eq!((&next.id, next.phase), (&successor(&id), Phase::Backtesting));
    let next = start(&world, next).await;
    assert_eq!(world.ended(&next).await.status, Status::Completed);
}

#[test]
fn what_does_not_fit_the_cycle_is_refused_before_anything_is_submitted() {
    let mut other_bars = design();
    other_bars.strategy = strategy(&["EURUSD"], &["4h"]);
    let refused = planned(&given(other_bars)).unwrap_err().to_string();
    assert_eq!(refused, "trend decides on 4h bars, but this cycle trades 1h bars");
    let missing = ResearchSpec { data: research().data[..1].to_vec(), ..given(design()) };
    let refused = planned(&missing).unwrap_err().to_string();
    assert_eq!(refused, "trend needs EURUSD 4h, but this cycle was given only EURUSD 1h");
    assert_eq!(research().timeframe, timeframe("1h"));
}
