//! Whole trainings against PyTorch: `golden/trajectories.py` says how the numbers were made.

use std::ops::ControlFlow;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
use ktrdr_neural::{Backend, Cpu, Dense, Network, NetworkShape, Task};
use serde_json::{Value, json};

use crate::data::{Rows, matrix, shape};

const SEED: u64 = 11;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn singles(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|x| x as f32).collect()
}

fn rows(value: &Value) -> Rows {
    let classes = numbers(&value["classes"]).into_iter().map(|class| class as u8).collect();
    Rows { x: singles(&value["x"]), width: 5, classes, values: singles(&value["values"]) }
}

fn shape_for(output: &str) -> NetworkShape {
    let (output, activation) = match output {
        "classification" => (OutputKind::Classification, Activation::Tanh),
        _ => (OutputKind::Regression, Activation::Gelu),
    };
    NetworkShape { activation, ..shape(5, &[8, 6], output) }
}

/// Also what keeps a seed meaning the same weights in every later version.
#[test]
fn a_seed_gives_the_weights_that_the_golden_trainings_start_from() {
    let start = parsed(include_str!("golden/start.json"));
    for output in ["classification", "regression"] {
        let layers = start[output].as_array().unwrap().iter().map(|layer| Dense {
            weights: matrix(&singles(&layer["weights"]), layer["inputs"].as_u64().unwrap() as usize)
                .to_owned(),
            bias: singles(&layer["bias"]),
        });
        let network = Network::seeded(&shape_for(output), SEED).unwrap();
        assert_eq!(network.layers(), layers.collect::<Vec<_>>());
    }
}

#[test]
fn initial_weights_fill_the_range_of_pytorchs_linear_layer() {
    let network = Network::seeded(&shape(100, &[200], OutputKind::Classification), 1).unwrap();
    for layer in network.layers() {
        let bound = 1.0 / (layer.weights.ncols() as f32).sqrt();
        let largest = layer.weights.iter().chain(&layer.bias).fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!(largest <= bound && largest > 0.97 * bound, "{largest} {bound}");
    }
}

/// Settings as the `training` section of a strategy has them.
fn optimisation(settings: &Value, output: &str) -> Optimisation {
    let mut training = settings.clone();
    training["labels"] = json!({"source": "forward_return"});
    let mut decisions = json!({"output_format": output});
    if output == "regression" {
        decisions["cost_model"] = json!({"round_trip_cost": 0.001, "min_edge_multiplier": 1});
    }
    let strategy: Strategy = serde_json::from_value(json!({
        "name": "golden",
        "training_data": {"symbols": ["TEST"], "timeframes": ["1h"]},
        "indicators": {"rsi": {"type": "rsi"}},
        "fuzzy_sets": {"rsi": {"indicator": "rsi", "all": {"type": "triangular", "parameters": [0, 50, 100]}}},
        "nn_inputs": [{"fuzzy_set": "rsi", "timeframes": ["1h"]}],
        "model": {"architecture": {"hidden_layers": [8, 6]}},
        "training": training,
        "decisions": decisions,
    }))
    .unwrap();
    strategy.training.optimisation
}

#[test]
fn every_optimiser_scheduler_and_loss_follows_the_trajectory_of_pytorch() {
    follows_pytorch(&Cpu::new());
}

pub(crate) fn follows_pytorch(backend: &dyn Backend) {
    let golden = parsed(include_str!("golden/trajectories.json"));
    let (train, validation) = (rows(&golden["rows"]), rows(&golden["validation_rows"]));
    for case in golden["cases"].as_array().unwrap() {
        let output = case["output"].as_str().unwrap();
        let (optimisation, shape) = (optimisation(&case["settings"], output), shape_for(output));
        let of = |rows: &'static str| match shape.output {
            OutputKind::Classification if rows == "train" => train.classified(),
            OutputKind::Classification => validation.classified(),
            OutputKind::Regression if rows == "train" => train.valued(),
            OutputKind::Regression => validation.valued(),
        };
        let task = Task {
            shape: &shape,
            optimisation: &optimisation,
            seed: SEED,
            train: of("train"),
            validation: Some(of("validation")),
        };
        let trained = backend.train(&task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap();
        let context = format!("{}: {:?}", backend.name(), case["settings"]);
        let history = |number: fn(&ktrdr_domain::report::EpochRecord) -> f64| -> Vec<f64> {
            trained.history.iter().map(number).collect()
        };
        close(&context, &history(|e| e.learning_rate), &numbers(&case["rates"]), 1e-12);
        close(&context, &history(|e| e.train_loss), &numbers(&case["train"]), 2e-5);
        close(&context, &history(|e| e.validation_loss.unwrap()), &numbers(&case["validation"]), 2e-5);
        let layers = trained.network.layers();
        let parts = layers.iter().flat_map(|l| l.weights.iter().chain(&l.bias).map(|&x| f64::from(x)));
        close(&context, &parts.collect::<Vec<_>>(), &numbers(&case["final"]), 1e-4);
    }
}

fn close(context: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{context}");
    for (index, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (g - e).abs() <= tolerance * (1.0 + e.abs()),
            "{context}: entry {index} is {g}, PyTorch has {e}"
        );
    }
}
