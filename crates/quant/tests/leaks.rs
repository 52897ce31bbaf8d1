//! Data that knows the future is found, each leak by its name; data that does not is not accused.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::Timeframe;
use ktrdr_quant::Bars;
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::leaks::{columns, stamps};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// An hourly random walk without a pause, with a volume that goes with how much the price moves.
fn hourly(hours: usize, seed: u64) -> Bars {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), hours);
    let mut price = 100.0_f64;
    for hour in 0..hours {
        let open = price;
        let step = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        price *= 1.0 + 0.004 * step;
        bars.time.push(hour as i64 * HOUR);
        bars.open.push(open);
        bars.high.push(open.max(price));
        bars.low.push(open.min(price));
        bars.close.push(price);
        bars.volume.push(1_000.0 * step.abs() + (random.next_u64() % 1_000) as f64);
    }
    bars
}

/// The coarser series of a finer one; its bars begin `late_s` after midnight and are stamped `early_s` too early.
fn aggregated(fine: &Bars, timeframe: &str, late_s: i64, early_s: i64) -> Bars {
    let timeframe: Timeframe = timeframe.parse().unwrap();
    let length = timeframe.seconds();
    let mut coarse = Bars::with_capacity(fine.symbol.clone(), timeframe, fine.len());
    let mut current = i64::MIN;
    for bar in 0..fine.len() {
        let start = (fine.time[bar] - late_s).div_euclid(length) * length + late_s;
        if start != current {
            current = start;
            coarse.time.push(start - early_s);
            coarse.open.push(fine.open[bar]);
            coarse.high.push(fine.high[bar]);
            coarse.low.push(fine.low[bar]);
            coarse.close.push(fine.close[bar]);
            coarse.volume.push(fine.volume[bar]);
        } else {
            let last = coarse.time.len() - 1;
            coarse.high[last] = coarse.high[last].max(fine.high[bar]);
            coarse.low[last] = coarse.low[last].min(fine.low[bar]);
            coarse.close[last] = fine.close[bar];
            coarse.volume[last] += fine.volume[bar];
        }
    }
    coarse
}

#[test]
fn a_coarser_series_with_right_stamps_is_not_accused() {
    let fine = hourly(24 * 200, 1);
    for timeframe in ["2h", "4h", "1d", "1w"] {
        assert_eq!(stamps::early_stamp(&fine, &aggregated(&fine, timeframe, 0, 0)), None, "{timeframe}");
    }
    // A trading day that begins at 22:00 is stamped with its beginning.
    assert_eq!(stamps::early_stamp(&fine, &aggregated(&fine, "1d", 22 * HOUR, 0)), None);
}

#[test]
fn a_day_stamped_early_is_found_with_how_much() {
    let fine = hourly(24 * 200, 2);
    for early_s in [DAY, 5 * HOUR, HOUR] {
        let found = stamps::early_stamp(&fine, &aggregated(&fine, "1d", 0, early_s)).unwrap();
        assert_eq!(found.early_s, early_s);
    }
    let found = stamps::early_stamp(&fine, &aggregated(&fine, "1d", 0, DAY)).unwrap().to_string();
    assert!(found.contains("TEST 1d is stamped 24 hours early"), "{found}");
}

#[test]
fn another_time_zone_and_several_bars_are_found_too() {
    let fine = hourly(24 * 200, 2);
    for (timeframe, early_s) in
        [("2h", 8 * HOUR), ("4h", 14 * HOUR), ("1d", 3 * DAY), ("1d", 5 * DAY + 5 * HOUR)]
    {
        let found = stamps::early_stamp(&fine, &aggregated(&fine, timeframe, 0, early_s)).unwrap();
        assert_eq!(found.early_s, early_s, "{timeframe}");
    }
    // Rows moved by three, of weeks with five days.
    let mut days = aggregated(&fine, "1d", 0, 0);
    let is_weekday = |open: &i64| !matches!((open.div_euclid(DAY) + 4).rem_euclid(7), 0 | 6);
    let kept: Vec<usize> = (0..days.len()).filter(|bar| is_weekday(&days.time[*bar])).collect();
    days.time = kept.iter().map(|bar| days.time[*bar]).collect();
    days.close = kept.iter().map(|bar| days.close[*bar]).collect();
    days.time.drain(days.time.len() - 3..);
    days.close.drain(..3);
    (days.open, days.high, days.low) = (days.close.clone(), days.close.clone(), days.close.clone());
    days.volume.truncate(days.time.len());
    assert!(stamps::early_stamp(&fine, &days).is_some_and(|found| found.early_s >= 3 * DAY));
}

