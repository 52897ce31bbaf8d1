//! The rows a network learns from or is judged by.

use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::OutputKind;
use ndarray::{ArrayRef2, ArrayView2};
use thiserror::Error;

use crate::shape::NetworkShape;

/// Fewest rows that count as a training set.
pub const TRAINING_ROWS_MIN: usize = 16;

/// Rows of features, and what they should give. Borrowed; nothing is copied.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Features: `[rows × features]`, row after row in memory.
    pub x: ArrayView2<'a, f32>,
    /// What each row should give.
    pub targets: Targets<'a>,
    /// How much each row's gradient counts in training, 0 or more; `None` is one each. Reported losses ignore it.
    pub weights: Option<&'a [f32]>,
}

/// What each row should give.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a> {
    /// Indices of [`Class`].
    Classes(&'a [u8]),
    /// Numbers.
    Values(&'a [f32]),
}

impl Targets<'_> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is wrong with a set of rows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SampleError {
    /// Not enough rows.
    #[error("{rows} rows, at least {least} are needed: use a longer window or a shorter warm-up")]
    TooFew {
        /// Rows given.
        rows: usize,
        /// Fewest that are possible.
        least: usize,
    },
    /// More rows than an index can name.
    #[error("{rows} rows are more than {} : train on fewer", u32::MAX)]
    TooMany {
        /// Rows given.
        rows: usize,
    },
    /// Rows are not as wide as the network's input.
    #[error(
        "rows of {width} features, the network takes {inputs}: train and predict with the same feature list"
    )]
    Width {
        /// Features in a row.
        width: usize,
        /// What the network takes.
        inputs: usize,
    },
    /// Rows that do not lie one after the other, such as a transpose or every other column.
    #[error("the features do not lie row after row in memory: pass a copy in standard layout")]
    Layout,
    /// One slice is longer than another.
    #[error("{what} has {given} entries, {expected} were expected: one for each row")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Its length.
        given: usize,
        /// What the rows ask for.
        expected: usize,
    },
    /// Classes for a regression, or numbers for a classification.
    #[error("a {output:?} network can not be taught with {given}: label the rows to suit the output")]
    Kind {
        /// The network's output.
        output: OutputKind,
        /// What the targets are.
        given: &'static str,
    },
    /// A class that does not exist.
    #[error("row {row} has class {class}, classes are 0 (BUY), 1 (HOLD), 2 (SELL)")]
    Class {
        /// Which row.
        row: usize,
        /// Its class.
        class: u8,
    },
    /// NaN or infinite.
    #[error("{what} of row {row} is not a finite number: drop the row or repair its feature")]
    NotFinite {
        /// Feature, target or weight.
        what: &'static str,
        /// Which row.
        row: usize,
    },
    /// Weights that teach nothing.
    #[error("row weights must be 0 or more, with a sum above 0")]
    Weights,
}

impl Samples<'_> {
    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Checks everything that training and evaluation rely on.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, shape: &NetworkShape, rows_min: usize) -> Result<(), SampleError> {
        let (rows, width) = self.x.dim();
        if width != shape.inputs {
            return Err(SampleError::Width { width, inputs: shape.inputs });
        }
        if rows < rows_min {
            return Err(SampleError::TooFew { rows, least: rows_min });
        }
        if u32::try_from(rows).is_err() {
            return Err(SampleError::TooMany { rows });
        }
        if self.targets.len() != rows {
            return Err(SampleError::Length { what: "targets", given: self.targets.len(), expected: rows });
        }
        if !self.x.is_standard_layout() {
            return Err(SampleError::Layout);
        }
        if let Some(row) = first_not_finite(&self.x) {
            return Err(SampleError::NotFinite { what: "a feature", row });
        }
        self.check_targets(shape.output)?;
        self.check_weights()
    }

    fn check_targets(&self, output: OutputKind) -> Result<(), SampleError> {
        match (output, self.targets) {
            (OutputKind::Classification, Targets::Classes(classes)) => {
                match classes.iter().position(|&class| usize::from(class) >= Class::ALL.len()) {
                    Some(row) => Err(SampleError::Class { row, class: classes[row] }),
                    None => Ok(()),
                }
            }
            (OutputKind::Regression, Targets::Values(values)) => {
                match values.iter().position(|x| !x.is_finite()) {
                    Some(row) => Err(SampleError::NotFinite { what: "the target", row }),
                    None => Ok(()),
                }
            }
            (_, Targets::Classes(_)) => Err(SampleError::Kind { output, given: "classes" }),
            (_, Targets::Values(_)) => Err(SampleError::Kind { output, given: "numbers" }),
        }
    }

    fn check_weights(&self) -> Result<(), SampleError> {
        let Some(weights) = self.weights else { return Ok(()) };
        if weights.len() != self.rows() {
            return Err(SampleError::Length { what: "weights", given: weights.len(), expected: self.rows() });
        }
        if let Some(row) = weights.iter().position(|x| !x.is_finite()) {
            return Err(SampleError::NotFinite { what: "the weight", row });
        }
        if weights.iter().any(|&weight| weight < 0.0) || weights.iter().all(|&weight| weight == 0.0) {
            return Err(SampleError::Weights);
        }
        Ok(())
    }
}

