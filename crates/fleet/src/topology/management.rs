//! The broker's management interface: policies, users and what acts, which AMQP itself can not say.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{TopologyError, operator_policy};
use crate::amqp::Trust;

/// It answers in milliseconds, or something is wrong.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer looked at, in characters, when something is refused.
const WORDS_MAX: usize = 300;

/// Where the management interface is, such as `http://user:password@host:15672`. Shown without the password.
#[derive(Clone)]
pub struct ManagementUrl {
    base: Url,
    user: String,
    password: SecretString,
}

impl FromStr for ManagementUrl {
    type Err = TopologyError;
    fn from_str(text: &str) -> Result<Self, TopologyError> {
        let refuse = TopologyError::Url;
        let mut base: Url = text.parse().map_err(|_| refuse("it is no URL"))?;
        if !["http", "https"].contains(&base.scheme()) {
            return Err(refuse("it starts with http:// or https://"));
        }
        let decoded = |part: &str| match percent_decode_str(part).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(refuse("its user or password is not UTF-8")),
        };
        let user = decoded(base.username())?;
        let password = decoded(base.password().unwrap_or_default())?.into();
        if user.is_empty() {
            return Err(refuse("it names no user"));
        }
        let bare = base.set_username("").and_then(|()| base.set_password(None));
        bare.map_err(|()| refuse("it names no host"))?;
        Ok(Self { base, user, password })
    }
}

impl fmt::Display for ManagementUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.base.scheme(), self.base.host_str().unwrap_or_default());
        write!(
            f,
            "{scheme}://{}:***@{host}:{}",
            self.user,
            self.base.port_or_known_default().unwrap_or_default()
        )
    }
}

impl fmt::Debug for ManagementUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagementUrl({self})")
    }
}

/// A client of the management interface.
pub(super) struct Management {
    url: ManagementUrl,
    http: reqwest::Client,
}

impl Management {
    pub(super) fn new(url: ManagementUrl, trust: &Trust) -> Result<Self, TopologyError> {
        trust.check(url.base.scheme() == "https", url.base.host_str().unwrap_or_default())?;
        // The first to choose wins; whoever chose before chose as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let refuse = |why: reqwest::Error| failed(&url, "be used", &why);
        let mut client =
            reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &trust.ca_pem {
            client =
                client.add_root_certificate(reqwest::Certificate::from_pem(pem.as_bytes()).map_err(refuse)?);
        }
        let http = client.build().map_err(refuse)?;
        Ok(Self { url, http })
    }

    /// What is at a path; `None` when nothing is. Each segment is encoded: names hold slashes.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Option<Value>, TopologyError> {
        self.look(path, None).await
    }

    /// The queues of a virtual host with the policies they are under now: statistics would be seconds old.
    pub(super) async fn queues(&self, vhost: &str) -> Result<Value, TopologyError> {
        self.look(&["queues", vhost], Some("disable_stats=true")).await.map(Option::unwrap_or_default)
    }

    /// The queues of a virtual host by what the operator's policies make of them.
    pub(super) async fn operated_queues(&self, vhost: &str) -> Result<Value, TopologyError> {
        self.look(&["queues", vhost], Some(operator_policy::COLUMNS)).await.map(Option::unwrap_or_default)
    }

    /// Who we are there.
    pub(super) fn user(&self) -> &str {
        &self.url.user
    }

    async fn look(&self, path: &[&str], query: Option<&str>) -> Result<Option<Value>, TopologyError> {
        let (status, text) = self.call(Method::GET, path, query, None).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => serde_json::from_str(&text)
                .map(Some)
                .map_err(|why| self.refused(&Method::GET, path, &why.to_string())),
            status => Err(self.refused(&Method::GET, path, &format!("{status}: {text}"))),
        }
    }

    /// Removes what is at a path; that it is gone already is fine. `false`: we may not.
    pub(super) async fn delete(&self, path: &[&str]) -> Result<bool, TopologyError> {
        let (status, text) = self.call(Method::DELETE, path, None, None).await?;
        match status {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(true),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(false),
            status => Err(self.refused(&Method::DELETE, path, &format!("{status}: {text}"))),
        }
    }

    /// Creates or replaces what is at a path.
    pub(super) async fn put(&self, path: &[&str], body: &Value) -> Result<(), TopologyError> {
        let (status, text) = self.call(Method::PUT, path, None, Some(body)).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(self.refused(&Method::PUT, path, &format!("{status}: {text}")))
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, String), TopologyError> {
        let doing = format!("{method} {}", path.join("/"));
        let mut url = self.url.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(path);
        }
        url.set_query(query);
        let (user, password) = (&self.url.user, self.url.password.expose_secret());
        let mut request = self.http.request(method, url).basic_auth(user, Some(password));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|why| failed(&self.url, &doing, &why))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|why| failed(&self.url, &doing, &why))?;
        Ok((status, text))
    }

    fn refused(&self, method: &Method, path: &[&str], why: &str) -> TopologyError {
        TopologyError::Management {
            at: self.url.to_string(),
            doing: format!("{method} {}", path.join("/")),
            why: why.chars().take(WORDS_MAX).collect(),
        }
    }
}

fn failed(url: &ManagementUrl, doing: &str, why: &reqwest::Error) -> TopologyError {
    let cause = std::error::Error::source(why).map(|cause| format!(": {cause}")).unwrap_or_default();
    let why = if why.is_timeout() { "no answer in time".to_owned() } else { format!("no connection{cause}") };
    TopologyError::Management { at: url.to_string(), doing: doing.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_management_url_is_shown_without_its_password() {
        let url: ManagementUrl = "http://admin:can%61ry@127.0.0.1:15672/x".parse().unwrap();
        assert_eq!(url.password.expose_secret(), "canary");
        assert_eq!(format!("{url:?}"), "ManagementUrl(http://admin:***@127.0.0.1:15672)");
        for text in ["", "ftp://a:b@c", "http://host", "http://a%ff:b@c"] {
            assert!(text.parse::<ManagementUrl>().is_err(), "{text}");
        }
    }
}
