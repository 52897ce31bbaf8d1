//! TLS: encrypted, and only to whom the certificate names.

use std::net::TcpListener;

use ktrdr_fabric::store::{OperationReader, Store};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};

use crate::server::RedisServer;
use crate::{id, leaf};

const AUTHORITY: &str = include_str!("tls/ca.pem");

/// A server that speaks TLS, and its port.
fn server() -> (RedisServer, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| format!("{}/tests/redis/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let settings = [
        ("tls-port", port.to_string()),
        ("tls-cert-file", file("server.pem")),
        ("tls-key-file", file("server.key")),
        ("tls-ca-cert-file", file("ca.pem")),
        ("tls-auth-clients", "no".to_owned()),
    ];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (RedisServer::start(&settings), port)
}

fn options(port: u16, ca_pem: Option<&str>) -> RedisOptions {
    let url = format!("rediss://localhost:{port}").parse().unwrap();
    RedisOptions { ca_pem: ca_pem.map(str::to_owned), ..RedisOptions::new(url) }
}

#[tokio::test]
async fn a_server_with_a_certificate_of_our_authority_is_trusted() {
    let (_server, port) = server();
    let store = RedisStore::open(options(port, Some(AUTHORITY))).await.unwrap();
    store.submit(leaf("a")).await.unwrap();
    assert_eq!(store.get(&id("a")).await.unwrap().unwrap().id, id("a"));
}

#[tokio::test]
async fn a_server_with_a_certificate_of_someone_else_is_not() {
    let (_server, port) = server();
    let refused = RedisStore::open(options(port, None)).await.err().expect("it was opened");
    assert!(refused.to_string().to_lowercase().contains("certificate"), "{refused}");
}
