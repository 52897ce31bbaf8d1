//! Access from outside: tokens, what they are good for, and who shows one.
//!
//! A token is `ktrdr_<id>_<secret>`: 256 random bits, shown once, kept as a hash. A browser is given another secret instead, which
//! follows from the first and can not be turned back into it; it ends with the token.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ktrdr_domain::Sha256;
use ktrdr_domain::scope::Scope;
use ktrdr_fabric::random::random;
use ktrdr_fabric::store::Filter;
use ktrdr_fabric::tokens::{Issued, IssuedToken, TOKENS_MAX, Token};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{App, AppError, ErrorKind};

/// What every token begins with: scanners of repositories find it by that.
const PREFIX: &str = "ktrdr";

/// Hexadecimal digits of an id, and of a secret.
const ID_DIGITS: usize = 16;
const SECRET_DIGITS: usize = 64;

/// The shortest and the longest time a token may last.
const LASTS_MIN: Duration = Duration::from_secs(60);
const LASTS_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Caller {
    /// As rows and the audit log name them.
    pub name: String,
    /// What they may do.
    pub scope: Scope,
    /// The id of their token, if they showed one.
    pub token: Option<String>,
    /// When that ends, by the store's clock.
    #[serde(default, rename = "expires_at", alias = "expires_at_ms", with = "ktrdr_domain::instant::option")]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub expires_at_ms: Option<i64>,
}

/// Make a token.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// What it is called; who makes it otherwise.
    pub name: Option<String>,
    /// What it is good for.
    pub scope: Scope,
    /// How long it lasts.
    pub lasts: Duration,
}

/// A token that was made. Its text is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewToken {
    /// What callers show.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String")]
    pub token: SecretString,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub listed: ListedToken,
}

/// What is told of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct ListedToken {
    /// Its public part.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// Who made it.
    pub by: String,
    /// When, by the store's clock.
    #[serde(rename = "created_at", alias = "created_at_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub created_at_ms: i64,
    /// When it ends.
    #[serde(rename = "expires_at", alias = "expires_at_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub expires_at_ms: i64,
}

fn exposed<S: serde::Serializer>(secret: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(secret.expose_secret())
}

/// What a caller shows: a token, or the secret of a session.
pub struct Credential {
    id: String,
    secret: SecretString,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}…)", self.id)
    }
}

/// Text that is no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("a token has the form {PREFIX}_ID_SECRET, as `ktrdr token create` shows it")]
pub struct BadCredential;

impl FromStr for Credential {
    type Err = BadCredential;
    fn from_str(text: &str) -> Result<Self, BadCredential> {
        let is_hex = |part: &str, digits| part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit());
        match text.split('_').collect::<Vec<_>>().as_slice() {
            [PREFIX, id, secret] if is_hex(id, ID_DIGITS) && is_hex(secret, SECRET_DIGITS) => {
                Ok(Self { id: (*id).to_owned(), secret: (*secret).into() })
            }
            _ => Err(BadCredential),
        }
    }
}

impl Credential {
    fn fresh() -> Self {
        let secret: String = (0..4).map(|_| format!("{:016x}", random())).collect();
        Self { id: format!("{:016x}", random()), secret: secret.into() }
    }

    /// The credential that a browser's session has instead of this token.
    #[must_use]
    pub fn of_session(&self) -> Self {
        let secret = Sha256::of(format!("session of {}", self.secret.expose_secret()).as_bytes());
        Self { id: self.id.clone(), secret: secret.to_string().into() }
    }

    /// As a caller shows it.
    #[must_use]
    pub fn text(&self) -> SecretString {
        format!("{PREFIX}_{}_{}", self.id, self.secret.expose_secret()).into()
    }

    fn hash(&self) -> Sha256 {
        Sha256::of(self.secret.expose_secret().as_bytes())
    }

    /// Compares without telling by its time how much of it is right.
    fn is_of(&self, hash: &Sha256) -> bool {
        self.hash().to_string().as_bytes().ct_eq(hash.to_string().as_bytes()).into()
    }
}

impl From<IssuedToken> for ListedToken {
    fn from(issued: IssuedToken) -> Self {
        let IssuedToken { token, created_at_ms, expires_at_ms } = issued;
        let Token { id, name, scope, by, .. } = token;
        Self { id, name, scope, by, created_at_ms, expires_at_ms }
    }
}

