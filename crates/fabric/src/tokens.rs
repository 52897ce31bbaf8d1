//! Tokens of callers from outside: who may ask what, and until when. Of a secret only its hash is kept.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Sha256;
use ktrdr_domain::scope::Scope;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Most tokens in force at a time.
pub const TOKENS_MAX: usize = 1000;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its public part: eight or more hexadecimal digits.
    pub id: String,
    /// What it is called, for people.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// Hash of its secret.
    pub secret_sha256: Sha256,
    /// Hash of the secret that a browser's session has instead.
    pub session_sha256: Sha256,
    /// Who made it.
    pub by: String,
}

/// A token that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// When it was made, Unix milliseconds of the store's clock.
    pub created_at_ms: i64,
    /// When it ends.
    pub expires_at_ms: i64,
}

/// What issuing a token did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// It is in force until then, Unix milliseconds of the store's clock.
    Until(i64),
    /// There is one of that id.
    Taken,
    /// There are [`TOKENS_MAX`] in force.
    TooMany,
}

/// Tokens. Those that expired are gone.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Puts a token in force for so long.
    async fn issue(&self, token: &Token, lasts: Duration) -> Result<Issued, StoreError>;
    /// The token of an id, if it is in force.
    async fn token(&self, id: &str) -> Result<Option<IssuedToken>, StoreError>;
    /// All that are in force, oldest first.
    async fn tokens(&self) -> Result<Vec<IssuedToken>, StoreError>;
    /// Ends a token now; whether it was in force.
    async fn revoke(&self, id: &str) -> Result<bool, StoreError>;
}
