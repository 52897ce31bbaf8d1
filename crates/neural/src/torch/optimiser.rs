//! The rule of a step, on one flat tensor: the formulas of [`crate::optimiser`], and PyTorch's own.

use ktrdr_domain::strategy::network::{Optimisation, Optimizer};
use tch::{Kind, TchError, Tensor};

use crate::optimiser::{BETA_1, BETA_2, BiasCorrection, CLIP_EPSILON, EPSILON, MOMENTUM, SMOOTHING};

/// The optimiser and what it remembers from step to step.
pub(super) struct TorchOptimiser {
    rule: Optimizer,
    weight_decay: f64,
    clip: Option<f64>,
    /// Smoothed gradient (Adam, AdamW), or momentum (SGD).
    first: Tensor,
    /// Smoothed squared gradient.
    second: Tensor,
    bias: BiasCorrection,
}

impl TorchOptimiser {
    pub(super) fn new(settings: &Optimisation, parameters: &Tensor) -> Result<Self, TchError> {
        Ok(Self {
            rule: settings.optimizer,
            weight_decay: settings.weight_decay,
            clip: settings.gradient_clip,
            first: parameters.f_zeros_like()?,
            second: parameters.f_zeros_like()?,
            bias: BiasCorrection::new(),
        })
    }

    /// One step against `gradient`. Clipping comes first, then weight decay.
    pub(super) fn step(
        &mut self,
        rate: f64,
        weights: &mut Tensor,
        mut gradient: Tensor,
    ) -> Result<(), TchError> {
        if let Some(most) = self.clip {
            let _ = gradient.f_mul_(&clip_scale(&gradient, most)?)?;
        }
        if self.rule == Optimizer::AdamW {
            let _ = weights.f_mul_scalar_(1.0 - rate * self.weight_decay)?;
        } else if self.weight_decay > 0.0 {
            let _ = gradient.f_add_(&weights.f_mul_scalar(self.weight_decay)?)?;
        }
        match self.rule {
            Optimizer::Adam | Optimizer::AdamW => self.adam(rate, weights, &gradient),
            Optimizer::Sgd => {
                let _ = self.first.f_mul_scalar_(MOMENTUM)?.f_add_(&gradient)?;
                let _ = weights.f_sub_(&self.first.f_mul_scalar(rate)?)?;
                Ok(())
            }
            Optimizer::RmsProp => {
                let _ = self.second.f_lerp_(&gradient.f_square()?, 1.0 - SMOOTHING)?;
                self.descend(rate, 1.0, weights, &gradient)
            }
        }
    }

    fn adam(&mut self, rate: f64, weights: &mut Tensor, gradient: &Tensor) -> Result<(), TchError> {
        let (rate, correction) = self.bias.next(rate);
        let _ = self.first.f_lerp_(gradient, 1.0 - BETA_1)?;
        let _ = self.second.f_lerp_(&gradient.f_square()?, 1.0 - BETA_2)?;
        self.descend(rate, correction, weights, &self.first)
    }

    /// `w ← w − rate · direction / (√v · correction + ε)`
    fn descend(
        &self,
        rate: f64,
        correction: f64,
        weights: &mut Tensor,
        direction: &Tensor,
    ) -> Result<(), TchError> {
        let mut divisor = self.second.f_sqrt()?;
        let _ = divisor.f_mul_scalar_(correction / -rate)?.f_add_scalar_(f64::from(EPSILON) / -rate)?;
        let _ = weights.f_addcdiv_(direction, &divisor)?;
        Ok(())
    }
}

/// What the gradient is multiplied by so that its norm is at most `most`; stays on the device, so that nobody waits.
fn clip_scale(gradient: &Tensor, most: f64) -> Result<Tensor, TchError> {
    let norm = gradient.f_norm_scalaropt_dtype(2, Kind::Double)?;
    norm.f_add_scalar(CLIP_EPSILON)?.f_reciprocal()?.f_mul_scalar(most)?.f_clamp_max(1.0)
}
