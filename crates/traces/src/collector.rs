//! Who is told: an address that speaks OTLP over HTTP, with what it wants to be shown.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ktrdr_domain::trace::Sample;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Behind an address that is not of traces alone.
const PATH: &str = "/v1/traces";

/// Where traces are told, and how.
#[derive(Clone)]
pub struct Collector {
    url: Url,
    headers: HeaderMap,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Which traces.
    pub sample: Sample,
    /// What the program is called there.
    pub service: String,
    /// The authority that signed the collector's certificate, in PEM; those the system trusts otherwise.
    pub ca_pem: Option<String>,
}

/// An address or a header that can not be used. What stands there is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCollector {
    /// The address.
    #[error("it is no address of a collector: use http://127.0.0.1:4318 or https://host:4318")]
    Url,
    /// An address with a password.
    #[error("it holds a password: what a collector wants to be shown goes into OTEL_EXPORTER_OTLP_HEADERS")]
    Password,
    /// Readable on the way.
    #[error(
        "plain http to another machine: use https, or say allow_plaintext = true where the network is yours"
    )]
    Plaintext,
    /// A header.
    #[error("headers are given as name=value, separated by commas, with %2C for a comma in a value")]
    Header,
    /// No TLS.
    #[error("TLS can not be set up: {0}")]
    Tls(String),
}

impl Collector {
    /// The collector at an address; the path of traces follows it.
    ///
    /// # Errors
    /// When it is none, or would be told readably on another machine without leave.
    pub fn at(base: &str, allow_plaintext: bool) -> Result<Self, BadCollector> {
        Self::exactly(&format!("{}{PATH}", base.trim().trim_end_matches('/')), allow_plaintext)
    }

    /// The collector whose address of traces this is.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn exactly(url: &str, allow_plaintext: bool) -> Result<Self, BadCollector> {
        let url = Url::parse(url.trim()).map_err(|_| BadCollector::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadCollector::Password);
        }
        match url.scheme() {
            "https" => {}
            "http" if allow_plaintext || is_loopback(&url) => {}
            "http" => return Err(BadCollector::Plaintext),
            _ => return Err(BadCollector::Url),
        }
        Ok(Self {
            url,
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(10),
            sample: Sample::ALL,
            service: "ktrdr".to_owned(),
            ca_pem: None,
        })
    }

    /// The same with headers as the environment has them: `name=value,name=value`, values percent-encoded.
    ///
    /// # Errors
    /// When they can not be read.
    pub fn with_headers(mut self, text: &str) -> Result<Self, BadCollector> {
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(BadCollector::Header)?;
            let name: HeaderName = name.trim().parse().map_err(|_| BadCollector::Header)?;
            let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| BadCollector::Header)?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| BadCollector::Header)?;
            // Whoever logs headers leaves it out.
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        Ok(self)
    }

    /// The server, for people.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn is_on_this_machine(&self) -> bool {
        is_loopback(&self.url)
    }
}

/// Neither the path, which may be a key, nor what headers hold.
impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("host", &self.host())
            .field("headers", &self.headers.len())
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_a_collector_or_refused_without_being_repeated() {
        let of = |url| Collector::at(url, false).map(|collector| collector.url.to_string());
        assert_eq!(of("http://127.0.0.1:4318/").unwrap(), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(of("https://h/otlp").unwrap(), "https://h/otlp/v1/traces");
        assert_eq!(Collector::exactly("http://[::1]:1/x", false).unwrap().url.path(), "/x");
        for (url, why) in [
            ("http://elsewhere:4318", BadCollector::Plaintext),
            ("https://user:canary@h", BadCollector::Password),
            ("canary", BadCollector::Url),
            ("ftp://h", BadCollector::Url),
        ] {
            assert_eq!(of(url), Err(why.clone()), "{url}");
            assert!(!why.to_string().contains("canary"));
        }
        assert!(Collector::at("http://elsewhere:4318", true).is_ok());
    }

    #[test]
    fn headers_are_taken_and_never_shown() {
        let collector = Collector::at("https://h", false).unwrap();
        let with = collector.clone().with_headers("authorization=Basic%20canary, x-scope = a ,").unwrap();
        assert_eq!(with.headers["authorization"], "Basic canary");
        assert_eq!(with.headers["x-scope"], "a");
        assert!(!format!("{with:?} {:?}", with.headers).contains("canary"));
        for bad in ["canary", "a b=c", "a=%0a"] {
            assert_eq!(collector.clone().with_headers(bad).unwrap_err(), BadCollector::Header, "{bad}");
        }
    }
}
