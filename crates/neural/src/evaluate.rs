//! A network judged on rows: mean loss and answers.

use ktrdr_domain::strategy::network::Loss;

use crate::forward::BLOCK_ROWS;
use crate::loss::{Tally, judge};
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
    /// Outputs of every row, row-major: logits in class order, or one number.
    pub outputs: Vec<f32>,
}

/// Judges a network on rows by a loss that suits its output ([`loss_for`](crate::loss_for)).
///
/// # Errors
/// When there are no rows, or they do not fit the network.
pub fn evaluate(network: &Network, samples: &Samples<'_>, loss: Loss) -> Result<Evaluation, SampleError> {
    samples.check(network.shape(), 1)?;
    let vectors = Vectors::widest();
    let mut outputs = Vec::new();
    let mut total = Tally::default();
    visit(vectors, network, samples, loss, |block, tally| {
        for row in block.chunks_exact(network.layout().output_stride()) {
            outputs.extend_from_slice(&row[..network.shape().outputs()]);
        }
        total.add(tally);
        true
    });
    Ok(Evaluation { loss: total.mean_loss(), accuracy: total.accuracy(), outputs })
}

/// Sums over rows that were checked before; `None` when asked to stop.
pub(crate) fn tally(
    vectors: Vectors,
    network: &Network,
    samples: &Samples<'_>,
    loss: Loss,
    stop: &dyn Fn() -> bool,
) -> Option<Tally> {
    let mut total = Tally::default();
    visit(vectors, network, samples, loss, |_, tally| {
        total.add(tally);
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
    mut visitor: impl FnMut(&[f32], Tally) -> bool,
) -> bool {
    let mut forward = network.forward(vectors, samples.rows());
    let mut gradient = vec![0.0; BLOCK_ROWS * network.layout().output_stride()];
    let mut losses = vec![0.0; BLOCK_ROWS];
    samples.x.chunks(BLOCK_ROWS * samples.width).zip(0..).all(|(x, block)| {
        let from = block * BLOCK_ROWS;
        let targets = samples.targets.slice(from, x.len() / samples.width);
        let outputs = forward.block(network.parameters(), x);
        let tally = judge(vectors, loss, outputs, targets, &mut gradient, &mut losses);
        visitor(outputs, tally)
    })
}

impl<'a> Targets<'a> {
    /// `rows` of them from row `from` on.
    fn slice(self, from: usize, rows: usize) -> Targets<'a> {
        match self {
            Self::Classes(classes) => Targets::Classes(&classes[from..][..rows]),
            Self::Values(values) => Targets::Values(&values[from..][..rows]),
        }
    }
}
