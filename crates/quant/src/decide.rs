//! From a network's outputs to the position wanted at each bar's close.

use ktrdr_domain::strategy::decision::Decisions;
use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::OutputKind;

use ndarray::{ArrayRef1, ArrayRef2, ArrayView1};

use crate::simulate::Target;

/// Why outputs can not be decided on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// The outputs are not what the strategy decides on.
    #[error(
        "{given} outputs for each bar, the strategy decides on {wanted}: its model and its output_format do not fit"
    )]
    Width {
        /// Numbers given for each bar.
        given: usize,
        /// Numbers for each bar that the strategy's `output_format` stands for.
        wanted: usize,
    },
    /// A network gave NaN or an infinity. Never taken for HOLD: a broken model must not look like a careful one.
    #[error(
        "the network's output for bar {row} is not finite: check the features of that bar and the training"
    )]
    NotFinite {
        /// The bar, from 0.
        row: usize,
    },
    /// A regression output says how much, and nothing says how much is enough.
    #[error("decisions.cost_model is missing: a regression strategy needs it to tell a trade from none")]
    NoCostModel,
}

/// The position wanted at each bar's close. `outputs` are `[bars × outputs]`: three logits in [`Class`] order, or one
/// expected return as a fraction.
///
/// BUY wants a long position, SELL a short one (or none, where shorts are not allowed). HOLD keeps what is wanted, or
/// with `position_awareness: false` wants none. A change less than `min_signal_separation` bars after the last one
/// waits: it is made when a later bar still asks for it. A target depends on its own and earlier rows only.
///
/// # Errors
/// See [`DecideError`].
pub fn targets(outputs: &ArrayRef2<f32>, decisions: &Decisions) -> Result<Vec<Target>, DecideError> {
    let (given, wanted) = (outputs.ncols(), decisions.output_format.width());
    if given != wanted {
        return Err(DecideError::Width { given, wanted });
    }
    let is_finite = |row: ArrayView1<'_, f32>| row.iter().all(|x| x.is_finite());
    if let Some(row) = outputs.rows().into_iter().position(|row| !is_finite(row)) {
        return Err(DecideError::NotFinite { row });
    }
    match decisions.output_format {
        OutputKind::Classification => {
            let confident = decisions.confidence_threshold;
            Ok(positions(outputs.rows().into_iter().map(|logits| likeliest(&logits, confident)), decisions))
        }
        OutputKind::Regression => {
            let edge = decisions.cost_model.ok_or(DecideError::NoCostModel)?.edge_min();
            Ok(positions(outputs.iter().map(|expected| worth(f64::from(*expected), edge)), decisions))
        }
    }
}

/// The class with the highest softmax probability, if that reaches `confident`; else HOLD. BUY and SELL must beat
/// the other two: a tie is not an opinion.
fn likeliest(logits: &ArrayRef1<f32>, confident: f64) -> Class {
    let [buy, hold, sell] =
        [Class::Buy, Class::Hold, Class::Sell].map(|class| f64::from(logits[class as usize]));
    let (class, highest) = if buy > hold.max(sell) {
        (Class::Buy, buy)
    } else if sell > hold.max(buy) {
        (Class::Sell, sell)
    } else {
        return Class::Hold;
    };
    // `libm` gives the same bits on every machine, so that a replay elsewhere decides the same.
    let others: f64 = [buy, hold, sell].iter().map(|x| libm::exp(x - highest)).sum();
    if 1.0 / others >= confident { class } else { Class::Hold }
}

/// What an expected return is worth when at least `edge` must be earned.
fn worth(expected: f64, edge: f64) -> Class {
    if expected > edge {
        Class::Buy
    } else if expected < -edge {
        Class::Sell
    } else {
        Class::Hold
    }
}