#[test]
fn what_is_stamped_late_shows_nobody_the_future() {
    let fine = hourly(24 * 200, 3);
    assert_eq!(stamps::early_stamp(&fine, &aggregated(&fine, "1d", 0, -DAY)), None);
    assert_eq!(stamps::early_stamp(&fine, &aggregated(&fine, "1d", 0, -HOUR)), None);
}

#[test]
fn adjusted_prices_still_agree_and_strangers_tell_nothing() {
    let fine = hourly(24 * 200, 4);
    let mut adjusted = aggregated(&fine, "1d", 0, DAY);
    adjusted.close.iter_mut().for_each(|close| *close *= 0.25);
    assert_eq!(stamps::early_stamp(&fine, &adjusted).unwrap().early_s, DAY);
    let other = hourly(24 * 200, 99);
    assert_eq!(stamps::early_stamp(&fine, &aggregated(&other, "1d", 0, 0)), None);
    assert_eq!(stamps::early_stamp(&fine, &aggregated(&hourly(24 * 20, 4), "1d", 0, DAY)), None, "20 days");
}

#[test]
fn honest_columns_foresee_nothing() {
    let fine = hourly(24 * 300, 5);
    let coarse = [aggregated(&fine, "4h", 0, 0), aggregated(&fine, "1d", 0, 0)];
    let found = columns::foreseeing(&fine, 0..fine.len(), &[&coarse[0], &coarse[1]]);
    assert_eq!(found, []);
}

#[test]
fn a_volume_that_holds_the_next_bars_is_found_by_its_name() {
    let mut fine = hourly(24 * 300, 6);
    let bars = fine.len();
    for bar in 0..bars {
        let ahead = fine.close[(bar + 12).min(bars - 1)];
        fine.volume[bar] = (1_000.0 + 1e5 * (ahead / fine.close[bar] - 1.0)).max(0.0);
    }
    let found = columns::foreseeing(&fine, 0..bars / 2, &[]);
    assert_eq!(found.iter().map(|leak| leak.column.as_str()).collect::<Vec<_>>(), ["TEST 1h volume"]);
    assert!(found[0].correlation > 0.2 && found[0].t > 10.0 && found[0].bars == bars / 2 - 1, "{found:?}");
}

#[test]
fn a_daily_series_that_knows_tomorrow_is_found_by_its_columns_too() {
    let fine = hourly(24 * 300, 7);
    let early = aggregated(&fine, "1d", 0, DAY);
    let found = columns::foreseeing(&fine, 0..fine.len(), &[&early]);
    assert!(found.iter().any(|leak| leak.column == "TEST 1d close"), "{found:?}");
}

/// Real bars, where they are there: none of them is accused.
#[test]
fn real_series_are_not_accused() {
    let Some(folder) = std::env::var_os("KTRDR_REAL_DATA").map(std::path::PathBuf::from) else { return };
    let read = |symbol: &str, timeframe: &str| {
        let bytes = std::fs::read(folder.join(format!("{symbol}_{timeframe}.csv"))).unwrap();
        csv::read(&bytes, symbol.parse().unwrap(), timeframe.parse().unwrap(), &ReadOptions::default())
            .unwrap()
    };
    for symbol in ["EURUSD", "AAPL"] {
        let (fine, coarse) = (read(symbol, "1h"), read(symbol, "1d"));
        assert_eq!(stamps::early_stamp(&fine, &coarse), None, "{symbol}");
        let found = columns::foreseeing(&fine, 0..fine.len(), &[&coarse]);
        assert_eq!(found, [], "{symbol}");
        let mut early = coarse.clone();
        early.time.iter_mut().for_each(|time| *time -= DAY);
        assert!(stamps::early_stamp(&fine, &early).is_some(), "{symbol}, stamped a day early");
    }
}
