//! A cycle that was cut short is resumed from the job that did not complete, once, and by nobody's merits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::{FailureReason, Operation, OperationId, Phase, Status};
use ktrdr_fabric::store::{NewRoot, Pace, Store, Submitted};
use ktrdr_research::CycleSummary;
use ktrdr_research::resume::{self, NotResumed, successor};
use ktrdr_worker::Outcome;
use serde::Deserialize;

use crate::fixture::{untalented, value};
use crate::fleet::one;
use crate::world::{World, behave};

/// Tries of the resumed cycle's jobs.
const TRIES: u32 = 9;

/// How often the job of one phase fails before it behaves, and how often each was run.
struct Trouble {
    phase: Phase,
    failures: AtomicU32,
    runs: [AtomicU32; 4],
}

fn troubled(phase: Phase, failures: u32) -> (World, Arc<Trouble>) {
    let trouble = Arc::new(Trouble { phase, failures: AtomicU32::new(failures), runs: Default::default() });
    let shared = trouble.clone();
    let world = World::new(move |phase, _| {
        let index = Phase::ALL.iter().position(|p| *p == phase).unwrap();
        shared.runs[index].fetch_add(1, Ordering::AcqRel);
        let fails = phase == shared.phase
            && shared
                .failures
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1))
                .is_ok();
        match fails {
            true => Outcome::Failed { reason: FailureReason::BadInput, error: "no bars".into() },
            false => behave(phase),
        }
    });
    (world, trouble)
}

async fn planned(world: &World, id: &OperationId) -> Result<NewRoot, NotResumed> {
    resume::plan(&*world.engine.store, &world.row(id).await, TRIES).await.unwrap()
}

/// Resumes a cycle, which must be possible, and waits for the end.
async fn resumed(world: &World, id: &OperationId) -> Operation {
    let next = planned(world, id).await.unwrap();
    let new = next.id.clone();
    assert_eq!(
        world.engine.store.submit_roots(vec![next.clone()], Pace::free(1)).await.unwrap(),
        Submitted::Created
    );
    let again = world.engine.store.submit_roots(vec![next], Pace::free(1)).await.unwrap();
    assert_eq!(again, Submitted::Duplicate(new.clone()), "a cycle is resumed once");
    world.ended(&new).await
}

#[tokio::test]
async fn a_cycle_goes_on_from_the_job_that_failed_whichever_it_was() {
    for phase in Phase::ALL {
        let (world, trouble) = troubled(phase, 1);
        let first = one(&world).await;
        assert_eq!(world.ended(&first).await.reason, Some(FailureReason::BadInput));
        let before = world.row(&first).await;
        let row = resumed(&world, &first).await;
        assert_eq!(
            (row.status, &row.id),
            (Status::Completed, &successor(&first)),
            "{phase}: {:?}",
            row.error
        );
        assert_eq!(world.row(&first).await, before, "an end is for ever");
        let summary: CycleSummary = serde_json::from_value(row.result.unwrap()).unwrap();
        assert!(summary.strategy.is_some() && summary.model.is_some() && summary.metrics.is_some());
        for (earlier, runs) in Phase::ALL.into_iter().zip(&trouble.runs) {
            let expected = if earlier == phase { 2 } else { 1 };
            assert_eq!(runs.load(Ordering::Acquire), expected, "{earlier} of a cycle that failed in {phase}");
        }
        let children = world.children(&successor(&first)).await;
        assert!(children.iter().all(|child| child.tries_max == TRIES));
    }
}

