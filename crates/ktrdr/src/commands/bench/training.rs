//! Training alone: whether a device is worth its price for a network of this size.

use std::hint::black_box;

use ktrdr_domain::strategy::network::Optimisation;
use ktrdr_neural::throughput::{TrainingLoad, headline_optimisation, headline_shape};
use ktrdr_neural::{NetworkShape, Vectors};

use super::{Measured, per_second};
use crate::cli::bench::TrainBench;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};

/// Forward, backward and update.
pub(super) fn measure(wanted: &TrainBench, runs: usize) -> Result<Measured, CliError> {
    let computing = Computing::on(wanted.device)?;
    let shape = NetworkShape { hidden_layers: wanted.hidden.clone(), ..headline_shape() };
    let optimisation =
        Optimisation { epochs: 1, batch_size: wanted.batch as usize, ..headline_optimisation() };
    let rows = wanted.rows as usize;
    let load = TrainingLoad::new(&shape, rows, 1).or_exit(Kind::Usage)?;
    let rates = per_second(rows, runs, || {
        black_box(load.run(&*computing.backend, &optimisation).or_exit(Kind::Usage)?);
        Ok(())
    })?;
    let layers: String = wanted.hidden.iter().map(|units| format!("-{units}")).collect();
    let setting = format!(
        "{}{layers}-3 relu, batch {}, Adam, no dropout, {rows} rows, {} ({})",
        shape.inputs,
        wanted.batch,
        computing.backend.name(),
        Vectors::widest()
    );
    Ok(Measured::of("training", "samples/s", rates, setting))
}
