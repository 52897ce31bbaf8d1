//! What a workspace remembers of its store.

use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::epochs::{Epoch, Epochs};

use crate::world::World;

fn epochs(w: &World, engine: &str) -> Epochs {
    Epochs::new(w.artifacts.clone(), engine).unwrap()
}

fn epoch(name: &str, before: Option<&str>) -> Epoch {
    Epoch {
        epoch: name.into(),
        store: "here".into(),
        since: "2026-11-21T02:55:13Z".into(),
        by: "me@here".into(),
        reason: before.map(|_| "lost".into()),
        before: before.map(str::to_owned),
    }
}

pub(crate) async fn of_stores_that_are_met_at_once_all_agree_on_one(w: World) {
    let meetings: Vec<_> = (0..8)
        .map(|n| {
            let epochs = epochs(&w, "fleet");
            tokio::spawn(
                async move { epochs.remember_first(epoch(&format!("store-{n}"), None)).await.unwrap() },
            )
        })
        .collect();
    let mut agreed = Vec::new();
    for meeting in meetings {
        agreed.push(meeting.await.unwrap());
    }
    let won = epochs(&w, "fleet").current().await.unwrap().unwrap();
    assert!(agreed.iter().all(|epoch| *epoch == won), "{agreed:?}");
    assert_eq!(epochs(&w, "embedded").current().await.unwrap(), None, "each engine has a store of its own");
}

pub(crate) async fn epochs_are_added_in_order_and_none_is_ever_replaced(w: World) {
    let remembered = epochs(&w, "fleet");
    let first = remembered.remember_first(epoch("a", None)).await.unwrap();
    // More than one digit.
    let mut all = vec![first.clone()];
    for n in 0..10 {
        let next = epoch(&format!("b{n}"), Some(&all.last().unwrap().epoch));
        remembered.add(&next).await.unwrap();
        all.push(next);
    }
    assert_eq!(remembered.all().await.unwrap(), all);
    assert_eq!(remembered.current().await.unwrap().as_ref(), all.last());
    assert_eq!(remembered.remember_first(epoch("late", None)).await.unwrap(), *all.last().unwrap());
    let second = epochs(&w, "fleet");
    let [one, two] = [epoch("x", Some("b9")), epoch("y", Some("b9"))];
    let (one, two) = tokio::join!(remembered.add(&one), second.add(&two));
    let lost = [one, two].into_iter().filter(|added| matches!(added, Err(ArtifactError::Exists(_)))).count();
    assert!(lost <= 1 && remembered.all().await.unwrap().len() == 13 - lost, "{lost}");
}

pub(crate) async fn a_record_that_can_not_be_read_is_no_missing_one(w: World) {
    w.artifacts.create(&"epochs/fleet/0001.json".parse().unwrap(), b"{").await.unwrap();
    let refused = epochs(&w, "fleet").current().await.unwrap_err().to_string();
    assert!(refused.contains("epochs/fleet/0001.json") && refused.contains("restore it"), "{refused}");
}
