//! Remembers the best weights and says when waiting longer is in vain.

use ktrdr_domain::strategy::network::EarlyStopping;

/// The weights of the lowest validation loss so far.
pub(crate) struct Best {
    rule: EarlyStopping,
    /// A copy of their own: training goes on in other memory.
    parameters: Vec<f32>,
    epoch: u32,
    loss: f64,
    /// The loss that the next one must undercut by `min_delta` to renew the patience.
    mark: f64,
    epochs_waited: u32,
}

impl Best {
    pub(crate) fn new(rule: EarlyStopping) -> Self {
        Self {
            rule,
            parameters: Vec::new(),
            epoch: 0,
            loss: f64::INFINITY,
            mark: f64::INFINITY,
            epochs_waited: 0,
        }
    }

    /// Any lower loss is kept; only a fall of more than `min_delta` renews the patience. Returns whether to stop.
    pub(crate) fn observe(&mut self, epoch: u32, loss: f64, parameters: &[f32]) -> bool {
        if loss < self.loss {
            self.loss = loss;
            self.epoch = epoch;
            self.parameters.clear();
            self.parameters.extend_from_slice(parameters);
        }
        if loss < self.mark - self.rule.min_delta {
            self.mark = loss;
            self.epochs_waited = 0;
        } else {
            self.epochs_waited += 1;
        }
        self.epochs_waited >= self.rule.patience
    }

    /// Puts the best weights back and names their epoch; `None` before any epoch.
    pub(crate) fn restore(&self, parameters: &mut [f32]) -> Option<u32> {
        if self.parameters.len() != parameters.len() {
            return None;
        }
        parameters.copy_from_slice(&self.parameters);
        Some(self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_epochs_without_a_fall_that_counts() {
        let mut best = Best::new(EarlyStopping { patience: 2, min_delta: 0.1 });
        let stops: Vec<bool> = [1.0, 0.95, 0.8, 0.75, 0.74]
            .iter()
            .zip(1_u8..)
            .map(|(&loss, epoch)| best.observe(u32::from(epoch), loss, &[f32::from(epoch)]))
            .collect();
        assert_eq!(stops, [false, false, false, false, true]);
        let mut parameters = [99.0];
        assert_eq!(
            best.restore(&mut parameters),
            Some(5),
            "the lowest loss is kept even when its fall was small"
        );
        assert_eq!(parameters, [5.0]);
    }

    #[test]
    fn nothing_is_restored_before_the_first_epoch() {
        let best = Best::new(EarlyStopping::default());
        let mut parameters = [1.0];
        assert_eq!(best.restore(&mut parameters), None);
        assert_eq!(parameters, [1.0]);
    }
}
