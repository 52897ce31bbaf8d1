//! TLS: encrypted, and only to whom the certificate names.

use std::sync::Arc;

use ktrdr_fleet::amqp::Trust;
use ktrdr_fleet::artifacts::{ArtifactOptions, open};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::key;
use crate::server::S3Server;

const AUTHORITY: &str = include_str!("../redis/tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../redis/tls/server.pem");
const CERTIFICATE_KEY: &[u8] = include_bytes!("../redis/tls/server.key");

async fn server() -> S3Server {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap).collect();
    let private = PrivateKeyDer::from_pem_slice(CERTIFICATE_KEY).unwrap();
    let settings = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let settings = settings.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    S3Server::start_with(Some(TlsAcceptor::from(Arc::new(
        settings.with_single_cert(chain, private).unwrap(),
    ))))
    .await
}

#[tokio::test]
async fn a_server_with_a_certificate_of_our_authority_is_trusted() {
    let server = server().await;
    let trust = Trust { ca_pem: Some(AUTHORITY.into()), ..Trust::default() };
    let artifacts = open(&server.url(), &ArtifactOptions { trust, ..server.options() }).unwrap();
    artifacts.put(&key("models/m.json"), b"x").await.unwrap();
    assert_eq!(artifacts.get(&key("models/m.json")).await.unwrap(), b"x");
}

#[tokio::test]
async fn a_server_with_a_certificate_of_someone_else_is_not() {
    let server = server().await;
    let refused = server.artifacts().get(&key("models/m.json")).await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}
