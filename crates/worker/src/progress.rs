//! Progress from the job's thread to the flusher: the latest value wins. A write waits for nothing but
//! another look at the same cell, which is as short.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ktrdr_domain::Progress;

/// Shared between a job's thread (writes) and its heartbeat (reads).
#[derive(Debug, Clone, Default)]
pub struct ProgressCell(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// `None` until something is written.
    latest: Option<Progress>,
    is_news: bool,
}

impl ProgressCell {
    /// Replaces the latest progress, but for its trail, which grows with the figures.
    pub fn set(&self, mut progress: Progress) {
        let mut told = self.told();
        progress.trail = told.latest.take().map(|before| before.trail).unwrap_or_default();
        progress.leave_mark();
        *told = Told { latest: Some(progress), is_news: true };
    }

    /// Goes on to another step: items and figures stay as they are.
    pub fn step(&self, percentage: f64, step: &str) {
        let mut told = self.told();
        let latest = told.latest.take().unwrap_or_default();
        *told =
            Told { latest: Some(Progress { percentage, step: step.to_owned(), ..latest }), is_news: true };
    }

    /// Says that everything is done, if anything was said before. The trail goes: what completed has a result.
    pub(crate) fn complete(&self) {
        let mut told = self.told();
        if let Some(latest) = told.latest.take() {
            let items_done = latest.items_total.unwrap_or(latest.items_done);
            let done = Progress {
                percentage: 100.0,
                step: "done".to_owned(),
                items_done,
                trail: Vec::new(),
                ..latest
            };
            *told = Told { latest: Some(done), is_news: true };
        }
    }

    /// Takes what was written since the last call.
    #[must_use]
    pub fn take(&self) -> Option<Progress> {
        let mut told = self.told();
        std::mem::take(&mut told.is_news).then(|| told.latest.clone()).flatten()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(items_done: u64) -> Progress {
        let figures = vec![("loss".to_owned(), 1.0 / items_done as f64)];
        Progress { items_done, items_total: Some(64), figures, ..Progress::default() }
    }

    #[test]
    fn a_trail_grows_evenly_and_stays_short() {
        let cell = ProgressCell::default();
        assert_eq!(cell.take(), None);
        (1..=64).for_each(|item| cell.set(epoch(item)));
        let told = cell.take().unwrap();
        let items: Vec<u64> = told.trail.iter().map(|mark| mark.item).collect();
        assert_eq!(items, (1..64).step_by(2).collect::<Vec<_>>());
        assert_eq!(told.trail[1].figures, [("loss".to_owned(), 1.0 / 3.0)]);
        assert_eq!(cell.take(), None, "nothing new");
    }

    #[test]
    fn a_step_keeps_items_and_figures_and_the_end_completes_them() {
        let cell = ProgressCell::default();
        cell.complete();
        assert_eq!(cell.take(), None, "who never said anything has nothing to complete");
        cell.set(epoch(40));
        cell.step(99.0, "storing");
        let told = cell.take().unwrap();
        assert_eq!((told.percentage, told.items_done, told.figures.len()), (99.0, 40, 1));
        cell.complete();
        let told = cell.take().unwrap();
        assert_eq!((told.percentage, told.items_done, told.trail.len()), (100.0, 64, 0));
    }
}
