//! A network evaluated on rows: mean loss and answers.

use ktrdr_domain::strategy::network::{Loss, OutputKind};
use ndarray::{Array2, Axis};
use thiserror::Error;

use crate::forward::{BLOCK_ROWS, copy_outputs};
use crate::loss::{LossStats, loss_and_grad, loss_for};
use crate::network::Network;
use crate::samples::{SampleError, Samples, Targets};
use crate::vectors::Vectors;

/// A network's answers to rows, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Plain mean loss: neither class nor row weights count.
    pub loss: f64,
    /// Share classified rightly, or of the right sign.
    pub accuracy: f64,
    /// `[rows × outputs]`: logits in class order, or one number.
    pub outputs: Array2<f32>,
}

/// Why nothing was evaluated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EvaluateError {
    /// The rows do not fit the network.
    #[error("evaluation rows: {0}")]
    Samples(#[from] SampleError),
    /// The loss does not suit the output.
    #[error(
        "{loss:?} does not suit a {output:?} network: use cross_entropy for classification, huber or mse for regression"
    )]
    Loss {
        /// The loss asked for.
        loss: Option<Loss>,
        /// What the network gives.
        output: OutputKind,
    },
}

/// Evaluates a network on rows. `loss` is the strategy's key; `None` is the output's usual one ([`loss_for`]).
///
/// # Errors
/// When there are no rows, or they or the loss do not fit the network.
pub fn evaluate(
    network: &Network,
    samples: &Samples<'_>,
    loss: Option<Loss>,
) -> Result<Evaluation, EvaluateError> {
    let output = network.shape().output;
    let loss = loss_for(output, loss).ok_or(EvaluateError::Loss { loss, output })?;
    samples.check(network.shape(), 1)?;
    let vectors = Vectors::widest();
    let mut outputs = Array2::zeros((samples.rows(), network.shape().outputs()));
    let mut blocks = outputs.axis_chunks_iter_mut(Axis(0), BLOCK_ROWS);
    let mut total = LossStats::default();
    visit(vectors, network, samples, loss, |block, stats| {
        if let Some(mut into) = blocks.next() {
            copy_outputs(network.layout(), block, &mut into);
        }
        total.add(stats);
        true
    });
    Ok(Evaluation { loss: total.mean_loss(), accuracy: total.accuracy(), outputs })
}

/// Sums over rows that were checked before; `None` when asked to stop.
pub(crate) fn loss_stats(
    vectors: Vectors,
    network: &Network,
    samples: &Samples<'_>,
    loss: Loss,
    stop: &dyn Fn() -> bool,
) -> Option<LossStats> {
    let mut total = LossStats::default();
    visit(vectors, network, samples, loss, |_, stats| {
        total.add(stats);
        !stop()
    })
    .then_some(total)
}

/// Goes through the rows block by block for as long as `visitor` wants more; returns whether it always did.
fn visit(
    vectors: Vectors,
    network: &Network,
    samples: &Samples<'_>,
    loss: Loss,
    mut visitor: impl FnMut(&[f32], LossStats) -> bool,
) -> bool {
    let mut forward = network.forward(vectors, samples.rows());
    let mut gradient = vec![0.0; BLOCK_ROWS * network.layout().output_stride()];
    let mut losses = vec![0.0; BLOCK_ROWS];
    samples.x.axis_chunks_iter(Axis(0), BLOCK_ROWS).zip(0..).all(|(x, block)| {
        let targets = samples.targets.slice(block * BLOCK_ROWS, x.nrows());
        let outputs = forward.block(network.parameters(), &x);
        let stats = loss_and_grad(vectors, loss, outputs, targets, &mut gradient, &mut losses);
        visitor(outputs, stats)
    })
}

impl<'a> Targets<'a> {
    /// `rows` of them from row `from` on.
    pub(crate) fn slice(self, from: usize, rows: usize) -> Targets<'a> {
        match self {
            Self::Classes(classes) => Targets::Classes(&classes[from..][..rows]),
            Self::Values(values) => Targets::Values(&values[from..][..rows]),
        }
    }
}
