//! Which server is asked, and which key it gets. The vendor's key goes to the vendor's host and nowhere else; another server
//! has a key of its own. Plain HTTP stays on this machine.

use std::fmt;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::contract::{BATCHES, MESSAGES_PATH, VENDOR_URL};

/// Longest address.
const URL_BYTES_MAX: usize = 2_000;

/// Longest key.
const KEY_BYTES_MAX: usize = 4_096;

/// A key: never shown, and wiped when it is dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// A server that is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// Nobody gave a key.
    #[error(
        "no key was given: set ANTHROPIC_API_KEY or ANTHROPIC_API_KEY_FILE, or KTRDR_AGENT__BASE_URL with \
         KTRDR_AGENT__API_KEY(_FILE) for another server that speaks the Messages API; the local designer needs none \
         (--agent local)"
    )]
    NoKey,
    /// Another server without a key of its own.
    #[error(
        "{host} needs a key of its own: set KTRDR_AGENT__API_KEY or KTRDR_AGENT__API_KEY_FILE; ANTHROPIC_API_KEY goes to \
         the vendor's host alone"
    )]
    NoKeyForOther {
        /// The host.
        host: String,
    },
    /// A key that can not be sent.
    #[error("the key is empty, too long or not of printable ASCII: give it again, without quotes")]
    BadKey,
    /// An address that is not used.
    #[error("KTRDR_AGENT__BASE_URL: {0}")]
    BadUrl(&'static str),
}

impl ApiKey {
    /// A key as it was given; blanks around it fall away.
    ///
    /// # Errors
    /// When it can not be sent as a header.
    pub fn new(text: &str) -> Result<Self, BadEndpoint> {
        let text = text.trim();
        let is_fine = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_fine { Ok(Self(SecretString::from(text))) } else { Err(BadEndpoint::BadKey) }
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text without the key, whoever put it there.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(self.expose(), "***")
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A server and its key.
#[derive(Debug, Clone)]
pub struct Endpoint {
    url: Url,
    key: Option<ApiKey>,
}

/// What was given, in the environment alone: neither address nor keys are read from a workspace's file, which may come from
/// anybody and would send the key wherever it says.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Another server than the vendor's.
    pub base_url: Option<String>,
    /// The vendor's key.
    pub vendor_key: Option<ApiKey>,
    /// The other server's key.
    pub own_key: Option<ApiKey>,
}

impl Endpoint {
    /// The server that was given, with its key.
    ///
    /// # Errors
    /// When there is no key for it, or the address is none that a key may be sent to.
    pub fn new(given: Given) -> Result<Self, BadEndpoint> {
        let Some(text) = &given.base_url else {
            let key = given.vendor_key.ok_or(BadEndpoint::NoKey)?;
            return Ok(Self { url: base(VENDOR_URL)?, key: Some(key) });
        };
        let url = base(text)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_vendor = base(VENDOR_URL)?.host_str() == Some(&host);
        let key = if is_vendor { given.vendor_key } else { given.own_key };
        match key {
            Some(key) => Ok(Self { url, key: Some(key) }),
            None if is_vendor => Err(BadEndpoint::NoKey),
            None if is_loopback(&url) => Ok(Self { url, key: None }),
            None => Err(BadEndpoint::NoKeyForOther { host }),
        }
    }

    /// The server, for people.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(crate) fn messages_url(&self) -> Url {
        self.url_of("")
    }

    /// Of batches, and what follows their path.
    pub(crate) fn batches_url(&self, rest: &str) -> Url {
        self.url_of(&format!("{BATCHES}{rest}"))
    }

    fn url_of(&self, rest: &str) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}{MESSAGES_PATH}{rest}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    pub(crate) fn key(&self) -> Option<&ApiKey> {
        self.key.as_ref()
    }

    pub(crate) fn is_on_this_machine(&self) -> bool {
        is_loopback(&self.url)
    }
}

/// The address, if a key may be sent there.
fn base(text: &str) -> Result<Url, BadEndpoint> {
    let refuse = |why| Err(BadEndpoint::BadUrl(why));
    if text.len() > URL_BYTES_MAX {
        return refuse("it is longer than any address");
    }
    let Ok(url) = Url::parse(text.trim()) else { return refuse("use https://host or http://127.0.0.1:port") };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it holds a password: the key goes into KTRDR_AGENT__API_KEY");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("leave out what follows ? or #");
    }
    match url.scheme() {
        "https" if url.host_str().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse("plain http is for this machine alone (127.0.0.1, ::1, localhost): use https"),
        _ => refuse("use https://host or http://127.0.0.1:port"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<ApiKey> {
        Some(ApiKey::new(text).unwrap())
    }

    fn endpoint(base_url: Option<&str>, own_key: Option<ApiKey>) -> Result<Endpoint, BadEndpoint> {
        let base_url = base_url.map(str::to_owned);
        Endpoint::new(Given { base_url, vendor_key: key("vendor-canary"), own_key })
    }

    #[test]
    fn the_vendors_key_goes_to_the_vendor_alone() {
        let vendor = endpoint(None, None).unwrap();
        assert_eq!(vendor.messages_url().as_str(), "https://api.anthropic.com/v1/messages");
        assert_eq!(vendor.key, key("vendor-canary"));
        assert_eq!(
            endpoint(Some("https://api.anthropic.com/"), key("own")).unwrap().key,
            key("vendor-canary")
        );
        for other in ["https://api.anthropic.com.evil.example", "https://evil.example/api.anthropic.com"] {
            assert!(matches!(endpoint(Some(other), None), Err(BadEndpoint::NoKeyForOther { .. })), "{other}");
            assert_eq!(endpoint(Some(other), key("own")).unwrap().key, key("own"), "{other}");
        }
        assert_eq!(endpoint(Some("http://127.0.0.1:8000/x/"), None).unwrap().key, None);
        assert!(matches!(Endpoint::new(Given::default()), Err(BadEndpoint::NoKey)));
    }

    #[test]
    fn plain_http_stays_on_this_machine_and_odd_addresses_are_refused() {
        for fine in
            ["http://localhost:1", "http://[::1]:8080", "http://127.0.0.9", "https://openrouter.ai/api"]
        {
            assert!(endpoint(Some(fine), key("own")).is_ok(), "{fine}");
        }
        let odd = [
            "http://10.0.0.1",
            "http://127.0.0.1.evil.example",
            "http://api.anthropic.com",
            "https://user:canary@host",
            "https://host?x=1",
            "ftp://host",
            "host",
            "",
        ];
        for text in odd {
            let refused = endpoint(Some(text), key("own")).unwrap_err();
            assert!(matches!(refused, BadEndpoint::BadUrl(_)), "{text}: {refused}");
            assert!(!refused.to_string().contains("canary"));
        }
    }

    #[test]
    fn a_key_is_never_shown_and_none_that_would_break_the_header_is_taken() {
        assert_eq!(ApiKey::new(" canary\n").unwrap().expose(), "canary");
        for bad in ["", "  ", "a b", "a\nb", "käse"] {
            assert_eq!(ApiKey::new(bad), Err(BadEndpoint::BadKey), "{bad:?}");
        }
        assert!(!format!("{:?}", endpoint(None, None).unwrap()).contains("canary"));
    }
}
