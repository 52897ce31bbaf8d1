//! Gradients against finite differences of an independent forward pass in double precision.
//!
//! The first step of plain descent moves each parameter by minus its gradient times the learning rate, so a
//! one-epoch, one-batch training shows the gradient through the public interface.

use ktrdr_domain::strategy::network::{Activation, ClassWeights, Loss, Optimisation, Optimizer, OutputKind};
use ktrdr_neural::{Dense, Network, NetworkShape, Samples, Targets};
use ndarray::{ArrayRef1, ArrayView1, aview1};

use crate::data::{ACTIVATIONS, Numbers, noisy_rows, settings, shape, train};

const ROWS: usize = 150;
const SEED: u64 = 3;

fn activated(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::LeakyRelu => x.max(0.01 * x),
        Activation::Gelu => {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        }
    }
}

/// Weights and bias of a layer in double precision.
type Layer = (Vec<Vec<f64>>, Vec<f64>);

fn doubled(layers: &[Dense]) -> Vec<Layer> {
    let wide = |numbers: ArrayView1<'_, f32>| numbers.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    layers.iter().map(|l| (l.weights.rows().into_iter().map(wide).collect(), wide(aview1(&l.bias)))).collect()
}

fn outputs(layers: &[Layer], activation: Activation, row: &ArrayRef1<f32>) -> Vec<f64> {
    let mut values: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
    for (index, (weights, bias)) in layers.iter().enumerate() {
        let linear =
            |(row, b): (&Vec<f64>, &f64)| b + row.iter().zip(&values).map(|(w, v)| w * v).sum::<f64>();
        let sums: Vec<f64> = weights.iter().zip(bias).map(linear).collect();
        let hidden = index + 1 < layers.len();
        values = sums.into_iter().map(|sum| if hidden { activated(activation, sum) } else { sum }).collect();
    }
    values
}

/// Σ weight · loss ÷ Σ weight, over all rows.
fn objective(
    layers: &[Layer],
    activation: Activation,
    samples: &Samples<'_>,
    loss: Loss,
    class_weights: [f64; 3],
) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (index, row) in samples.x.rows().into_iter().enumerate() {
        let z = outputs(layers, activation, &row);
        let (value, class_weight) = match samples.targets {
            Targets::Classes(classes) => {
                let class = usize::from(classes[index]);
                let log_sum = z.iter().map(|z| z.exp()).sum::<f64>().ln();
                (log_sum - z[class], class_weights[class])
            }
            Targets::Values(values) => {
                let error = z[0] - f64::from(values[index]);
                let value = match loss {
                    Loss::Huber { delta } if error.abs() > delta => delta * (error.abs() - 0.5 * delta),
                    Loss::Huber { .. } => 0.5 * error * error,
                    _ => error * error,
                };
                (value, 1.0)
            }
        };
        let weight = class_weight * samples.weights.map_or(1.0, |weights| f64::from(weights[index]));
        sum += weight * value;
        total += weight;
    }
    sum / total
}

/// The gradient of every parameter, in layer order, weights before biases.
fn by_differences(layers: &[Layer], weight_decay: f64, objective: impl Fn(&[Layer]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let mut gradient = Vec::new();
    for index in 0..layers.len() {
        let (rows, columns) = (layers[index].0.len(), layers[index].0[0].len());
        for place in 0..rows * columns + rows {
            let moved = |by: f64| {
                let mut copy = layers.to_vec();
                let (weights, bias) = &mut copy[index];
                let number = match place.checked_sub(rows * columns) {
                    Some(b) => &mut bias[b],
                    None => &mut weights[place / columns][place % columns],
                };
                let original = *number;
                *number += by;
                (objective(&copy), original)
            };
            let ((above, number), (below, _)) = (moved(STEP), moved(-STEP));
            gradient.push((above - below) / (2.0 * STEP) + weight_decay * number);
        }
    }
    gradient
}

/// What one step of plain descent with rate 1 took off each parameter.
fn by_training<'a>(
    shape: &'a NetworkShape,
    optimisation: &'a Optimisation,
    samples: Samples<'a>,
) -> Vec<f64> {
    let numbers = |network: &Network| -> Vec<f64> {
        let parts = network.layers();
        parts
            .iter()
            .flat_map(|l| l.weights.iter().chain(&l.bias).map(|&x| f64::from(x)).collect::<Vec<_>>())
            .collect()
    };
    let before = numbers(&Network::seeded(shape, SEED).unwrap());
    let after = numbers(&train(shape, optimisation, SEED, samples).unwrap().network);
    before.iter().zip(after).map(|(before, after)| before - after).collect()
}

