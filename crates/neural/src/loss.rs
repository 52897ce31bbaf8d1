//! What is minimised: its value for each row, and its gradient at the outputs.

use ktrdr_domain::strategy::field::HUBER_DELTA;
use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::{Loss, OutputKind};

use crate::elementary::{exp, ln};
use crate::matrix::LANES;
use crate::samples::Targets;
use crate::vectors::{Vectors, vectorised};

const CLASSES: usize = Class::ALL.len();
/// Outputs of a block come in rows of this width; no output is wider.
const STRIDE: usize = LANES;

/// The loss that a strategy's key asks for: cross-entropy for classification, Huber for regression by default.
/// `None` when that loss does not suit the output.
#[must_use]
pub fn loss_for(output: OutputKind, asked: Option<Loss>) -> Option<Loss> {
    match (output, asked) {
        (OutputKind::Classification, None | Some(Loss::CrossEntropy)) => Some(Loss::CrossEntropy),
        (OutputKind::Regression, None) => Some(Loss::Huber { delta: HUBER_DELTA.default_value() }),
        (OutputKind::Regression, Some(loss @ (Loss::Huber { .. } | Loss::Mse))) => Some(loss),
        (OutputKind::Classification, Some(Loss::Huber { .. } | Loss::Mse))
        | (OutputKind::Regression, Some(Loss::CrossEntropy)) => None,
    }
}

/// Loss and right answers, summed over the rows of a block, a batch or an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LossStats {
    pub(crate) rows: u64,
    /// Sum of the plain losses, without any weights.
    pub(crate) loss: f64,
    /// Rows of the right class, or of the right sign.
    pub(crate) right: u64,
}

impl LossStats {
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.loss += other.loss;
        self.right += other.right;
    }

    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.rows as f64
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.right as f64 / self.rows as f64
    }
}

/// The loss of a block of outputs. Writes each row's derivative of its own loss into `gradient`, which is laid out as
/// the outputs are, and each row's loss into `losses`.
pub(crate) fn loss_and_grad(
    vectors: Vectors,
    loss: Loss,
    outputs: &[f32],
    targets: Targets<'_>,
    gradient: &mut [f32],
    losses: &mut [f32],
) -> LossStats {
    let rows = targets.len();
    let losses = &mut losses[..rows];
    let right = match targets {
        Targets::Classes(classes) => {
            cross_entropy(vectors, outputs, classes, gradient, losses);
            outputs.chunks_exact(STRIDE).zip(classes).filter(|(row, class)| class_of(row) == **class).count()
        }
        Targets::Values(values) => {
            // beyond every distance, Huber's loss is half the squared error
            let (delta, factor) = match loss {
                Loss::Huber { delta } => (delta as f32, 1.0),
                Loss::Mse | Loss::CrossEntropy => (f32::INFINITY, 2.0),
            };
            huber(vectors, outputs, values, delta, factor, gradient, losses);
            outputs.chunks_exact(STRIDE).zip(values).filter(|(row, value)| same_sign(row[0], **value)).count()
        }
    };
    let loss = losses.iter().map(|&loss| f64::from(loss)).sum();
    LossStats { rows: rows as u64, loss, right: right as u64 }
}

/// The regression loss of one error, in double precision.
pub(crate) fn point_loss(loss: Loss, error: f64) -> f64 {
    let size = error.abs();
    match loss {
        Loss::Huber { delta } if size > delta => delta * (size - 0.5 * delta),
        Loss::Huber { .. } => 0.5 * error * error,
        Loss::Mse | Loss::CrossEntropy => error * error,
    }
}

/// The class of the greatest logit; of equal ones the first.
#[inline]
pub(crate) fn class_of(logits: &[f32]) -> u8 {
    let mut best = u8::from(logits[1] > logits[0]);
    if logits[2] > logits[usize::from(best)] {
        best = 2;
    }
    best
}

/// Whether a forecast has the sign of what came; zero is a sign of its own.
#[inline]
pub(crate) fn same_sign(forecast: f32, value: f32) -> bool {
    (forecast > 0.0) == (value > 0.0) && (forecast < 0.0) == (value < 0.0)
}

vectorised! {
    /// Softmax cross-entropy: `ln Σ e^z − z_class`, whose derivative is `softmax(z) − onehot(class)`.
    fn cross_entropy(vectors: Vectors, outputs: &[f32], classes: &[u8], gradient: &mut [f32], losses: &mut [f32]) {
        let rows = outputs.chunks_exact(STRIDE).zip(gradient.chunks_exact_mut(STRIDE));
        for ((z, g), (&class, loss)) in rows.zip(classes.iter().zip(losses)) {
            let highest = larger(z[0], larger(z[1], z[2]));
            let powers = [exp(z[0] - highest), exp(z[1] - highest), exp(z[2] - highest)];
            let sum = powers[0] + powers[1] + powers[2];
            for (k, power) in powers.iter().enumerate() {
                g[k] = power / sum - f32::from(u8::from(k == usize::from(class)));
            }
            *loss = ln(sum) + highest - z[usize::from(class).min(CLASSES - 1)];
        }
    }
}

