//! Files: links, and what a crash leaves behind.

use std::fs;
use std::time::{Duration, SystemTime};

use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};

use crate::{client, runner};

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_out_of_the_workspace_is_followed_by_nothing() {
    use std::os::unix::fs::symlink;
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("secret.json"), "secret").unwrap();
    let artifacts = client(folder.path()).artifacts;
    symlink(outside.path(), folder.path().join("models")).unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    symlink(outside.path().join("secret.json"), folder.path().join("data/link.json")).unwrap();

    for text in ["models/secret.json", "data/link.json"] {
        let refused = artifacts.get(&key(text)).await;
        assert!(matches!(refused, Err(ArtifactError::Unreadable { .. })), "{text}: {refused:?}");
    }
    assert!(artifacts.put(&key("models/new.json"), b"x").await.is_err());
    assert!(artifacts.list(&key("models")).await.is_err());
    assert!(artifacts.list(&key("data")).await.unwrap().is_empty());
    artifacts.put(&key("data/link.json"), b"mine").await.unwrap();
    assert_eq!(
        fs::read_to_string(outside.path().join("secret.json")).unwrap(),
        "secret",
        "the link was replaced"
    );
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn unfinished_files_are_invisible_and_go_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models/fx");
    fs::create_dir_all(&models).unwrap();
    let (old, young) = (models.join(".ktrdr-part-1-1"), models.join(".ktrdr-part-1-2"));
    fs::write(&young, "half").unwrap();
    let file = fs::File::create(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    let engine = runner(folder.path());
    assert!(engine.artifacts.list(&key("models")).await.unwrap().is_empty());
    assert!(!old.exists() && young.exists(), "a young one may still have its writer");
}

#[tokio::test]
async fn a_failed_write_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = client(folder.path()).artifacts;
    fs::create_dir_all(folder.path().join("models/taken")).unwrap();
    let failed = artifacts.put(&key("models/taken"), b"x").await;
    assert!(matches!(failed, Err(ArtifactError::Io { .. })), "{failed:?}");
    assert_eq!(fs::read_dir(folder.path().join("models")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_writer_of_another_machine_may_have_the_same_process_id() {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = client(folder.path()).artifacts;
    fs::create_dir(folder.path().join("models")).unwrap();
    for number in 0..1000 {
        let part = format!("models/.ktrdr-part-{}-{number}", std::process::id());
        fs::write(folder.path().join(part), "theirs").unwrap();
    }
    artifacts.create(&key("models/a.json"), b"mine").await.unwrap();
    assert_eq!(artifacts.get(&key("models/a.json")).await.unwrap(), b"mine");
}
