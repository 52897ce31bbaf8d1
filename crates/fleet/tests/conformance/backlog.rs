//! What waits for workers, and publishing it again.

use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind, OperationId};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::{Backlog, Filter, Finish, NewOperation};
use serde_json::json;

use crate::world::{LEASE, World, design_of, id, leaf};

const AGE: Duration = Duration::from_secs(60);
const PROBES: Queue = Queue::Jobs(Kind::Probe);
const GPU_PROBES: Queue = Queue::Pinned(Kind::Probe, DeviceClass::Gpu);

async fn backlog(w: &World) -> Backlog {
    w.store.backlog(Duration::ZERO).await.unwrap()
}

async fn publish_again(w: &World, queue: Queue) -> u32 {
    w.store.publish_again(queue, AGE, 100).await.unwrap()
}

async fn submit_for_gpu(w: &World, name: &str) -> OperationId {
    let spec = json!({"device": "gpu"});
    w.store.submit(NewOperation { spec, ..leaf(name) }).await.unwrap();
    id(name)
}

pub(crate) async fn what_waits_is_counted_by_queue(w: World) {
    assert_eq!(backlog(&w).await, Backlog::default());
    for name in ["a", "b"] {
        w.submit(name).await;
    }
    let pinned = submit_for_gpu(&w, "pinned").await;
    w.submit_roots(&["r1", "r2"], 1).await;
    let counted = vec![(Queue::Jobs(Kind::AgentDesign), 1), (PROBES, 2), (GPU_PROBES, 1)];
    assert_eq!(backlog(&w).await, Backlog { waiting: counted.clone(), outbox: 4, ..Backlog::default() });
    w.relay().await;
    assert_eq!(backlog(&w).await, Backlog { waiting: counted, ..Backlog::default() });
    for done in [id("a"), pinned, design_of(&id("r1")).id] {
        w.complete(&done).await;
    }
    let left = Backlog { waiting: vec![(PROBES, 1)], outbox: 3, ..Backlog::default() };
    assert_eq!(backlog(&w).await, left, "events, too");
}

pub(crate) async fn what_waits_for_a_time_says_when_it_is_due(w: World) {
    let due = async |name: &str| w.store.due(&id(name)).await.unwrap();
    w.submit("waits").await;
    let running = w.running("again").await;
    assert_eq!((due("waits").await, due("again").await, due("absent").await), (None, None, None));
    let before = w.store.list(&Filter { limit: 1, ..Filter::default() }).await.unwrap().now_ms;
    w.finish(&running, Finish::Retry { error: "no".into(), delay: AGE }).await;
    let deferred = w.running("later").await;
    w.finish(&deferred, Finish::Defer { why: "a batch".into(), delay: AGE }).await;
    for name in ["again", "later"] {
        let at_ms = due(name).await.unwrap();
        assert!((before + 60_000..before + 70_000).contains(&at_ms), "{name}: {at_ms} of {before}");
    }
    w.pass(AGE);
    w.sweep().await;
    assert_eq!((due("again").await, due("later").await), (None, None));
}

pub(crate) async fn what_waits_for_its_next_attempt_is_counted_until_it_is_due_or_over(w: World) {
    let delayed = async || backlog(&w).await.delayed;
    w.submit("waits").await;
    let on_gpu = submit_for_gpu(&w, "pinned").await;
    assert_eq!(delayed().await, []);
    let again = w.running("again").await;
    w.finish(&again, Finish::Retry { error: "no".into(), delay: AGE }).await;
    let later = w.running("later").await;
    w.finish(&later, Finish::Defer { why: "a batch".into(), delay: AGE * 3 }).await;
    let attempt = w.claim(&on_gpu, "worker-1").await;
    w.finish(&attempt, Finish::Retry { error: "no".into(), delay: AGE * 2 }).await;
    assert_eq!(
        delayed().await,
        [(Kind::Probe, 3)],
        "of all queues of their kind, and nothing that only waits"
    );
    assert_eq!(w.store.backlog(AGE).await.unwrap().delayed, [(Kind::Probe, 3)], "whatever is old");
    w.pass(AGE);
    w.sweep().await;
    assert_eq!(delayed().await, [(Kind::Probe, 2)], "one is due");
    w.store.cancel(&on_gpu, "me", "").await.unwrap();
    assert_eq!(delayed().await, [(Kind::Probe, 1)], "one is over");
    w.claim(&id("later"), "worker-1").await;
    assert_eq!(delayed().await, [], "and one is taken before its time");
}

