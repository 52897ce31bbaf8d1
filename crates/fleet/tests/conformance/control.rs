//! What operators ask of the workers.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::Kind;
use ktrdr_fabric::registry::ControlState;
use ktrdr_fabric::store::{StoreError, StoreHint};

use crate::registry::{LONG, worker};
use crate::world::{World, boot};

/// What a worker is told when it announces itself.
async fn told(w: &World, name: &str) -> ControlState {
    w.registry.heartbeat(&worker(name), LONG).await.unwrap()
}

fn end() -> ControlState {
    ControlState { drain: true, ..ControlState::default() }
}

fn not(kinds: &[Kind]) -> ControlState {
    ControlState { paused: kinds.iter().copied().collect(), ..ControlState::default() }
}

pub(crate) async fn nothing_is_asked_of_a_worker_at_first(w: World) {
    assert_eq!(told(&w, "a").await, ControlState::default());
    assert_eq!(w.registry.paused().await.unwrap(), BTreeMap::new());
}

pub(crate) async fn a_worker_that_is_asked_to_end_is_told_each_time_and_no_other_is(w: World) {
    for name in ["a", "b"] {
        told(&w, name).await;
    }
    assert!(w.registry.drain(&boot("a")).await.unwrap());
    assert!(w.registry.drain(&boot("a")).await.unwrap(), "asking twice is no fault");
    assert_eq!((told(&w, "a").await, told(&w, "b").await), (end(), ControlState::default()));
    assert_eq!(told(&w, "a").await, end());
}

pub(crate) async fn who_is_not_there_can_not_be_asked_to_end(w: World) {
    told(&w, "gone").await;
    w.registry.deregister(&boot("gone")).await.unwrap();
    told(&w, "silent").await;
    w.pass(LONG);
    for name in ["gone", "silent", "unknown"] {
        assert!(!w.registry.drain(&boot(name)).await.unwrap(), "{name}");
        assert_eq!(told(&w, name).await, ControlState::default(), "{name}");
    }
}

pub(crate) async fn a_worker_that_was_cut_off_for_a_while_still_hears_that_it_should_end(w: World) {
    told(&w, "a").await;
    w.registry.drain(&boot("a")).await.unwrap();
    w.pass(Duration::from_secs(3600));
    told(&w, "b").await;
    assert_eq!(told(&w, "a").await, end());
}

pub(crate) async fn a_paused_kind_is_told_to_everyone_until_it_is_resumed(w: World) {
    assert!(w.registry.pause(Kind::Training).await.unwrap());
    assert!(w.registry.pause(Kind::Probe).await.unwrap());
    assert_eq!(told(&w, "a").await, not(&[Kind::Training, Kind::Probe]));
    assert_eq!(told(&w, "b").await, not(&[Kind::Training, Kind::Probe]));
    let paused = w.registry.paused().await.unwrap();
    assert_eq!(paused.keys().copied().collect::<Vec<_>>(), [Kind::Training, Kind::Probe]);
    assert!(w.registry.resume(Kind::Training).await.unwrap());
    assert_eq!(told(&w, "a").await, not(&[Kind::Probe]));
}

pub(crate) async fn what_is_so_already_is_not_changed(w: World) {
    assert!(!w.registry.resume(Kind::Probe).await.unwrap());
    assert!(w.registry.pause(Kind::Probe).await.unwrap());
    assert!(!w.registry.pause(Kind::Probe).await.unwrap());
    assert!(w.registry.resume(Kind::Probe).await.unwrap());
    assert!(!w.registry.resume(Kind::Probe).await.unwrap());
}

pub(crate) async fn a_pause_says_since_when_and_repeating_it_changes_nothing(w: World) {
    let since = async || w.registry.paused().await.unwrap()[&Kind::Probe].unwrap();
    assert!(w.registry.pause(Kind::Probe).await.unwrap());
    let first = since().await;
    w.pass(LONG);
    assert!(!w.registry.pause(Kind::Probe).await.unwrap());
    assert_eq!(since().await, first);
    w.registry.resume(Kind::Probe).await.unwrap();
    w.registry.pause(Kind::Probe).await.unwrap();
    assert!(since().await >= first + 60_000, "{first}");
}

pub(crate) async fn cycles_have_no_jobs_to_pause(w: World) {
    let refused = w.registry.pause(Kind::AgentResearch).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert!(w.registry.paused().await.unwrap().is_empty());
}

pub(crate) async fn every_order_is_hinted(w: World) {
    told(&w, "a").await;
    let mut hints = w.store.hints();
    let mut hinted = async || while hints.recv().await.unwrap() != StoreHint::Control {};
    w.registry.drain(&boot("a")).await.unwrap();
    hinted().await;
    w.registry.pause(Kind::Probe).await.unwrap();
    hinted().await;
    w.registry.resume(Kind::Probe).await.unwrap();
    hinted().await;
}
