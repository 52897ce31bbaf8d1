//! A night that was recorded is gone through once more, bit for bit and at no cost.

use ktrdr_claude::Recording;
use ktrdr_fake::{Fault, Mind};

use crate::world::{KEY, World};

#[tokio::test]
async fn what_was_asked_once_is_answered_alike_for_ever_and_free() {
    let mut world = World::of(Mind::Good);
    world.recording = Recording::Reuse;
    let first = world.design(0).await.unwrap();
    let (asked, paid) = (world.fake.seen().len(), world.purse.paid());
    let again = world.design(0).await.unwrap();
    assert_eq!(again.strategy, first.strategy);
    assert_eq!((world.fake.seen().len(), world.purse.paid()), (asked, paid), "it was asked again");

    // No server, no key.
    world.recording = Recording::Replay;
    world.fake.fail_always(Some(Fault::Status(500, None)));
    let replayed = world.design(0).await.unwrap();
    assert_eq!(replayed.strategy.to_yaml(), first.strategy.to_yaml());
    let why = world.refused_at(9).await;
    assert!(why.contains("replay"), "{why}");
    assert_eq!((world.fake.seen().len(), world.purse.paid()), (asked, paid));

    let replies = world.folder.path().join("replies");
    let files: Vec<_> = std::fs::read_dir(replies).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), asked);
    for file in files {
        assert!(!std::fs::read_to_string(file).unwrap().contains(KEY));
    }
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_no_reply() {
    let mut world = World::of(Mind::Good);
    world.recording = Recording::Reuse;
    world.design(0).await.unwrap();
    let replies = world.folder.path().join("replies");
    for file in std::fs::read_dir(&replies).unwrap() {
        std::fs::write(file.unwrap().path(), b"{\"schema\": 1}").unwrap();
    }
    let why = world.refused_at(0).await;
    assert!(why.contains("holds no reply"), "{why}");
}
