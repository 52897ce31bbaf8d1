//! Beating.

use ktrdr_domain::{Mark, Progress, Status};
use ktrdr_fabric::store::{Beat, Claim, Finish, Finished};
use serde_json::json;

use crate::world::{LEASE, World, boot};

fn halfway() -> Progress {
    Progress {
        percentage: 50.0,
        step: "epoch 15/30".into(),
        items_done: 15,
        items_total: Some(30),
        figures: vec![("loss".into(), 0.5)],
        trail: vec![Mark { item: 1, figures: vec![("loss".into(), 0.9)] }],
    }
}

pub(crate) async fn a_beat_extends_the_lease_and_stores_progress(w: World) {
    let attempt = w.running("a").await;
    w.pass(LEASE / 2);
    let beat = w.store.beat(&attempt, LEASE, Some(&halfway())).await.unwrap();
    assert_eq!(beat, Beat::Alive { cancel: false });
    w.pass(LEASE * 3 / 4);
    let other = w.store.claim(&attempt.id, &boot("worker-2"), LEASE).await.unwrap();
    assert!(matches!(other, Claim::Leased(_)), "{other:?}");
    w.store.beat(&attempt, LEASE, None).await.unwrap();
    assert_eq!(
        w.row(&attempt.id).await.progress,
        Some(halfway()),
        "a beat without progress keeps the last one"
    );
}

pub(crate) async fn a_beat_tells_of_a_cancel_request(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "me", "enough").await.unwrap();
    assert_eq!(w.store.beat(&attempt, LEASE, None).await.unwrap(), Beat::Alive { cancel: true });
}

pub(crate) async fn a_beat_that_is_late_but_not_replaced_is_still_alive(w: World) {
    let attempt = w.running("a").await;
    w.pass(LEASE * 2);
    assert_eq!(w.store.beat(&attempt, LEASE, None).await.unwrap(), Beat::Alive { cancel: false });
    let done = w.finish(&attempt, Finish::Completed(json!({}))).await;
    assert_eq!(done, Finished::Recorded(Status::Completed));
}

pub(crate) async fn a_replaced_attempt_is_fenced(w: World) {
    let first = w.running("a").await;
    w.pass(LEASE);
    let second = w.claim(&first.id, "worker-2").await;
    assert_eq!(w.store.beat(&first, LEASE, Some(&halfway())).await.unwrap(), Beat::Fenced);
    assert_eq!(w.row(&first.id).await.progress, None, "a fenced beat writes nothing");
    w.finish(&second, Finish::Completed(json!({}))).await;
    assert_eq!(w.store.beat(&second, LEASE, None).await.unwrap(), Beat::Fenced, "so is one after the end");
}

pub(crate) async fn figures_that_are_no_numbers_do_not_spoil_the_row(w: World) {
    let attempt = w.running("a").await;
    let figures = vec![("loss".into(), f64::NAN), ("pnl".into(), f64::INFINITY), ("trades".into(), 3.0)];
    let trail = vec![Mark { item: 1, figures: figures.clone() }];
    let wild = Progress { percentage: f64::NAN, figures, trail, ..halfway() };
    w.store.beat(&attempt, LEASE, Some(&wild)).await.unwrap();
    let stored = w.row(&attempt.id).await.summary.progress.unwrap();
    let finite = vec![("trades".to_owned(), 3.0)];
    assert_eq!((stored.percentage, &stored.figures, &stored.trail[0].figures), (0.0, &finite, &finite));
}