/// The first row that holds NaN or infinity. Whole rows are folded, so that the check is vector code.
pub(crate) fn first_not_finite(rows: &ArrayRef2<f32>) -> Option<usize> {
    rows.rows().into_iter().position(|row| !row.fold(true, |finite, x| finite & x.is_finite()))
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::strategy::network::Activation;
    use ndarray::{Array2, arr2};

    use super::*;

    fn check(x: &ArrayRef2<f32>, targets: Targets<'_>, weights: Option<&[f32]>) -> Result<(), SampleError> {
        let output = match targets {
            Targets::Classes(_) => OutputKind::Classification,
            Targets::Values(_) => OutputKind::Regression,
        };
        let shape = NetworkShape {
            inputs: 2,
            hidden_layers: vec![],
            activation: Activation::Relu,
            dropout: 0.0,
            output,
        };
        Samples { x: x.view(), targets, weights }.check(&shape, 2)
    }

    /// So many rows of so many zeros.
    fn zeros(rows: usize, width: usize) -> Array2<f32> {
        Array2::zeros((rows, width))
    }

    #[test]
    fn good_rows_pass() {
        let x = zeros(2, 2);
        assert_eq!(check(&x, Targets::Classes(&[0, 2]), Some(&[0.0, 1.0])), Ok(()));
        assert_eq!(check(&x, Targets::Values(&[0.1, -0.1]), None), Ok(()));
    }

    #[test]
    fn rows_that_do_not_lie_one_after_the_other_are_refused() {
        let x = zeros(2, 4);
        let every_other_column = x.slice(ndarray::s![.., ..;2]);
        assert_eq!(check(&every_other_column, Targets::Classes(&[0, 2]), None), Err(SampleError::Layout));
        assert_eq!(check(&zeros(2, 2).t(), Targets::Classes(&[0, 2]), None), Err(SampleError::Layout));
    }

    #[test]
    fn each_fault_is_named_with_its_row() {
        let fault = |result: Result<(), SampleError>| result.unwrap_err().to_string();
        let (x, class) = (zeros(2, 2), Targets::Classes);
        assert!(fault(check(&zeros(2, 3), class(&[0, 2]), None)).contains("takes 2"));
        assert!(fault(check(&zeros(1, 2), class(&[0]), None)).contains("at least 2"));
        assert!(fault(check(&zeros(0, 2), class(&[]), None)).contains("0 rows"));
        assert!(fault(check(&x, class(&[0, 1, 2]), None)).contains("targets has 3 entries, 2 were"));
        assert!(fault(check(&x, class(&[0, 3]), None)).contains("row 1 has class 3"));
        let broken = arr2(&[[0.0, 0.0], [f32::NAN, 0.0]]);
        assert!(fault(check(&broken, class(&[0, 1]), None)).contains("row 1"));
        assert!(fault(check(&x, Targets::Values(&[0.0, f32::INFINITY]), None)).contains("target"));
        assert!(fault(check(&x, class(&[0, 1]), Some(&[1.0]))).contains("weights has 1"));
        for weights in [[0.0, 0.0], [1.0, -1.0]] {
            assert!(fault(check(&x, class(&[0, 1]), Some(&weights))).contains("0 or more"));
        }
        assert!(fault(check(&x, class(&[0, 1]), Some(&[1.0, f32::NAN]))).contains("the weight"));
    }

    #[test]
    fn classes_do_not_teach_a_regression() {
        let shape = NetworkShape {
            inputs: 1,
            hidden_layers: vec![],
            activation: Activation::Relu,
            dropout: 0.0,
            output: OutputKind::Regression,
        };
        let x = zeros(2, 1);
        let samples = Samples { x: x.view(), targets: Targets::Classes(&[0, 1]), weights: None };
        assert!(matches!(samples.check(&shape, 1), Err(SampleError::Kind { .. })));
    }
}
