//! Early stopping: remembers the best epoch, and says when the patience is exhausted.

use ktrdr_domain::strategy::network::EarlyStopping;

/// The lowest validation loss so far.
pub(crate) struct EarlyStopper {
    rule: EarlyStopping,
    epoch: u32,
    loss: f64,
    /// The loss that the next one must undercut by `min_delta` to renew the patience.
    mark: f64,
    epochs_waited: u32,
}

/// What an epoch's validation loss means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Observed {
    /// Lower than every one before: these are the weights to keep.
    pub(crate) is_best: bool,
    /// The patience is exhausted: training ends.
    pub(crate) exhausted: bool,
}

impl EarlyStopper {
    pub(crate) fn new(rule: EarlyStopping) -> Self {
        Self { rule, epoch: 0, loss: f64::INFINITY, mark: f64::INFINITY, epochs_waited: 0 }
    }

    /// Any lower loss is the best; only a fall of more than `min_delta` renews the patience.
    pub(crate) fn observe(&mut self, epoch: u32, loss: f64) -> Observed {
        let is_best = loss < self.loss;
        if is_best {
            self.loss = loss;
            self.epoch = epoch;
        }
        if loss < self.mark - self.rule.min_delta {
            self.mark = loss;
            self.epochs_waited = 0;
        } else {
            self.epochs_waited += 1;
        }
        Observed { is_best, exhausted: self.epochs_waited >= self.rule.patience }
    }

    /// The best epoch; `None` before any.
    pub(crate) fn best_epoch(&self) -> Option<u32> {
        (self.epoch > 0).then_some(self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_epochs_without_a_fall_that_counts() {
        let mut stopper = EarlyStopper::new(EarlyStopping { patience: 2, min_delta: 0.1 });
        let losses = [1.0, 0.95, 0.8, 0.75, 0.74].iter().zip(1_u32..);
        let observed: Vec<Observed> = losses.map(|(&loss, epoch)| stopper.observe(epoch, loss)).collect();
        assert_eq!(
            observed.iter().map(|o| o.exhausted).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        assert!(observed.iter().all(|o| o.is_best), "the lowest loss is kept even when its fall was small");
        assert_eq!(stopper.best_epoch(), Some(5));
        assert!(!stopper.observe(6, 0.74).is_best);
        assert_eq!(stopper.best_epoch(), Some(5));
    }

    #[test]
    fn there_is_no_best_epoch_before_the_first() {
        assert_eq!(EarlyStopper::new(EarlyStopping::default()).best_epoch(), None);
    }
}
