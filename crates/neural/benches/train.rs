//! Samples per second of training and prediction on one core, and the same training in plain loops over the
//! `matrixmultiply` crate for comparison: `cargo bench -p ktrdr-neural`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::Bencher;
use divan::counter::ItemsCount;
use ktrdr_domain::strategy::network::{Activation, OutputKind};
use ktrdr_neural::throughput::{PredictionLoad, TrainingLoad, headline_shape};
use ktrdr_neural::{NetworkShape, Vectors};

const ROWS: usize = 20_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 30)]
fn train_60_64_32_3(bencher: Bencher<'_, '_>) {
    let load = TrainingLoad::new(&headline_shape(), ROWS, 1).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| load.run_headline(1).unwrap());
}

#[divan::bench(args = [[12, 32, 16], [20, 32, 16]], sample_count = 30)]
fn predict(bencher: Bencher<'_, '_>, [inputs, first, second]: [usize; 3]) {
    let shape = NetworkShape {
        inputs,
        hidden_layers: vec![first, second],
        activation: Activation::Relu,
        dropout: 0.0,
        output: OutputKind::Classification,
    };
    let mut load = PredictionLoad::new(&shape, ROWS, 1).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| load.run(Vectors::widest()));
}
