//! How much each training row counts.

use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::ClassWeights;

use crate::samples::{Samples, Targets};

/// A row's class weight times its own.
pub(crate) struct RowWeights<'a> {
    classes: [f32; Class::ALL.len()],
    targets: Targets<'a>,
    rows: Option<&'a [f32]>,
}

impl<'a> RowWeights<'a> {
    pub(crate) fn new(rule: ClassWeights, samples: &Samples<'a>) -> Self {
        let classes = class_weights(rule, samples.targets);
        Self { classes, targets: samples.targets, rows: samples.weights }
    }

    /// What a weight is multiplied by so that those of a batch add up to one. A batch whose rows all weigh nothing
    /// teaches nothing.
    pub(crate) fn share(&self, batch: &[u32]) -> f64 {
        let weight: f64 = batch.iter().map(|&row| f64::from(self.of(row as usize))).sum();
        if weight > 0.0 { 1.0 / weight } else { 0.0 }
    }

    /// How much a row's gradient counts in a batch of this share.
    pub(crate) fn scale(&self, row: usize, share: f64) -> f32 {
        (f64::from(self.of(row)) * share) as f32
    }

    fn of(&self, row: usize) -> f32 {
        let class_weight = match self.targets {
            Targets::Classes(classes) => self.classes[usize::from(classes[row])],
            Targets::Values(_) => 1.0,
        };
        class_weight * self.rows.map_or(1.0, |weights| weights[row])
    }
}

/// Inverse to each class's share of the training rows, with mean one over the rows. A class without rows weighs
/// nothing, as there is nothing to weigh.
fn class_weights(rule: ClassWeights, targets: Targets<'_>) -> [f32; Class::ALL.len()] {
    let Targets::Classes(classes) = targets else { return [1.0; Class::ALL.len()] };
    if rule == ClassWeights::None {
        return [1.0; Class::ALL.len()];
    }
    let counts = Class::ALL.map(|class| classes.iter().filter(|&&c| c == class as u8).count());
    let present = counts.iter().filter(|&&count| count > 0).count();
    counts.map(|count| match count {
        0 => 0.0,
        _ => (classes.len() as f64 / (present as f64 * count as f64)) as f32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_weights_are_inverse_to_the_shares_with_mean_one_over_the_rows() {
        let classes = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2];
        let weights = class_weights(ClassWeights::Balanced, Targets::Classes(&classes));
        assert!((weights[1] / weights[0] - 3.0).abs() < 1e-6);
        let mean = classes.iter().map(|&c| weights[usize::from(c)]).sum::<f32>() / 10.0;
        assert!((mean - 1.0).abs() < 1e-6, "{weights:?}");
        assert_eq!(class_weights(ClassWeights::None, Targets::Classes(&classes)), [1.0; 3]);
    }

    #[test]
    fn a_class_without_rows_weighs_nothing() {
        assert_eq!(class_weights(ClassWeights::Balanced, Targets::Classes(&[0, 0, 1, 1])), [1.0, 1.0, 0.0]);
    }
}
