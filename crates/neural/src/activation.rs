//! Activation functions, and their slopes while training.

use ktrdr_domain::strategy::network::Activation;

use crate::elementary::{sigmoid, tanh};
use crate::random::mixed;
use crate::vectors::vectorised;

const LEAK: f32 = 0.01;
/// √(2/π)
const GELU_SCALE: f32 = 0.797_884_6;
const GELU_CUBE: f32 = 0.044_715;

vectorised! {
    /// Applies the activation in place.
    pub(crate) fn activate(vectors: Vectors, activation: Activation, values: &mut [f32]) {
        match activation {
            Activation::Relu => apply(values, |x| relu(x).0),
            Activation::Tanh => apply(values, tanh),
            Activation::Sigmoid => apply(values, sigmoid),
            Activation::LeakyRelu => apply(values, |x| leaky_relu(x).0),
            Activation::Gelu => apply(values, |x| gelu(x).0),
        }
    }
}

vectorised! {
    /// Applies the activation in place and writes its derivative at each value.
    pub(crate) fn activate_with_slope(vectors: Vectors, activation: Activation, values: &mut [f32], slopes: &mut [f32]) {
        match activation {
            Activation::Relu => apply_with_slope(values, slopes, relu),
            Activation::Tanh => apply_with_slope(values, slopes, |x| {
                let y = tanh(x);
                (y, 1.0 - y * y)
            }),
            Activation::Sigmoid => apply_with_slope(values, slopes, |x| {
                let y = sigmoid(x);
                (y, y * (1.0 - y))
            }),
            Activation::LeakyRelu => apply_with_slope(values, slopes, leaky_relu),
            Activation::Gelu => apply_with_slope(values, slopes, gelu),
        }
    }
}

/// Which hidden units are silenced in one block of rows: a function of two random keys and the unit's place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DropoutMask {
    keys: [u32; 2],
    /// A unit is silenced when its mixed number lies below.
    threshold: u32,
    /// `1 / (1 − dropout)`, so that the expected sum stays the same ("inverted dropout").
    scale: f32,
}

impl DropoutMask {
    pub(crate) fn new(dropout: f32, keys: [u32; 2]) -> Self {
        let threshold = (f64::from(dropout) * 4_294_967_296.0) as u32;
        Self { keys, threshold, scale: 1.0 / (1.0 - dropout) }
    }

    #[inline(always)]
    fn factor(self, place: u32) -> f32 {
        let number = mixed(mixed(place ^ self.keys[0]).wrapping_add(self.keys[1]));
        if number < self.threshold { 0.0 } else { self.scale }
    }
}

vectorised! {
    /// Silences units of a block and their slopes.
    pub(crate) fn drop_units(vectors: Vectors, mask: DropoutMask, values: &mut [f32], slopes: &mut [f32]) {
        for (place, (value, slope)) in (0_u32..).zip(values.iter_mut().zip(slopes)) {
            let factor = mask.factor(place);
            *value *= factor;
            *slope *= factor;
        }
    }
}

#[inline(always)]
fn apply(values: &mut [f32], function: impl Fn(f32) -> f32) {
    for value in values {
        *value = function(*value);
    }
}

#[inline(always)]
fn apply_with_slope(values: &mut [f32], slopes: &mut [f32], function: impl Fn(f32) -> (f32, f32)) {
    for (value, slope) in values.iter_mut().zip(slopes) {
        (*value, *slope) = function(*value);
    }
}

/// Written so that NaN stays NaN: a hidden fault must reach the loss.
#[inline(always)]
fn relu(x: f32) -> (f32, f32) {
    if x <= 0.0 { (0.0, 0.0) } else { (x, 1.0) }
}

#[inline(always)]
fn leaky_relu(x: f32) -> (f32, f32) {
    if x <= 0.0 { (LEAK * x, LEAK) } else { (x, 1.0) }
}

/// `x Φ(x)` by its tanh form (Hendrycks and Gimpel, 2016), and its derivative.
#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    let square = x * x;
    let t = tanh(GELU_SCALE * x * GELU_CUBE.mul_add(square, 1.0));
    let half = 0.5 * (1.0 + t);
    let inner_slope = GELU_SCALE * (3.0 * GELU_CUBE).mul_add(square, 1.0);
    (x * half, (0.5 * x * (1.0 - t * t)).mul_add(inner_slope, half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::Vectors;

    const ALL: [Activation; 5] =
        [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::LeakyRelu, Activation::Gelu];

    /// Double precision, by the system's functions.
    fn exact(activation: Activation, x: f64) -> f64 {
        match activation {
            Activation::Relu => x.max(0.0),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Activation::LeakyRelu => x.max(0.01 * x),
            Activation::Gelu => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
        }
    }

    #[test]
    fn values_and_slopes_agree_with_double_precision() {
        let points: Vec<f32> = (-160..160).map(|i| i as f32 / 16.0 + 0.01).collect();
        for activation in ALL {
            let mut values = points.clone();
            let mut slopes = vec![0.0; points.len()];
            activate_with_slope(Vectors::widest(), activation, &mut values, &mut slopes);
            for ((&x, value), slope) in points.iter().zip(values).zip(slopes) {
                let x = f64::from(x);
                let exact_slope = (exact(activation, x + 1e-6) - exact(activation, x - 1e-6)) / 2e-6;
                assert!(
                    (f64::from(value) - exact(activation, x)).abs() < 2e-6,
                    "{activation:?}({x}) = {value}"
                );
                assert!((f64::from(slope) - exact_slope).abs() < 2e-6, "{activation:?}'({x}) = {slope}");
            }
        }
    }

    #[test]
    fn every_vector_width_gives_the_same_bits_with_and_without_slopes() {
        let points: Vec<f32> = (0..1003).map(|i| (i as f32 - 500.0) / 37.0).collect();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for activation in ALL {
            let mut plain = points.clone();
            activate(Vectors::widest(), activation, &mut plain);
            for vectors in Vectors::available() {
                let (mut values, mut slopes) = (points.clone(), vec![0.0; points.len()]);
                activate_with_slope(vectors, activation, &mut values, &mut slopes);
                assert_eq!(bits(&values), bits(&plain), "{activation:?} {vectors}");
            }
        }
    }

    #[test]
    fn nan_is_never_hidden() {
        for activation in ALL {
            let mut values = [f32::NAN];
            activate(Vectors::widest(), activation, &mut values);
            assert!(values[0].is_nan(), "{activation:?}");
        }
    }

    #[test]
    fn dropout_silences_its_share_and_keeps_the_expected_sum() {
        let mut values = vec![1.0; 100_000];
        let mut slopes = values.clone();
        drop_units(Vectors::widest(), DropoutMask::new(0.3, [5, 9]), &mut values, &mut slopes);
        let silenced = values.iter().filter(|&&v| v == 0.0).count() as f64 / 1e5;
        let mean = values.iter().sum::<f32>() / 1e5;
        assert!((silenced - 0.3).abs() < 0.006 && (mean - 1.0).abs() < 0.01, "{silenced} {mean}");
        assert_eq!(values, slopes);
    }
}
