//! The operations this process works on, how a cancel reaches them within milliseconds, and that they changed.
//!
//! The hint is for speed only: the same flag is returned by every beat ([`crate::attempt`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ktrdr_domain::OperationId;
use ktrdr_fabric::store::{Store, StoreHint};
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::stop::{StopReason, StopToken};

/// Keyed by a number of our own: a zombie of ours and its successor may share an operation for a moment.
#[derive(Default)]
pub(crate) struct RunningJobs {
    entries: Mutex<HashMap<u64, (OperationId, StopToken)>>,
    next: AtomicU64,
    /// One permit for any number of changes.
    changed: Notify,
}

/// Holds an entry; dropping it takes the operation off the list.
pub(crate) struct Entry<'a> {
    running_jobs: &'a RunningJobs,
    key: u64,
}

impl RunningJobs {
    /// Lists an operation. Called before the claim, so that no hint falls between claim and listing.
    pub(crate) fn list(&self, id: &OperationId, stop: &StopToken) -> Entry<'_> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(key, (id.clone(), stop.clone()));
        self.changed.notify_one();
        Entry { running_jobs: self, key }
    }

    fn cancel(&self, id: &OperationId) {
        self.lock()
            .values()
            .filter(|(own, _)| own == id)
            .for_each(|(_, stop)| stop.stop(StopReason::Cancelled));
    }

    /// What is listed, in order.
    pub(crate) fn ids(&self) -> Vec<OperationId> {
        let ids: BTreeSet<OperationId> = self.lock().values().map(|(id, _)| id.clone()).collect();
        ids.into_iter().collect()
    }

    /// Until the list may have changed since the last call. For one listener.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (OperationId, StopToken)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.running_jobs.lock().remove(&self.key);
        self.running_jobs.changed.notify_one();
    }
}

/// Passes cancels on until the store is gone.
pub(crate) async fn listen(
    running_jobs: Arc<RunningJobs>,
    store: Arc<dyn Store>,
    mut hints: Receiver<StoreHint>,
) {
    loop {
        match hints.recv().await {
            Ok(StoreHint::Cancel(id)) => running_jobs.cancel(&id),
            Ok(StoreHint::Unknown) | Err(RecvError::Lagged(_)) => reread(&running_jobs, store.as_ref()).await,
            Ok(StoreHint::Outbox | StoreHint::Changed(_) | StoreHint::Control) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// A hint may have been lost: looks at the flag of every running row. An unreadable store is the beats' business.
async fn reread(running_jobs: &RunningJobs, store: &dyn Store) {
    for id in running_jobs.ids() {
        if let Ok(Some(row)) = store.get(&id).await
            && row.cancel.is_some()
        {
            running_jobs.cancel(&id);
        }
    }
}
