//! Training alone: whether a device is worth its price for a network of this size.

use std::hint::black_box;

use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
use ktrdr_neural::throughput::TrainingLoad;
use ktrdr_neural::{NetworkShape, Vectors};

use super::{Measured, per_second};
use crate::cli::bench::TrainBench;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};

const INPUTS: usize = 60;

/// Forward, backward and update.
pub(super) fn measure(wanted: &TrainBench, runs: usize) -> Result<Measured, CliError> {
    let computing = Computing::on(wanted.device)?;
    let shape = NetworkShape {
        inputs: INPUTS,
        hidden_layers: wanted.hidden.clone(),
        activation: Activation::Relu,
        dropout: 0.0,
        output: OutputKind::Classification,
    };
    let optimisation = Optimisation {
        epochs: 1,
        batch_size: wanted.batch as usize,
        early_stopping: None,
        gradient_clip: None,
        ..Optimisation::default()
    };
    let rows = wanted.rows as usize;
    let load = TrainingLoad::new(&shape, rows, 1).or_exit(Kind::Usage)?;
    let rates = per_second(rows, runs, || {
        black_box(load.run(&*computing.backend, &optimisation).or_exit(Kind::Usage)?);
        Ok(())
    })?;
    let layers: String = wanted.hidden.iter().map(|units| format!("-{units}")).collect();
    let setting = format!(
        "{INPUTS}{layers}-3 relu, batch {}, Adam, no dropout, {rows} rows, {} ({})",
        wanted.batch,
        computing.backend.name(),
        Vectors::widest()
    );
    Ok(Measured::of("training", "samples/s", rates, setting))
}
