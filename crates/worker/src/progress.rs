//! Progress from the job's thread to the flusher: the latest value wins. A write waits for nothing but
//! another look at the same cell, which is as short.

use std::sync::{Arc, Mutex, PoisonError};

use ktrdr_domain::Progress;

/// Shared between a job's thread (writes) and its heartbeat (reads).
#[derive(Debug, Clone, Default)]
pub struct ProgressCell(Arc<Mutex<Option<Progress>>>);

impl ProgressCell {
    /// Replaces the latest progress.
    pub fn set(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    /// Takes what was written since the last call.
    #[must_use]
    pub fn take(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
