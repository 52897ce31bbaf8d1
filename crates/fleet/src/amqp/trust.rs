//! Whom a connection trusts, and whether it may be read on the way.

use std::net::IpAddr;

use ktrdr_fabric::broker::BrokerError;

/// How far the way to a server is trusted. By default: the authorities of the system, and nothing readable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificate of the authority that signed the server's, in PEM; `None`: those the system trusts.
    pub ca_pem: Option<String>,
    /// Whether messages and passwords may travel readable between machines.
    pub allow_plaintext: bool,
}

impl Trust {
    /// Whether such a way may be taken: not a plain one to another machine, unless that was allowed.
    pub(crate) fn allows(&self, encrypted: bool, host: &str) -> bool {
        encrypted || self.allow_plaintext || is_loopback(host)
    }

    /// Refuses a plain way to another machine, unless that was allowed.
    pub(crate) fn check(&self, encrypted: bool, host: &str) -> Result<(), BrokerError> {
        if self.allows(encrypted, host) {
            return Ok(());
        }
        Err(BrokerError::Topology(format!(
            "the way to {host} is not encrypted: use amqps:// and https://, or set allow_plaintext = true where nobody \
             listens"
        )
        .into()))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_way_to_another_machine_has_to_be_allowed() {
        let strict = Trust::default();
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"] {
            assert!(strict.check(false, host).is_ok(), "{host}");
        }
        for host in ["broker", "10.0.0.1", "localhost.example", "0.0.0.0"] {
            assert!(strict.check(false, host).is_err() && strict.check(true, host).is_ok(), "{host}");
            assert!(Trust { allow_plaintext: true, ..Trust::default() }.check(false, host).is_ok(), "{host}");
        }
    }
}
