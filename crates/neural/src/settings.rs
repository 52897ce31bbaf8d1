//! Checks of the optimisation's keys: each acts, or is refused by name.

use ktrdr_domain::strategy::network::{ClassWeights, Loss, Optimisation, OutputKind, Scheduler};
use thiserror::Error;

use crate::loss::loss_for;

/// A key of the optimisation that can not act as written.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("training.{key} is {given}: {advice}")]
pub struct SettingError {
    /// Path of the key below `training`.
    pub key: &'static str,
    /// Its value.
    pub given: String,
    /// What it should be.
    pub advice: &'static str,
}

/// Checks every key and gives the loss to minimise.
///
/// # Errors
/// The first key that is out of range, that contradicts the output, or that needs validation rows where none are.
pub(crate) fn check(
    settings: &Optimisation,
    output: OutputKind,
    validation: bool,
) -> Result<Loss, SettingError> {
    check_steps(settings)?;
    check_scheduler(settings.lr_scheduler, validation)?;
    check_early_stopping(settings, validation)?;
    if settings.class_weights != ClassWeights::None && output == OutputKind::Regression {
        let advice = "only a classification has class weights; remove it";
        return refuse("class_weights", "set for a regression", advice);
    }
    match loss_for(output, settings.loss) {
        Some(Loss::Huber { delta }) if !(delta > 0.0 && delta.is_finite()) => {
            refuse("loss.delta", delta, "give a finite distance above 0")
        }
        Some(loss) => Ok(loss),
        None => refuse(
            "loss",
            settings.loss.map_or(String::new(), |loss| format!("{loss:?}")),
            "use cross_entropy for classification, huber or mse for regression",
        ),
    }
}

fn check_steps(settings: &Optimisation) -> Result<(), SettingError> {
    let Optimisation { epochs, batch_size, learning_rate, weight_decay, gradient_clip, .. } = *settings;
    if epochs == 0 {
        return refuse("epochs", epochs, "train for at least 1");
    }
    if batch_size == 0 {
        return refuse("batch_size", batch_size, "use at least 1 row, usually 32 to 256");
    }
    if !(learning_rate > 0.0 && learning_rate <= 1e3) {
        return refuse("learning_rate", learning_rate, "use a number above 0, usually 0.0001 to 0.01");
    }
    if !(0.0..=1e3).contains(&weight_decay) {
        return refuse("weight_decay", weight_decay, "use 0 or a small number such as 0.0001");
    }
    match gradient_clip {
        Some(norm) if !(norm > 0.0 && norm.is_finite()) => {
            refuse("gradient_clip", norm, "use a finite number above 0, or false")
        }
        _ => Ok(()),
    }
}

fn check_scheduler(scheduler: Scheduler, validation: bool) -> Result<(), SettingError> {
    let factor_is_fine = |factor: f64| factor > 0.0 && factor <= 1.0;
    match scheduler {
        Scheduler::Step { step_size: 0, .. } => refuse("lr_scheduler.step_size", 0, "use at least 1 epoch"),
        Scheduler::Step { gamma, .. } | Scheduler::Exponential { gamma } if !factor_is_fine(gamma) => {
            refuse("lr_scheduler.gamma", gamma, "use a factor above 0 and at most 1")
        }
        Scheduler::ReduceOnPlateau { patience: 0, .. } => {
            refuse("lr_scheduler.patience", 0, "wait at least 1 epoch")
        }
        Scheduler::ReduceOnPlateau { factor, .. } if !factor_is_fine(factor) => {
            refuse("lr_scheduler.factor", factor, "use a factor above 0 and at most 1")
        }
        Scheduler::ReduceOnPlateau { .. } if !validation => {
            refuse("lr_scheduler", "reduce_on_plateau", "it watches validation rows and there are none")
        }
        _ => Ok(()),
    }
}

