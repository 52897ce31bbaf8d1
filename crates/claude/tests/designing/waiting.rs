//! Who is busy is asked again, as late as it wants; who has no time today is left to another attempt; who is stopped stops.

use std::time::{Duration, Instant};

use ktrdr_agent::AgentError;
use ktrdr_fake::{Fault, Mind};

use crate::world::World;

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept() {
    let world = World::of(Mind::Good);
    world.fake.fail_next([Some(Fault::Status(429, Some(0.3)))]);
    let began = Instant::now();
    world.design(0).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn whoever_wants_to_be_left_alone_longer_than_there_is_time_is_not_waited_for() {
    let world = World::of(Mind::Good);
    world.fake.fail_always(Some(Fault::Status(429, Some(3_600.0))));
    let began = Instant::now();
    assert!(matches!(world.design(0).await, Err(AgentError::Unavailable { .. })));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(world.fake.seen().len(), 1);
}

#[tokio::test]
async fn patience_ends() {
    let world = World::of(Mind::Good);
    world.fake.fail_always(Some(Fault::Status(500, None)));
    assert!(matches!(world.design(0).await, Err(AgentError::Unavailable { .. })));
    assert_eq!(world.fake.seen().len(), world.manner.patience.tries_max as usize);
}

#[tokio::test]
async fn what_would_fail_again_is_asked_once() {
    for status in [400, 401, 402, 403, 404, 413] {
        let world = World::of(Mind::Good);
        world.fake.fail_always(Some(Fault::Status(status, None)));
        let why = world.refused().await;
        assert!(why.contains(&status.to_string()), "{why}");
        assert_eq!(world.fake.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_design_that_is_stopped_asks_nothing_and_one_that_is_dropped_ends_its_call() {
    let world = World::of(Mind::Good);
    assert!(matches!(world.design_unless(0, &|| true).await, Err(AgentError::Stopped)));
    assert!(world.fake.seen().is_empty());

    world.fake.fail_always(Some(Fault::Silent));
    let asked = async {
        while world.fake.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = world.design(0) => panic!("{ended:?}"),
        () = asked => {}
    }
    let dropped = Instant::now();
    while world.fake.given_up() == 0 {
        assert!(dropped.elapsed() < Duration::from_millis(100), "the server still answers");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.purse.spent(), [None], "whoever keeps the accounts pays the worst case");
}
