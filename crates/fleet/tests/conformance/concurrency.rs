//! Limits on concurrency: as many roots of a key go on as may, whoever asks at the same time.

use ktrdr_domain::{OperationId, Status};
use ktrdr_fabric::store::{Admission, Advanced, ConcurrencyLimit, StoreError};

use crate::world::{World, design_of, id, into_done, into_failure, root};

fn limit(key: &str, most: u32) -> ConcurrencyLimit {
    ConcurrencyLimit { key: key.to_owned(), most }
}

/// One of an instrument, two in all.
fn of(instrument: &str) -> [ConcurrencyLimit; 2] {
    [limit(&format!("of {instrument}"), 1), limit("of all", 2)]
}

async fn admit(w: &World, name: &str, limits: &[ConcurrencyLimit]) -> Admission {
    w.store.submit_within(root(name), limits).await.unwrap()
}

fn full(key: &str, holders: &[&str]) -> Admission {
    Admission::Full { key: key.to_owned(), holders: ids(holders) }
}

fn ids(names: &[&str]) -> Vec<OperationId> {
    names.iter().map(|name| id(name)).collect()
}

pub(crate) async fn a_root_is_admitted_while_there_is_a_place_under_each_of_its_keys(w: World) {
    assert_eq!(admit(&w, "a1", &of("a")).await, Admission::Created);
    assert_eq!(w.row(&id("a1")).await.status, Status::Running, "it starts at once");
    assert_eq!(admit(&w, "a2", &of("a")).await, full("of a", &["a1"]));
    assert_eq!(admit(&w, "b1", &of("b")).await, Admission::Created);
    assert_eq!(admit(&w, "c1", &of("c")).await, full("of all", &["a1", "b1"]));
    assert_eq!(admit(&w, "free", &[]).await, Admission::Created, "who names no limit has none");
    assert_eq!(w.store.holders("of all").await.unwrap(), ids(&["a1", "b1"]));
    assert_eq!(w.store.holders("of nobody").await.unwrap(), ids(&[]));
}

pub(crate) async fn of_submits_that_race_for_the_last_place_one_gets_it(w: World) {
    let names: Vec<String> = (0..8).map(|n| format!("r{n}")).collect();
    let limits = of("a");
    let submits = names.iter().map(|name| w.store.submit_within(root(name), &limits));
    let answers = futures_util::future::join_all(submits).await;
    let admitted: Vec<&String> = names
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| matches!(answer, Ok(Admission::Created)))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(admitted.len(), 1, "{answers:?}");
    assert_eq!(w.store.holders("of a").await.unwrap(), ids(&[admitted[0]]));
    let refused = answers.iter().filter(|answer| matches!(answer, Ok(Admission::Full { .. }))).count();
    assert_eq!(refused, 7, "{answers:?}");
}

pub(crate) async fn however_a_root_ends_its_places_are_free(w: World) {
    for (n, ending) in ["completed", "failed", "cancelled"].into_iter().enumerate() {
        let name = format!("r{n}");
        assert_eq!(admit(&w, &name, &of("a")).await, Admission::Created, "before {ending}");
        let root = id(&name);
        let step = match ending {
            "completed" => into_done(&root),
            "failed" => into_failure(&root),
            _ => {
                w.store.cancel(&root, "me", "").await.unwrap();
                into_done(&root)
            }
        };
        if ending != "cancelled" {
            w.complete(&design_of(&root).id).await;
        }
        assert!(matches!(w.advance(step).await, Advanced::Closed(_)), "{ending}");
        assert_eq!(w.store.holders("of a").await.unwrap(), ids(&[]), "{ending}");
    }
    assert_eq!(admit(&w, "last", &of("a")).await, Admission::Created);
}

pub(crate) async fn a_root_that_is_not_admitted_takes_no_place(w: World) {
    let [of_a, in_all] = of("a");
    assert_eq!(admit(&w, "a1", std::slice::from_ref(&of_a)).await, Admission::Created);
    // The place in all is there, that of the instrument is not.
    assert_eq!(admit(&w, "a2", &[in_all.clone(), of_a]).await, full("of a", &["a1"]));
    assert_eq!(w.store.holders("of all").await.unwrap(), ids(&[]));
    assert!(w.store.get(&id("a2")).await.unwrap().is_none());
    assert_eq!(admit(&w, "b1", std::slice::from_ref(&in_all)).await, Admission::Created);
    assert_eq!(admit(&w, "b2", &[in_all]).await, Admission::Created);
}

pub(crate) async fn the_same_root_is_admitted_once(w: World) {
    assert_eq!(admit(&w, "a1", &of("a")).await, Admission::Created);
    assert_eq!(admit(&w, "a1", &of("a")).await, Admission::Duplicate(id("a1")));
    assert_eq!(w.store.holders("of a").await.unwrap(), ids(&["a1"]));
}

pub(crate) async fn limits_that_can_not_be_are_refused(w: World) {
    let many: Vec<_> = (0..9).map(|n| limit(&n.to_string(), 1)).collect();
    for limits in [&[limit("a", 0)][..], &[limit("", 1)], &[limit(&"x".repeat(5000), 1)], &many] {
        let refused = w.store.submit_within(root("r"), limits).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    assert!(w.store.get(&id("r")).await.unwrap().is_none());
}
