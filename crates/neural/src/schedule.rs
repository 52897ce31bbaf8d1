//! How the step size changes from epoch to epoch.

use ktrdr_domain::strategy::network::{Optimisation, Scheduler};

use crate::elementary::cosine;

/// The step size, epoch after epoch.
pub(crate) struct Schedule {
    scheduler: Scheduler,
    initial: f64,
    epochs: u32,
    /// Epochs done.
    done: u32,
    current: f64,
    plateau: Plateau,
}

/// How long the validation loss has been flat.
struct Plateau {
    best: f64,
    epochs: u32,
}

impl Schedule {
    pub(crate) fn new(settings: &Optimisation) -> Self {
        Self {
            scheduler: settings.lr_scheduler,
            initial: settings.learning_rate,
            epochs: settings.epochs,
            done: 0,
            current: settings.learning_rate,
            plateau: Plateau { best: f64::INFINITY, epochs: 0 },
        }
    }

    /// Step size of the epoch to come.
    pub(crate) fn rate(&self) -> f64 {
        self.current
    }

    /// To be called after each epoch.
    pub(crate) fn advance(&mut self, validation_loss: Option<f64>) {
        self.done += 1;
        match self.scheduler {
            Scheduler::Constant => {}
            Scheduler::Step { step_size, gamma } => {
                if self.done.is_multiple_of(step_size) {
                    self.current *= gamma;
                }
            }
            Scheduler::Exponential { gamma } => self.current *= gamma,
            Scheduler::Cosine => {
                let share = f64::from(self.done) / f64::from(self.epochs);
                self.current = self.initial * 0.5 * (1.0 + cosine(std::f64::consts::PI * share));
            }
            Scheduler::ReduceOnPlateau { factor, patience } => {
                if self.plateau.lasts(validation_loss.unwrap_or(f64::INFINITY), patience) {
                    self.current *= factor;
                }
            }
        }
    }
}

impl Plateau {
    /// Whether this was the `patience`th epoch in a row without a better loss. Then the count begins anew.
    fn lasts(&mut self, loss: f64, patience: u32) -> bool {
        if loss < self.best {
            self.best = loss;
            self.epochs = 0;
            return false;
        }
        self.epochs += 1;
        let lasts = self.epochs >= patience;
        if lasts {
            self.epochs = 0;
        }
        lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(scheduler: Scheduler, losses: &[f64]) -> Vec<f64> {
        let settings = Optimisation {
            learning_rate: 0.8,
            epochs: losses.len() as u32,
            lr_scheduler: scheduler,
            ..Optimisation::default()
        };
        let mut schedule = Schedule::new(&settings);
        let rate_of_epoch = |&loss: &f64| {
            let rate = schedule.rate();
            schedule.advance(Some(loss));
            rate
        };
        losses.iter().map(rate_of_epoch).collect()
    }

    fn assert_close(got: &[f64], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() < 1e-12, "{got:?} {expected:?}");
        }
    }

    #[test]
    fn each_scheduler_gives_the_rates_it_documents() {
        assert_close(&rates(Scheduler::Constant, &[1.0; 3]), &[0.8, 0.8, 0.8]);
        let step = Scheduler::Step { step_size: 2, gamma: 0.5 };
        assert_close(&rates(step, &[1.0; 5]), &[0.8, 0.8, 0.4, 0.4, 0.2]);
        assert_close(&rates(Scheduler::Exponential { gamma: 0.5 }, &[1.0; 4]), &[0.8, 0.4, 0.2, 0.1]);
        let half = 0.4 * (1.0 + std::f64::consts::FRAC_1_SQRT_2);
        assert_close(&rates(Scheduler::Cosine, &[1.0; 4]), &[0.8, half, 0.4, 0.8 - half]);
    }

    #[test]
    fn a_plateau_cuts_the_rate_after_its_patience_and_counts_anew() {
        let plateau = Scheduler::ReduceOnPlateau { factor: 0.5, patience: 2 };
        let losses = [1.0, 0.9, 0.9, 0.95, 0.9, 0.9, 0.5, 0.6];
        assert_close(&rates(plateau, &losses), &[0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2]);
    }
}
