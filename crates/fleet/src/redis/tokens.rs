//! Tokens on Redis.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;
use ktrdr_fabric::tokens::{Issued, IssuedToken, TOKENS_MAX, Token, Tokens};

use super::row::json;
use super::store::{RedisStore, whole_ms};

#[async_trait]
impl Tokens for RedisStore {
    async fn issue(&self, token: &Token, lasts: Duration) -> Result<Issued, StoreError> {
        let call = self.session.call(&self.session.scripts.token_issue).arg(&token.id);
        let call = call.arg(limits::token_json(token)?).arg(whole_ms(lasts)).arg(TOKENS_MAX);
        let answer = call.answer().await?;
        match answer.word()?.as_str() {
            "until" => Ok(Issued::Until(answer.parsed(1)?)),
            "taken" => Ok(Issued::Taken),
            "too_many" => Ok(Issued::TooMany),
            _ => Err(answer.unexpected()),
        }
    }

    async fn token(&self, id: &str) -> Result<Option<IssuedToken>, StoreError> {
        match id {
            "" => Ok(None),
            id => Ok(self.in_force(id).await?.pop()),
        }
    }

    async fn tokens(&self) -> Result<Vec<IssuedToken>, StoreError> {
        let mut tokens = self.in_force("").await?;
        tokens.sort_by(|a, b| (a.created_at_ms, &a.token.id).cmp(&(b.created_at_ms, &b.token.id)));
        Ok(tokens)
    }

    async fn revoke(&self, id: &str) -> Result<bool, StoreError> {
        self.session.call(&self.session.scripts.token_revoke).arg(id).answer().await?.at(0)
    }
}

impl RedisStore {
    /// One of this id, or all where it is empty.
    async fn in_force(&self, id: &str) -> Result<Vec<IssuedToken>, StoreError> {
        let found = self.session.call(&self.session.scripts.token).arg(id).value().await?;
        let kept: Vec<String> =
            redis::from_redis_value(found).map_err(|e| StoreError::Corrupt(Cause::of(e)))?;
        kept.iter().map(|kept| read(kept)).collect()
    }
}

/// `created expires token`
fn read(kept: &str) -> Result<IssuedToken, StoreError> {
    let mut parts = kept.splitn(3, ' ');
    let mut next = || parts.next().ok_or_else(|| StoreError::Corrupt("a token is cut short".into()));
    let mut time = || next()?.parse().map_err(|e| StoreError::Corrupt(Cause::because("a token's time", e)));
    let (created_at_ms, expires_at_ms): (i64, i64) = (time()?, time()?);
    Ok(IssuedToken { token: json(next()?)?, created_at_ms, expires_at_ms })
}
