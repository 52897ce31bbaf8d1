//! The cache: saves time, and is never believed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ktrdr_fabric::artifacts::{ArtifactError, Artifacts};
use ktrdr_fleet::artifacts::{ArtifactOptions, CacheSettings, open};
use tempfile::TempDir;

use crate::key;
use crate::server::S3Server;

/// What the first line of a cached file may take at most here.
const LABEL: u64 = 400;

struct World {
    server: S3Server,
    folder: TempDir,
    bytes_max: u64,
}

impl World {
    async fn with(bytes_max: u64) -> Self {
        Self { server: S3Server::start().await, folder: tempfile::tempdir().unwrap(), bytes_max }
    }

    /// As another process would open it.
    fn artifacts(&self) -> Arc<dyn Artifacts> {
        let cache = CacheSettings { folder: self.folder.path().to_path_buf(), bytes_max: self.bytes_max };
        open(&self.server.url(), &ArtifactOptions { cache: Some(cache), ..self.server.options() }).unwrap()
    }

    fn bodies_sent(&self) -> u64 {
        self.server.objects.bodies_sent.load(Ordering::SeqCst)
    }

    fn files(&self) -> Vec<PathBuf> {
        files(self.folder.path())
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

#[tokio::test]
async fn what_does_not_change_is_sent_once_to_all_processes_of_a_machine() {
    let world = World::with(1 << 20).await;
    let (one, other) = (world.artifacts(), world.artifacts());
    one.put(&key("data/d.csv"), b"bars").await.unwrap();
    for artifacts in [&one, &other, &one, &world.artifacts()] {
        assert_eq!(artifacts.get(&key("data/d.csv")).await.unwrap(), b"bars");
    }
    assert_eq!(world.bodies_sent(), 1);
}

#[tokio::test]
async fn what_changed_is_fetched_again() {
    let world = World::with(1 << 20).await;
    let artifacts = world.artifacts();
    for bars in [b"old", b"new", b"old"] {
        world.server.artifacts().put(&key("data/d.csv"), bars).await.unwrap();
        for _ in 0..2 {
            assert_eq!(artifacts.get(&key("data/d.csv")).await.unwrap(), bars);
        }
    }
    assert_eq!(world.bodies_sent(), 3);
}

#[tokio::test]
async fn what_was_removed_is_not_found_though_it_was_cached() {
    let world = World::with(1 << 20).await;
    let artifacts = world.artifacts();
    artifacts.put(&key("data/d.csv"), b"bars").await.unwrap();
    artifacts.get(&key("data/d.csv")).await.unwrap();
    world.server.objects.kept.lock().unwrap().clear();
    let gone = artifacts.get(&key("data/d.csv")).await;
    assert!(matches!(gone, Err(ArtifactError::NotFound { .. })), "{gone:?}");
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn the_least_recently_used_goes_first() {
    let world = World::with(3 * (1000 + LABEL)).await;
    let artifacts = world.artifacts();
    for name in ["a", "b", "c", "d"] {
        artifacts.put(&key(name), &[7; 1000]).await.unwrap();
    }
    for name in ["a", "b", "c", "a", "d"] {
        artifacts.get(&key(name)).await.unwrap();
    }
    assert_eq!(world.bodies_sent(), 4);
    assert_eq!(world.files().len(), 3);
    for name in ["a", "c", "d"] {
        artifacts.get(&key(name)).await.unwrap();
    }
    assert_eq!(world.bodies_sent(), 4, "these were kept");
    artifacts.get(&key("b")).await.unwrap();
    assert_eq!(world.bodies_sent(), 5, "this one had to go");
}

#[tokio::test]
async fn the_cache_never_holds_more_than_it_may() {
    let world = World::with(5000).await;
    let artifacts = world.artifacts();
    for n in 0..40usize {
        let name = key(&format!("data/{n}.csv"));
        artifacts.put(&name, &vec![7; n * 150]).await.unwrap();
        artifacts.get(&name).await.unwrap();
        let held: u64 = world.files().iter().map(|file| file.metadata().unwrap().len()).sum();
        assert!(held <= 5000, "{held} bytes after {n}");
    }
    assert!(!world.files().is_empty());
}

#[tokio::test]
async fn a_damaged_file_is_dropped_and_fetched_again() {
    let world = World::with(1 << 20).await;
    let artifacts = world.artifacts();
    artifacts.put(&key("data/d.csv"), b"bars, and more bars").await.unwrap();
    artifacts.put(&key("data/other.csv"), b"other bars").await.unwrap();
    artifacts.get(&key("data/d.csv")).await.unwrap();
    let file = world.files().remove(0);
    let whole = fs::read(&file).unwrap();
    artifacts.get(&key("data/other.csv")).await.unwrap();
    let other = world.files().into_iter().find(|f| *f != file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let damages = [
        flipped,
        whole[..whole.len() - 1].to_vec(),
        whole[..20].to_vec(),
        Vec::new(),
        b"\xff\n".repeat(9000),
        fs::read(other).unwrap(),
    ];
    for (n, damaged) in damages.iter().enumerate() {
        fs::write(&file, damaged).unwrap();
        let sent = world.bodies_sent();
        for _ in 0..2 {
            assert_eq!(
                artifacts.get(&key("data/d.csv")).await.unwrap(),
                b"bars, and more bars",
                "damage {n}"
            );
        }
        assert_eq!(world.bodies_sent(), sent + 1, "damage {n}");
    }
}

#[tokio::test]
async fn processes_that_crowd_one_cache_all_read_what_is_there() {
    let world = World::with(4 * (1000 + LABEL)).await;
    for n in 0..12u8 {
        world.server.artifacts().put(&key(&format!("data/{n}")), &[n; 1000]).await.unwrap();
    }
    let mut reading = Vec::new();
    for process in 0..4u8 {
        let artifacts = world.artifacts();
        reading.push(tokio::spawn(async move {
            for step in 0..36u8 {
                let n = step.wrapping_mul(5).wrapping_add(process * 3) % 12;
                assert_eq!(artifacts.get(&key(&format!("data/{n}"))).await.unwrap(), [n; 1000]);
            }
        }));
    }
    for process in reading {
        process.await.unwrap();
    }
}

#[tokio::test]
async fn a_cache_that_can_not_be_written_to_costs_no_work() {
    let world = World::with(1 << 20).await;
    let artifacts = world.artifacts();
    fs::remove_dir_all(world.folder.path()).unwrap();
    artifacts.put(&key("data/d.csv"), b"bars").await.unwrap();
    for _ in 0..2 {
        assert_eq!(artifacts.get(&key("data/d.csv")).await.unwrap(), b"bars");
    }
    assert_eq!(world.bodies_sent(), 2);
}

#[tokio::test]
async fn buckets_and_prefixes_do_not_mix_in_one_cache() {
    let world = World::with(1 << 20).await;
    let cache = CacheSettings { folder: world.folder.path().to_path_buf(), bytes_max: 1 << 20 };
    let options = ArtifactOptions { cache: Some(cache), ..world.server.options() };
    for prefix in ["a", "b"] {
        let artifacts = open(&format!("s3://research/{prefix}").parse().unwrap(), &options).unwrap();
        artifacts.put(&key("data/d.csv"), prefix.as_bytes()).await.unwrap();
        assert_eq!(artifacts.get(&key("data/d.csv")).await.unwrap(), prefix.as_bytes());
    }
    assert_eq!(world.files().len(), 2);
}
