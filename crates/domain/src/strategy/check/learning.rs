//! Output, labels, loss and costs belong together.

use super::at;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::CONFIDENCE;
use crate::strategy::network::{ClassWeights, Loss, OutputKind};
use crate::strategy::read::Draft;
use crate::strategy::{Decisions, Labels, Training};

pub(super) fn output_fits_labels(draft: &Draft, out: &mut Diagnostics) {
    let (Some(training), Some(decisions)) = (&draft.training, &draft.decisions) else { return };
    match decisions.output_format {
        OutputKind::Classification => classification(training, decisions, out),
        OutputKind::Regression => regression(training, decisions, out),
    }
    if matches!(training.labels, Labels::Zigzag { .. }) {
        let message =
            "zigzag labels can be learned from noise: an untrained rule scores 65 % on a random walk";
        out.warning(at("training.labels.source", message, "use triple_barrier or forward_return"));
    }
}

fn classification(training: &Training, decisions: &Decisions, out: &mut Diagnostics) {
    if matches!(training.optimisation.loss, Some(Loss::Huber { .. } | Loss::Mse)) {
        out.error(at("training.loss", "this loss is for regression", "use cross_entropy, or remove the key"));
    }
    if decisions.cost_model.is_some() {
        let fix = "remove it, or use output_format: regression";
        out.error(at("decisions.cost_model", "a cost model acts on a regression output only", fix));
    }
}

fn regression(training: &Training, decisions: &Decisions, out: &mut Diagnostics) {
    match training.labels {
        Labels::ForwardReturn { threshold, .. } => {
            if threshold > 0.0 {
                let message = "a dead zone acts on classes only";
                out.error(at(
                    "training.labels.threshold",
                    message,
                    "remove it: cost_model keeps small returns untraded",
                ));
            }
        }
        Labels::TripleBarrier { .. } | Labels::Zigzag { .. } => {
            let message = "these labels are classes, a regression output needs numbers";
            out.error(at("training.labels.source", message, "use source: forward_return"));
        }
    }
    if training.optimisation.loss == Some(Loss::CrossEntropy) {
        out.error(at(
            "training.loss",
            "cross_entropy is for classification",
            "use huber or mse, or remove the key",
        ));
    }
    if training.optimisation.class_weights != ClassWeights::None {
        out.error(at("training.class_weights", "a regression output has no classes", "remove it"));
    }
    if decisions.cost_model.is_none() && !out.faulty("decisions.cost_model") {
        let fix = "add cost_model: {round_trip_cost: 0.0004, min_edge_multiplier: 1.5}";
        out.error(at("decisions.cost_model", "a regression output needs a cost model", fix));
    }
    if CONFIDENCE.default != Some(decisions.confidence_threshold) {
        let message = "a regression output has no confidence";
        out.warning(at("decisions.confidence_threshold", message, "remove it: cost_model decides"));
    }
}
