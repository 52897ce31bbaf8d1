//! Whether a network that says 60 % is right in 60 % of the cases.

use ktrdr_domain::report::sheet::CalibrationBin;

use crate::elementary::exp;
use crate::evaluate::{EvaluateError, evaluate};
use crate::network::Network;
use crate::samples::{Samples, Targets};
use crate::score::{Confusion, answer};

/// Bins of equally many answers.
const BINS: usize = 10;

/// How often each class was answered for each class that came, and how right the answers are by how confident they are, the
/// least confident first; `None` of rows without classes.
///
/// # Errors
/// When the rows do not fit the network.
pub fn confusion_and_calibration(
    network: &Network,
    rows: &Samples<'_>,
) -> Result<Option<(Confusion, Vec<CalibrationBin>)>, EvaluateError> {
    let Targets::Classes(came) = rows.targets else { return Ok(None) };
    if came.is_empty() {
        return Ok(None);
    }
    let outputs = evaluate(network, rows, None)?.outputs;
    let answers: Vec<u8> = outputs.rows().into_iter().map(|row| answer(&row)).collect();
    let confusion = Confusion::of(came.iter().copied().zip(answers.iter().copied()));
    let confidences = outputs.rows().into_iter().map(|row| {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        1.0 / row.iter().map(|x| f64::from(exp(x - highest))).sum::<f64>()
    });
    let right = came.iter().zip(&answers).map(|(came, answered)| came == answered);
    let mut answered: Vec<(f64, bool)> = confidences.zip(right).collect();
    answered.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Some((confusion, answered.chunks(answered.len().div_ceil(BINS)).map(bin).collect())))
}

fn bin(answers: &[(f64, bool)]) -> CalibrationBin {
    let rows = answers.len() as f64;
    CalibrationBin {
        rows: answers.len() as u64,
        confidence: answers.iter().map(|answer| answer.0).sum::<f64>() / rows,
        right: answers.iter().filter(|answer| answer.1).count() as f64 / rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_says_how_sure_and_how_right_its_answers_are() {
        let said = bin(&[(0.5, true), (0.7, false), (0.9, true), (0.9, true)]);
        assert_eq!((said.rows, said.right), (4, 0.75));
        assert!((said.confidence - 0.75).abs() < 1e-12);
    }
}
