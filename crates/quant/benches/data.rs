//! How fast bars are read and written. The figure to hold: at least 2 million rows per second on one core.
#![allow(clippy::unwrap_used)]

use divan::Bencher;
use divan::counter::ItemsCount;
use ktrdr_domain::{Symbol, Timeframe};
use ktrdr_quant::Bars;
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::generate::{Process, Recipe, Sessions, generate};
use ktrdr_quant::data::health;
use ktrdr_quant::data::import::{ImportOptions, import};

const ROWS: usize = 500_000;

fn main() {
    divan::main();
}

/// Prices of five decimals, as feeds publish them.
fn bars() -> Bars {
    let mut bars = generate(&Recipe {
        process: Process::from_name("random-walk").unwrap(),
        sessions: Sessions::Always,
        symbol: symbol(),
        timeframe: minute(),
        start: "2010-01-01".parse().unwrap(),
        bars: ROWS,
        start_price: 1.25,
        seed: 1,
    })
    .unwrap();
    for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
        field.iter_mut().for_each(|price| *price = (*price * 1e5).round() / 1e5);
    }
    bars
}

fn symbol() -> Symbol {
    "BENCH".parse().unwrap()
}

fn minute() -> Timeframe {
    "1m".parse().unwrap()
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read(bencher: Bencher<'_, '_>) {
    let text = csv::write(&bars());
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| csv::read(&text, symbol(), minute(), &ReadOptions::default()).unwrap());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn write(bencher: Bencher<'_, '_>) {
    let bars = bars();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| csv::write(&bars));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn import_own_layout(bencher: Bencher<'_, '_>) {
    let text = csv::write(&bars());
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| import(&text, symbol(), minute(), &ImportOptions::default()).unwrap());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn check_health(bencher: Bencher<'_, '_>) {
    let bars = bars();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| health::check(&bars));
}
