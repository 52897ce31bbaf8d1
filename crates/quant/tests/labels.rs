//! Labels: what they say, and that they depend on nothing after their own end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;

use ktrdr_domain::strategy::Labels;
use ktrdr_domain::strategy::label::Class::{self, Buy, Hold, Sell};
use ktrdr_domain::strategy::network::OutputKind::{Classification, Regression};
use ktrdr_quant::Bars;
use ktrdr_quant::labels::{LabelError, LabelSet, Targets, make};
use proptest::prelude::*;

use market::{hourly, scrambled};

/// Bars whose open, high and low follow from closes and a half-range in price.
fn bars_of(closes: &[f64], half_range: f64) -> Bars {
    let mut bars = hourly(1, 0);
    bars.time = (0..closes.len() as i64).map(|i| i * 3_600).collect();
    bars.open = closes.to_vec();
    bars.high = closes.iter().map(|c| c + half_range).collect();
    bars.low = closes.iter().map(|c| c - half_range).collect();
    bars.close = closes.to_vec();
    bars.volume = vec![1.0; closes.len()];
    bars
}

fn classes(set: &LabelSet) -> &[Class] {
    match &set.targets {
        Targets::Classes(classes) => classes,
        Targets::Values(_) => panic!("numbers where classes were asked for"),
    }
}

