//! A design in batches: one turn an attempt, half the price, and nobody waits.

use std::time::Duration;

use ktrdr_agent::models::Lane;
use ktrdr_agent::purse::Spent;
use ktrdr_agent::{AgentError, Cost, Design, Usage};
use ktrdr_claude::Recording;
use ktrdr_fake::{BatchFault, Fault, Mind};
use serde_json::Value;

use crate::support;
use crate::world::{KEY, World};

fn world() -> World {
    let mut world = World::of(Mind::Good);
    world.lane = Lane::Batch;
    world.manner.patience.batch_wait = Duration::from_secs(7);
    world
}

impl World {
    /// An attempt that ends because a batch is waited for; for how long.
    async fn waits(&self) -> Duration {
        match self.design(0).await {
            Err(AgentError::Waiting { what, delay }) => {
                assert!(what.starts_with("msgbatch_") && what.ends_with("of claude-sonnet-5-5"), "{what}");
                delay
            }
            other => panic!("{other:?}"),
        }
    }

    /// The design that attempt after attempt comes to, and how many of them waited.
    async fn design_in_attempts(&self) -> (Design, usize) {
        for waited in 0..20 {
            match self.design(0).await {
                Ok(design) => return (design, waited),
                Err(AgentError::Waiting { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("twenty attempts and no design")
    }
}

const FREE: Spent = Spent::Counted(
    Usage { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 },
    Cost { micro_dollars: 0, tokens: 0 },
);

#[tokio::test]
async fn each_turn_is_a_batch_at_half_the_price_and_the_design_is_the_same() {
    let world = world();
    let (design, waited) = world.design_in_attempts().await;
    let at_once = World::of(Mind::Good);
    assert_eq!(design.strategy, at_once.design(0).await.unwrap().strategy);
    assert_eq!(waited, world.fake.batches().len());
    assert!(waited >= 3, "a conversation of several turns");
    let mut paid = 0;
    for (intent, spent) in world.purse.calls.lock().unwrap().iter() {
        let Some(Spent::Counted(usage, cost)) = spent else { panic!("{spent:?}") };
        let full = world.manner.model.cost(usage, Lane::Direct).micro_dollars;
        assert_eq!((intent.lane, cost.micro_dollars), (Lane::Batch, full.div_ceil(2)));
        assert!(cost.micro_dollars <= intent.worst_case.micro_dollars, "never above what was reserved");
        assert_eq!((usage.cache_write_5m, usage.cache_read), (0, 0), "nothing is kept that nobody reads");
        paid += cost.micro_dollars;
    }
    let in_full = at_once.purse.paid();
    assert!(
        paid < in_full,
        "${paid} instead of ${in_full} micro-dollars: the cache saves less than batches do"
    );
    assert!(design.origin.ends_with(&format!("${:.6}", paid as f64 / 1e6)), "{}", design.origin);
    for batch in world.fake.batches() {
        assert_eq!(batch.reads, 1, "each answer is read once: {batch:?}");
        assert!(batch.custom_ids[0].starts_with("op_agent_design_"), "{batch:?}");
    }
    assert!(!world.told().contains("\"stream\""));
    let files = walk(&world.folder.path().join("batches"));
    assert_eq!(files.len(), 2 * waited, "{files:?}");
    assert!(files.iter().all(|file| !std::fs::read_to_string(file).unwrap().contains(KEY)));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_batch_that_takes_long_is_looked_at_again_and_nothing_is_asked_twice() {
    let world = world();
    world.fake.hold_batches(true);
    for _ in 0..4 {
        assert_eq!(world.waits().await, Duration::from_secs(7));
    }
    assert_eq!((world.fake.batches().len(), world.fake.batches()[0].looks), (1, 3));
    assert_eq!(world.purse.spent(), [None], "one call is reserved, and not settled");
    world.fake.hold_batches(false);
    world.design_in_attempts().await;
}

#[tokio::test]
async fn what_was_told_at_first_stays_so_whatever_is_learnt_meanwhile() {
    let mut world = world();
    world.waits().await;
    let earlier = World::of(Mind::Good).design(1).await.unwrap().strategy;
    world.lessons = vec![support::lesson(earlier.clone(), 1.0)];
    let (_, waited) = world.design_in_attempts().await;
    assert!(!world.told().contains(earlier.name.as_str()), "the conversation goes on as it began");
    assert_eq!(waited, world.fake.batches().len() - 1, "and no turn is asked twice");
}

#[tokio::test]
async fn a_look_that_fails_is_repeated_later() {
    let world = world();
    world.waits().await;
    for fault in [Fault::Status(529, None), Fault::Status(429, Some(60.0)), Fault::Status(500, None)] {
        world.fake.fail_next([Some(fault)]);
        world.waits().await;
    }
    world.fake.fail_next_batches([Some(BatchFault::CutResults(2))]);
    let (_, waited) = world.design_in_attempts().await;
    assert_eq!(waited, world.fake.batches().len() - 1 + 2, "two more for results that broke off");
    assert_eq!(world.fake.batches()[1].reads, 3);
    assert!(
        world
            .purse
            .spent()
            .iter()
            .all(|spent| matches!(spent, Some(Spent::Counted(_, cost)) if cost.micro_dollars > 0))
    );
}

#[tokio::test]
async fn a_batch_that_comes_to_nothing_costs_nothing_and_is_asked_again() {
    for fault in [BatchFault::Expired, BatchFault::Canceled, BatchFault::Errored("overloaded_error")] {
        let world = world();
        world.fake.fail_next_batches([Some(fault)]);
        world.waits().await;
        let lost = world.design(0).await;
        assert!(matches!(lost, Err(AgentError::Unavailable { .. })), "{fault:?}: {lost:?}");
        assert_eq!(world.purse.spent(), [Some(FREE)], "{fault:?}");
        let (_, waited) = world.design_in_attempts().await;
        assert_eq!(waited, world.fake.batches().len() - 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_batch_that_will_never_be_of_use_ends_the_design() {
    let cases = [
        (BatchFault::Errored("invalid_request_error"), "invalid request", FREE),
        (BatchFault::WrongId, "do not name", Spent::Unknown),
        (BatchFault::BadResults, "does not speak the Messages API", Spent::Unknown),
    ];
    for (fault, says, spent) in cases {
        let world = world();
        world.fake.fail_next_batches([Some(fault)]);
        world.waits().await;
        for _ in 0..2 {
            let why = world.refused().await;
            assert!(why.contains(says), "{fault:?}: {why}");
        }
        assert_eq!(world.purse.spent(), [Some(spent)], "{fault:?}");
    }
    let world = world();
    world.waits().await;
    world.fake.fail_next([Some(Fault::Status(404, None))]);
    assert!(world.refused().await.contains("not found"));
    assert_eq!(world.purse.spent(), [Some(Spent::Unknown)], "nobody can tell what became of it");
}

#[tokio::test]
async fn what_can_not_be_handed_over_is_told_and_what_can_not_be_paid_is_not_asked() {
    let mut world = world();
    world.fake.fail_next([Some(Fault::Status(529, None)), Some(Fault::Status(500, None))]);
    world.waits().await;
    assert_eq!(world.purse.spent(), [Some(FREE), Some(FREE), None], "the third try got through");
    world.fake.fail_next([None, None, Some(Fault::Status(401, None))]);
    assert!(world.refused().await.contains("the key is not accepted"));
    world.purse.limit = Some(1);
    assert!(matches!(world.design(0).await, Err(AgentError::Budget(_))));
}

#[tokio::test]
async fn a_night_in_batches_is_recorded_for_both_lanes() {
    let mut world = world();
    world.recording = Recording::Reuse;
    let (first, _) = world.design_in_attempts().await;
    let asked = world.fake.seen().len();
    world.lane = Lane::Direct;
    assert_eq!(world.design(0).await.unwrap().strategy, first.strategy);
    world.recording = Recording::Replay;
    world.lane = Lane::Batch;
    assert_eq!(world.design(0).await.unwrap().strategy, first.strategy);
    assert_eq!(world.fake.seen().len(), asked, "nothing is asked again");
}

#[tokio::test]
async fn the_key_in_an_answer_about_batches_is_not_kept() {
    let world = world();
    world.waits().await;
    world.fake.fail_next([Some(Fault::RepeatKey(false))]);
    let why = world.refused().await;
    assert!(!why.contains(KEY), "{why}");
    let asked: Value =
        serde_json::from_slice(&std::fs::read(&walk(&world.folder.path().join("batches"))[0]).unwrap())
            .unwrap();
    assert!(!asked.to_string().contains(KEY));
}