pub(crate) async fn what_is_claimed_or_waits_for_its_retry_is_not_counted(w: World) {
    w.running("lost").await;
    let again = w.running("again").await;
    w.finish(&again, Finish::Retry { error: "no".into(), delay: AGE }).await;
    let back = w.running("back").await;
    w.finish(&back, Finish::Release).await;
    let cancelled = w.submit("cancelled").await;
    w.store.cancel(&cancelled, "me", "").await.unwrap();
    assert_eq!(backlog(&w).await.waiting, [(PROBES, 1)], "what was given back");
    w.pass(LEASE);
    w.sweep().await;
    assert_eq!(backlog(&w).await.waiting, [(PROBES, 2)], "and what a lost worker had");
    w.pass(AGE);
    w.sweep().await;
    assert_eq!(backlog(&w).await.waiting, [(PROBES, 3)], "and what came due");
}

pub(crate) async fn a_queue_counts_once_something_in_it_is_old(w: World) {
    w.submit("a").await;
    w.pass(AGE - Duration::from_millis(1));
    submit_for_gpu(&w, "pinned").await;
    w.submit("b").await;
    assert_eq!(w.store.backlog(AGE).await.unwrap().waiting, []);
    w.pass(Duration::from_millis(1));
    assert_eq!(w.store.backlog(AGE).await.unwrap().waiting, [(PROBES, 2)], "all of it");
}

pub(crate) async fn a_pending_operation_is_published_again_after_its_age(w: World) {
    let a = w.submit("a").await;
    w.relay().await;
    w.pass(AGE - Duration::from_millis(1));
    assert_eq!(publish_again(&w, PROBES).await, 0);
    w.pass(Duration::from_millis(1));
    assert_eq!(w.sweep().await.republished, 0, "a sweep does not know what is missing");
    assert_eq!(publish_again(&w, PROBES).await, 1);
    assert_eq!(w.jobs().await, [a]);
    assert_eq!(publish_again(&w, PROBES).await, 0, "its age starts anew");
}

pub(crate) async fn a_message_still_in_the_outbox_is_not_doubled(w: World) {
    let a = w.submit("a").await;
    w.pass(AGE * 2);
    assert_eq!(publish_again(&w, PROBES).await, 0);
    assert_eq!(w.jobs().await, [a]);
}

pub(crate) async fn the_oldest_are_published_again_first(w: World) {
    for name in ["a", "b", "c"] {
        w.submit(name).await;
        w.relay().await;
        w.pass(Duration::from_secs(1));
    }
    w.pass(AGE);
    assert_eq!(w.store.publish_again(PROBES, AGE, 2).await.unwrap(), 2);
    assert_eq!(w.jobs().await, [id("a"), id("b")]);
    w.pass(AGE - Duration::from_secs(1));
    assert_eq!(publish_again(&w, PROBES).await, 1, "the others are young again");
    assert_eq!(w.jobs().await, [id("c")]);
}

pub(crate) async fn only_what_waits_in_that_queue_is_published_again(w: World) {
    w.submit("a").await;
    let pinned = submit_for_gpu(&w, "pinned").await;
    w.start_root("r").await;
    w.relay().await;
    w.pass(AGE);
    for empty in [Queue::OrchestratorEvents, Queue::Jobs(Kind::Training)] {
        assert_eq!(publish_again(&w, empty).await, 0);
    }
    assert_eq!(publish_again(&w, GPU_PROBES).await, 1);
    assert_eq!(w.jobs().await, [pinned]);
}

pub(crate) async fn what_is_published_again_goes_the_same_way(w: World) {
    let pinned = submit_for_gpu(&w, "a").await;
    assert_eq!(w.relay().await[0].queue(), GPU_PROBES);
    w.pass(AGE);
    publish_again(&w, GPU_PROBES).await;
    assert_eq!(w.relay().await[0].queue(), GPU_PROBES);
    let attempt = w.claim(&pinned, "worker-1").await;
    w.finish(&attempt, Finish::Release).await;
    assert_eq!((w.relay().await[0].queue(), backlog(&w).await.waiting), (GPU_PROBES, vec![(GPU_PROBES, 1)]));
}
