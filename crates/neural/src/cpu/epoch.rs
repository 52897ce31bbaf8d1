//! One pass over the training rows: shuffle, then batch by batch gradient and step. Nothing is allocated in it.

use ktrdr_domain::strategy::network::Loss;

use crate::backward::Workspace;
use crate::forward::BLOCK_ROWS;
use crate::layout::Layout;
use crate::loss::LossStats;
use crate::optimiser::Optimiser;
use crate::random::{Purpose, RowOrder, SeededRng};
use crate::row_weights::RowWeights;
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
    order: RowOrder,
    dropout: SeededRng,
    weights: RowWeights<'a>,
}

impl<'a> Epochs<'a> {
    pub(super) fn new(vectors: Vectors, task: &Task<'a>, loss: Loss, layout: &Layout) -> Self {
        Self {
            task: *task,
            loss,
            workspace: Workspace::new(vectors, task.shape, layout, loss),
            optimiser: Optimiser::new(vectors, task.optimisation, layout.length),
            gradient: vec![0.0; layout.length],
            order: RowOrder::new(task.train.rows(), task.seed),
            dropout: SeededRng::new(task.seed, Purpose::Dropout),
            weights: RowWeights::new(task.optimisation.class_weights, &task.train),
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
    ) -> Result<LossStats, TrainError> {
        self.order.shuffle();
        let rows = std::mem::take(&mut self.order.rows);
        let mut total = LossStats::default();
        for batch in rows.chunks(self.task.optimisation.batch_size) {
            let stats = self.batch(batch, parameters, stop).ok_or(TrainError::Cancelled { epoch })?;
            if !stats.loss.is_finite() {
                return Err(TrainError::Diverged { epoch });
            }
            total.add(stats);
            self.optimiser.step(learning_rate, parameters, &self.gradient);
        }
        self.order.rows = rows;
        Ok(total)
    }

    /// The gradient of one batch, block by block; `None` when asked to stop.
    fn batch(&mut self, rows: &[u32], parameters: &[f32], stop: &dyn Fn() -> bool) -> Option<LossStats> {
        let share = self.weights.share(rows);
        self.gradient.fill(0.0);
        self.workspace.adopt(parameters);
        let mut total = LossStats::default();
        for block in rows.chunks(BLOCK_ROWS) {
            if stop() {
                return None;
            }
            total.add(self.block(block, share, parameters));
        }
        Some(total)
    }

    /// Gathers the rows of a block and adds their gradient.
    fn block(&mut self, rows: &[u32], share: f64, parameters: &[f32]) -> LossStats {
        let Samples { x, targets, .. } = self.task.train;
        let mut scales = [0.0_f32; BLOCK_ROWS];
        let slots = self.workspace.input.as_slice_mut().unwrap_or_default().chunks_exact_mut(x.ncols());
        for ((slot, scale), &row) in slots.zip(&mut scales).zip(rows) {
            let row = row as usize;
            slot.copy_from_slice(x.row(row).to_slice().unwrap_or_default()); // checked with the task
            *scale = self.weights.scale(row, share);
        }
        let (mut classes, mut values) = ([0_u8; BLOCK_ROWS], [0.0_f32; BLOCK_ROWS]);
        let targets = match targets {
            Targets::Classes(all) => Targets::Classes(gather(all, rows, &mut classes)),
            Targets::Values(all) => Targets::Values(gather(all, rows, &mut values)),
        };
        let Self { workspace, dropout, gradient, .. } = self;
        workspace.block(parameters, targets, &scales, dropout, gradient)
    }
}

fn gather<'b, T: Copy>(all: &[T], rows: &[u32], into: &'b mut [T]) -> &'b [T] {
    for (slot, &row) in into.iter_mut().zip(rows) {
        *slot = all[row as usize];
    }
    &into[..rows.len()]
}
