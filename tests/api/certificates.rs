//! A certificate of one's own: read again when its files change, under connections that go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::tls::TlsInfo;

use super::client::{Served, block_on};
use crate::running::PATIENCE;
use crate::world::World;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A certificate with its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn of(folder: &str, name: &str) -> Self {
        let file = |end: &str| Path::new(ROOT).join(folder).join(format!("{name}.{end}"));
        Self { certificate: file("pem"), key: file("key") }
    }

    fn copy_to(&self, other: &Self) {
        fs::copy(&self.key, &other.key).unwrap();
        fs::copy(&self.certificate, &other.certificate).unwrap();
    }
}

/// Whoever asks here looks at what is shown, not at who signed it.
fn client() -> reqwest::Client {
    reqwest::Client::builder().tls_danger_accept_invalid_certs(true).tls_info(true).build().unwrap()
}

/// The certificate that a client's connection was made with.
async fn shown(client: &reqwest::Client, url: &str) -> Vec<u8> {
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let shown = response.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec();
    response.bytes().await.unwrap();
    shown
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let world = World::new();
    let first = Pair::of("crates/fleet/tests/redis/tls", "server");
    let renewed = Pair::of("tests/api/tls", "renewed");
    let served = Pair { certificate: world.path("api.pem"), key: world.path("api.key") };
    first.copy_to(&served);
    // Named in the configuration, relative to the workspace.
    world.write("ktrdr.toml", "[api]\ntls_cert = \"api.pem\"\ntls_key = \"api.key\"\n");
    let api = Served::up(&world, &[]);
    let url = format!("https://localhost:{}/api/v1/health/live", api.address.rsplit_once(':').unwrap().1);
    block_on(async {
        let old = client();
        let before = shown(&old, &url).await;
        // Half of a pair is none: what was there stays in force.
        fs::copy(&renewed.certificate, &served.certificate).unwrap();
        assert_eq!(shown(&client(), &url).await, before);
        renewed.copy_to(&served);
        let fresh = async {
            loop {
                // One that is used goes on; those that are idle for ten seconds are closed anyway.
                assert_eq!(shown(&old, &url).await, before, "its connection was cut");
                let now = shown(&client(), &url).await;
                if now != before {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let now = tokio::time::timeout(PATIENCE, fresh).await.expect("the renewed certificate");
        assert_eq!(shown(&client(), &url).await, now);
        assert_eq!(shown(&old, &url).await, before, "its connection was not cut");
    });
}
