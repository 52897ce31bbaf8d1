//! Where the store is, who we are there, and what our keys begin with.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ktrdr_domain::excerpt::excerpt;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// Where a Redis server is: `rediss://user:password@host:6379/0`, `redis://…` without TLS, or `unix:///path`.
/// Shown without the password.
#[derive(Clone)]
pub struct RedisUrl(ConnectionInfo);

/// Text that is no URL of a store. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store URL can not be read: expected rediss://user:password@host:6379")]
pub struct BadUrl;

impl RedisUrl {
    pub(super) fn info(&self) -> &ConnectionInfo {
        &self.0
    }

    /// The server without the user: for messages.
    pub(super) fn place(&self) -> String {
        self.0.addr().to_string()
    }

    /// The host, where rows and password would travel readable between machines.
    pub(super) fn readable_on_the_way(&self) -> Option<&str> {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, _) if !is_loopback(host) => Some(host),
            _ => None,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for RedisUrl {
    type Err = BadUrl;
    fn from_str(text: &str) -> Result<Self, BadUrl> {
        text.trim().into_connection_info().map(Self).map_err(|_| BadUrl)
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.0.addr() {
            ConnectionAddr::TcpTls { .. } => "rediss",
            ConnectionAddr::Unix(_) => "unix",
            _ => "redis",
        };
        write!(f, "{scheme}://")?;
        let settings = self.0.redis_settings();
        match (settings.username(), settings.password()) {
            (None, None) => {}
            (user, None) => write!(f, "{}@", user.unwrap_or_default())?,
            (user, Some(_)) => write!(f, "{}:***@", user.unwrap_or_default())?,
        }
        write!(f, "{}/{}", self.0.addr(), settings.db())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

/// What every key and channel of a fleet begins with: its name as a hash tag, so that all keys live in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// A name that can not be a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the fleet name {0:?} is not allowed: use 1 to 64 lower-case letters, digits, '_' or '-'")]
pub struct BadPrefix(String);

impl Prefix {
    /// `ktrdr` gives `{ktrdr}:`
    ///
    /// # Errors
    /// [`BadPrefix`] for anything but a short plain name.
    pub fn new(name: &str) -> Result<Self, BadPrefix> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
        if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
            Ok(Self(format!("{{{name}}}:")))
        } else {
            Err(BadPrefix(excerpt(name)))
        }
    }

    /// The prefix as it stands before a key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fleet's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.trim_start_matches('{').trim_end_matches("}:")
    }

    /// A whole key or channel.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("{ktrdr}:".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown) in [
            ("redis://ktrdr:canary@127.0.0.1:1/3", "redis://ktrdr:***@127.0.0.1:1/3"),
            ("rediss://:canary@far", "rediss://:***@far:6379/0"),
            ("redis://localhost", "redis://localhost:6379/0"),
        ] {
            let url: RedisUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("RedisUrl({shown})"));
        }
    }

    #[test]
    fn text_that_is_no_url_is_refused_and_not_repeated() {
        for text in ["", "canary", "http://u:canary@h", "redis://u:canary@h/canary", "redis://"] {
            assert_eq!(text.parse::<RedisUrl>().map(|url| url.to_string()), Err(BadUrl), "{text}");
        }
        assert!(!BadUrl.to_string().contains("canary"));
    }

    #[test]
    fn plain_text_beyond_this_machine_is_noticed() {
        let exposed = |text: &str| text.parse::<RedisUrl>().unwrap().readable_on_the_way().map(str::to_owned);
        for near in
            ["redis://127.0.0.1", "redis://localhost", "redis://[::1]:7", "rediss://far", "unix:///run/r"]
        {
            assert_eq!(exposed(near), None, "{near}");
        }
        assert_eq!(exposed("redis://u:p@far:1"), Some("far".into()));
    }

    #[test]
    fn a_prefix_is_one_hash_tag_and_nothing_clever() {
        assert_eq!(Prefix::new("ktrdr").unwrap(), Prefix::default());
        for bad in ["", "a}b", "{a", "a*", "a:b", "A", &"x".repeat(65)] {
            assert!(Prefix::new(bad).is_err(), "{bad:?}");
        }
    }
}
