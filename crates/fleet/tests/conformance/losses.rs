//! What the loss of a worker costs, and whom.

use std::time::Duration;

use ktrdr_domain::{FailureReason, OperationId, Status};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::losses::{BACK_OFF_MAX, COST_A_TRY, LOSSES_PER_TRY, TRY_GIVEN_BACK, back_off};
use ktrdr_fabric::store::{Claim, Finish, NewOperation};

use crate::world::{LEASE, World, boot, leaf};

/// Of each loss, in order: whether it cost a try.
async fn costs(w: &World, id: &OperationId) -> Vec<bool> {
    let history = w.store.history(id).await.unwrap();
    let losses = history.iter().filter(|entry| entry.what == Change::LeaseLapsed);
    let cost = |note: Option<&str>| match note {
        Some(COST_A_TRY) => true,
        Some(TRY_GIVEN_BACK) => false,
        other => panic!("{other:?} says nothing of the cost"),
    };
    losses.map(|entry| cost(entry.note.as_deref())).collect()
}

pub(crate) async fn a_lost_worker_gives_the_try_back(w: World) {
    let a = w.submit("a").await;
    w.lose(&a, "worker-1").await;
    let row = w.row(&a).await;
    assert_eq!((row.status, row.tries, row.rescues), (Status::Pending, 0, 1));
    assert_eq!(costs(&w, &a).await, [false]);
}

pub(crate) async fn the_first_loss_makes_nobody_wait_and_each_later_one_longer(w: World) {
    let a = w.submit("a").await;
    w.relay().await;
    for losses in 1..=4 {
        w.claim(&a, &format!("worker-{losses}")).await;
        w.pass(LEASE);
        w.sweep().await;
        let wait = back_off(losses);
        assert_eq!(wait.is_zero(), losses == 1);
        if !wait.is_zero() {
            assert!(w.jobs().await.is_empty(), "after {losses} losses it waits");
            w.pass(wait - Duration::from_millis(1));
            assert_eq!(w.sweep().await.due, 0, "after {losses} losses it waits for {wait:?}");
            w.pass(Duration::from_millis(1));
            assert_eq!(w.sweep().await.due, 1);
        }
        assert_eq!(w.jobs().await, std::slice::from_ref(&a), "after {losses} losses");
    }
}

pub(crate) async fn a_claim_that_finds_a_lapsed_lease_keeps_to_the_wait(w: World) {
    let a = w.submit("a").await;
    w.lose(&a, "worker-1").await;
    w.claim(&a, "worker-2").await;
    w.pass(LEASE);
    let claim = w.store.claim(&a, &boot("worker-3"), LEASE).await.unwrap();
    assert!(matches!(claim, Claim::Leased(_)), "a second lost worker in a row: {claim:?}");
    assert_eq!((w.status(&a).await, w.sweep().await.due), (Status::Pending, 0));
    w.pass(back_off(2));
    assert_eq!(w.sweep().await.due, 1);
    assert_eq!(w.claim(&a, "worker-3").await.fence, 3);
}

pub(crate) async fn a_job_that_kills_its_workers_ends_when_they_have_cost_its_tries(w: World) {
    let poison = w.submit("poison").await;
    let workers = leaf("poison").tries_max * LOSSES_PER_TRY;
    for worker in 1..=workers {
        assert_eq!(w.status(&poison).await, Status::Pending, "after {worker} workers");
        w.lose(&poison, &format!("worker-{worker}")).await;
    }
    let row = w.row(&poison).await;
    assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::AttemptsExhausted)));
    assert_eq!((row.rescues, row.tries), (workers, row.tries_max));
    let third = |loss: u32| loss.is_multiple_of(LOSSES_PER_TRY);
    assert_eq!(costs(&w, &poison).await, (1..=workers).map(third).collect::<Vec<_>>());
}

pub(crate) async fn who_was_only_near_when_a_worker_died_does_not_pay(w: World) {
    // It killed a worker before the others came.
    let poison = w.submit("poison").await;
    w.lose(&poison, "worker-0").await;
    let near = [w.submit("near_1").await, w.submit("near_2").await];
    let all = [&near[0], &poison, &near[1]];
    for worker in 1..=7 {
        for id in all {
            w.claim(id, &format!("worker-{worker}")).await;
            // Leases of one process do not lapse at once.
            w.pass(Duration::from_secs(1));
        }
        w.pass(LEASE - Duration::from_secs(4));
        for _ in all {
            w.pass(Duration::from_secs(1));
            w.sweep().await;
        }
        w.pass(BACK_OFF_MAX);
        w.sweep().await;
    }
    for id in &near {
        assert_eq!(costs(&w, id).await, [false; 7], "{id}");
    }
    assert_eq!(costs(&w, &poison).await, [false, false, true, false, false, true, false, false]);
}

pub(crate) async fn of_several_that_could_pay_for_a_worker_one_does(w: World) {
    let ids = [w.submit("a").await, w.submit("b").await];
    for worker in 1..=LOSSES_PER_TRY {
        for id in &ids {
            w.claim(id, &format!("worker-{worker}")).await;
        }
        w.pass(LEASE);
        w.sweep().await;
        w.pass(BACK_OFF_MAX);
        w.sweep().await;
    }
    let mut paid = 0;
    for id in &ids {
        paid += costs(&w, id).await.iter().filter(|cost| **cost).count();
    }
    assert_eq!(paid, 1);
}

pub(crate) async fn tries_that_failed_and_workers_that_were_lost_are_counted_apart(w: World) {
    w.store.submit(NewOperation { tries_max: 2, ..leaf("a") }).await.unwrap();
    let a = leaf("a").id;
    let attempt = w.claim(&a, "worker-1").await;
    w.finish(&attempt, Finish::Retry { error: "no".into(), delay: Duration::ZERO }).await;
    for worker in 2..=3 {
        w.lose(&a, &format!("worker-{worker}")).await;
    }
    assert_eq!((w.row(&a).await.tries, w.status(&a).await), (1, Status::Pending));
    let attempt = w.claim(&a, "worker-4").await;
    w.finish(&attempt, Finish::Retry { error: "no".into(), delay: Duration::ZERO }).await;
    assert_eq!(w.row(&a).await.reason, Some(FailureReason::AttemptsExhausted));
}
