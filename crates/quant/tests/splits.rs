//! Purged splits: no training label knows the rows that stop or judge the network.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ktrdr_domain::strategy::DataSplit;
use ktrdr_quant::split::{SplitError, purged};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_label_reaches_into_the_next_part(
        start in 0usize..50,
        reach in prop::collection::vec(0usize..40, 1..300),
        train in 0.1..0.8f64,
        embargo in 0usize..10,
    ) {
        let ends: Vec<usize> = reach.iter().enumerate().map(|(i, r)| start + i + r).collect();
        let rows = start..start + ends.len();
        let shares = DataSplit { train, validation: (1.0 - train) / 2.0, test: (1.0 - train) / 2.0 };
        if let Ok(split) = purged(rows.clone(), &ends, &shares, embargo) {
            for (part, next) in [(&split.train, &split.validation), (&split.validation, &split.test)] {
                for bar in part {
                    prop_assert!(ends[bar - start] < next[0] && bar + embargo < next[0]);
                }
            }
            let mut all = [&split.train[..], &split.validation, &split.test].concat();
            prop_assert_eq!(all.len() + split.purged, rows.len());
            let sorted = all.clone();
            all.dedup();
            prop_assert_eq!(&all, &sorted);
            prop_assert!(all.windows(2).all(|w| w[0] < w[1]) && all.iter().all(|bar| rows.contains(bar)));
        }
    }

    #[test]
    fn any_shares_and_ends_are_answered_without_panic(
        ends in prop::collection::vec(any::<usize>(), 0..40),
        train: f64, validation: f64, test: f64, embargo: usize,
    ) {
        let _ = purged(3..3 + ends.len(), &ends, &DataSplit { train, validation, test }, embargo);
    }
}

/// Worked by hand: 20 rows, validation from 14, every label spans four bars.
#[test]
fn rows_whose_labels_reach_validation_are_dropped() {
    let ends: Vec<usize> = (0..20).map(|i| i + 3).collect();
    let shares = DataSplit { train: 0.7, validation: 0.3, test: 0.0 };
    for (embargo, last_kept, purged_rows) in [(0, 10, 6), (5, 8, 10)] {
        let split = purged(0..20, &ends, &shares, embargo).unwrap();
        assert_eq!(split.train, (0..=last_kept).collect::<Vec<_>>());
        assert_eq!(split.validation[0], 14);
        assert_eq!(split.purged, purged_rows);
    }
}

#[test]
fn a_part_without_rows_is_an_error_that_names_it() {
    let shares = DataSplit::default();
    let all_reach_the_end: Vec<usize> = vec![99; 20];
    let refused = purged(0..20, &all_reach_the_end, &shares, 0).unwrap_err();
    assert_eq!(refused, SplitError::Empty { part: "training", rows: 20, purged: 17 });
    assert!(matches!(purged(0..20, &[1], &shares, 0), Err(SplitError::Unequal { rows: 20, ends: 1 })));
    let shares = DataSplit { train: 0.9, validation: 0.2, test: 0.1 };
    assert!(matches!(purged(0..0, &[], &shares, 0), Err(SplitError::Shares { .. })));
}
