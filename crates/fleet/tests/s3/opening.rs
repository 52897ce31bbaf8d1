//! What must be right before the first call, and what is said when it is not.

use std::fs;

use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fleet::amqp::Trust;
use ktrdr_fleet::artifacts::{ArtifactOptions, AwsVariables, CacheSettings, OpenError, open};

use crate::key;
use crate::server::S3Server;

fn at(endpoint: &str) -> ArtifactOptions {
    let variables =
        [("AWS_ACCESS_KEY_ID", "u"), ("AWS_SECRET_ACCESS_KEY", "p"), ("AWS_ENDPOINT_URL", endpoint)];
    ArtifactOptions { aws: AwsVariables::from_iter(variables), ..ArtifactOptions::default() }
}

fn refusal(url: &str, options: &ArtifactOptions) -> OpenError {
    open(&url.parse().unwrap(), options).err().expect("it was opened")
}

#[test]
fn a_plain_way_to_another_machine_has_to_be_allowed() {
    for (host, near) in
        [("localhost", true), ("127.0.0.1:9000", true), ("[::1]:9000", true), ("storage:9000", false)]
    {
        let options = at(&format!("http://{host}"));
        let opened = open(&"s3://research".parse().unwrap(), &options).err();
        assert_eq!(opened.is_none(), near, "{host}: {opened:?}");
        assert!(
            opened
                .is_none_or(|refused| matches!(refused, OpenError::Plaintext { host } if host == "storage"))
        );
        let trust = Trust { allow_plaintext: true, ..Trust::default() };
        assert!(
            open(&"s3://research".parse().unwrap(), &ArtifactOptions { trust, ..options }).is_ok(),
            "{host}"
        );
        assert!(open(&"s3://research".parse().unwrap(), &at(&format!("https://{host}"))).is_ok(), "{host}");
    }
}

#[test]
fn the_environment_can_not_allow_a_plain_way_or_a_false_certificate() {
    let variables = [("AWS_ENDPOINT_URL_S3", "http://storage"), ("AWS_ALLOW_HTTP", "true")];
    let options = ArtifactOptions { aws: AwsVariables::from_iter(variables), ..ArtifactOptions::default() };
    assert!(matches!(refusal("s3://research", &options), OpenError::Plaintext { .. }));
}

#[test]
fn settings_that_can_not_be_used_are_named() {
    let refused = refusal("s3://research", &at("storage:9000")).to_string();
    assert!(refused.contains("AWS_ENDPOINT_URL_S3"), "{refused}");
    let half = ArtifactOptions {
        aws: AwsVariables::from_iter([("AWS_ACCESS_KEY_ID", "u")]),
        ..ArtifactOptions::default()
    };
    let refused = refusal("s3://research", &half).to_string();
    assert!(refused.contains("SecretAccessKey"), "{refused}");
    for broken in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
        let trust = Trust { ca_pem: Some(broken.into()), ..Trust::default() };
        let refused =
            refusal("s3://research", &ArtifactOptions { trust, ..ArtifactOptions::default() }).to_string();
        assert!(refused.contains("certificate"), "{broken:?}: {refused}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_refused_and_not_made() {
    let world = tempfile::tempdir().unwrap();
    let missing = world.path().join("not-mounted");
    let refused = refusal(&format!("file://{}", missing.display()), &ArtifactOptions::default()).to_string();
    assert!(refused.contains("is it mounted?"), "{refused}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn machines_that_share_a_folder_share_artefacts() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display()).parse().unwrap();
    let (one, other) =
        (open(&url, &ArtifactOptions::default()).unwrap(), open(&url, &ArtifactOptions::default()).unwrap());
    one.create(&key("models/m.json"), b"mine").await.unwrap();
    assert_eq!(other.get(&key("models/m.json")).await.unwrap(), b"mine");
    let second = other.create(&key("models/m.json"), b"theirs").await;
    assert!(matches!(second, Err(ArtifactError::Exists(_))), "{second:?}");
}

#[tokio::test]
async fn a_cache_is_made_where_there_is_none_and_refused_where_it_can_not_be() {
    let (server, world) = (S3Server::start().await, tempfile::tempdir().unwrap());
    fs::write(world.path().join("file"), "x").unwrap();
    let with = |folder: &str| {
        let cache = CacheSettings { folder: world.path().join(folder), bytes_max: 1 };
        open(&server.url(), &ArtifactOptions { cache: Some(cache), ..server.options() })
    };
    assert!(with("a/b").is_ok() && world.path().join("a/b").is_dir());
    assert!(matches!(with("file").err(), Some(OpenError::Cache { .. })));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_missing_artefact() {
    let server = S3Server::start().await;
    let artifacts = open(&"s3://elsewhere".parse().unwrap(), &server.options()).unwrap();
    let refused = artifacts.get(&key("data/d.csv")).await.unwrap_err();
    assert!(
        matches!(&refused, ArtifactError::Io { what, .. } if what.contains("create the bucket")),
        "{refused}"
    );
}
