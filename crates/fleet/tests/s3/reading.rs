//! Reading: whole, as it was written, or an error.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::Method;
use ktrdr_fabric::artifacts::{ArtifactError, BYTES_MAX};
use ktrdr_fleet::artifacts::{ArtifactOptions, open};

use crate::key;
use crate::objects::Stored;
use crate::server::{Fate, S3Server};

const BARS: &str = "data/EURUSD_1h.csv";

async fn server_with_bars() -> (S3Server, Vec<u8>) {
    let server = S3Server::start().await;
    let bars: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    server.artifacts().put(&key(BARS), &bars).await.unwrap();
    (server, bars)
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_to_its_end() {
    let (server, bars) = server_with_bars().await;
    server.objects.bodies_to_cut.store(2, Ordering::SeqCst);
    assert!(server.artifacts().get(&key(BARS)).await.unwrap() == bars);
    assert_eq!(server.objects.bodies_sent.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_body_that_always_breaks_off_is_an_error_and_no_short_artefact() {
    let (server, _) = server_with_bars().await;
    server.objects.bodies_to_cut.store(u64::MAX, Ordering::SeqCst);
    let refused = server.artifacts().get(&key(BARS)).await.unwrap_err();
    assert!(matches!(&refused, ArtifactError::Io { .. }), "{refused}");
}

#[tokio::test]
async fn a_read_that_meets_silence_is_repeated() {
    let (server, bars) = server_with_bars().await;
    let options = ArtifactOptions { timeout: Duration::from_millis(500), ..server.options() };
    server.set_trap(Method::GET, Fate::Silence, 1);
    assert!(open(&server.url(), &options).unwrap().get(&key(BARS)).await.unwrap() == bars);
}

#[tokio::test]
async fn what_is_larger_than_the_limit_is_not_read() {
    let (server, _) = server_with_bars().await;
    server.objects.claimed_size.store(BYTES_MAX + 1, Ordering::SeqCst);
    let refused = server.artifacts().get(&key(BARS)).await.unwrap_err().to_string();
    assert!(refused.contains("4294967297 bytes") && refused.contains("at most 4294967296"), "{refused}");
}

#[tokio::test]
async fn what_was_damaged_in_storage_is_an_error() {
    let (server, _) = server_with_bars().await;
    server.objects.kept.lock().unwrap().get_mut(&format!("fleet/a/{BARS}")).unwrap().bytes[7] ^= 1;
    let refused = server.artifacts().get(&key(BARS)).await.unwrap_err().to_string();
    assert!(refused.contains("not as it was written"), "{refused}");
}

#[tokio::test]
async fn what_others_put_into_the_bucket_is_read_and_listed() {
    let server = S3Server::start().await;
    for name in ["fleet/a/data/EURUSD_1h.csv", "fleet/a/data/not a key", "fleet/b/data/theirs.csv"] {
        let theirs = Stored { bytes: b"bars".to_vec(), metadata: None };
        server.objects.kept.lock().unwrap().insert(name.into(), theirs);
    }
    let artifacts = server.artifacts();
    assert_eq!(artifacts.get(&key(BARS)).await.unwrap(), b"bars");
    assert_eq!(artifacts.list(&key("data")).await.unwrap(), [key(BARS)]);
}