fn assert_same(context: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    assert!(largest > 1e-3, "{context}: the gradient is too small to test anything");
    for (index, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() < 1e-6 + 1e-5 * largest, "{context}, parameter {index}: {g} for {e}");
    }
}

fn one_step(loss: Loss) -> Optimisation {
    Optimisation {
        optimizer: Optimizer::Sgd,
        learning_rate: 1.0,
        batch_size: ROWS,
        gradient_clip: None,
        loss: Some(loss),
        ..settings(1)
    }
}

#[test]
fn gradients_of_every_activation_and_loss_agree_with_finite_differences() {
    let rows = noisy_rows(ROWS, 5, 1);
    let losses = [Loss::CrossEntropy, Loss::Huber { delta: 0.3 }, Loss::Mse];
    for activation in ACTIVATIONS {
        for loss in losses {
            let (output, samples) = match loss {
                Loss::CrossEntropy => (OutputKind::Classification, rows.classified()),
                _ => (OutputKind::Regression, rows.valued()),
            };
            let shape = NetworkShape { activation, ..shape(5, &[9, 4], output) };
            let start = doubled(&Network::seeded(&shape, SEED).unwrap().layers());
            let expected =
                by_differences(&start, 0.0, |layers| objective(layers, activation, &samples, loss, [1.0; 3]));
            assert_same(
                &format!("{activation:?} {loss:?}"),
                &by_training(&shape, &one_step(loss), samples),
                &expected,
            );
        }
    }
}

#[test]
fn class_weights_row_weights_and_weight_decay_enter_the_gradient() {
    let rows = noisy_rows(ROWS, 4, 2);
    let mut numbers = Numbers::new(9);
    let weights: Vec<f32> = (0..ROWS).map(|_| 1.0 + numbers.next()).collect();
    let samples = Samples { weights: Some(&weights), ..rows.classified() };
    let shape = NetworkShape { activation: Activation::Tanh, ..shape(4, &[7], OutputKind::Classification) };
    let optimisation = Optimisation {
        class_weights: ClassWeights::Balanced,
        weight_decay: 0.1,
        ..one_step(Loss::CrossEntropy)
    };
    let share = |class: u8| rows.classes.iter().filter(|&&c| c == class).count() as f64 / ROWS as f64;
    let class_weights = [0, 1, 2].map(|class| 1.0 / (3.0 * share(class)));
    let start = doubled(&Network::seeded(&shape, SEED).unwrap().layers());
    let expected = by_differences(&start, 0.1, |layers| {
        objective(layers, Activation::Tanh, &samples, Loss::CrossEntropy, class_weights)
    });
    assert_same("weighted", &by_training(&shape, &optimisation, samples), &expected);
}

#[test]
fn reported_losses_ignore_weights() {
    let rows = noisy_rows(ROWS, 4, 2);
    let shape = shape(4, &[7], OutputKind::Classification);
    let weights: Vec<f32> = (0_u16..150).map(|row| f32::from(row % 5)).collect();
    let weighted = Samples { weights: Some(&weights), ..rows.classified() };
    let balanced = Optimisation { class_weights: ClassWeights::Balanced, ..one_step(Loss::CrossEntropy) };
    let plain = train(&shape, &one_step(Loss::CrossEntropy), SEED, rows.classified()).unwrap();
    let trained = train(&shape, &balanced, SEED, weighted).unwrap();
    assert_ne!(plain.network, trained.network);
    assert_eq!(plain.history[0].train_loss, trained.history[0].train_loss);
}

#[test]
fn the_whole_gradient_is_clipped_by_its_norm() {
    let rows = noisy_rows(ROWS, 5, 1);
    let shape = shape(5, &[9, 4], OutputKind::Regression);
    let norm = |gradient: &[f64]| gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let full = by_training(&shape, &one_step(Loss::Mse), rows.valued());
    let limit = norm(&full) / 3.0;
    let clipped = Optimisation { gradient_clip: Some(limit), ..one_step(Loss::Mse) };
    let clipped = by_training(&shape, &clipped, rows.valued());
    assert!((norm(&clipped) / limit - 1.0).abs() < 1e-4);
    assert_same("direction", &clipped.iter().map(|g| g * 3.0).collect::<Vec<_>>(), &full);
    let loose = Optimisation { gradient_clip: Some(norm(&full) * 2.0), ..one_step(Loss::Mse) };
    assert_eq!(by_training(&shape, &loose, rows.valued()), full);
}
