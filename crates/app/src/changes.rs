//! Hearing that something changed, for those who wait for it.

use ktrdr_domain::OperationId;
pub use ktrdr_fabric::store::StoreHint;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use std::collections::HashSet;

/// What changes, from now on.
pub struct Changes {
    hints: Receiver<StoreHint>,
    /// Whether a change that is not heard of is told as such: otherwise whoever waits has to look now and then.
    is_complete: bool,
    /// Who listens, where that is somebody: as long as this lives.
    _listener: Option<Box<dyn Send + Sync>>,
}

impl Changes {
    /// As a store tells them: as fast as it can, and never the whole truth.
    #[must_use]
    pub fn of_store(hints: Receiver<StoreHint>) -> Self {
        Self { hints, is_complete: false, _listener: None }
    }

    /// As a listener hears them who says [`StoreHint::Unknown`] after every doubt. It is dropped with this.
    #[must_use]
    pub fn of_listener(hints: Receiver<StoreHint>, listener: impl Send + Sync + 'static) -> Self {
        Self { hints, is_complete: true, _listener: Some(Box::new(listener)) }
    }

    /// Whether silence means that nothing changed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Waits until operations change; those that do together are told together. `None`: any may have changed.
    pub async fn next(&mut self) -> Option<HashSet<OperationId>> {
        let mut ids = HashSet::new();
        while ids.is_empty() {
            match self.hints.recv().await {
                Ok(StoreHint::Changed(id) | StoreHint::Cancel(id)) => ids.insert(id),
                Ok(StoreHint::Outbox | StoreHint::Control) => false,
                Ok(StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return None,
                Err(RecvError::Closed) => return std::future::pending().await,
            };
        }
        loop {
            match self.hints.try_recv() {
                Ok(StoreHint::Changed(id) | StoreHint::Cancel(id)) => ids.insert(id),
                Ok(StoreHint::Outbox | StoreHint::Control) => false,
                Ok(StoreHint::Unknown) | Err(TryRecvError::Lagged(_)) => return None,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(ids),
            };
        }
    }
}