#[tokio::test]
async fn a_cycle_that_is_cut_short_again_and_again_is_resumed_again_and_again() {
    let (world, trouble) = troubled(Phase::Backtesting, 3);
    let first = one(&world).await;
    world.ended(&first).await;
    let mut last = first.clone();
    for _ in 0..3 {
        last = resumed(&world, &last).await.summary.id;
    }
    assert_eq!(world.row(&last).await.status, Status::Completed);
    assert_eq!(trouble.runs[0].load(Ordering::Acquire), 1, "it was designed once");
    // Nobody saw a result before the last one: all four are one look at the data, counted under the first.
    let backtest = world.row(&Phase::Backtesting.child_of(&last)).await;
    let spec = BacktestSpec::deserialize(&backtest.spec).unwrap();
    assert_eq!(spec.repeats, Some(Phase::Backtesting.child_of(&first)));
    // Both the cut and the whole story were told; the latter stands in place of the former.
    let lessons = world.lessons().await;
    assert_eq!(lessons[0].cycle, last);
    assert!(lessons.iter().all(|lesson| lesson.cycle == first || lesson.resumes.is_some()));
}

#[tokio::test]
async fn what_ended_by_its_own_merits_or_goes_on_is_not_resumed() {
    let world = World::new(|phase, _| match phase {
        Phase::Training => Outcome::Completed(value(untalented())),
        phase => behave(phase),
    });
    let gated = one(&world).await;
    world.ended(&gated).await;
    let why = planned(&world, &gated).await.unwrap_err();
    assert!(matches!(why, NotResumed::OnItsMerits(_)) && why.to_string().contains("accuracy_below"), "{why}");

    let world = World::new(|phase, _| behave(phase));
    let completed = one(&world).await;
    world.ended(&completed).await;
    assert!(matches!(planned(&world, &completed).await, Err(NotResumed::OnItsMerits(_))));
}

/// A world where one phase's job completes only when its cycle is asked to stop, and such a cycle, which was cancelled.
async fn cancelled_behind(slow: Phase, result: fn(Phase) -> Outcome) -> (World, OperationId) {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let patient = is_cancelled.clone();
    let world = World::new(move |phase, job| {
        while phase == slow && !patient.load(Ordering::Acquire) {
            if job.stop.is_stopped() {
                patient.store(true, Ordering::Release);
            }
            std::thread::yield_now();
        }
        result(phase)
    });
    let cancelled = one(&world).await;
    let job = slow.child_of(&cancelled);
    world.until(&job, |row| row.status == Status::Running).await;
    assert!(matches!(planned(&world, &cancelled).await, Err(NotResumed::GoesOn(Status::Running))));
    world.engine.store.cancel(&cancelled, "me", "").await.unwrap();
    assert_eq!(world.ended(&cancelled).await.status, Status::Cancelled);
    assert_eq!(world.row(&job).await.status, Status::Completed, "it completed all the same");
    (world, cancelled)
}

#[tokio::test]
async fn a_cancelled_cycle_goes_on_behind_what_it_had_done() {
    let (world, cancelled) = cancelled_behind(Phase::Training, behave).await;
    assert_eq!(planned(&world, &cancelled).await.unwrap().phase, Phase::Backtesting);
    assert_eq!(resumed(&world, &cancelled).await.status, Status::Completed);
}

#[tokio::test]
async fn a_cycle_that_was_cancelled_behind_its_last_job_is_assessed_once_more() {
    let (world, cancelled) = cancelled_behind(Phase::Assessing, behave).await;
    assert_eq!(planned(&world, &cancelled).await.unwrap().phase, Phase::Assessing);
    let row = resumed(&world, &cancelled).await;
    assert_eq!(row.status, Status::Completed, "{:?}", row.error);
    let summary: CycleSummary = serde_json::from_value(row.result.unwrap()).unwrap();
    assert!(summary.metrics.is_some());
}

#[tokio::test]
async fn a_cycle_that_was_cancelled_where_a_gate_stops_it_says_so() {
    let result = |phase| match phase {
        Phase::Training => Outcome::Completed(value(untalented())),
        phase => behave(phase),
    };
    let (world, cancelled) = cancelled_behind(Phase::Training, result).await;
    let why = planned(&world, &cancelled).await.unwrap_err();
    assert!(matches!(why, NotResumed::AtAGate(_)) && why.to_string().contains("accuracy_below"), "{why}");
}
