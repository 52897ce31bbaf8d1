//! One pass over the training rows: shuffle, then batch by batch gradient and step. Nothing is allocated in it.

use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::{ClassWeights, Loss};

use crate::backward::Workspace;
use crate::forward::BLOCK_ROWS;
use crate::layout::Layout;
use crate::loss::Tally;
use crate::optimiser::Optimiser;
use crate::random::{Purpose, Stream};
use crate::samples::{Samples, Targets};
use crate::train::{Task, TrainError};
use crate::vectors::Vectors;

/// All that lives from batch to batch.
pub(super) struct Epochs<'a> {
    task: Task<'a>,
    loss: Loss,
    workspace: Workspace,
    optimiser: Optimiser,
    gradient: Vec<f32>,
    /// Row numbers, shuffled further before each epoch.
    order: Vec<u32>,
    shuffling: Stream,
    dropout: Stream,
    class_weights: [f32; Class::ALL.len()],
}

impl<'a> Epochs<'a> {
    pub(super) fn new(vectors: Vectors, task: &Task<'a>, loss: Loss, layout: &Layout) -> Self {
        Self {
            task: *task,
            loss,
            workspace: Workspace::new(vectors, task.shape, layout, loss),
            optimiser: Optimiser::new(vectors, task.optimisation, layout.length),
            gradient: vec![0.0; layout.length],
            order: (0..task.train.rows() as u32).collect(),
            shuffling: Stream::new(task.seed, Purpose::RowOrder),
            dropout: Stream::new(task.seed, Purpose::Dropout),
            class_weights: class_weights(task.optimisation.class_weights, task.train.targets),
        }
    }

    pub(super) fn loss(&self) -> Loss {
        self.loss
    }

    pub(super) fn validation(&self) -> Option<&Samples<'a>> {
        self.task.validation.as_ref()
    }

    /// Trains on every row once.
    pub(super) fn run(
        &mut self,
        epoch: u32,
        learning_rate: f64,
        parameters: &mut [f32],
        stop: &dyn Fn() -> bool,
    ) -> Result<Tally, TrainError> {
        let mut order = std::mem::take(&mut self.order);
        self.shuffling.shuffle(&mut order);
        let mut total = Tally::default();
        for batch in order.chunks(self.task.optimisation.batch_size) {
            let tally = self.batch(batch, parameters, stop).ok_or(TrainError::Cancelled { epoch })?;
            if !tally.loss.is_finite() {
                return Err(TrainError::Diverged { epoch });
            }
            total.add(tally);
            self.optimiser.step(learning_rate, parameters, &self.gradient);
        }
        self.order = order;
        Ok(total)
    }

    /// The gradient of one batch, block by block; `None` when asked to stop.
    fn batch(&mut self, rows: &[u32], parameters: &[f32], stop: &dyn Fn() -> bool) -> Option<Tally> {
        let weight: f64 = rows.iter().map(|&row| f64::from(self.weight(row as usize))).sum();
        // a batch whose rows all weigh nothing teaches nothing
        let share = if weight > 0.0 { 1.0 / weight } else { 0.0 };
        self.gradient.fill(0.0);
        self.workspace.adopt(parameters);
        let mut total = Tally::default();
        for block in rows.chunks(BLOCK_ROWS) {
            if stop() {
                return None;
            }
            total.add(self.block(block, share, parameters));
        }
        Some(total)
    }

    /// Gathers the rows of a block and adds their gradient.
    fn block(&mut self, rows: &[u32], share: f64, parameters: &[f32]) -> Tally {
        let Samples { x, width, targets, .. } = self.task.train;
        let mut scales = [0.0_f32; BLOCK_ROWS];
        for (slot, &row) in rows.iter().enumerate() {
            let row = row as usize;
            self.workspace.input[slot * width..][..width].copy_from_slice(&x[row * width..][..width]);
            scales[slot] = (f64::from(self.weight(row)) * share) as f32;
        }
        let (mut classes, mut values) = ([0_u8; BLOCK_ROWS], [0.0_f32; BLOCK_ROWS]);
        let targets = match targets {
            Targets::Classes(all) => Targets::Classes(gather(all, rows, &mut classes)),
            Targets::Values(all) => Targets::Values(gather(all, rows, &mut values)),
        };
        let Self { workspace, dropout, gradient, .. } = self;
        workspace.block(parameters, targets, &scales, dropout, gradient)
    }

    /// How much a row's gradient counts.
    fn weight(&self, row: usize) -> f32 {
        let class_weight = match self.task.train.targets {
            Targets::Classes(classes) => self.class_weights[usize::from(classes[row])],
            Targets::Values(_) => 1.0,
        };
        class_weight * self.task.train.weights.map_or(1.0, |weights| weights[row])
    }
}

fn gather<'b, T: Copy>(all: &[T], rows: &[u32], into: &'b mut [T]) -> &'b [T] {
    for (slot, &row) in into.iter_mut().zip(rows) {
        *slot = all[row as usize];
    }
    &into[..rows.len()]
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