vectorised! {
    /// `factor ×` Huber's loss of the error: quadratic within `delta`, linear beyond.
    fn huber(
        vectors: Vectors, outputs: &[f32], values: &[f32], delta: f32, factor: f32,
        gradient: &mut [f32], losses: &mut [f32],
    ) {
        let rows = outputs.chunks_exact(STRIDE).zip(gradient.chunks_exact_mut(STRIDE));
        for ((z, g), (&value, loss)) in rows.zip(values.iter().zip(losses)) {
            let error = z[0] - value;
            let size = error.abs();
            let (value, slope) = if size > delta {
                (delta * (size - 0.5 * delta), delta.copysign(error))
            } else {
                (0.5 * error * error, error)
            };
            g[0] = factor * slope;
            *loss = factor * value;
        }
    }
}

/// The larger of two; NaN when the first is.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_suit_their_outputs_or_are_refused() {
        use OutputKind::{Classification, Regression};
        assert_eq!(loss_for(Classification, None), Some(Loss::CrossEntropy));
        assert_eq!(loss_for(Regression, None), Some(Loss::Huber { delta: 0.01 }));
        assert_eq!(loss_for(Regression, Some(Loss::Mse)), Some(Loss::Mse));
        assert_eq!(loss_for(Regression, Some(Loss::CrossEntropy)), None);
        assert_eq!(loss_for(Classification, Some(Loss::Mse)), None);
    }

    #[test]
    fn cross_entropy_of_even_logits_is_ln_3() {
        let mut gradient = [0.0; 8];
        let stats = loss_and_grad(
            Vectors::widest(),
            Loss::CrossEntropy,
            &[0.5; 8],
            Targets::Classes(&[2]),
            &mut gradient,
            &mut [0.0],
        );
        assert!((stats.loss - 3_f64.ln()).abs() < 1e-6);
        assert_eq!(stats.right, 0);
        for (got, expected) in gradient.iter().zip([1.0 / 3.0, 1.0 / 3.0, -2.0 / 3.0]) {
            assert!((got - expected).abs() < 1e-6);
        }
        assert_eq!(gradient[3..], [0.0; 5]);
    }

    #[test]
    fn enormous_logits_neither_overflow_nor_hide() {
        let outputs = [3e38, -3e38, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let loss_of = |class| {
            let (mut gradient, mut losses) = ([0.0; 8], [0.0]);
            let targets = Targets::Classes(class);
            loss_and_grad(
                Vectors::widest(),
                Loss::CrossEntropy,
                &outputs,
                targets,
                &mut gradient,
                &mut losses,
            )
            .loss
        };
        assert_eq!(loss_of(&[0]), 0.0);
        assert!(loss_of(&[2]) > 1e38);
    }

    #[test]
    fn huber_turns_linear_at_delta_and_mse_never_does() {
        let row = |z: f32| [z, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let loss_of = |loss, z| {
            let mut gradient = [0.0; 8];
            let stats = loss_and_grad(
                Vectors::widest(),
                loss,
                &row(z),
                Targets::Values(&[1.0]),
                &mut gradient,
                &mut [0.0],
            );
            (stats.loss, gradient[0])
        };
        assert_eq!(loss_of(Loss::Huber { delta: 0.5 }, 1.25), (0.03125, 0.25));
        assert_eq!(loss_of(Loss::Huber { delta: 0.5 }, 3.0), (0.875, 0.5));
        assert_eq!(loss_of(Loss::Huber { delta: 0.5 }, -1.0), (0.875, -0.5));
        assert_eq!(loss_of(Loss::Mse, 3.0), (4.0, 4.0));
    }

    #[test]
    fn equal_logits_answer_the_first_class_and_signs_are_three() {
        assert_eq!(class_of(&[1.0, 1.0, 1.0]), 0);
        assert_eq!(class_of(&[0.0, 1.0, 1.0]), 1);
        assert_eq!(class_of(&[0.0, 1.0, 2.0]), 2);
        assert!(same_sign(0.1, 2.0) && same_sign(-0.1, -2.0) && same_sign(0.0, -0.0));
        assert!(!same_sign(0.1, 0.0) && !same_sign(0.1, -1.0) && !same_sign(f32::NAN, 1.0));
    }
}
