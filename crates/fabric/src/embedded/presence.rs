//! Which workers are there: a table in this process, where they all are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::presence::{Presence, Seen, Worker};
use crate::store::{BootId, StoreError};

/// The workers of this process.
#[derive(Debug, Default)]
pub struct LocalPresence(Mutex<BTreeMap<String, (Seen, Instant)>>);

impl LocalPresence {
    /// The table, without those whose time is over.
    fn table(&self) -> MutexGuard<'_, BTreeMap<String, (Seen, Instant)>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        table.retain(|_, (_, until)| *until > now);
        table
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn announce(&self, worker: &Worker, ttl: Duration) -> Result<(), StoreError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let at_ms = since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        let until = Instant::now().checked_add(ttl);
        let until = until.ok_or_else(|| StoreError::Invalid(format!("{ttl:?} is too long a presence")))?;
        self.table().insert(worker.boot.0.clone(), (Seen { worker: worker.clone(), at_ms }, until));
        Ok(())
    }

    async fn withdraw(&self, boot: &BootId) -> Result<(), StoreError> {
        self.table().remove(&boot.0);
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<Seen>, StoreError> {
        Ok(self.table().values().map(|(seen, _)| seen.clone()).collect())
    }
}
