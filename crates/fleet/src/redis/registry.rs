//! Which workers are there, told by themselves to the store, and what operators ask of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Kind;
use redis::{FromRedisValue, Value, from_redis_value};

use super::row::json;
use super::store::{RedisStore, whole_ms};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::limits;
use ktrdr_fabric::registry::{
    CONTROL_KEPT, ControlState, WorkerEntry, WorkerInfo, WorkerReader, WorkerRegistry,
};
use ktrdr_fabric::store::{BootId, StoreError};

#[async_trait]
impl WorkerReader for RedisStore {
    async fn workers(&self) -> Result<Vec<WorkerEntry>, StoreError> {
        let found: Vec<(String, i64, i64)> =
            readable(self.session.call(&self.session.scripts.workers).value().await?)?;
        let read = |(said, at_ms, until_ms): (String, i64, i64)| {
            Ok(WorkerEntry { worker: json(&said)?, at_ms, until_ms })
        };
        let mut seen = found.into_iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        seen.sort_by(|a, b| a.worker.boot.0.cmp(&b.worker.boot.0));
        Ok(seen)
    }

    async fn paused(&self) -> Result<BTreeMap<Kind, Option<i64>>, StoreError> {
        let named: Vec<(String, Option<i64>)> =
            readable(self.session.call(&self.session.scripts.paused).value().await?)?;
        Ok(named.into_iter().filter_map(|(name, at_ms)| Some((name.parse().ok()?, at_ms))).collect())
    }
}

#[async_trait]
impl WorkerRegistry for RedisStore {
    async fn heartbeat(&self, worker: &WorkerInfo, ttl: Duration) -> Result<ControlState, StoreError> {
        let said = limits::worker_json(worker)?;
        let call = self.session.call(&self.session.scripts.heartbeat).arg(&worker.boot.0);
        let call = call.arg(whole_ms(ttl)).arg(whole_ms(CONTROL_KEPT)).arg(said);
        let answer = call.answer().await?;
        Ok(ControlState { drain: answer.at(0)?, paused: kinds(&answer.at::<Vec<_>>(1)?) })
    }

    async fn deregister(&self, boot: &BootId) -> Result<(), StoreError> {
        self.session.call(&self.session.scripts.deregister).arg(&boot.0).value().await.map(|_| ())
    }

    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError> {
        self.session.call(&self.session.scripts.drain).arg(&boot.0).answer().await?.at(0)
    }

    async fn pause(&self, kind: Kind) -> Result<bool, StoreError> {
        limits::check_kind(kind)?;
        self.session.call(&self.session.scripts.pause).arg(kind.as_str()).answer().await?.at(0)
    }

    async fn resume(&self, kind: Kind) -> Result<bool, StoreError> {
        self.session.call(&self.session.scripts.resume).arg(kind.as_str()).answer().await?.at(0)
    }
}

/// A kind that only a newer version knows is nothing to us.
fn kinds(names: &[String]) -> BTreeSet<Kind> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn readable<T: FromRedisValue>(value: Value) -> Result<T, StoreError> {
    from_redis_value(value).map_err(|e| StoreError::Corrupt(Cause::of(e)))
}