fn check_early_stopping(settings: &Optimisation, validation: bool) -> Result<(), SettingError> {
    let Some(rule) = settings.early_stopping else { return Ok(()) };
    if rule.patience == 0 {
        return refuse("early_stopping.patience", 0, "wait at least 1 epoch, or set early_stopping to false");
    }
    if !(rule.min_delta >= 0.0 && rule.min_delta.is_finite()) {
        return refuse("early_stopping.min_delta", rule.min_delta, "use 0 or a small number such as 0.0001");
    }
    if !validation {
        return refuse(
            "early_stopping",
            "set",
            "it watches validation rows and there are none: set it to false",
        );
    }
    Ok(())
}

fn refuse<T>(
    key: &'static str,
    given: impl std::fmt::Display,
    advice: &'static str,
) -> Result<T, SettingError> {
    Err(SettingError { key, given: given.to_string(), advice })
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::strategy::network::EarlyStopping;

    use super::*;

    fn refused(change: impl FnOnce(&mut Optimisation)) -> &'static str {
        refused_for(OutputKind::Classification, true, change)
    }

    fn refused_for(
        output: OutputKind,
        validation: bool,
        change: impl FnOnce(&mut Optimisation),
    ) -> &'static str {
        let mut settings = Optimisation::default();
        change(&mut settings);
        check(&settings, output, validation).unwrap_err().key
    }

    #[test]
    fn defaults_are_accepted_for_both_outputs() {
        let settings = Optimisation::default();
        assert_eq!(check(&settings, OutputKind::Classification, true), Ok(Loss::CrossEntropy));
        assert!(matches!(check(&settings, OutputKind::Regression, true), Ok(Loss::Huber { .. })));
    }

    #[test]
    fn numbers_out_of_range_are_refused_by_key() {
        assert_eq!(refused(|s| s.epochs = 0), "epochs");
        assert_eq!(refused(|s| s.batch_size = 0), "batch_size");
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(|s| s.learning_rate = rate), "learning_rate");
        }
        assert_eq!(refused(|s| s.weight_decay = f64::NAN), "weight_decay");
        assert_eq!(refused(|s| s.gradient_clip = Some(0.0)), "gradient_clip");
        assert_eq!(
            refused(|s| s.lr_scheduler = Scheduler::Step { step_size: 0, gamma: 0.5 }),
            "lr_scheduler.step_size"
        );
        assert_eq!(refused(|s| s.lr_scheduler = Scheduler::Exponential { gamma: 1.5 }), "lr_scheduler.gamma");
        let plateau = |factor, patience| Scheduler::ReduceOnPlateau { factor, patience };
        assert_eq!(refused(|s| s.lr_scheduler = plateau(0.5, 0)), "lr_scheduler.patience");
        assert_eq!(refused(|s| s.lr_scheduler = plateau(0.0, 1)), "lr_scheduler.factor");
        let stopping = |patience, min_delta| Some(EarlyStopping { patience, min_delta });
        assert_eq!(refused(|s| s.early_stopping = stopping(0, 0.0)), "early_stopping.patience");
        assert_eq!(refused(|s| s.early_stopping = stopping(1, -1.0)), "early_stopping.min_delta");
    }

    #[test]
    fn keys_that_could_not_act_are_refused() {
        use OutputKind::{Classification, Regression};
        assert_eq!(refused_for(Classification, false, |_| ()), "early_stopping");
        let plateau = Scheduler::ReduceOnPlateau { factor: 0.5, patience: 1 };
        assert_eq!(refused_for(Classification, false, |s| s.lr_scheduler = plateau), "lr_scheduler");
        assert_eq!(refused_for(Classification, true, |s| s.loss = Some(Loss::Mse)), "loss");
        assert_eq!(
            refused_for(Regression, true, |s| s.loss = Some(Loss::Huber { delta: 0.0 })),
            "loss.delta"
        );
        assert_eq!(
            refused_for(Regression, true, |s| s.class_weights = ClassWeights::Balanced),
            "class_weights"
        );
    }
}
