//! What a network's answers are worth beside those of a forecaster that has learned nothing.
//!
//! Definitions as in scikit-learn with `average="weighted"`, with one difference: what is not defined (the precision
//! of a class that is never answered) is `None`, not 0.

use ktrdr_domain::report::TestMetrics;
use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::{Loss, OutputKind};
use ndarray::ArrayRef1;

use crate::evaluate::{EvaluateError, evaluate};
use crate::loss::{class_of, loss_for, point_loss};
use crate::network::Network;
use crate::samples::{Samples, Targets};

const CLASSES: usize = Class::ALL.len();

/// How often each class was answered for each class that came: `counts[came][answered]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Rows by class that came, then by class answered.
    pub counts: [[u64; CLASSES]; CLASSES],
}

impl Confusion {
    /// Counts pairs of (came, answered). Classes beyond the last are left out.
    pub fn of(pairs: impl IntoIterator<Item = (u8, u8)>) -> Self {
        let mut confusion = Self::default();
        for (came, answered) in pairs {
            let row = confusion.counts.get_mut(usize::from(came));
            if let Some(count) = row.and_then(|row| row.get_mut(usize::from(answered))) {
                *count += 1;
            }
        }
        confusion
    }

    /// Rows counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of right answers; `None` without rows.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        ratio((0..CLASSES).map(|class| self.counts[class][class]).sum(), self.rows())
    }

    /// Share of each class among the rows; zeros without rows.
    #[must_use]
    pub fn label_shares(&self) -> [f64; CLASSES] {
        std::array::from_fn(|class| ratio(self.came(class), self.rows()).unwrap_or(0.0))
    }

    /// Share of each class among the answers; zeros without rows.
    #[must_use]
    pub fn answer_shares(&self) -> [f64; CLASSES] {
        std::array::from_fn(|class| ratio(self.answered(class), self.rows()).unwrap_or(0.0))
    }

    /// Right answers among a class's answers, averaged by the classes' shares; `None` when a class that came was
    /// never answered.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        self.weighted(|class| ratio(self.counts[class][class], self.answered(class)))
    }

    /// Right answers among a class's rows, averaged by the classes' shares. The same number as the accuracy.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        self.weighted(|class| ratio(self.counts[class][class], self.came(class)))
    }

    /// `2·right ÷ (answered + came)` of each class, averaged by the classes' shares.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        self.weighted(|class| ratio(2 * self.counts[class][class], self.answered(class) + self.came(class)))
    }

    fn came(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    fn answered(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// Mean over the classes that came, weighted by their shares; `None` when one of them has no number.
    fn weighted(&self, number: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let present = (0..CLASSES).filter(|&class| self.came(class) > 0);
        let sum: Option<f64> = present.map(|class| Some(number(class)? * self.came(class) as f64)).sum();
        sum.filter(|_| self.rows() > 0).map(|sum| sum / self.rows() as f64)
    }
}

/// Everything a report says about the test rows. Baselines know the training targets and nothing of the features:
/// their class shares, or their mean. For a regression the "class" of a number is its sign (BUY above zero, SELL
/// below), and precision, recall and F1 stay undefined.
///
/// # Errors
/// When the test rows or the loss do not fit the network. Having no rows at all is not an error: nothing is defined then.
pub fn test_metrics(
    network: &Network,
    test: &Samples<'_>,
    train: &Targets<'_>,
    loss: Option<Loss>,
) -> Result<TestMetrics, EvaluateError> {
    if test.rows() == 0 {
        return Ok(undefined());
    }
    let evaluation = evaluate(network, test, loss)?;
    let answers = evaluation.outputs.rows().into_iter().map(|row| answer(&row));
    let confusion = Confusion::of(classes(test.targets).zip(answers));
    let train_shares = Confusion::of(classes(*train).map(|class| (class, class))).label_shares();
    let classification = network.shape().output == OutputKind::Classification;
    let only_classes = |number: Option<f64>| number.filter(|_| classification);
    Ok(TestMetrics {
        rows: test.rows(),
        accuracy: Some(evaluation.accuracy),
        loss: Some(evaluation.loss).filter(|loss| loss.is_finite()),
        baseline_loss: baseline_loss(
            loss_for(network.shape().output, loss),
            *train,
            &train_shares,
            test.targets,
        ),
        baseline_accuracy: (!train.is_empty())
            .then(|| confusion.label_shares()[most_frequent(&train_shares)]),
        precision: only_classes(confusion.precision()),
        recall: only_classes(confusion.recall()),
        f1: only_classes(confusion.f1()),
        label_shares: confusion.label_shares(),
        answer_shares: confusion.answer_shares(),
    })
}

/// Mean loss on the test rows of always saying the training rows' class shares, or their mean. `None` when there are
/// no rows, or when a class came that training never saw: its loss is infinite.
fn baseline_loss(
    loss: Option<Loss>,
    train: Targets<'_>,
    train_shares: &[f64; CLASSES],
    test: Targets<'_>,
) -> Option<f64> {
    let sum: f64 = match (train, test) {
        (Targets::Classes(_), Targets::Classes(test)) => {
            test.iter().map(|&class| -train_shares[usize::from(class)].ln()).sum()
        }
        (Targets::Values(train), Targets::Values(test)) => {
            let loss = loss?;
            let mean = train.iter().map(|&value| f64::from(value)).sum::<f64>() / train.len() as f64;
            test.iter().map(|&value| point_loss(loss, mean - f64::from(value))).sum()
        }
        _ => return None,
    };
    // −ln 1 is −0
    Some(sum / test.len() as f64 + 0.0).filter(|mean| mean.is_finite())
}

fn classes<'a>(targets: Targets<'a>) -> Box<dyn Iterator<Item = u8> + 'a> {
    match targets {
        Targets::Classes(classes) => Box::new(classes.iter().copied()),
        Targets::Values(values) => Box::new(values.iter().map(|&value| sign_class(value))),
    }
}

