//! Samples per second of training and prediction on one core: `cargo bench -p ktrdr-neural`.
//!
//! `yardstick` trains the same network in plain loops over the `matrixmultiply` crate. Where others share the
//! machine, the ratio of the two within one run says more than either number.

#![allow(missing_docs, clippy::unwrap_used)]

mod yardstick;

use divan::Bencher;
use divan::counter::ItemsCount;
use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
use ktrdr_neural::throughput::{PredictionLoad, TrainingLoad, headline_optimisation, headline_shape};
use ktrdr_neural::{Cpu, NetworkShape, Vectors};
use yardstick::Yardstick;

/// Batches of 64.
const ROWS: usize = 64 * 300;

fn main() {
    divan::main();
}

/// Vector instructions worth measuring: the portable set is for machines without any.
fn vectors() -> Vec<Vectors> {
    let mut sets = Vectors::available();
    if sets.len() > 1 {
        sets.pop();
    }
    sets
}

#[divan::bench(args = vectors(), sample_count = 50)]
fn train_60_64_32_3(bencher: Bencher<'_, '_>, vectors: Vectors) {
    let load = TrainingLoad::new(&headline_shape(), ROWS, 1).unwrap();
    let optimisation = Optimisation { epochs: 1, ..headline_optimisation() };
    let cpu = Cpu::with(vectors);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| load.run(&cpu, &optimisation).unwrap());
}

/// Of a device that computes large products fast, the cost of small operations shows.
#[cfg(feature = "torch")]
#[divan::bench(sample_count = 10)]
fn train_60_64_32_3_libtorch_on_a_cpu(bencher: Bencher<'_, '_>) {
    let load = TrainingLoad::new(&headline_shape(), ROWS, 1).unwrap();
    let optimisation = Optimisation { epochs: 1, ..headline_optimisation() };
    let torch = ktrdr_neural::Torch::cpu();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| load.run(&torch, &optimisation).unwrap());
}

#[divan::bench(sample_count = 50)]
fn train_60_64_32_3_yardstick(bencher: Bencher<'_, '_>) {
    let x: Vec<f32> = (0..ROWS * 60).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
    let classes: Vec<u8> = (0..ROWS).map(|i| (i * 31 % 3) as u8).collect();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| Yardstick::new().epoch(&x, &classes));
}

#[divan::bench(args = [[12, 32, 16], [20, 32, 16]], sample_count = 50)]
fn predict(bencher: Bencher<'_, '_>, [inputs, first, second]: [usize; 3]) {
    let shape = NetworkShape {
        inputs,
        hidden_layers: vec![first, second],
        activation: Activation::Relu,
        dropout: 0.0,
        output: OutputKind::Classification,
    };
    let load = PredictionLoad::new(&shape, ROWS, 1).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| load.run(Vectors::widest()));
}
