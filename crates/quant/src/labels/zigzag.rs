//! Direction of the zigzag leg a bar lies in.
//!
//! Pivots are found on closes. The first close is the first extreme; the first move away from it by `threshold` fixes
//! the direction. While it is up, a higher close becomes the extreme, and a fall from the extreme by `threshold`
//! confirms the extreme as a pivot and turns the direction (mirrored while it is down). Bars between two pivots are BUY
//! if the second is higher, SELL if it is lower; pivots are HOLD. A leg is known only when the pivot at its end is
//! confirmed, which is the end of its labels. Bars after the last confirmed pivot have none.

use ktrdr_domain::strategy::label::Class;

use super::{LabelSet, Targets};

/// A turning point and the bar that showed it to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pivot {
    at: usize,
    confirmed: usize,
}

pub(super) fn label(close: &[f64], threshold: f64) -> LabelSet {
    let pivots = confirmed_pivots(close, threshold);
    let mut classes = Vec::new();
    let mut end = Vec::new();
    if let Some(first) = pivots.first() {
        classes.push(Class::Hold);
        end.push(first.confirmed);
    }
    for leg in pivots.windows(2) {
        let (from, to) = (leg[0], leg[1]);
        let class = if close[to.at] > close[from.at] { Class::Buy } else { Class::Sell };
        classes.extend(std::iter::repeat_n(class, to.at - from.at - 1));
        classes.push(Class::Hold);
        end.extend(std::iter::repeat_n(to.confirmed, to.at - from.at));
    }
    // The first pivot alone tells nothing.
    if pivots.len() < 2 {
        (classes, end) = (Vec::new(), Vec::new());
    }
    LabelSet { start: 0, targets: Targets::Classes(classes), end }
}

/// Every pivot that a later move has confirmed; the first is bar 0, confirmed by the first move.
fn confirmed_pivots(close: &[f64], threshold: f64) -> Vec<Pivot> {
    let mut pivots = Vec::new();
    let mut rising = None;
    let mut extreme = 0;
    for (i, price) in close.iter().enumerate() {
        let change = (price - close[extreme]) / close[extreme];
        let further = match rising {
            None => false,
            Some(true) => change > 0.0,
            Some(false) => change < 0.0,
        };
        let turned = match rising {
            None => change.abs() >= threshold,
            Some(true) => change <= -threshold,
            Some(false) => change >= threshold,
        };
        if turned {
            pivots.push(Pivot { at: extreme, confirmed: i });
            rising = Some(change > 0.0);
        }
        if turned || further {
            extreme = i;
        }
    }
    pivots
}
