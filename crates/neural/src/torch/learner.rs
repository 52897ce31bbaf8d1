//! Epochs on the device. The rows are uploaded once; within an epoch nothing waits for the device.

use ktrdr_domain::strategy::network::Loss;
use tch::{Kind, Reduction, TchError, Tensor};

use super::Torch;
use super::layers::Layers;
use super::optimiser::TorchOptimiser;
use super::rows::{Rows, Stretch};
use crate::fit::{EpochStats, Learner};
use crate::loss::LossStats;
use crate::network::{Dense, Network};
use crate::random::RowOrder;
use crate::row_weights::RowWeights;
use crate::train::{Task, TrainError};

/// Rows evaluated at once: bounds the memory of wide layers.
const EVALUATED_ROWS: i64 = 8192;

/// A network that learns on a device.
pub(super) struct TorchLearner<'t, 'a> {
    torch: &'t Torch,
    task: Task<'a>,
    loss: Loss,
    train: Rows,
    validation: Option<Rows>,
    layers: Layers,
    /// A copy of the weights of the best epoch.
    kept: Option<Tensor>,
    optimiser: TorchOptimiser,
    order: RowOrder,
    weights: RowWeights<'a>,
    /// The one that runs or ran last; 0 before the first.
    epoch: u32,
}

impl<'t, 'a> TorchLearner<'t, 'a> {
    pub(super) fn new(
        torch: &'t Torch,
        task: &Task<'a>,
        loss: Loss,
        network: &Network,
    ) -> Result<Self, TrainError> {
        let uploaded = || -> Result<_, TchError> {
            let train = Rows::upload(&task.train, torch.device)?;
            let validation =
                task.validation.as_ref().map(|rows| Rows::upload(rows, torch.device)).transpose()?;
            let layers = Layers::upload(network, torch.device)?;
            let optimiser = TorchOptimiser::new(task.optimisation, layers.parameters())?;
            Ok((train, validation, layers, optimiser))
        };
        let (train, validation, layers, optimiser) = uploaded().map_err(|why| torch.failure(0, &why))?;
        Ok(Self {
            torch,
            task: *task,
            loss,
            train,
            validation,
            layers,
            kept: None,
            optimiser,
            order: RowOrder::new(task.train.rows(), task.seed),
            weights: RowWeights::new(task.optimisation.class_weights, &task.train),
            epoch: 0,
        })
    }

    pub(super) fn layers(&self) -> Result<Vec<Dense>, TrainError> {
        self.layers.download().map_err(|why| self.torch.failure(self.epoch, &why))
    }

    /// Learns from every training row; `None` when asked to stop.
    fn learn(&mut self, learning_rate: f64, stop: &dyn Fn() -> bool) -> Result<Option<LossStats>, TchError> {
        let batch = self.task.optimisation.batch_size.min(self.order.rows.len());
        let rows = self.train.in_order(&self.order.rows)?;
        let scales = Tensor::f_from_slice(&self.scales(batch))?.f_to(self.torch.device)?;
        let outputs = self.layers.blank_outputs(rows.count())?;
        for stretch in rows.stretches(batch as i64) {
            if stop() {
                return Ok(None);
            }
            let Stretch { from, length, x, targets } = stretch?;
            let answers = self.layers.forward(&x, f64::from(self.task.shape.dropout))?;
            let loss = losses(self.loss, &answers, &targets)?.f_dot(&scales.f_narrow(0, from, length)?)?;
            let gradient = self.layers.gradient(&loss)?;
            self.optimiser.step(learning_rate, self.layers.parameters_mut(), gradient)?;
            outputs.f_narrow(0, from, length)?.f_copy_(&answers.f_detach()?)?;
        }
        loss_stats(self.loss, &outputs, &rows.targets).map(Some)
    }

    /// How much each row's gradient counts in its batch, in the order of the epoch.
    fn scales(&self, batch: usize) -> Vec<f32> {
        let of_batch = |rows: &[u32]| {
            let share = self.weights.share(rows);
            rows.iter().map(|&row| self.weights.scale(row as usize, share)).collect::<Vec<f32>>()
        };
        self.order.rows.chunks(batch).flat_map(of_batch).collect()
    }

    /// Looks at rows without learning; `None` when asked to stop.
    fn evaluate(&self, rows: &Rows, stop: &dyn Fn() -> bool) -> Result<Option<LossStats>, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let outputs = self.layers.blank_outputs(rows.count())?;
        for stretch in rows.stretches(EVALUATED_ROWS) {
            if stop() {
                return Ok(None);
            }
            let Stretch { from, length, x, .. } = stretch?;
            outputs.f_narrow(0, from, length)?.f_copy_(&self.layers.forward(&x, 0.0)?)?;
        }
        loss_stats(self.loss, &outputs, &rows.targets).map(Some)
    }
}

impl Learner for TorchLearner<'_, '_> {
    fn epoch(
        &mut self,
        epoch: u32,
        learning_rate: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<EpochStats, TrainError> {
        self.epoch = epoch;
        self.order.shuffle();
        let torch = self.torch;
        let done = |stats: Result<Option<LossStats>, TchError>| {
            stats.map_err(|why| torch.failure(epoch, &why))?.ok_or(TrainError::Cancelled { epoch })
        };
        let train = done(self.learn(learning_rate, stop))?;
        let validation = self.validation.as_ref().map(|rows| done(self.evaluate(rows, stop))).transpose()?;
        Ok(EpochStats { train, validation })
    }

    fn keep(&mut self) -> Result<(), TrainError> {
        let copy = self.layers.parameters().f_detach_copy();
        self.kept = Some(copy.map_err(|why| self.torch.failure(self.epoch, &why))?);
        Ok(())
    }

    fn restore(&mut self) -> Result<(), TrainError> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let copied = self.layers.parameters_mut().f_copy_(kept);
        copied.map_err(|why| self.torch.failure(self.epoch, &why))
    }
}

/// Each row's loss, without any weights: `[rows]`.
fn losses(loss: Loss, outputs: &Tensor, targets: &Tensor) -> Result<Tensor, TchError> {
    /// No class is left out.
    const IGNORED: i64 = -100;
    match loss {
        Loss::CrossEntropy => {
            outputs.f_cross_entropy_loss(targets, None::<Tensor>, Reduction::None, IGNORED, 0.0)
        }
        Loss::Huber { delta } => outputs.f_huber_loss(targets, Reduction::None, delta),
        Loss::Mse => outputs.f_mse_loss(targets, Reduction::None),
    }
}

/// Sums over rows; waits for the device.
fn loss_stats(loss: Loss, outputs: &Tensor, targets: &Tensor) -> Result<LossStats, TchError> {
    let _no_gradients = tch::no_grad_guard();
    let answers = match loss {
        Loss::CrossEntropy => outputs.f_argmax(-1, false)?.f_eq_tensor(targets)?,
        Loss::Huber { .. } | Loss::Mse => outputs.f_sign()?.f_eq_tensor(&targets.f_sign()?)?,
    };
    Ok(LossStats {
        rows: targets.numel() as u64,
        loss: losses(loss, outputs, targets)?.f_sum(Kind::Double)?.f_double_value(&[])?,
        right: answers.f_sum(Kind::Int64)?.f_int64_value(&[])?.unsigned_abs(),
    })
}
