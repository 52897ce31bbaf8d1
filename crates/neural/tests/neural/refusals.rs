//! Impossible tasks are refused before anything is trained, and say what to do.

use ktrdr_domain::strategy::network::{Activation, Architecture, Optimisation, OutputKind};
use ktrdr_neural::{
    Dense, EvaluateError, Network, NetworkError, NetworkShape, Samples, Targets, Task, TrainError, evaluate,
};
use ndarray::arr2;

use crate::data::{matrix, noisy_rows, run, settings, shape, train};

#[test]
fn training_and_validation_rows_are_told_apart_in_the_message() {
    let rows = noisy_rows(40, 6, 1);
    let shape = shape(6, &[8], OutputKind::Classification);
    let wrong = Samples { x: matrix(&rows.x[..200], 5), ..rows.classified() };
    let error = train(&shape, &settings(1), 1, wrong).unwrap_err().to_string();
    assert!(error.starts_with("training rows: rows of 5 features, the network takes 6"), "{error}");
    let few = Samples {
        x: matrix(&rows.x[..90], 6),
        targets: Targets::Classes(&rows.classes[..15]),
        ..rows.classified()
    };
    assert!(train(&shape, &settings(1), 1, few).unwrap_err().to_string().contains("at least 16"));
    let empty = Samples { x: matrix(&[], 6), targets: Targets::Classes(&[]), ..rows.classified() };
    let optimisation = settings(1);
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: Some(empty),
    };
    assert!(run(&task).unwrap_err().to_string().starts_with("validation rows: 0 rows"));
}

#[test]
fn a_network_too_large_for_memory_is_refused_at_once() {
    let rows = noisy_rows(40, 6, 1);
    let huge = shape(6, &[16_000, 16_000], OutputKind::Classification);
    assert!(matches!(train(&huge, &settings(1), 1, rows.classified()), Err(TrainError::Shape(_))));
    let wide = Architecture { hidden_layers: vec![usize::MAX], activation: Activation::Relu, dropout: 0.0 };
    assert!(NetworkShape::new(&wide, 6, OutputKind::Regression).is_err());
    assert!(Network::seeded(&huge, 1).is_err());
}

#[test]
fn a_setting_out_of_range_is_named_by_its_path() {
    let rows = noisy_rows(40, 6, 1);
    let shape = shape(6, &[8], OutputKind::Classification);
    let optimisation = Optimisation { learning_rate: -1.0, ..settings(1) };
    let error = train(&shape, &optimisation, 1, rows.classified()).unwrap_err().to_string();
    assert!(error.starts_with("training.learning_rate is -1"), "{error}");
    let error = train(&shape, &Optimisation::default(), 1, rows.classified()).unwrap_err().to_string();
    assert!(error.contains("early_stopping"), "{error}");
}

#[test]
fn layers_that_do_not_fit_the_shape_are_refused() {
    let shape = shape(2, &[], OutputKind::Regression);
    let layer = Dense { weights: arr2(&[[1.0, 2.0]]), bias: vec![0.5] };
    let network = Network::from_layers(&shape, std::slice::from_ref(&layer)).unwrap();
    assert_eq!(network.predict(&arr2(&[[10.0, 100.0]])).unwrap(), arr2(&[[210.5]]));
    assert_eq!(network.layers(), std::slice::from_ref(&layer));
    assert_eq!(Network::from_layers(&shape, &[]), Err(NetworkError::LayerCount { given: 0, expected: 1 }));
    let short = Dense { weights: arr2(&[[1.0]]), ..layer.clone() };
    assert_eq!(Network::from_layers(&shape, &[short]), Err(NetworkError::LayerSize { layer: 0 }));
    let broken = Dense { bias: vec![f32::NAN], ..layer };
    assert_eq!(Network::from_layers(&shape, &[broken]), Err(NetworkError::NotFinite { layer: 0 }));
}

#[test]
fn evaluation_refuses_rows_and_losses_that_do_not_fit() {
    let rows = noisy_rows(40, 6, 1);
    let network = Network::seeded(&shape(6, &[8], OutputKind::Classification), 1).unwrap();
    let mse = Some(ktrdr_domain::strategy::network::Loss::Mse);
    assert!(matches!(evaluate(&network, &rows.classified(), mse), Err(EvaluateError::Loss { .. })));
    assert!(matches!(evaluate(&network, &rows.valued(), None), Err(EvaluateError::Samples(_))));
}
