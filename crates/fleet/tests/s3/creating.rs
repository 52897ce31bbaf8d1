//! Writing: whole, once, and known to have been.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::Method;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts};
use ktrdr_fleet::artifacts::{ArtifactOptions, open};

use crate::key;
use crate::server::{Fate, S3Server};

/// Far longer than a server on this machine takes.
const TIMEOUT: Duration = Duration::from_millis(500);

async fn server_with(report: &[u8]) -> (S3Server, Arc<dyn Artifacts>) {
    let server = S3Server::start().await;
    let artifacts = open(&server.url(), &ArtifactOptions { timeout: TIMEOUT, ..server.options() }).unwrap();
    artifacts.create(&key("reports/first.json"), report).await.unwrap();
    (server, artifacts)
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_has_won_and_says_so() {
    for fate in [Fate::AnswerLost, Fate::Silence, Fate::Lost] {
        let (server, artifacts) = server_with(b"one").await;
        server.set_trap(Method::PUT, fate, 1);
        artifacts.create(&key("models/reserved.json"), b"mine").await.unwrap();
        assert_eq!(artifacts.get(&key("models/reserved.json")).await.unwrap(), b"mine", "{fate:?}");
        let second = server.artifacts().create(&key("models/reserved.json"), b"mine").await;
        assert!(matches!(second, Err(ArtifactError::Exists(_))), "{fate:?}: {second:?}");
    }
}

#[tokio::test]
async fn a_create_that_came_second_is_told_so_though_answers_are_lost() {
    let (server, artifacts) = server_with(b"one").await;
    for fate in [Fate::AnswerLost, Fate::Silence, Fate::Lost] {
        server.set_trap(Method::PUT, fate, 2);
        let second = artifacts.create(&key("reports/first.json"), b"one").await;
        assert!(matches!(second, Err(ArtifactError::Exists(_))), "{fate:?}: {second:?}");
    }
    assert_eq!(artifacts.get(&key("reports/first.json")).await.unwrap(), b"one");
}

#[tokio::test]
async fn of_creates_of_the_same_bytes_one_wins() {
    let server = S3Server::start().await;
    let mut racing = Vec::new();
    for _ in 0..8 {
        let artifacts = server.artifacts();
        racing.push(tokio::spawn(async move { artifacts.create(&key("models/m.json"), b"same").await }));
    }
    let mut won = 0;
    for create in racing {
        match create.await.unwrap() {
            Ok(()) => won += 1,
            Err(e) => assert!(matches!(e, ArtifactError::Exists(_)), "{e}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn storage_that_ignores_conditions_is_refused() {
    let server = S3Server::start().await;
    server.objects.ignores_conditions.store(true, Ordering::SeqCst);
    let refused = server.artifacts().create(&key("models/m.json"), b"x").await.unwrap_err().to_string();
    assert!(refused.contains("If-None-Match"), "{refused}");
    let kept: Vec<_> = server.objects.kept.lock().unwrap().keys().cloned().collect();
    assert!(!kept.iter().any(|name| name.ends_with("m.json")), "{kept:?}");
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_repeated() {
    for fate in [Fate::AnswerLost, Fate::Silence, Fate::Lost] {
        let (server, artifacts) = server_with(b"one").await;
        server.set_trap(Method::PUT, fate, 1);
        artifacts.put(&key("reports/first.json"), b"two").await.unwrap();
        assert_eq!(artifacts.get(&key("reports/first.json")).await.unwrap(), b"two", "{fate:?}");
    }
}

#[tokio::test]
async fn a_write_is_not_repeated_for_ever() {
    let (server, artifacts) = server_with(b"one").await;
    server.set_trap(Method::PUT, Fate::Lost, u32::MAX);
    let refused = artifacts.put(&key("reports/first.json"), b"two").await.unwrap_err();
    assert!(matches!(&refused, ArtifactError::Io { .. }), "{refused}");
    assert!(refused.to_string().contains(&artifacts.place()), "{refused}");
    assert_eq!(artifacts.get(&key("reports/first.json")).await.unwrap(), b"one");
}
