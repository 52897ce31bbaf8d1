//! Networks learn what they should.

use ktrdr_domain::strategy::network::{Activation, Loss, Optimisation, Optimizer, OutputKind};
use ktrdr_neural::{NetworkShape, evaluate};

use crate::data::{ACTIVATIONS, Numbers, Rows, settings, shape, train};

fn quick(epochs: u32) -> Optimisation {
    Optimisation { learning_rate: 0.02, batch_size: 32, ..settings(epochs) }
}

fn xor() -> Rows {
    let x: Vec<f32> = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].concat().repeat(16);
    Rows { x, width: 2, classes: [0, 2, 2, 0].repeat(16), values: Vec::new() }
}

#[test]
fn every_activation_learns_exclusive_or() {
    for activation in ACTIVATIONS {
        let shape = NetworkShape { activation, ..shape(2, &[16], OutputKind::Classification) };
        let trained = train(&shape, &quick(400), 1, xor().classified()).unwrap();
        let evaluation = evaluate(&trained.network, &xor().classified(), None).unwrap();
        assert_eq!(evaluation.accuracy, 1.0, "{activation:?}, loss {}", evaluation.loss);
    }
}

/// Two half circles that no line separates, with noise.
fn two_moons(count: usize, seed: u64) -> Rows {
    let mut numbers = Numbers::new(seed);
    let (mut x, mut classes) = (Vec::new(), Vec::new());
    for index in 0..count {
        let angle = std::f32::consts::PI * 0.5 * (1.0 + numbers.next());
        let upper = index % 2 == 0;
        let (a, b) = if upper { (angle.cos(), angle.sin()) } else { (1.0 - angle.cos(), 0.5 - angle.sin()) };
        x.extend([a + 0.1 * numbers.next(), b + 0.1 * numbers.next()]);
        classes.push(if upper { 0 } else { 2 });
    }
    Rows { x, width: 2, classes, values: Vec::new() }
}

#[test]
fn two_moons_are_told_apart_on_rows_never_seen_and_dropout_does_not_prevent_it() {
    let (rows, unseen) = (two_moons(400, 1), two_moons(200, 2));
    for dropout in [0.0, 0.2] {
        let shape = NetworkShape { dropout, ..shape(2, &[32, 16], OutputKind::Classification) };
        let trained = train(&shape, &quick(60), 1, rows.classified()).unwrap();
        let evaluation = evaluate(&trained.network, &unseen.classified(), None).unwrap();
        assert!(evaluation.accuracy > 0.97, "dropout {dropout}: {}", evaluation.accuracy);
    }
}

#[test]
fn a_linear_network_finds_the_line_with_every_optimiser() {
    let mut numbers = Numbers::new(3);
    let x: Vec<f32> = (0..600).map(|_| numbers.next()).collect();
    let values = x.chunks(3).map(|row| 0.5 * row[0] - 2.0 * row[1] + 0.25).collect();
    let rows = Rows { x, width: 3, classes: Vec::new(), values };
    for (optimizer, learning_rate) in [
        (Optimizer::Adam, 0.05),
        (Optimizer::AdamW, 0.05),
        (Optimizer::Sgd, 0.05),
        (Optimizer::RmsProp, 0.002),
    ] {
        let optimisation = Optimisation { optimizer, learning_rate, loss: Some(Loss::Mse), ..settings(400) };
        let trained = train(&shape(3, &[], OutputKind::Regression), &optimisation, 1, rows.valued()).unwrap();
        let layer = &trained.network.layers()[0];
        let found = [layer.weights[[0, 0]], layer.weights[[0, 1]], layer.weights[[0, 2]], layer.bias[0]];
        for (got, expected) in found.iter().zip([0.5, -2.0, 0.0, 0.25]) {
            assert!((got - expected).abs() < 0.01, "{optimizer:?}: {found:?}");
        }
    }
}

#[test]
fn huber_shrugs_off_outliers_that_pull_the_squared_error_away() {
    let mut numbers = Numbers::new(4);
    let x: Vec<f32> = (0..400).map(|_| numbers.next()).collect();
    let values = x.iter().enumerate().map(|(row, x)| x + if row % 10 == 0 { 30.0 } else { 0.0 }).collect();
    let rows = Rows { x, width: 1, classes: Vec::new(), values };
    let bias = |loss| {
        let optimisation = Optimisation { loss: Some(loss), gradient_clip: None, ..quick(400) };
        train(&shape(1, &[], OutputKind::Regression), &optimisation, 1, rows.valued())
            .unwrap()
            .network
            .layers()[0]
            .bias[0]
    };
    assert!(bias(Loss::Huber { delta: 0.5 }).abs() < 0.3);
    assert!((bias(Loss::Mse) - 3.0).abs() < 0.3);
}

#[test]
fn dropout_acts_while_training() {
    let rows = two_moons(200, 1);
    let loss = |dropout| {
        let shape = NetworkShape {
            dropout,
            activation: Activation::Tanh,
            ..shape(2, &[32], OutputKind::Classification)
        };
        train(&shape, &quick(1), 1, rows.classified()).unwrap().history[0].train_loss
    };
    assert_ne!(loss(0.0), loss(0.5));
}

#[test]
fn the_last_batch_of_an_epoch_may_be_short_and_is_a_step_of_its_own() {
    // all rows alike, so that neither their order nor the size of a batch changes its mean gradient
    let rows = Rows { x: [0.3, -0.6].repeat(50), width: 2, classes: vec![2; 50], values: Vec::new() };
    let shape = NetworkShape { activation: Activation::Tanh, ..shape(2, &[8], OutputKind::Classification) };
    let trained = |epochs, batch_size| {
        let optimisation = Optimisation { batch_size, ..settings(epochs) };
        train(&shape, &optimisation, 1, rows.classified()).unwrap().network.layers()
    };
    let (in_batches, at_once) = (trained(1, 15), trained(4, 50));
    for (one, other) in in_batches.iter().zip(&at_once) {
        for (a, b) in one.weights.iter().zip(&other.weights) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}
