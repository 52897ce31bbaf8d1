//! The token by which a job learns that it should stop, and why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Why a job should stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Someone asked for a cancel.
    Cancelled,
    /// The process drains: checkpoint, and the operation goes back undone.
    Draining,
    /// The row belongs to someone else now: write nothing more.
    Fenced,
    /// The job ran longer than its kind may.
    TimeLimit,
}

/// Shared between a job's thread (asks) and its heartbeat (tells). The first reason stays.
#[derive(Debug, Clone, Default)]
pub struct StopToken(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// 1 + the reason's place among [`StopToken::REASONS`]; 0 while there is none.
    code: AtomicU8,
    /// Cancelled once there is a reason: wakes jobs that wait.
    told: CancellationToken,
}

impl StopToken {
    const REASONS: [StopReason; 4] =
        [StopReason::Cancelled, StopReason::Draining, StopReason::Fenced, StopReason::TimeLimit];

    /// Asks the job to stop.
    pub fn stop(&self, reason: StopReason) {
        let code = Self::REASONS.iter().position(|r| *r == reason).map_or(0, |i| i as u8 + 1);
        // Losing the race is fine: an earlier reason stands.
        let _ = self.0.code.compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
        self.0.told.cancel();
    }

    /// Whether to stop; costs one atomic load.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.code.load(Ordering::Relaxed) != 0
    }

    /// What a future gives; `None` when the job should stop first: the future is dropped then.
    pub async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.0.told.run_until_cancelled(future).await
    }

    /// Why to stop, if so.
    #[must_use]
    pub fn reason(&self) -> Option<StopReason> {
        let code = usize::from(self.0.code.load(Ordering::Acquire));
        code.checked_sub(1).and_then(|i| Self::REASONS.get(i)).copied()
    }
}
