//! What a report says about the test rows, beside baselines that know nothing.

use ktrdr_domain::strategy::network::{Loss, OutputKind};
use ktrdr_neural::{Dense, Network, Samples, Targets, score};
use ndarray::arr2;

use crate::data::{matrix, shape};

/// Answers BUY above zero, SELL below, from one feature.
fn sign_network() -> Network {
    let shape = shape(1, &[], OutputKind::Classification);
    let layer = Dense { weights: arr2(&[[1.0], [0.0], [-1.0]]), bias: vec![0.0, -5.0, 0.0] };
    Network::from_layers(&shape, &[layer]).unwrap()
}

fn rows<'a>(x: &'a [f32], targets: Targets<'a>) -> Samples<'a> {
    Samples { x: matrix(x, 1), targets, weights: None }
}

#[test]
fn classification_metrics_stand_beside_those_of_the_training_shares() {
    let test = rows(&[2.0, 1.0, -1.0, -2.0], Targets::Classes(&[0, 2, 2, 2]));
    let metrics =
        score::test_metrics(&sign_network(), &test, &Targets::Classes(&[0, 0, 2, 1]), None).unwrap();
    assert_eq!((metrics.rows, metrics.accuracy, metrics.recall), (4, Some(0.75), Some(0.75)));
    // precisions: BUY 1/2, SELL 2/2
    assert_eq!(metrics.precision, Some(0.25 * 0.5 + 0.75 * 1.0));
    assert_eq!((metrics.label_shares, metrics.answer_shares), ([0.25, 0.0, 0.75], [0.5, 0.0, 0.5]));
    // always BUY, the most frequent class of training, is right once in four
    assert_eq!(metrics.baseline_accuracy, Some(0.25));
    let expected = -(0.5_f64.ln() + 3.0 * 0.25_f64.ln()) / 4.0;
    assert!((metrics.baseline_loss.unwrap() - expected).abs() < 1e-12);
    let row = |z: f64, right: f64| (z.exp() + (-5_f64).exp() + (-z).exp()).ln() - right;
    let expected = (row(2.0, 2.0) + row(1.0, -1.0) + row(-1.0, 1.0) + row(-2.0, 2.0)) / 4.0;
    assert!((metrics.loss.unwrap() - expected).abs() < 1e-6);
}

#[test]
fn a_class_that_training_never_saw_leaves_the_baseline_undefined() {
    let test = rows(&[1.0, -1.0], Targets::Classes(&[0, 1]));
    let metrics = score::test_metrics(&sign_network(), &test, &Targets::Classes(&[0, 2]), None).unwrap();
    assert_eq!(metrics.baseline_loss, None);
    assert_eq!(metrics.precision, None, "HOLD came and was never answered");
}

#[test]
fn no_rows_define_nothing() {
    let none = rows(&[], Targets::Classes(&[]));
    let metrics = score::test_metrics(&sign_network(), &none, &Targets::Classes(&[0, 2]), None).unwrap();
    assert_eq!((metrics.rows, metrics.accuracy, metrics.loss, metrics.baseline_loss), (0, None, None, None));
    let untrained = rows(&[1.0], Targets::Classes(&[0]));
    let metrics = score::test_metrics(&sign_network(), &untrained, &Targets::Classes(&[]), None).unwrap();
    assert_eq!((metrics.baseline_accuracy, metrics.baseline_loss), (None, None));
}

#[test]
fn a_regression_is_judged_by_sign_and_against_the_training_mean() {
    let shape = shape(1, &[], OutputKind::Regression);
    let layer = Dense { weights: arr2(&[[1.0]]), bias: vec![0.0] };
    let network = Network::from_layers(&shape, &[layer]).unwrap();
    let test = rows(&[1.0, -1.0, 2.0], Targets::Values(&[2.0, -1.0, -1.0]));
    let train = Targets::Values(&[1.0, 3.0, -1.0]);
    let metrics = score::test_metrics(&network, &test, &train, Some(Loss::Mse)).unwrap();
    assert_eq!(metrics.accuracy, Some(2.0 / 3.0));
    assert_eq!(metrics.loss, Some((1.0 + 0.0 + 9.0) / 3.0));
    assert_eq!(metrics.baseline_loss, Some((1.0 + 4.0 + 4.0) / 3.0));
    assert_eq!(metrics.baseline_accuracy, Some(1.0 / 3.0));
    assert_eq!((metrics.precision, metrics.recall, metrics.f1), (None, None, None));
    assert_eq!(metrics.answer_shares, [2.0 / 3.0, 0.0, 1.0 / 3.0]);
}
