//! The server: its address, the token that it is shown, and whose certificates are trusted.

use std::fmt;
use std::net::IpAddr;

use ktrdr_app::{AppError, ErrorKind};
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// Most bytes of a token.
const TOKEN_BYTES_MAX: usize = 1024;

/// Where the API is, and who asks there.
#[derive(Debug)]
pub struct Server {
    url: Url,
    token: Option<SecretString>,
    /// Authorities in PEM; those that the system trusts where there are none.
    authorities: Option<Vec<u8>>,
}

impl Server {
    /// The server of an address such as `https://fleet:8000`. Only this machine is asked without TLS, unless that is allowed: the
    /// token, and every row, would travel readable.
    ///
    /// # Errors
    /// When it is no such address, or would be asked without TLS.
    pub fn at(address: &str, allow_plaintext: bool) -> Result<Self, AppError> {
        let refuse = |why: &str| Err(AppError::new(ErrorKind::InvalidRequest, format!("the server {why}")));
        let has_scheme = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
        let Some(url) = address.parse::<Url>().ok().filter(|url| has_scheme && url.host().is_some()) else {
            return refuse(
                "is given by an address such as https://fleet:8000, or http://127.0.0.1:8000 on this machine",
            );
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return refuse(
                "is given by scheme, host and port alone: a token belongs into KTRDR_TOKEN or a file",
            );
        }
        if url.path() != "/" {
            return refuse("is given without a path: its API is always at /api/v1");
        }
        if url.scheme() == "http" && !is_this_machine(&url) && !allow_plaintext {
            return refuse(
                "is on another machine, where the token would travel readable: use https://, or allow it with KTRDR_ALLOW_PLAINTEXT=true",
            );
        }
        Ok(Self { url, token: None, authorities: None })
    }

    /// The same, shown this token.
    ///
    /// # Errors
    /// When it can not be one.
    pub fn with_token(mut self, token: &str) -> Result<Self, AppError> {
        let is_fine =
            (1..=TOKEN_BYTES_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        if !is_fine {
            let message = "the token is none: it is one word, as `ktrdr token create` shows it";
            return Err(AppError::new(ErrorKind::InvalidInput, message));
        }
        self.token = Some(token.into());
        Ok(self)
    }

    /// The same; it is trusted by certificates of these authorities (PEM) alone.
    #[must_use]
    pub fn trusting(self, authorities: Vec<u8>) -> Self {
        Self { authorities: Some(authorities), ..self }
    }

    pub(crate) fn is_on_this_machine(&self) -> bool {
        is_this_machine(&self.url)
    }

    pub(crate) fn authorities(&self) -> Option<&[u8]> {
        self.authorities.as_deref()
    }

    /// The address of something below `/api/v1`.
    pub(crate) fn url(&self, segments: &[&str], query: &str) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["api", "v1"]).extend(segments);
        }
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    /// What is shown in `Authorization`.
    pub(crate) fn bearer(&self) -> Option<HeaderValue> {
        let token = self.token.as_ref()?;
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
        // Whoever logs headers leaves it out.
        header.set_sensitive(true);
        Some(header)
    }

    /// A text of the server without the token, should it repeat it.
    pub(crate) fn without_token(&self, text: &str) -> String {
        match &self.token {
            Some(token) => text.replace(token.expose_secret(), "***"),
            None => text.to_owned(),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_this_machine_is_asked() {
        for fine in
            ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000/", "https://fleet:8000"]
        {
            assert!(Server::at(fine, false).is_ok(), "{fine}");
        }
        for plain in [
            "http://fleet:8000",
            "http://10.0.0.5",
            "http://127.0.0.1.evil.example",
            "http://localhost.example",
        ] {
            assert!(Server::at(plain, false).unwrap_err().message.contains("https://"), "{plain}");
            assert!(Server::at(plain, true).is_ok(), "{plain}");
        }
    }

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for wrong in [
            "",
            "fleet",
            "fleet:8000",
            "ftp://fleet",
            "https://",
            "https://me:canary@fleet",
            "https://fleet/?token=canary",
            "https://fleet/#canary",
            "https://fleet/api/v1",
            "javascript:canary",
        ] {
            let why = Server::at(wrong, true).unwrap_err();
            assert!(
                why.kind == ErrorKind::InvalidRequest && !why.message.contains("canary"),
                "{wrong}: {why}"
            );
        }
    }

    #[test]
    fn the_token_is_never_shown() {
        let server = Server::at("https://fleet", false).unwrap().with_token("canary").unwrap();
        assert!(!format!("{server:?} {server} {:?}", server.bearer()).contains("canary"));
        assert_eq!(server.without_token("a canary sings"), "a *** sings");
        for odd in ["", "two words", "line\r\nX-Injected: 1"] {
            assert!(Server::at("https://fleet", false).unwrap().with_token(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn what_stands_in_a_path_stays_in_its_place() {
        let server = Server::at("https://fleet:8000", false).unwrap();
        let url = server.url(&["operations", "../tokens?x=1#y", "row"], "limit=1");
        assert_eq!(url.as_str(), "https://fleet:8000/api/v1/operations/..%2Ftokens%3Fx=1%23y/row?limit=1");
    }
}
