//! Cycles of a generation run side by side and are examined in their order, whatever becomes of those before them.

use std::sync::{Arc, Condvar, Mutex};

use ktrdr_domain::refusal::Refusal;
use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Status, Timestamp};
use ktrdr_fabric::store::{Pace, Store};
use ktrdr_research::plan;
use ktrdr_worker::{Job, Outcome};

use crate::fixture::{research, untalented, value};
use crate::world::{World, behave};

/// One generation.
const CYCLES: u32 = 4;

/// What becomes of the first cycle, whose training takes longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Examined,
    StoppedByItsGate,
    Cancelled,
}

/// Keeps the first training waiting, and writes down who is examined.
#[derive(Default)]
struct Stage {
    is_open: Mutex<bool>,
    opened: Condvar,
    examined: Mutex<Vec<OperationId>>,
}

impl Stage {
    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn play(&self, first: First, phase: Phase, job: &Job) -> Outcome {
        let root = job.root.clone().unwrap();
        if phase == Phase::Backtesting {
            self.examined.lock().unwrap().push(root.clone());
        }
        if phase == Phase::Training && root == cycle(0) {
            let is_closed = |is_open: &mut bool| !*is_open;
            drop(self.opened.wait_while(self.is_open.lock().unwrap(), is_closed).unwrap());
            match first {
                First::Examined => {}
                First::StoppedByItsGate => return Outcome::Completed(value(untalented())),
                First::Cancelled => return Outcome::Stopped,
            }
        }
        behave(phase)
    }
}

fn cycle(n: u32) -> OperationId {
    OperationId::new(Kind::AgentResearch, Timestamp(0), 1 + n)
}

/// Plays a generation with two orchestrators; the order of its exams.
async fn exams(first: First) -> Vec<OperationId> {
    let stage = Arc::new(Stage::default());
    let world = World::new({
        let stage = Arc::clone(&stage);
        move |phase, job| stage.play(first, phase, job)
    });
    world.add_orchestrator();
    let roots = plan(&"night".parse().unwrap(), CYCLES, &research(), Timestamp(0), 1).unwrap();
    world.engine.store.submit_roots(roots, Pace::free(CYCLES)).await.unwrap();
    for n in 1..CYCLES {
        world.until(&Phase::Training.child_of(&cycle(n)), |row| row.status == Status::Completed).await;
    }
    assert_eq!(*stage.examined.lock().unwrap(), [], "{first:?}: nobody is examined before the first");
    if first == First::Cancelled {
        world.engine.store.cancel(&cycle(0), "test", "enough").await.unwrap();
    }
    stage.open();
    for n in 0..CYCLES {
        let ended = world.ended(&cycle(n)).await.status;
        assert!(ended == Status::Completed || n == 0, "{first:?}: cycle {n} is {ended}");
    }
    stage.examined.lock().unwrap().clone()
}

#[tokio::test]
async fn a_generation_is_examined_in_its_order_whatever_becomes_of_the_first() {
    let all: Vec<OperationId> = (0..CYCLES).map(cycle).collect();
    assert_eq!(exams(First::Examined).await, all);
    assert_eq!(exams(First::StoppedByItsGate).await, all[1..]);
    assert_eq!(exams(First::Cancelled).await, all[1..]);
}

#[tokio::test]
async fn a_repetition_ends_before_its_exam_and_is_remembered() {
    let world = World::new(|phase, _| match phase {
        Phase::Backtesting => {
            let error = "it is the same strategy as another, which was examined".to_owned();
            Outcome::Failed { reason: FailureReason::Repetition, error }
        }
        other => behave(other),
    });
    let row = world.ended(&crate::fleet::one(&world).await).await;
    assert_eq!(row.reason, Some(FailureReason::Gate));
    let error = row.summary.error.unwrap();
    let refusal = Refusal::read(&error).unwrap();
    assert_eq!((refusal.gate, refusal.code), ("Novelty", "repetition"));
    assert_eq!(world.lessons().await[0].stopped_by.as_deref(), Some("repetition"));
}
