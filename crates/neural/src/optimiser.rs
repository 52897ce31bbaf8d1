//! The rule of a step. Formulas as in PyTorch 2: `Adam`, `AdamW`, `SGD(momentum=0.9)`, `RMSprop`.

use ktrdr_domain::strategy::network::{Optimisation, Optimizer};

use crate::elementary::flush_to_zero;
use crate::vectors::{Vectors, vectorised};

pub(crate) const BETA_1: f64 = 0.9;
pub(crate) const BETA_2: f64 = 0.999;
pub(crate) const MOMENTUM: f64 = 0.9;
pub(crate) const SMOOTHING: f64 = 0.99;
pub(crate) const EPSILON: f32 = 1e-8;
/// Gradients, their averages and the averages of their squares below these are zero ([`flush_to_zero`]): beside ε they
/// would move a weight by less than its last digit.
const GRADIENT_LEAST: f32 = 1e-15;
const FIRST_LEAST: f32 = 1e-20;
const SECOND_LEAST: f32 = 1e-32;
/// Added to the norm before dividing by it, as PyTorch's `clip_grad_norm_` does.
pub(crate) const CLIP_EPSILON: f64 = 1e-6;

/// The optimiser and what it remembers from step to step.
pub(crate) struct Optimiser {
    vectors: Vectors,
    rule: Optimizer,
    weight_decay: f64,
    clip: Option<f64>,
    /// Smoothed gradient (Adam, AdamW), or momentum (SGD); empty for RMSprop.
    first: Vec<f32>,
    /// Smoothed squared gradient; empty for SGD.
    second: Vec<f32>,
    bias: BiasCorrection,
}

/// What Adam's averages lack after few steps, since they begin at zero.
pub(crate) struct BiasCorrection {
    /// `β₁ᵗ` and `β₂ᵗ`, multiplied up step by step: the same on every machine, as a library's power is not.
    powers: [f64; 2],
}

impl BiasCorrection {
    pub(crate) fn new() -> Self {
        Self { powers: [1.0, 1.0] }
    }

    /// Of the next step: learning rate ÷ (1 − β₁ᵗ), and 1 ÷ √(1 − β₂ᵗ).
    pub(crate) fn next(&mut self, learning_rate: f64) -> (f64, f64) {
        self.powers[0] *= BETA_1;
        self.powers[1] *= BETA_2;
        (learning_rate / (1.0 - self.powers[0]), 1.0 / (1.0 - self.powers[1]).sqrt())
    }
}

impl Optimiser {
    pub(crate) fn new(vectors: Vectors, settings: &Optimisation, length: usize) -> Self {
        let memory = |needed: bool| vec![0.0; if needed { length } else { 0 }];
        Self {
            vectors,
            rule: settings.optimizer,
            weight_decay: settings.weight_decay,
            clip: settings.gradient_clip,
            first: memory(settings.optimizer != Optimizer::RmsProp),
            second: memory(settings.optimizer != Optimizer::Sgd),
            bias: BiasCorrection::new(),
        }
    }

    /// One step against `gradient`. Clipping comes first, then weight decay.
    pub(crate) fn step(&mut self, learning_rate: f64, parameters: &mut [f32], gradient: &[f32]) {
        let scale = self.clip.map_or(1.0, |most| clip_scale(square_sum(self.vectors, gradient).sqrt(), most));
        let decoupled = self.rule == Optimizer::AdamW;
        let shrink = if decoupled { 1.0 - learning_rate * self.weight_decay } else { 1.0 };
        let decay = if decoupled { 0.0 } else { self.weight_decay as f32 };
        let (first, second) = (&mut self.first, &mut self.second);
        match self.rule {
            Optimizer::Adam | Optimizer::AdamW => {
                let (rate, correction) = self.bias.next(learning_rate);
                let (rate, correction) = (rate as f32, correction as f32);
                let step = AdamStep { scale, decay, shrink: shrink as f32, rate, correction };
                adam(self.vectors, step, parameters, gradient, first, second);
            }
            Optimizer::Sgd => {
                sgd(self.vectors, scale, decay, learning_rate as f32, parameters, gradient, first);
            }
            Optimizer::RmsProp => {
                rms_prop(self.vectors, scale, decay, learning_rate as f32, parameters, gradient, second);
            }
        }
    }
}

/// What the gradient is multiplied by so that its norm is at most `most`.
fn clip_scale(norm: f64, most: f64) -> f32 {
    (most / (norm + CLIP_EPSILON)).min(1.0) as f32
}

/// The numbers of one step of Adam.
#[derive(Clone, Copy)]
struct AdamStep {
    /// Of the gradient, from clipping.
    scale: f32,
    /// Share of the weights added to the gradient.
    decay: f32,
    /// What the weights are multiplied by (AdamW).
    shrink: f32,
    /// Learning rate ÷ (1 − β₁ᵗ).
    rate: f32,
    /// 1 ÷ √(1 − β₂ᵗ).
    correction: f32,
}

