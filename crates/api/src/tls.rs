//! TLS with a certificate of one's own, read again when its files change: a renewed certificate needs no restart.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::exposure::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A certificate that can not be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct BadCertificate {
    file: String,
    why: String,
}

/// The certificate in force.
#[derive(Clone)]
pub(crate) struct Tls {
    files: TlsFiles,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    pub(crate) fn read(files: &TlsFiles) -> Result<Self, BadCertificate> {
        let config = Arc::new(RwLock::new(Arc::new(config(files)?)));
        Ok(Self { files: files.clone(), config })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)).into()
    }

    /// Reads the files again when they change, until told to stop. What can not be used is told, and the certificate before it
    /// stays in force.
    pub(crate) async fn keep_fresh(self, stop: CancellationToken) {
        let mut known = changed_at(&self.files);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let now = changed_at(&self.files);
            if now == known {
                continue;
            }
            match config(&self.files) {
                Ok(fresh) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                    known = now;
                    tracing::info!("a new certificate is in force");
                }
                Err(why) => {
                    tracing::warn!(%why, "the new certificate can not be used; the one before it stays in force");
                }
            }
        }
    }
}

fn changed_at(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.certificate, &files.key]
        .map(|file| std::fs::metadata(file).and_then(|facts| facts.modified()).ok())
}

fn config(files: &TlsFiles) -> Result<ServerConfig, BadCertificate> {
    let bad = |file: &Path, why: &dyn std::fmt::Display| BadCertificate {
        file: file.display().to_string(),
        why: why.to_string(),
    };
    let read = CertificateDer::pem_file_iter(&files.certificate);
    let chain =
        read.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|why| bad(&files.certificate, &why))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|why| bad(&files.key, &why))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|why| bad(&files.certificate, &why))?.with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).map_err(|why| bad(&files.certificate, &why))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