fn any_labels() -> impl Strategy<Value = Labels> {
    prop_oneof![
        (0.3..4.0f64, 1u32..30, 2u32..30).prop_map(|(barrier, horizon, volatility_span)| {
            Labels::TripleBarrier { barrier, horizon, volatility_span }
        }),
        (1u32..30, 0.0..0.02f64)
            .prop_map(|(horizon, threshold)| Labels::ForwardReturn { horizon, threshold }),
        (0.003..0.05f64).prop_map(|threshold| Labels::Zigzag { threshold }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_label_depends_on_nothing_after_its_end(labels in any_labels(), seed: u64, pick in 0.0..1.0f64) {
        let bars = hourly(seed, 300);
        let Ok(set) = make(&labels, Classification, &bars) else { return Ok(()) };
        let i = (pick * set.len() as f64) as usize;
        let future = scrambled(&bars, set.end[i] + 1);
        let again = make(&labels, Classification, &future).unwrap();
        prop_assert_eq!(again.start, set.start);
        prop_assert_eq!((classes(&again)[i], again.end[i]), (classes(&set)[i], set.end[i]));
    }

    #[test]
    fn labels_end_after_their_bar_and_inside_the_data(labels in any_labels(), seed: u64, len in 0usize..200) {
        let bars = hourly(seed, len);
        if let Ok(set) = make(&labels, Classification, &bars) {
            prop_assert_eq!(classes(&set).len(), set.len());
            for (bar, end) in set.bars().zip(&set.end) {
                prop_assert!(bar < *end && *end < len, "bar {bar} ends at {end} of {len}");
            }
        }
    }

    #[test]
    fn a_mirrored_market_gives_mirrored_labels(barrier in 0.5..3.0f64, seed: u64) {
        // Around a million, moves of a few units mirror each other to first order only; a touch by a hair may differ.
        let mut up = hourly(seed, 200);
        for field in [&mut up.open, &mut up.high, &mut up.low, &mut up.close] {
            field.iter_mut().for_each(|x| *x = 1e6 + (*x - 100.0));
        }
        let mut down = up.clone();
        let mirror = |x: &f64| 2e6 - x;
        down.high = up.low.iter().map(mirror).collect();
        down.low = up.high.iter().map(mirror).collect();
        down.close = up.close.iter().map(mirror).collect();
        let labels = Labels::TripleBarrier { barrier, horizon: 10, volatility_span: 20 };
        let (up, down) = (make(&labels, Classification, &up).unwrap(), make(&labels, Classification, &down).unwrap());
        let mirrored = |class: &Class| match class { Buy => Sell, Hold => Hold, Sell => Buy };
        let differing = classes(&up).iter().map(mirrored).zip(classes(&down)).filter(|(a, b)| a != *b).count();
        prop_assert!(differing * 50 <= up.len(), "{differing} of {}", up.len());
    }
}

#[test]
fn the_first_barrier_touched_decides_and_its_bar_ends_the_label() {
    // Range 2 on a close of 100: volatility 0.02, barriers at 104 and 96.
    let bars = bars_of(&[100.0, 100.0, 101.0, 102.0, 103.5, 90.0, 90.0], 1.0);
    let labels = Labels::TripleBarrier { barrier: 2.0, horizon: 4, volatility_span: 2 };
    let set = make(&labels, Classification, &bars).unwrap();
    assert_eq!((set.start, classes(&set)[0], set.end[0]), (1, Buy, 4));
    assert_eq!((classes(&set)[1], set.end[1]), (Sell, 5));
    assert_eq!(set.len(), 2, "the rest has no full horizon behind it");
}

#[test]
fn both_barriers_in_one_bar_or_none_in_time_is_hold() {
    let mut bars = bars_of(&[100.0; 7], 1.0);
    let labels = Labels::TripleBarrier { barrier: 2.0, horizon: 3, volatility_span: 2 };
    let quiet = make(&labels, Classification, &bars).unwrap();
    assert_eq!((classes(&quiet)[0], quiet.end[0]), (Hold, 4));
    (bars.high[2], bars.low[2]) = (105.0, 95.0);
    let torn = make(&labels, Classification, &bars).unwrap();
    assert_eq!((classes(&torn)[0], torn.end[0]), (Hold, 2));
}

#[test]
fn a_forward_return_is_a_number_or_a_class() {
    let bars = bars_of(&[100.0, 101.0, 100.0, 100.0], 0.0);
    let labels = Labels::ForwardReturn { horizon: 1, threshold: 0.005 };
    let set = make(&labels, Classification, &bars).unwrap();
    assert_eq!((classes(&set), &set.end[..]), (&[Buy, Sell, Hold][..], &[1, 2, 3][..]));
    let numbers = make(&labels, Regression, &bars).unwrap().targets;
    assert_eq!(numbers, Targets::Values(vec![0.01, (100.0 / 101.0 - 1.0) as f32, 0.0]));
}

#[test]
fn zigzag_legs_end_when_the_next_pivot_is_confirmed() {
    // Up from 100 to 110 (bar 3), confirmed at bar 5; down to 99 (bar 6), confirmed at bar 8; the last leg is open.
    let bars = bars_of(&[100.0, 104.0, 106.0, 110.0, 107.0, 104.0, 99.0, 101.0, 105.0, 107.0], 0.0);
    let set = make(&Labels::Zigzag { threshold: 0.05 }, Classification, &bars).unwrap();
    assert_eq!(classes(&set), [Hold, Buy, Buy, Hold, Sell, Sell, Hold]);
    assert_eq!(set.end, [2, 5, 5, 5, 8, 8, 8]);
}

#[test]
fn labels_that_can_not_be_made_say_why() {
    let bars = hourly(1, 10);
    let barrier = Labels::TripleBarrier { barrier: 2.0, horizon: 24, volatility_span: 50 };
    assert!(matches!(make(&barrier, Classification, &bars), Err(LabelError::Nothing { bars: 10, .. })));
    assert!(matches!(make(&barrier, Regression, &bars), Err(LabelError::NotNumbers("triple_barrier"))));
    for bad in [
        Labels::TripleBarrier { barrier: f64::NAN, horizon: 5, volatility_span: 5 },
        Labels::TripleBarrier { barrier: 1.0, horizon: 0, volatility_span: 5 },
        Labels::TripleBarrier { barrier: 1.0, horizon: 5, volatility_span: 0 },
        Labels::TripleBarrier { barrier: 101.0, horizon: 5, volatility_span: 5 },
        Labels::ForwardReturn { horizon: 10_001, threshold: 0.0 },
        Labels::ForwardReturn { horizon: 5, threshold: -1.0 },
        Labels::Zigzag { threshold: 1.0 },
    ] {
        assert!(matches!(make(&bad, Classification, &bars), Err(LabelError::Parameter { .. })), "{bad:?}");
    }
    let far = Labels::TripleBarrier { barrier: 1.0, horizon: u32::MAX, volatility_span: u32::MAX };
    assert!(make(&far, Classification, &bars).is_err());
}

#[test]
fn prices_of_zero_and_below_have_no_labels_and_the_bar_is_named() {
    let mut bars = bars_of(&[100.0; 60], 1.0);
    bars.low[7] = -40.32;
    for labels in [
        Labels::TripleBarrier { barrier: 2.0, horizon: 3, volatility_span: 2 },
        Labels::ForwardReturn { horizon: 1, threshold: 0.005 },
        Labels::Zigzag { threshold: 0.05 },
    ] {
        let refused = make(&labels, Classification, &bars).unwrap_err();
        assert!(matches!(refused, LabelError::NotAboveZero { price: -40.32, .. }), "{refused}");
    }
}
