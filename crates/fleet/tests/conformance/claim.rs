//! Claiming.

use ktrdr_domain::{EndStatus, FailureReason, Status};
use ktrdr_fabric::losses::LOSSES_PER_TRY;
use ktrdr_fabric::store::{Claim, Finish, NewOperation, StoreError};

use crate::world::{LEASE, World, boot, id, leaf};

pub(crate) async fn a_claim_counts_the_try_and_raises_the_fence(w: World) {
    let id = w.submit("a").await;
    let Claim::Run { attempt, operation } = w.store.claim(&id, &boot("worker-1"), LEASE).await.unwrap()
    else {
        panic!("a pending operation can be claimed");
    };
    assert_eq!((attempt.fence, operation.fence, operation.tries), (1, 1, 1));
    assert_eq!(operation.worker.as_deref(), Some("worker-1"));
    assert_eq!(*operation, w.row(&id).await, "the claim tells everything the row says");
    assert_eq!(operation.status, Status::Running);
    assert!(operation.lease_until_ms.is_some() && operation.started_at_ms.is_some());
}

pub(crate) async fn a_held_operation_is_leased_to_everyone(w: World) {
    let attempt = w.running("a").await;
    let until = w.row(&attempt.id).await.lease_until_ms.unwrap();
    for who in ["worker-1", "worker-2"] {
        let claim = w.store.claim(&attempt.id, &boot(who), LEASE).await.unwrap();
        assert_eq!(claim, Claim::Leased(until), "even to its own process: {who}");
    }
    assert_eq!(w.row(&attempt.id).await.tries, 1);
}

pub(crate) async fn of_claims_that_race_one_wins(w: World) {
    let id = w.submit("a").await;
    let claims: Vec<_> = (0..16)
        .map(|i| {
            let (store, id, boot) = (w.store.clone(), id.clone(), boot(&format!("worker-{i}")));
            tokio::spawn(async move { store.claim(&id, &boot, LEASE).await.unwrap() })
        })
        .collect();
    let mut won = 0;
    for claim in claims {
        won += usize::from(matches!(claim.await.unwrap(), Claim::Run { .. }));
    }
    assert_eq!((won, w.row(&id).await.fence), (1, 1));
}

pub(crate) async fn a_lapsed_lease_is_taken_over(w: World) {
    let first = w.running("a").await;
    w.pass(LEASE);
    let second = w.claim(&first.id, "worker-2").await;
    let row = w.row(&first.id).await;
    assert_eq!((second.fence, row.tries, row.rescues), (2, 1, 1), "the lost try was given back");
    assert_eq!(row.worker.as_deref(), Some("worker-2"));
}

pub(crate) async fn an_ended_operation_is_terminal_and_an_unknown_one_missing(w: World) {
    let a = w.submit("a").await;
    w.complete(&a).await;
    let claim = w.store.claim(&a, &boot("worker-2"), LEASE).await.unwrap();
    assert_eq!(claim, Claim::Terminal(Status::Completed));
    assert_eq!(w.store.claim(&id("never"), &boot("worker-2"), LEASE).await.unwrap(), Claim::Missing);
}

pub(crate) async fn a_lapsed_lease_of_the_last_try_ends_as_attempts_exhausted(w: World) {
    w.store.submit(NewOperation { tries_max: 1, ..leaf("a") }).await.unwrap();
    let a = leaf("a").id;
    for _ in 1..LOSSES_PER_TRY {
        w.lose(&a, "worker-1").await;
    }
    w.claim(&a, "worker-1").await;
    w.pass(LEASE);
    w.relay().await;
    let claim = w.store.claim(&a, &boot("worker-2"), LEASE).await.unwrap();
    assert_eq!(claim, Claim::Terminal(Status::Failed));
    let row = w.row(&a).await;
    assert_eq!(
        (row.summary.reason, row.summary.tries, row.summary.fence),
        (Some(FailureReason::AttemptsExhausted), 1, 3)
    );
    assert!(row.summary.error.unwrap().contains("worker-1"), "the row says whose work was lost");
    let events = w.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].status, events[0].fence, events[0].again), (EndStatus::Failed, 3, false));
}

pub(crate) async fn a_lapsed_lease_with_a_cancel_request_ends_as_cancelled(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "me", "enough").await.unwrap();
    w.pass(LEASE);
    let claim = w.store.claim(&attempt.id, &boot("worker-2"), LEASE).await.unwrap();
    assert_eq!(claim, Claim::Terminal(Status::Cancelled));
    w.finish(&attempt, Finish::Cancelled).await;
    assert_eq!(w.events().await.len(), 1, "the late worker adds no second event");
}

pub(crate) async fn a_root_is_never_claimed(w: World) {
    let root = w.start_root("r").await;
    let claim = w.store.claim(&root, &boot("worker-1"), LEASE).await;
    assert!(matches!(claim, Err(StoreError::Invalid(_))), "{claim:?}");
}
