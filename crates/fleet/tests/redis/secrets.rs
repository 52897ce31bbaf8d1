//! A password appears in no error and no log line, whatever goes wrong.

use std::net::TcpListener;

use ktrdr_fleet::redis::{OpenError, RedisOptions, RedisStore, RedisUrl};

use crate::log::Log;
use crate::server::RedisServer;

const CANARY: &str = "canary-7f3a";

/// Opens, which must fail, and gives back all that was said about it.
async fn everything_said(url: &str) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let options =
        RedisOptions { allow_plaintext: true, ..RedisOptions::new(url.parse::<RedisUrl>().unwrap()) };
    tracing::error!(?options, url = %options.url, "opening");
    let refused: OpenError = RedisStore::open(options).await.err().expect("it was opened");
    tracing::error!(error = %refused, ?refused, "refused");
    log.text()
}

fn assert_silent(said: &str) {
    assert!(said.contains("refused") && !said.contains(CANARY), "{said}");
}

#[tokio::test]
async fn a_refused_connection() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = everything_said(&format!("redis://ktrdr:{CANARY}@127.0.0.1:{port}")).await;
    assert_silent(&said);
    assert!(said.contains("is it running") && said.contains(&port.to_string()), "{said}");
}

#[tokio::test]
async fn a_wrong_password() {
    let server = RedisServer::start(&[]);
    let said = everything_said(&format!("{}?user=ktrdr&pass={CANARY}", server.url())).await;
    assert_silent(&said);
    assert!(said.contains("correct user and password in KTRDR_REDIS_URL"), "{said}");
}

#[tokio::test]
async fn a_host_that_does_not_exist() {
    assert_silent(&everything_said(&format!("redis://ktrdr:{CANARY}@no-such-host.invalid")).await);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    assert_silent(&everything_said(&format!("rediss://ktrdr:{CANARY}@127.0.0.1:{port}")).await);
}
