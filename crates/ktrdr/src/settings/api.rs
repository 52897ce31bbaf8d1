//! `[api]`: where `up` and `serve` answer HTTP, and how. What stands on their command line comes before it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ktrdr_api::{Listening, REQUESTS_PER_S, TlsFiles};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most requests a second that may be configured.
const RATE_MAX: u32 = 100_000;

/// `[api]`
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ApiSettings {
    /// The address; without one the API is not served, unless `--listen` asks for it.
    #[schemars(with = "Option<String>")]
    pub(crate) listen: Option<SocketAddr>,
    /// Certificate in PEM, with those between it and an authority; relative to the workspace.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether a proxy on the way speaks TLS, and only it can reach the address.
    pub(crate) behind_proxy: bool,
    /// Names under which callers know the service, beside the address and the machine's name.
    pub(crate) hosts: Vec<String>,
    /// Whether callers of this machine need a token too.
    pub(crate) require_token: bool,
    /// Requests a second that one address, or behind a proxy one token, may make; twice as many at once.
    pub(crate) requests_per_s: u32,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: None,
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            hosts: Vec::new(),
            require_token: false,
            requests_per_s: REQUESTS_PER_S,
        }
    }
}

impl ApiSettings {
    /// What contradicts itself, whichever way it was said.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(
                "api.tls_cert (--tls-cert) and api.tls_key (--tls-key) are given together or not at all"
                    .into(),
            );
        }
        if self.behind_proxy && self.tls_cert.is_some() {
            return Err(
                "api.behind_proxy (--behind-proxy) says that a proxy speaks TLS: leave the certificate out"
                    .into(),
            );
        }
        if !(1..=RATE_MAX).contains(&self.requests_per_s) {
            return Err(format!("api.requests_per_s must be from 1 to {RATE_MAX}"));
        }
        Ok(())
    }

    /// The files of a configuration stand relative to its workspace.
    pub(super) fn relative_to(&mut self, workspace: &Path) {
        for file in [&mut self.tls_cert, &mut self.tls_key].into_iter().flatten() {
            *file = workspace.join(&*file);
        }
    }

    /// Where to listen, if anywhere.
    pub(crate) fn listening(self) -> Option<Listening> {
        let tls = self.tls_cert.zip(self.tls_key);
        Some(Listening {
            address: self.listen?,
            tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
            behind_proxy: self.behind_proxy,
            hosts: self.hosts,
            require_token: self.require_token,
            requests_per_s: self.requests_per_s,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_itself_is_refused() {
        let file = || Some(PathBuf::from("a.pem"));
        let usual = ApiSettings::default;
        assert!(usual().check().is_ok());
        for wrong in [
            ApiSettings { tls_cert: file(), ..usual() },
            ApiSettings { tls_key: file(), ..usual() },
            ApiSettings { tls_cert: file(), tls_key: file(), behind_proxy: true, ..usual() },
            ApiSettings { requests_per_s: 0, ..usual() },
        ] {
            assert!(wrong.check().unwrap_err().contains("api."), "{wrong:?}");
        }
    }
}