/// Turns opinions into positions, one after the other.
fn positions(opinions: impl Iterator<Item = Class>, decisions: &Decisions) -> Vec<Target> {
    let separation = decisions.min_signal_separation as usize;
    let short = if decisions.allow_short { -1 } else { 0 };
    let mut held: Target = 0;
    let mut changed_at: Option<usize> = None;
    let decide = |(bar, opinion): (usize, Class)| {
        let wanted = match opinion {
            Class::Buy => 1,
            Class::Sell => short,
            Class::Hold if decisions.position_awareness => held,
            Class::Hold => 0,
        };
        if wanted != held && changed_at.is_none_or(|last| bar - last >= separation) {
            (held, changed_at) = (wanted, Some(bar));
        }
        held
    };
    opinions.enumerate().map(decide).collect()
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::strategy::decision::CostModel;
    use ndarray::aview2;

    use super::*;

    fn decisions(output_format: OutputKind) -> Decisions {
        Decisions {
            output_format,
            confidence_threshold: 0.5,
            position_awareness: true,
            allow_short: true,
            min_signal_separation: 0,
            cost_model: Some(CostModel { round_trip_cost: 0.002, min_edge_multiplier: 1.5 }),
        }
    }

    fn classes(opinions: &str, decisions: &Decisions) -> Vec<Target> {
        let logits = |opinion| match opinion {
            'B' => [3.0, 0.0, 0.0],
            'S' => [0.0, 0.0, 3.0],
            _ => [0.0, 3.0, 0.0],
        };
        let rows: Vec<[f32; 3]> = opinions.chars().map(logits).collect();
        targets(&aview2(&rows), decisions).unwrap()
    }

    #[test]
    fn hold_keeps_the_position_or_closes_it() {
        let keep = decisions(OutputKind::Classification);
        assert_eq!(classes("HBHHSHB", &keep), [0, 1, 1, 1, -1, -1, 1]);
        let close = Decisions { position_awareness: false, ..keep };
        assert_eq!(classes("HBHHSHB", &close), [0, 1, 0, 0, -1, 0, 1]);
    }

    #[test]
    fn sell_only_closes_where_shorts_are_not_allowed() {
        let long_only = Decisions { allow_short: false, ..decisions(OutputKind::Classification) };
        assert_eq!(classes("SBHSSB", &long_only), [0, 1, 1, 0, 0, 1]);
    }

    #[test]
    fn changes_keep_their_distance_and_wait_for_their_turn() {
        let slow = Decisions { min_signal_separation: 3, ..decisions(OutputKind::Classification) };
        assert_eq!(classes("BSSSSB", &slow), [1, 1, 1, -1, -1, -1]);
        assert_eq!(classes("BSHHHB", &slow), [1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn a_class_below_the_threshold_is_hold_and_at_it_is_not() {
        let mut choosy = decisions(OutputKind::Classification);
        // Softmax of (ln 2, 0, 0) is (1/2, 1/4, 1/4).
        let logits = [[2.0_f32.ln() + 1e-6, 0.0, 0.0]];
        assert_eq!(targets(&aview2(&logits), &choosy), Ok(vec![1]));
        choosy.confidence_threshold = 0.51;
        assert_eq!(targets(&aview2(&logits), &choosy), Ok(vec![0]));
    }

    #[test]
    fn a_tie_is_no_opinion_and_huge_logits_do_not_overflow() {
        let any = Decisions { confidence_threshold: 0.0, ..decisions(OutputKind::Classification) };
        assert_eq!(targets(&aview2(&[[1.0, 0.0, 1.0]]), &any), Ok(vec![0]));
        assert_eq!(targets(&aview2(&[[3e38, -3e38, 0.0]]), &any), Ok(vec![1]));
    }

    #[test]
    fn an_expected_return_must_be_over_the_edge() {
        let regression = decisions(OutputKind::Regression);
        let expected = [[0.0029], [0.0031], [0.0], [-0.0031]];
        assert_eq!(targets(&aview2(&expected), &regression), Ok(vec![0, 1, 1, -1]));
        let blind = Decisions { cost_model: None, ..regression };
        assert_eq!(targets(&aview2(&[[0.1]]), &blind), Err(DecideError::NoCostModel));
    }

    #[test]
    fn broken_outputs_are_errors_and_never_hold() {
        let classification = decisions(OutputKind::Classification);
        let broken = [[0.0, 0.0, 0.0], [0.0, f32::NAN, 0.0]];
        assert_eq!(targets(&aview2(&broken), &classification), Err(DecideError::NotFinite { row: 1 }));
        assert_eq!(
            targets(&aview2(&[[f32::INFINITY]]), &decisions(OutputKind::Regression)),
            Err(DecideError::NotFinite { row: 0 })
        );
        let four = targets(&aview2(&[[0.0; 4]]), &classification);
        assert_eq!(four, Err(DecideError::Width { given: 4, wanted: 3 }));
    }
}
