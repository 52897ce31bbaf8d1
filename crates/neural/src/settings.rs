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
    pub advice: String,
}

/// Checks every key and gives the loss to minimise.
///
/// # Errors
/// The first key that is out of the range a strategy may write, that contradicts the output, or that needs validation rows
/// where there are none.
pub(crate) fn check(
    settings: &Optimisation,
    output: OutputKind,
    validation: bool,
) -> Result<Loss, SettingError> {
    for (key, field, value) in settings.numbers() {
        if !field.allows(value) {
            return refuse(key, value, &format!("give {}", field.range()));
        }
    }
    if !validation && matches!(settings.lr_scheduler, Scheduler::ReduceOnPlateau { .. }) {
        let advice = "it watches validation rows and there are none";
        return refuse("lr_scheduler", "reduce_on_plateau", advice);
    }
    if !validation && settings.early_stopping.is_some() {
        let advice = "it watches validation rows and there are none: set it to false";
        return refuse("early_stopping", "set", advice);
    }
    if settings.class_weights != ClassWeights::None && output == OutputKind::Regression {
        let advice = "only a classification has class weights; remove it";
        return refuse("class_weights", "set for a regression", advice);
    }
    loss_for(output, settings.loss).map_or_else(
        || {
            let given = settings.loss.map_or(String::new(), |loss| format!("{loss:?}"));
            refuse("loss", given, "use cross_entropy for classification, huber or mse for regression")
        },
        Ok,
    )
}

fn refuse<T>(key: &'static str, given: impl std::fmt::Display, advice: &str) -> Result<T, SettingError> {
    Err(SettingError { key, given: given.to_string(), advice: advice.to_owned() })
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
        assert_eq!(refused(|s| s.epochs = 10_001), "epochs");
        assert_eq!(refused(|s| s.batch_size = 0), "batch_size");
        for rate in [0.0, -1.0, 10.5, f64::NAN, f64::INFINITY] {
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
