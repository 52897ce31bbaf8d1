//! Suspecting whoever the broker lost.

use std::time::Duration;

use ktrdr_domain::{OperationId, Status};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Beat, Finish, Finished};
use serde_json::json;

use crate::world::{FULL_SWEEP, LEASE, World, boot, id};

/// Far below the lease.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

pub(crate) async fn whoever_is_suspected_and_does_not_beat_loses_the_lease_soon(w: World) {
    let dead = w.running("a").await;
    assert_eq!(w.store.suspect(&dead.id, &boot("worker-2"), GRACE_PERIOD).await.unwrap(), Some(GRACE_PERIOD));
    w.pass(GRACE_PERIOD - Duration::from_millis(1));
    assert_eq!(w.store.sweep(FULL_SWEEP).await.unwrap().rescued, 0, "there is still time to beat");
    w.pass(Duration::from_millis(1));
    assert_eq!(w.store.sweep(FULL_SWEEP).await.unwrap().rescued, 1);
    let heir = w.claim(&dead.id, "worker-2").await;
    assert_eq!(heir.fence, 2);
    let late = w.finish(&dead, Finish::Completed(json!("zombie"))).await;
    assert_eq!(late, Finished::Refused { status: Some(Status::Running), fence: 2 });
    let told = w.store.history(&dead.id).await.unwrap();
    let suspected = told.iter().find(|transition| transition.what == Change::Suspected).unwrap();
    assert_eq!((suspected.fence, suspected.worker.as_deref()), (1, Some("worker-1")));
    assert_eq!(suspected.note.as_deref(), Some("worker-2"), "who noticed");
}

pub(crate) async fn whoever_is_suspected_and_beats_keeps_it(w: World) {
    let alive = w.running("a").await;
    w.store.suspect(&alive.id, &boot("worker-2"), GRACE_PERIOD).await.unwrap();
    w.pass(GRACE_PERIOD / 2);
    assert_eq!(w.store.beat(&alive, LEASE, None).await.unwrap(), Beat::Alive { cancel: false });
    w.pass(LEASE - Duration::from_millis(1));
    assert_eq!(w.store.sweep(FULL_SWEEP).await.unwrap().rescued, 0, "it has its whole lease again");
    let done = w.finish(&alive, Finish::Completed(json!({}))).await;
    assert_eq!((done, w.row(&alive.id).await.fence), (Finished::Recorded(Status::Completed), 1));
}

pub(crate) async fn suspecting_again_gives_no_more_time(w: World) {
    let dead = w.running("a").await;
    w.store.suspect(&dead.id, &boot("worker-2"), GRACE_PERIOD).await.unwrap();
    w.pass(GRACE_PERIOD / 3);
    let left = w.store.suspect(&dead.id, &boot("worker-3"), GRACE_PERIOD).await.unwrap();
    assert_eq!(left, Some(GRACE_PERIOD / 3 * 2));
    w.pass(GRACE_PERIOD / 3 * 2);
    let lapsed = w.store.suspect(&dead.id, &boot("worker-3"), GRACE_PERIOD).await.unwrap();
    assert_eq!(lapsed, Some(Duration::ZERO));
    assert_eq!(w.store.sweep(FULL_SWEEP).await.unwrap().rescued, 1);
    let told = w.store.history(&dead.id).await.unwrap();
    let suspects = told.iter().filter(|transition| transition.what == Change::Suspected).count();
    assert_eq!(suspects, 1, "only what changes something is told");
}

pub(crate) async fn a_lease_that_lapses_sooner_stays(w: World) {
    let dead = w.running("a").await;
    w.pass(LEASE - GRACE_PERIOD / 3);
    let left = w.store.suspect(&dead.id, &boot("worker-2"), GRACE_PERIOD).await.unwrap();
    assert_eq!(left, Some(GRACE_PERIOD / 3));
}

pub(crate) async fn nobody_is_suspected_where_nobody_else_holds_it(w: World) {
    let suspect =
        async |id: &OperationId, by: &str| w.store.suspect(id, &boot(by), GRACE_PERIOD).await.unwrap();
    let attempt = w.running("a").await;
    assert_eq!(suspect(&attempt.id, "worker-1").await, None, "oneself is no one to suspect");
    w.pass(GRACE_PERIOD);
    assert_eq!(w.store.sweep(FULL_SWEEP).await.unwrap().rescued, 0);
    w.finish(&attempt, Finish::Completed(json!({}))).await;
    assert_eq!(suspect(&attempt.id, "worker-2").await, None, "it is over");
    assert_eq!(suspect(&w.submit("b").await, "worker-2").await, None, "it is pending");
    assert_eq!(suspect(&w.start_root("r").await, "worker-2").await, None, "nobody holds a cycle");
    assert_eq!(suspect(&id("never"), "worker-2").await, None);
}
