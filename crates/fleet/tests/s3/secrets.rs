//! A secret appears in no error and no log line, whatever goes wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use ktrdr_fleet::artifacts::{ArtifactOptions, ArtifactsUrl, AwsVariables, open};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::key;
use crate::log::Log;
use crate::server::{S3Server, SECRET, USER};

const TOKEN: &str = "canary-token-5d08";

/// Tries everything, which must fail, and gives back all that was said about it.
async fn everything_said(variables: &[(&str, &str)]) -> String {
    let log = Log::default();
    // What the server here logs is its own affair.
    let heard = Targets::new().with_default(LevelFilter::TRACE).with_target("s3s", LevelFilter::OFF);
    let subscriber = tracing_subscriber::registry().with(heard).with(layer().with_writer(log.clone()));
    let _logging = tracing::subscriber::set_default(subscriber);
    let aws = AwsVariables::from_iter(variables.iter().copied());
    let options = ArtifactOptions { aws, timeout: Duration::from_secs(2), ..ArtifactOptions::default() };
    let url: ArtifactsUrl = "s3://research/fleet".parse().unwrap();
    tracing::error!(?options, ?url, "opening");
    match open(&url, &options) {
        Err(refused) => tracing::error!(error = %refused, ?refused, "refused"),
        Ok(artifacts) => {
            let name = key("models/m.json");
            let read = artifacts.get(&name).await.map(drop);
            let wrote = artifacts.create(&name, b"x").await;
            let listed = artifacts.list(&key("models")).await.map(drop);
            for outcome in [read, wrote, listed] {
                let refused = outcome.unwrap_err();
                tracing::error!(error = %refused, ?refused, "refused");
            }
        }
    }
    log.text()
}

fn assert_silent(said: &str) {
    assert!(said.contains("refused"), "{said}");
    for canary in [SECRET, TOKEN] {
        let told = said.lines().find(|line| line.contains(canary));
        assert_eq!(told, None, "shows a secret");
    }
}

#[tokio::test]
async fn a_wrong_secret() {
    let server = S3Server::start().await;
    let wrong = format!("{SECRET}-wrong");
    let endpoint = server.endpoint();
    let said = everything_said(&[
        ("AWS_ACCESS_KEY_ID", USER),
        ("AWS_SECRET_ACCESS_KEY", &wrong),
        ("AWS_SESSION_TOKEN", TOKEN),
        ("AWS_ENDPOINT_URL_S3", &endpoint),
    ])
    .await;
    assert_silent(&said);
    assert!(said.contains("403 SignatureDoesNotMatch; check AWS_ACCESS_KEY_ID"), "{said}");
}

#[tokio::test]
async fn a_server_that_repeats_what_it_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let n = client.read(&mut request).unwrap_or_default();
            let words = String::from_utf8_lossy(&request[..n]);
            let body = format!(
                "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>{words}</CanonicalRequest></Error>"
            );
            let head = format!(
                "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = client.write_all(format!("{head}{body}").as_bytes());
        }
    });
    let said = everything_said(&[
        ("AWS_ACCESS_KEY_ID", USER),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
        ("AWS_ENDPOINT_URL_S3", &endpoint),
    ])
    .await;
    assert_silent(&said);
    assert!(said.contains("403 SignatureDoesNotMatch"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let said = everything_said(&[
        ("AWS_ACCESS_KEY_ID", USER),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_ENDPOINT_URL_S3", &endpoint),
    ])
    .await;
    assert_silent(&said);
    assert!(said.contains("is the storage running") && said.contains(&endpoint), "{said}");
}

#[tokio::test]
async fn a_password_in_the_endpoint() {
    let said = everything_said(&[("AWS_ENDPOINT_URL_S3", &format!("http://u:{SECRET}@localhost"))]).await;
    assert_silent(&said);
    assert!(said.contains("without user"), "{said}");
}

#[tokio::test]
async fn no_credentials_at_all() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let metadata = format!("http://127.0.0.1:{port}");
    let said = everything_said(&[("AWS_METADATA_ENDPOINT", &metadata)]).await;
    assert_silent(&said);
    assert!(said.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{said}");
}