impl App {
    /// Makes a token.
    ///
    /// # Errors
    /// When its name or how long it lasts can not be, or there are too many.
    pub async fn create_token(&self, request: &TokenRequest) -> Result<NewToken, AppError> {
        if !(LASTS_MIN..=LASTS_MAX).contains(&request.lasts) {
            let message = "a token lasts from a minute to 366 days";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let credential = Credential::fresh();
        let token = Token {
            id: credential.id.clone(),
            name: request.name.clone().unwrap_or_else(|| self.by.clone()),
            scope: request.scope,
            secret_sha256: credential.hash(),
            session_sha256: credential.of_session().hash(),
            by: self.by.clone(),
        };
        match self.tokens.issue(&token, request.lasts).await? {
            Issued::Until(_) => {}
            Issued::Taken => return Err(AppError::new(ErrorKind::Conflict, "try again: the id was taken")),
            Issued::TooMany => {
                let message =
                    format!("{TOKENS_MAX} tokens are in force: revoke some, see `ktrdr token list`");
                return Err(AppError::new(ErrorKind::Conflict, message));
            }
        }
        let issued = self.tokens.token(&token.id).await?;
        let issued =
            issued.ok_or_else(|| AppError::new(ErrorKind::Conflict, "the token was revoked at once"))?;
        Ok(NewToken { token: credential.text(), listed: issued.into() })
    }

    /// Every token in force, oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn list_tokens(&self) -> Result<Vec<ListedToken>, AppError> {
        Ok(self.tokens.tokens().await?.into_iter().map(ListedToken::from).collect())
    }

    /// Ends a token, and every session with it.
    ///
    /// # Errors
    /// When none of that id is in force.
    pub async fn revoke_token(&self, id: &str) -> Result<(), AppError> {
        if self.tokens.revoke(id).await? {
            return Ok(());
        }
        let message = format!("no token {id:?} is in force; see `ktrdr token list`");
        Err(AppError::new(ErrorKind::NotFound, message))
    }

    /// Who shows this token; `None`: nobody it is in force for.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn caller_of_token(&self, shown: &Credential) -> Result<Option<Caller>, AppError> {
        self.caller(shown, |token| &token.secret_sha256).await
    }

    /// Whose session this is; `None`: nobody's whose token is in force.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn caller_of_session(&self, shown: &Credential) -> Result<Option<Caller>, AppError> {
        self.caller(shown, |token| &token.session_sha256).await
    }

    /// For how much longer a caller's token is in force, milliseconds by the store's clock.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn lasts_ms(&self, caller: &Caller) -> Result<i64, AppError> {
        let now_ms = self.store.list(&Filter { limit: 1, ..Filter::default() }).await?.now_ms;
        Ok(caller.expires_at_ms.map_or(0, |until_ms| until_ms - now_ms))
    }

    async fn caller(
        &self,
        shown: &Credential,
        hash: impl Fn(&Token) -> &Sha256 + Send,
    ) -> Result<Option<Caller>, AppError> {
        let Some(IssuedToken { token, expires_at_ms, .. }) = self.tokens.token(&shown.id).await? else {
            return Ok(None);
        };
        let is_right = shown.is_of(hash(&token));
        let Token { id, name, scope, .. } = token;
        Ok(is_right.then_some(Caller { name, scope, token: Some(id), expires_at_ms: Some(expires_at_ms) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_read_back_and_nothing_else_is_one() {
        let fresh = Credential::fresh();
        let text = fresh.text();
        let read: Credential = text.expose_secret().parse().unwrap();
        assert!(read.is_of(&fresh.hash()) && read.id == fresh.id);
        assert!(!format!("{fresh:?}").contains(fresh.secret.expose_secret()));
        for wrong in ["", "ktrdr", "ktrdr_1_2", "ktrdr__", &text.expose_secret()[1..], &"x".repeat(1 << 16)] {
            assert!(wrong.parse::<Credential>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_session_is_no_token_and_leads_back_to_none() {
        let token = Credential::fresh();
        let session = token.of_session();
        assert!(!session.is_of(&token.hash()) && !token.is_of(&session.hash()));
        assert!(session.is_of(&token.of_session().hash()));
    }
}
