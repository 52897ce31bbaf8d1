//! Who can reach this address, and what they have to show for it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

/// What this machine calls itself.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Where the API is served, and how.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The address.
    pub address: SocketAddr,
    /// Certificate chain and key, in PEM.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy on the way speaks TLS, and only it can reach this address.
    pub behind_proxy: bool,
    /// Names under which callers know it, beside the address.
    pub hosts: Vec<String>,
    /// Whether callers of this machine need a token too.
    pub require_token: bool,
    /// Requests a second that one address, or behind a proxy one token, may make; twice as many at once.
    pub requests_per_s: u32,
}

/// Files in PEM; they are read again when they change.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those between it and an authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why an address is not served.
#[derive(Debug, thiserror::Error)]
pub enum Unsafe {
    /// Tokens would travel readable.
    #[error(
        "{0} can be reached by other machines, and tokens would travel readable: give --tls-cert and --tls-key, or say \
         --behind-proxy where a proxy on the way speaks TLS, or listen on 127.0.0.1"
    )]
    Plaintext(SocketAddr),
    /// Nobody could get in.
    #[error(
        "{0} can be reached by other machines, and no token is in force: make one with `ktrdr token create --scope admin`"
    )]
    NoTokens(SocketAddr),
    /// A proxy passes on a name that nobody told us.
    #[error("--behind-proxy needs the name under which callers know the service: --host fleet.example")]
    NoName,
}

/// What follows from where it is served.
#[derive(Debug, Clone)]
pub(crate) struct Exposure {
    /// Whether callers without a token are let in.
    pub(crate) is_token_free: bool,
    /// Whether cookies travel by TLS alone.
    pub(crate) is_secure: bool,
    /// Whether the address of a connection is a proxy's.
    pub(crate) is_proxied: bool,
    hosts: Vec<String>,
}

impl Exposure {
    /// What follows, where it is safe.
    pub(crate) fn of(listening: &Listening, machine: &str, has_tokens: bool) -> Result<Self, Unsafe> {
        let Listening { address, tls, behind_proxy, hosts, require_token, requests_per_s: _ } = listening;
        let is_open = !address.ip().is_loopback() || *behind_proxy;
        if is_open && tls.is_none() && !behind_proxy {
            return Err(Unsafe::Plaintext(*address));
        }
        if is_open && !has_tokens {
            return Err(Unsafe::NoTokens(*address));
        }
        if *behind_proxy && hosts.is_empty() {
            return Err(Unsafe::NoName);
        }
        let mut known: Vec<String> = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        if address.ip().is_loopback() {
            known.extend(LOCAL_NAMES.map(str::to_owned));
        } else {
            known.push(machine.to_ascii_lowercase());
        }
        if !address.ip().is_unspecified() {
            known.push(match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
        }
        Ok(Self {
            is_token_free: !is_open && !require_token,
            is_secure: tls.is_some() || *behind_proxy,
            is_proxied: *behind_proxy,
            hosts: known,
        })
    }

    /// The host that a request names, if it is one of ours: a page of another name that was made to lead here is not.
    pub(crate) fn host(&self, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        named_host(uri, headers).filter(|host| self.hosts.iter().any(|known| known == without_port(host)))
    }
}

/// Whether a request names this machine as it calls itself.
pub(crate) fn is_local_host(uri: &Uri, headers: &HeaderMap) -> bool {
    named_host(uri, headers).is_some_and(|host| LOCAL_NAMES.contains(&without_port(&host)))
}

/// The one host that a request names.
fn named_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(HOST).iter();
    let in_head = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok()?.to_ascii_lowercase()),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    let in_line = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    match (in_line, in_head) {
        (Some(line), Some(head)) if line != head => None,
        (line, head) => line.or(head),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(address: &str) -> Listening {
        Listening {
            address: address.parse().unwrap(),
            tls: None,
            behind_proxy: false,
            hosts: Vec::new(),
            require_token: false,
            requests_per_s: 1000,
        }
    }

    fn files() -> Option<TlsFiles> {
        Some(TlsFiles { certificate: "c".into(), key: "k".into() })
    }

    #[test]
    fn this_machine_alone_is_let_in_without_a_token() {
        assert!(Exposure::of(&listening("127.0.0.1:0"), "box", false).unwrap().is_token_free);
        assert!(Exposure::of(&listening("[::1]:0"), "box", false).unwrap().is_token_free);
        let asked = Listening { require_token: true, ..listening("127.0.0.1:0") };
        assert!(!Exposure::of(&asked, "box", true).unwrap().is_token_free);
    }

    #[test]
    fn what_others_reach_needs_tls_and_tokens() {
        let open = listening("0.0.0.0:0");
        assert!(matches!(Exposure::of(&open, "box", true), Err(Unsafe::Plaintext(_))));
        let tls = Listening { tls: files(), ..open.clone() };
        assert!(matches!(Exposure::of(&tls, "box", false), Err(Unsafe::NoTokens(_))));
        assert!(!Exposure::of(&tls, "box", true).unwrap().is_token_free);
        let proxied = Listening { behind_proxy: true, ..listening("127.0.0.1:0") };
        assert!(matches!(Exposure::of(&proxied, "box", true), Err(Unsafe::NoName)));
        let named = Listening { hosts: vec!["fleet.example".into()], ..proxied };
        assert!(!Exposure::of(&named, "box", true).unwrap().is_token_free);
    }

    #[test]
    fn only_names_of_ours_are_answered() {
        let exposure = Exposure::of(&listening("127.0.0.1:8000"), "box", false).unwrap();
        let named = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            hosts.iter().for_each(|host| {
                headers.append(HOST, host.parse().unwrap());
            });
            exposure.host(&Uri::from_static("/"), &headers)
        };
        for ours in ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "[::1]"] {
            assert!(named(&[ours]).is_some(), "{ours}");
        }
        for others in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "localhost:x", "::1"]
        {
            assert!(named(&[others]).is_none(), "{others}");
        }
        assert!(named(&["localhost", "evil.example"]).is_none() && named(&[]).is_none());
    }
}