vectorised! {
    /// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← w − rate · m / (√v · correction + ε)`
    fn adam(
        vectors: Vectors, step: AdamStep, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32],
    ) {
        let moments = first.iter_mut().zip(second);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(gradient).zip(moments) {
            let g = flush_to_zero(step.decay.mul_add(*w, g * step.scale), GRADIENT_LEAST);
            *m = flush_to_zero(((1.0 - BETA_1) as f32).mul_add(g - *m, *m), FIRST_LEAST);
            *v = flush_to_zero(((1.0 - BETA_2) as f32 * g).mul_add(g, BETA_2 as f32 * *v), SECOND_LEAST);
            let change = *m / v.sqrt().mul_add(step.correction, EPSILON);
            *w = (-step.rate).mul_add(change, *w * step.shrink);
        }
    }
}

vectorised! {
    /// `b ← μb + g`, `w ← w − rate · b`
    fn sgd(
        vectors: Vectors, scale: f32, decay: f32, rate: f32, weights: &mut [f32], gradient: &[f32], momentum: &mut [f32],
    ) {
        for ((w, &g), b) in weights.iter_mut().zip(gradient).zip(momentum) {
            let g = flush_to_zero(decay.mul_add(*w, g * scale), GRADIENT_LEAST);
            *b = flush_to_zero((MOMENTUM as f32).mul_add(*b, g), FIRST_LEAST);
            *w = (-rate).mul_add(*b, *w);
        }
    }
}

vectorised! {
    /// `v ← αv + (1−α)g²`, `w ← w − rate · g / (√v + ε)`
    fn rms_prop(
        vectors: Vectors, scale: f32, decay: f32, rate: f32, weights: &mut [f32], gradient: &[f32], second: &mut [f32],
    ) {
        for ((w, &g), v) in weights.iter_mut().zip(gradient).zip(second) {
            let g = flush_to_zero(decay.mul_add(*w, g * scale), GRADIENT_LEAST);
            *v = flush_to_zero(((1.0 - SMOOTHING) as f32 * g).mul_add(g, SMOOTHING as f32 * *v), SECOND_LEAST);
            *w = (-rate).mul_add(g / (v.sqrt() + EPSILON), *w);
        }
    }
}

vectorised! {
    /// Sum of squares in eight fixed lanes of double precision, so that neither vector width nor overflow matters.
    fn square_sum(vectors: Vectors, numbers: &[f32]) -> f64 {
        let mut lanes = [0.0_f64; 8];
        for chunk in numbers.chunks_exact(8) {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane = f64::from(x).mul_add(f64::from(x), *lane);
            }
        }
        lanes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_bounds_the_norm_and_leaves_small_gradients_alone() {
        assert!((f64::from(clip_scale(5.0, 1.0)) * 5.0 - 1.0).abs() < 1e-6);
        assert_eq!(clip_scale(0.5, 1.0), 1.0);
        assert_eq!(clip_scale(0.0, 1.0), 1.0);
    }

    #[test]
    fn the_norm_neither_overflows_nor_depends_on_the_vector_width() {
        let mut numbers: Vec<f32> = (0..160).map(|i| (i as f32 * 0.77).sin()).collect();
        let sums: Vec<u64> =
            Vectors::available().iter().map(|&v| square_sum(v, &numbers).to_bits()).collect();
        assert!(sums.windows(2).all(|pair| pair[0] == pair[1]));
        numbers[3] = 1e30;
        assert!((square_sum(Vectors::widest(), &numbers) / 1e60 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_an_optimiser_remembers_dies_to_zero_and_is_never_subnormal() {
        for optimizer in [Optimizer::Adam, Optimizer::AdamW, Optimizer::Sgd, Optimizer::RmsProp] {
            let settings = Optimisation { optimizer, ..Optimisation::default() };
            let mut optimiser = Optimiser::new(Vectors::widest(), &settings, 8);
            let mut parameters = [0.5; 8];
            for step in 0..100_000 {
                let gradient = if step == 0 { 1e-3 } else { 1e-22 };
                optimiser.step(1e-3, &mut parameters, &[gradient; 8]);
                let memory = optimiser.first.iter().chain(&optimiser.second);
                assert!(memory.clone().all(|x| !x.is_subnormal()), "{optimizer:?}, step {step}");
            }
            assert!(optimiser.first.iter().chain(&optimiser.second).all(|&x| x == 0.0), "{optimizer:?}");
        }
    }

    #[test]
    fn a_clipped_step_of_plain_descent_has_the_length_of_the_clip() {
        let settings =
            Optimisation { optimizer: Optimizer::Sgd, gradient_clip: Some(0.5), ..Optimisation::default() };
        let mut parameters = [0.0; 8];
        let gradient = [3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        Optimiser::new(Vectors::widest(), &settings, 8).step(1.0, &mut parameters, &gradient);
        let length = parameters.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((length - 0.5).abs() < 1e-6, "{parameters:?}");
    }
}
