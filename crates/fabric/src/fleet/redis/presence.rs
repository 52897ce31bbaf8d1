//! Which workers are there, told by themselves to the store.

use std::time::Duration;

use async_trait::async_trait;
use redis::from_redis_value;

use super::row::json;
use super::store::{RedisStore, whole_ms};
use crate::presence::{Presence, Seen, Worker};
use crate::store::{BootId, StoreError};

#[async_trait]
impl Presence for RedisStore {
    async fn announce(&self, worker: &Worker, ttl: Duration) -> Result<(), StoreError> {
        let said = serde_json::to_string(worker).map_err(|e| StoreError::Invalid(e.to_string()))?;
        let call = self.session.call(&self.session.scripts.announce);
        call.arg(&worker.boot.0).arg(whole_ms(ttl).max(1)).arg(said).value().await.map(|_| ())
    }

    async fn withdraw(&self, boot: &BootId) -> Result<(), StoreError> {
        self.session.call(&self.session.scripts.withdraw).arg(&boot.0).value().await.map(|_| ())
    }

    async fn workers(&self) -> Result<Vec<Seen>, StoreError> {
        let found = self.session.call(&self.session.scripts.workers).value().await?;
        let found: Vec<(String, i64)> =
            from_redis_value(found).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let read = |(said, at_ms): (String, i64)| Ok(Seen { worker: json(&said)?, at_ms });
        let mut seen = found.into_iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        seen.sort_by(|a, b| a.worker.boot.0.cmp(&b.worker.boot.0));
        Ok(seen)
    }
}
