//! Looks after one running job: beats, stores progress, and asks it to stop when it should.

use ktrdr_domain::Progress;
use ktrdr_fabric::store::{Attempt, Beat, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};
use tracing::{debug, warn};

use crate::attempt::WorkerContext;
use crate::config::KindConfig;
use crate::handler::Outcome;
use crate::progress::ProgressCell;
use crate::stop::{StopReason, StopToken};

/// The life of one running job, as seen from outside its thread.
pub(crate) struct Watch<'a> {
    context: &'a WorkerContext,
    kind: KindConfig,
    attempt: &'a Attempt,
    stop: &'a StopToken,
    progress: &'a ProgressCell,
    /// Progress not yet in the store.
    unsent: Option<Progress>,
    /// The last beat failed: progress waits for the next regular one.
    failing: bool,
    started: Instant,
    /// When the last beat was tried.
    tried: Instant,
    /// When the last beat that succeeded was sent; the lease runs at least from here.
    beaten: Instant,
    /// When the process was first seen draining.
    draining: Option<Instant>,
    /// When the job was first seen asked to stop.
    stopped: Option<Instant>,
}

/// How the watch ended.
pub(crate) struct Watched {
    /// How the job ended. `None`: it ignored its stop token, and its thread can not be got rid of while the process lives.
    pub(crate) outcome: Option<Outcome>,
    /// Until then the row is surely ours, unless somebody fenced us.
    pub(crate) lease_end: Instant,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        context: &'a WorkerContext,
        kind: KindConfig,
        attempt: &'a Attempt,
        stop: &'a StopToken,
        progress: &'a ProgressCell,
        claimed: Instant,
    ) -> Self {
        Self {
            context,
            kind,
            attempt,
            stop,
            progress,
            unsent: None,
            failing: false,
            started: claimed,
            tried: claimed,
            beaten: claimed,
            draining: None,
            stopped: None,
        }
    }

    /// Until the thread ends, or is given up.
    pub(crate) async fn until_ended(mut self, mut running: oneshot::Receiver<Outcome>) -> Watched {
        let every = self.context.config.progress_flush;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                biased;
                returned = &mut running => break Some(returned.unwrap_or_else(|_| self.without_a_thread())),
                _ = ticks.tick() => {
                    self.ask_to_stop_if_due();
                    self.beat_if_due().await;
                    if self.is_stuck() {
                        break None;
                    }
                }
            }
        };
        if let Some(Outcome::Completed(_)) = outcome {
            self.progress.complete();
        }
        self.send_last_progress().await;
        Watched { outcome, lease_end: self.beaten + self.context.config.lease }
    }

    fn without_a_thread(&self) -> Outcome {
        let delay = self.context.config.retry.first;
        Outcome::Retry { error: "the thread that ran it is gone".into(), delay }
    }

    /// The clock's reasons to stop; cancels come by hint and by beat.
    fn ask_to_stop_if_due(&mut self) {
        let config = &self.context.config;
        if self.beaten.elapsed() >= config.lease - config.lease_margin {
            self.stop.stop(StopReason::Fenced);
        }
        if self.started.elapsed() >= self.kind.time_limit {
            self.stop.stop(StopReason::TimeLimit);
        }
        if self.context.quit.is_cancelled() {
            let since = *self.draining.get_or_insert_with(Instant::now);
            let at_once = self.context.is_unhealthy() || self.context.force_drain.is_cancelled();
            if at_once || since.elapsed() >= self.kind.drain_wait {
                self.stop.stop(StopReason::Draining);
            }
        }
    }

    async fn beat_if_due(&mut self) {
        if let Some(latest) = self.progress.take() {
            self.unsent = Some(latest);
        }
        let has_news = self.unsent.is_some() && !self.failing;
        if has_news || self.tried.elapsed() >= self.context.config.heartbeat {
            self.beat().await;
        }
    }

    async fn beat(&mut self) {
        if self.stop.reason() == Some(StopReason::Fenced) {
            return;
        }
        let config = &self.context.config;
        let sent = Instant::now();
        self.tried = sent;
        let deadline = (sent + config.heartbeat).min(self.beaten + config.lease - config.lease_margin);
        let beat = self.context.store.beat(self.attempt, config.lease, self.unsent.as_ref());
        let answer = timeout_at(deadline, beat).await;
        let answer = answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())));
        self.failing = answer.is_err();
        match answer {
            Ok(Beat::Alive { cancel }) => {
                self.beaten = sent;
                if let Some(Progress { percentage, items_done, .. }) = self.unsent.take() {
                    debug!(operation = %self.attempt.id, percentage, items_done, "progress");
                }
                if cancel {
                    self.stop.stop(StopReason::Cancelled);
                }
            }
            Ok(Beat::Fenced) => self.stop.stop(StopReason::Fenced),
            Err(why) => {
                warn!(operation = %self.attempt.id, %why, "beat failed");
                // Progress that the store refuses must not cost the lease.
                if matches!(why, StoreError::Invalid(_)) {
                    self.unsent = None;
                }
            }
        }
    }

    fn is_stuck(&mut self) -> bool {
        if !self.stop.is_stopped() {
            return false;
        }
        self.stopped.get_or_insert_with(Instant::now).elapsed() >= self.context.config.cancel_bound
    }

    async fn send_last_progress(&mut self) {
        if let Some(latest) = self.progress.take() {
            self.unsent = Some(latest);
        }
        if self.unsent.is_some() {
            self.beat().await;
        }
    }
}
