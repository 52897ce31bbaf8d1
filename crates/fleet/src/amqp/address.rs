//! Where the broker is, and who we are there.

use std::fmt;
use std::str::FromStr;

use lapin::uri::AMQPUri;

/// One or several URLs of the nodes of one broker, separated by commas; they are tried in turn. Shown without the
/// password.
#[derive(Clone)]
pub struct AmqpUrl(Vec<AMQPUri>);

/// Text that is no broker URL. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not a URL of this kind.
    #[error("the broker URL can not be read: expected amqps://user:password@host:5671/vhost")]
    Unreadable,
    /// Would be taken for `localhost` by the client library.
    #[error("the broker URL holds an IPv6 address: give the host by name")]
    Ipv6,
}

impl AmqpUrl {
    /// The nodes.
    pub(super) fn nodes(&self) -> &[AMQPUri] {
        &self.0
    }

    /// Who we are there.
    pub(crate) fn user(&self) -> &str {
        self.0.first().map_or("", |node| &node.authority.userinfo.username)
    }

    /// The virtual host.
    #[must_use]
    pub fn vhost(&self) -> &str {
        self.0.first().map_or("/", |node| &node.vhost)
    }
}

impl FromStr for AmqpUrl {
    type Err = BadUrl;
    fn from_str(text: &str) -> Result<Self, BadUrl> {
        text.split(',').map(node).collect::<Result<_, _>>().map(Self)
    }
}

fn node(text: &str) -> Result<AMQPUri, BadUrl> {
    let mut node: AMQPUri = text.trim().parse().map_err(|_| BadUrl::Unreadable)?;
    let authority = text.split("//").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    if authority.rsplit('@').next().is_some_and(|host| host.starts_with('[')) {
        return Err(BadUrl::Ipv6);
    }
    if node.vhost.is_empty() {
        node.vhost = "/".into();
    }
    Ok(node)
}

impl fmt::Display for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let AMQPUri { scheme, authority, vhost, .. } = node;
            let (user, host, port) = (&authority.userinfo.username, &authority.host, authority.port);
            write!(f, "{comma}{scheme}://{user}:***@{host}:{port}/{}", vhost.trim_start_matches('/'))?;
        }
        Ok(())
    }
}

impl fmt::Debug for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AmqpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url: AmqpUrl = "amqp://ktrdr:canary@127.0.0.1:1/a,amqps://ktrdr:canary@b/a".parse().unwrap();
        assert_eq!(url.to_string(), "amqp://ktrdr:***@127.0.0.1:1/a,amqps://ktrdr:***@b:5671/a");
        assert_eq!(format!("{url:?}"), format!("AmqpUrl({url})"));
    }

    #[test]
    fn no_path_is_the_default_virtual_host() {
        for text in ["amqp://localhost", "amqp://localhost/", "amqp://localhost/%2f"] {
            assert_eq!(text.parse::<AmqpUrl>().unwrap().vhost(), "/", "{text}");
        }
    }

    #[test]
    fn what_the_library_would_take_for_something_else_is_refused() {
        assert_eq!("amqp://u:p@[::1]:5672/v".parse::<AmqpUrl>().unwrap_err(), BadUrl::Ipv6);
        for text in ["", "http://u:p@h", "amqp://ok,", "canary"] {
            assert_eq!(text.parse::<AmqpUrl>().unwrap_err(), BadUrl::Unreadable, "{text}");
        }
    }
}
