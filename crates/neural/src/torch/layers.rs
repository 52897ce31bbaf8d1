//! A network on the device, and its gradient.
//!
//! All parameters lie in one flat tensor, so that a step of the optimiser is a handful of launches however many layers
//! there are. Each layer sees its own part of it.

use ktrdr_domain::strategy::network::Activation;
use ndarray::Array2;
use tch::{Device, Kind, TchError, Tensor};

use crate::network::{Dense, Network};

/// The layers of one network.
pub(super) struct Layers {
    /// Of each layer first to last, weights `[outputs × inputs]` and then bias.
    parameters: Tensor,
    layers: Vec<Layer>,
    activation: Activation,
}

/// Views of `parameters` that a gradient can be asked of.
struct Layer {
    inputs: usize,
    outputs: usize,
    weights: Tensor,
    bias: Tensor,
}

impl Layers {
    pub(super) fn upload(network: &Network, device: Device) -> Result<Self, TchError> {
        let dense = network.layers();
        let flat: Vec<f32> = dense.iter().flat_map(|l| l.weights.iter().chain(&l.bias).copied()).collect();
        let parameters = Tensor::f_from_slice(&flat)?.f_to(device)?;
        let mut from = 0;
        let mut part = |shape: &[usize]| {
            let length: usize = shape.iter().product();
            let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
            let view = parameters.f_narrow(0, from, length as i64)?.f_reshape(&shape[..])?;
            from += length as i64;
            view.f_detach()?.f_set_requires_grad(true)
        };
        let mut layers = Vec::with_capacity(dense.len());
        for Dense { weights, .. } in dense {
            let (outputs, inputs) = weights.dim();
            let (weights, bias) = (part(&[outputs, inputs])?, part(&[outputs])?);
            layers.push(Layer { inputs, outputs, weights, bias });
        }
        Ok(Self { parameters, layers, activation: network.shape().activation })
    }

    /// The outputs of rows: `[rows × 3]` for classes, `[rows]` for a number. `dropout` is the share of hidden units
    /// to silence.
    pub(super) fn forward(&self, x: &Tensor, dropout: f64) -> Result<Tensor, TchError> {
        let mut values = x.shallow_clone();
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                values = activate(self.activation, &values)?;
                if dropout > 0.0 {
                    values = values.f_dropout(dropout, true)?;
                }
            }
            values = values.f_linear(&layer.weights, Some(&layer.bias))?;
        }
        match self.layers.last() {
            Some(Layer { outputs: 1, .. }) => values.f_squeeze_dim(-1),
            _ => Ok(values),
        }
    }

    /// The derivative of `loss`, which came from [`Layers::forward`], with respect to every parameter, flat as they are.
    pub(super) fn gradient(&self, loss: &Tensor) -> Result<Tensor, TchError> {
        let parts: Vec<&Tensor> =
            self.layers.iter().flat_map(|layer| [&layer.weights, &layer.bias]).collect();
        let gradients = Tensor::f_run_backward(&[loss], &parts, false, false)?;
        let flat =
            gradients.iter().map(|gradient| gradient.f_reshape([-1])).collect::<Result<Vec<_>, _>>()?;
        Tensor::f_cat(&flat, 0)
    }

    pub(super) fn parameters(&self) -> &Tensor {
        &self.parameters
    }

    pub(super) fn parameters_mut(&mut self) -> &mut Tensor {
        &mut self.parameters
    }

    /// Back in this process's memory.
    pub(super) fn download(&self) -> Result<Vec<Dense>, TchError> {
        let parameters = self.parameters.f_to(Device::Cpu)?;
        let mut flat = vec![0.0_f32; parameters.numel()];
        parameters.f_copy_data(&mut flat, parameters.numel())?;
        let mut rest = flat.as_slice();
        let dense = |layer: &Layer| {
            let Layer { inputs, outputs, .. } = *layer;
            let (weights, after) = rest.split_at(inputs * outputs);
            let (bias, after) = after.split_at(outputs);
            rest = after;
            let weights =
                Array2::from_shape_fn((outputs, inputs), |(output, input)| weights[output * inputs + input]);
            Dense { weights, bias: bias.to_vec() }
        };
        Ok(self.layers.iter().map(dense).collect())
    }

    pub(super) fn blank_outputs(&self, rows: i64) -> Result<Tensor, TchError> {
        let place = (Kind::Float, self.parameters.device());
        match self.layers.last() {
            Some(Layer { outputs: 1, .. }) | None => Tensor::f_empty([rows], place),
            Some(Layer { outputs, .. }) => Tensor::f_empty([rows, *outputs as i64], place),
        }
    }
}

fn activate(activation: Activation, values: &Tensor) -> Result<Tensor, TchError> {
    match activation {
        Activation::Relu => values.f_relu(),
        Activation::Tanh => values.f_tanh(),
        Activation::Sigmoid => values.f_sigmoid(),
        Activation::LeakyRelu => values.f_leaky_relu(),
        Activation::Gelu => values.f_gelu("tanh"),
    }
}
