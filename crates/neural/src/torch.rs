//! The backend of libtorch, for GPUs. Built with the feature `torch`.
//!
//! First weights, order of rows, weights of rows, step sizes and endings are those of [`Cpu`](crate::Cpu); so, as long
//! as nothing is dropped out, its losses differ by rounding alone. Which units are silenced is libtorch's own draw
//! from the seed. **Its numbers are repeated only to rounding**: another device or another libtorch adds in another
//! order. Each small operation is a launch on the device, so that a small network trains faster on [`Cpu`](crate::Cpu).

mod cuda;
mod layers;
mod learner;
mod optimiser;
mod rows;

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use tch::{Device, Kind, TchError, Tensor};

use crate::fit::{Fitted, fit};
use crate::network::{Network, NetworkError};
use crate::train::{Backend, EpochProgress, Task, TrainError, Trained};
pub use cuda::NoGpu;
use learner::TorchLearner;

/// What tch 0.24 is built for; its build refuses another.
const LIBTORCH: &str = "2.11.0";

/// libtorch has one generator of random numbers for each device, not for each training.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Trains through libtorch on one device, one training at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torch {
    device: Device,
}

impl Torch {
    /// On a CPU: slower than [`Cpu`](crate::Cpu), and what this backend's own arithmetic is tested on.
    #[must_use]
    pub fn cpu() -> Self {
        Self { device: Device::Cpu }
    }

    /// On the GPU of this number, from 0, as CUDA counts them. It has computed something before this returns.
    ///
    /// # Errors
    /// When there is none of this number, or libtorch can not use it.
    pub fn gpu(number: usize) -> Result<Self, NoGpu> {
        let seen = cuda::gpus()?;
        if number >= seen {
            return Err(NoGpu::Number { number, seen });
        }
        let torch = Self { device: Device::Cuda(number) };
        torch.answers().map_err(|why| NoGpu::Unusable { number, reason: first_line(&why) })?;
        Ok(torch)
    }

    fn device_name(&self) -> String {
        match self.device {
            Device::Cuda(number) => format!("cuda:{number}"),
            _ => "cpu".into(),
        }
    }

    /// What went wrong in an epoch, and whether the device can still be used: after some failures CUDA refuses
    /// everything until the process ends.
    fn failure(&self, epoch: u32, why: &TchError) -> TrainError {
        let reason = first_line(why);
        match (self.device, self.answers()) {
            (Device::Cuda(_), Err(_)) => TrainError::DeviceLost { device: self.device_name(), reason },
            _ => TrainError::Device { device: self.device_name(), epoch, reason },
        }
    }

    /// One sum on the device and back.
    fn answers(&self) -> Result<f64, TchError> {
        Tensor::f_ones([8], (Kind::Float, self.device))?.f_sum(Kind::Double)?.f_double_value(&[])
    }
}

/// What went wrong, without the stack of libtorch.
fn first_line(why: &TchError) -> String {
    why.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Backend for Torch {
    fn name(&self) -> String {
        format!("{} (libtorch {LIBTORCH})", self.device_name())
    }

    /// Asks `stop` for every batch; another training of this process waits until this one is over.
    fn train(
        &self,
        task: &Task<'_>,
        observer: &mut dyn FnMut(&EpochProgress) -> ControlFlow<()>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Trained, TrainError> {
        let loss = task.check()?;
        let first = Network::seeded(task.shape, task.seed)?;
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // A second thread would wait in busy loops for one that the machine has put aside.
        tch::set_num_threads(1);
        tch::manual_seed(task.seed as i64);
        let mut learner = TorchLearner::new(self, task, loss, &first)?;
        let Fitted { history, best_epoch, ending } = fit(task, &mut learner, observer, stop)?;
        let epoch = history.len() as u32;
        let layers = learner.layers()?;
        let network = Network::from_layers(task.shape, &layers).map_err(|why| match why {
            NetworkError::Shape(shape) => TrainError::Shape(shape),
            // the sizes are those of the shape: what is left are weights that are not numbers
            NetworkError::LayerCount { .. }
            | NetworkError::LayerSize { .. }
            | NetworkError::NotFinite { .. } => TrainError::Diverged { epoch },
        })?;
        Ok(Trained { network, history, best_epoch, ending })
    }
}
