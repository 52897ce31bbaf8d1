//! What the stored network owes to each input, on the test rows: bars of dev that it neither learned from nor was stopped by.

use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::report::sheet::{Importance, InputImportance};
use ktrdr_neural::Trained;
use ktrdr_neural::importance::{BLOCKS, Judge, Silenced};
use ktrdr_quant::statistics::{moments, normal};
use ktrdr_worker::Job;

use super::gather::Gathered;
use crate::fault::Fault;
use crate::inputs::{self, INPUTS_MAX};

/// Permutations of each input: what differs between them is little beside what differs between blocks.
const PERMUTATIONS: usize = 5;

/// How often any input that says nothing may seem to say something.
const FALSE_ALARMS_MAX: f64 = 0.05;

/// `None` of few test rows; and of a training into the vault, whose test rows are an exam's: what helps there is for nobody to know.
pub(super) fn of(
    job: &Job,
    spec: &TrainingSpec,
    gathered: &Gathered,
    trained: &Trained,
) -> Result<Option<Importance>, Fault> {
    let (strategy, test) = (&spec.strategy, gathered.rows.test.samples());
    if spec.open_vault.is_some() {
        return Ok(None);
    }
    let loss = strategy.training.optimisation.loss;
    let judge = Judge::new(&trained.network, test, loss, PERMUTATIONS, spec.seed).map_err(Fault::input)?;
    let Some(judge) = judge else { return Ok(None) };
    let (features, named) = (strategy.features(), inputs::of(strategy));
    let asked = named.len().min(INPUTS_MAX);
    let mut told = Vec::with_capacity(asked);
    for (name, _) in named.into_iter().take(asked) {
        if job.stop.is_stopped() {
            return Err(Fault::Stopped);
        }
        let silenced = judge.without(&inputs::columns(&features, &name)).map_err(Fault::input)?;
        told.push(input(name, &silenced, asked));
    }
    told.sort_by(|a, b| b.permuted_loss.total_cmp(&a.permuted_loss));
    let (loss, accuracy) = judge.whole();
    Ok(Some(Importance {
        rows: judge.rows() as u64,
        blocks: BLOCKS as u64,
        permutations: PERMUTATIONS as u64,
        loss,
        accuracy,
        inputs: told,
    }))
}

fn input(name: String, silenced: &Silenced, asked: usize) -> InputImportance {
    let losses: Vec<f64> = silenced.permuted.iter().map(|given_up| given_up.loss).collect();
    let accuracies: Vec<f64> = silenced.permuted.iter().map(|given_up| given_up.accuracy).collect();
    let mean = |values: &[f64]| moments::mean(values).unwrap_or(0.0);
    let distance = normal::quantile(1.0 - FALSE_ALARMS_MAX / asked.max(1) as f64);
    InputImportance {
        name,
        permuted_loss: mean(&losses),
        permuted_spread: moments::standard_deviation(&losses).unwrap_or(0.0),
        noise: distance * silenced.standard_error,
        permuted_accuracy: mean(&accuracies),
        held_loss: silenced.held.loss,
        held_accuracy: silenced.held.accuracy,
    }
}
