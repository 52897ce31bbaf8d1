//! Keys of requests that may be repeated.

use std::time::Duration;

use ktrdr_domain::Sha256;
use ktrdr_fabric::requests::{Begun, FORGOTTEN_AT_ONCE, Mark};
use ktrdr_fabric::store::StoreError;

use crate::world::World;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn hash(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

async fn begin(w: &World, key: &str, request: &str) -> Begun {
    w.requests.begin(&hash(key), &hash(request), DAY).await.unwrap()
}

async fn mark(w: &World, key: &str, request: &str) -> Mark {
    match begin(w, key, request).await {
        Begun::Unanswered(mark) => mark,
        other => panic!("{key} is known: {other:?}"),
    }
}

pub(crate) async fn a_key_stands_for_one_request_until_its_time_is_over(w: World) {
    w.submit("a").await;
    let first = mark(&w, "k", "pause").await;
    w.submit("b").await;
    w.pass(Duration::from_millis(5));
    assert_eq!(mark(&w, "k", "pause").await, first, "what came later is behind its mark");
    assert!(mark(&w, "l", "pause").await.newest > first.newest);
    assert_eq!(begin(&w, "k", "resume").await, Begun::Taken);
    assert_eq!(w.requests.answered(&hash("k"), "done").await.unwrap(), "done");
    assert_eq!(begin(&w, "k", "pause").await, Begun::Answered("done".into()));
    assert_eq!(begin(&w, "k", "resume").await, Begun::Taken);
    w.pass(DAY);
    assert!(mark(&w, "k", "resume").await.at_ms > first.at_ms, "it is free again, and has no answer");
}

pub(crate) async fn of_those_who_answer_the_first_is_kept(w: World) {
    mark(&w, "k", "cancel").await;
    assert_eq!(w.requests.answered(&hash("k"), "3 cancelled").await.unwrap(), "3 cancelled");
    assert_eq!(w.requests.answered(&hash("k"), "0 cancelled").await.unwrap(), "3 cancelled");
    // Whose time was over before the answer came is answered all the same.
    assert_eq!(w.requests.answered(&hash("nobody's"), "done").await.unwrap(), "done");
    assert!(matches!(begin(&w, "nobody's", "cancel").await, Begun::Unanswered(_)));
}

pub(crate) async fn of_requests_that_race_all_have_one_mark(w: World) {
    let begun = (0..8).map(|_| {
        let requests = w.requests.clone();
        tokio::spawn(async move { requests.begin(&hash("k"), &hash("cancel"), DAY).await.unwrap() })
    });
    let mut marks = Vec::new();
    for racing in begun.collect::<Vec<_>>() {
        marks.push(racing.await.unwrap());
    }
    assert!(marks.iter().all(|mark| mark == &marks[0]), "{marks:?}");
}

pub(crate) async fn however_many_keys_end_a_live_one_stays(w: World) {
    for n in 0..FORGOTTEN_AT_ONCE * 2 {
        w.requests.begin(&hash(&n.to_string()), &hash("pause"), Duration::from_secs(1)).await.unwrap();
    }
    let live = mark(&w, "live", "pause").await;
    w.pass(Duration::from_secs(2));
    // The last one is not among the first that are removed, and over all the same.
    let last = (FORGOTTEN_AT_ONCE * 2 - 1).to_string();
    assert!(mark(&w, &last, "resume").await.at_ms > live.at_ms);
    assert_eq!(mark(&w, "live", "pause").await, live);
}

pub(crate) async fn what_can_not_be_an_answer_is_refused(w: World) {
    mark(&w, "k", "pause").await;
    for answer in [String::new(), "x".repeat((1 << 20) + 1)] {
        let refused = w.requests.answered(&hash("k"), &answer).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))));
    }
    assert!(matches!(begin(&w, "k", "pause").await, Begun::Unanswered(_)));
}