pub(crate) fn answer(outputs: &ArrayRef1<f32>) -> u8 {
    match outputs.as_slice().unwrap_or_default() {
        [buy, hold, sell] => class_of(&[*buy, *hold, *sell]),
        numbers => sign_class(numbers[0]),
    }
}

fn sign_class(number: f32) -> u8 {
    if number > 0.0 {
        Class::Buy as u8
    } else if number < 0.0 {
        Class::Sell as u8
    } else {
        Class::Hold as u8
    }
}

/// Of equal ones the first.
fn most_frequent(shares: &[f64; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, class| if shares[class] > shares[best] { class } else { best })
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn undefined() -> TestMetrics {
    TestMetrics {
        rows: 0,
        accuracy: None,
        loss: None,
        baseline_loss: None,
        baseline_accuracy: None,
        precision: None,
        recall: None,
        f1: None,
        label_shares: [0.0; CLASSES],
        answer_shares: [0.0; CLASSES],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Option<f64>, expected: f64) {
        assert!((got.unwrap() - expected).abs() < 1e-12, "{got:?} {expected}");
    }

    #[test]
    fn metrics_agree_with_a_table_worked_by_hand() {
        // came: 5 BUY, 3 HOLD, 2 SELL
        let confusion = Confusion { counts: [[3, 1, 1], [1, 2, 0], [0, 1, 1]] };
        close(confusion.accuracy(), 0.6);
        close(confusion.recall(), 0.6);
        // precisions 3/4, 2/4, 1/2 and F1 6/9, 4/7, 2/4
        close(confusion.precision(), 0.5 * 0.75 + 0.3 * 0.5 + 0.2 * 0.5);
        close(confusion.f1(), 0.5 * (6.0 / 9.0) + 0.3 * (4.0 / 7.0) + 0.2 * 0.5);
        assert_eq!(confusion.label_shares(), [0.5, 0.3, 0.2]);
        assert_eq!(confusion.answer_shares(), [0.4, 0.4, 0.2]);
    }

    #[test]
    fn what_is_not_defined_is_none_and_never_zero() {
        let never_sells = Confusion { counts: [[3, 1, 0], [1, 2, 0], [1, 1, 0]] };
        assert_eq!(never_sells.precision(), None);
        assert!(never_sells.recall().is_some() && never_sells.f1().is_some());
        let empty = Confusion::default();
        assert_eq!(
            (empty.accuracy(), empty.precision(), empty.recall(), empty.f1()),
            (None, None, None, None)
        );
    }

    #[test]
    fn a_class_that_never_came_does_not_count() {
        let confusion = Confusion { counts: [[2, 0, 0], [0, 2, 1], [0, 0, 0]] };
        close(confusion.precision(), 1.0);
        assert_eq!(Confusion::of([(7, 0), (0, 7), (1, 1)]).rows(), 1);
    }
}
