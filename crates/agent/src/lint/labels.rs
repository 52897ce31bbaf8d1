//! Findings about what the network is taught, and whether it can learn that much from so few rows.

use ktrdr_domain::strategy::label::{Class, Labels};
use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::{Severity, Strategy};

use super::{Finding, in_percent};
use crate::market::Market;

/// A class rarer than this is hardly learned.
pub(crate) const CLASS_SHARE_MIN: f64 = 0.05;

/// A class rarer than this is not there.
const SHARE_ERROR: f64 = 0.01;

/// Parameters for each independent sample beyond which a network can only memorise.
const PARAMETERS_ERROR: f64 = 10.0;

pub(super) fn findings(strategy: &Strategy, market: &Market<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = zigzag(&strategy.training.labels).into_iter().collect();
    findings.extend(parameters(strategy, market));
    if strategy.decisions.output_format == OutputKind::Classification {
        findings.extend(class_shares(&strategy.training.labels, market));
    }
    findings
}

fn zigzag(labels: &Labels) -> Option<Finding> {
    matches!(labels, Labels::Zigzag { .. }).then(|| {
        Finding::new(
            Severity::Warning,
            "zigzag_label",
            "zigzag labels can be learned on noise: an untrained rule scores about 65 % on a random walk"
                .to_owned(),
            "use triple_barrier or forward_return labels",
        )
        .with_evidence([("accuracy_on_noise", 0.65)])
    })
}

fn class_shares(labels: &Labels, market: &Market<'_>) -> Vec<Finding> {
    let Some(shares) = market.class_shares(labels) else { return Vec::new() };
    let rare = |class: Class| {
        let share = shares[class as usize];
        (share < CLASS_SHARE_MIN).then(|| {
            Finding::new(
                if share < SHARE_ERROR { Severity::Error } else { Severity::Warning },
                "class_share",
                format!("{class:?} makes up {} of the labels", in_percent(share)),
                "lower the threshold or the barrier, or look further ahead",
            )
            .with_evidence([("buy", shares[0]), ("hold", shares[1]), ("sell", shares[2])])
        })
    };
    // A label without HOLD is a choice; one without a direction is a mistake.
    [Class::Buy, Class::Sell].into_iter().filter_map(rare).collect()
}

fn parameters(strategy: &Strategy, market: &Market<'_>) -> Option<Finding> {
    let inputs = strategy.features().len();
    let outputs = strategy.decisions.output_format.width();
    let parameters = strategy.model.parameters(inputs, outputs) as f64;
    let horizon = strategy.training.labels.horizon().unwrap_or(1);
    let samples = market.train_rows as f64 / f64::from(horizon);
    (parameters > samples).then(|| {
        Finding::new(
            if parameters > PARAMETERS_ERROR * samples { Severity::Error } else { Severity::Warning },
            "parameters_over_samples",
            format!(
                "{parameters} parameters learn from {samples:.0} independent samples ({} rows, labels of {horizon} bars)",
                market.train_rows
            ),
            "use smaller layers, fewer inputs or a shorter horizon",
        )
        .with_evidence([("parameters", parameters), ("independent_samples", samples)])
    })
}
