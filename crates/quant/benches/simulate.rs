//! Bars per second of the simulation and of the figures made from it: `cargo bench -p ktrdr-quant --bench simulate`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ktrdr_domain::trading::{Account, Exits};
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::simulate::{self, Run, Target};
use ktrdr_quant::statistics::overfitting::overfitting;
use ktrdr_quant::{Bars, metrics};

const BARS: usize = 200_000;

fn main() {
    divan::main();
}

/// Hourly bars of a wandering price, without weekends.
fn bars() -> Bars {
    let (Ok(symbol), Ok(timeframe)) = ("TEST".parse(), "1h".parse()) else { unreachable!() };
    let mut bars = Bars::with_capacity(symbol, timeframe, BARS);
    let (mut random, mut price) = (1_u64, 1.1_f64);
    for i in 0..BARS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let open = price;
        price *= 1.0 + ((random >> 40) as f64 / 16_777_216.0 - 0.5) * 0.002;
        bars.time.push(i as i64 * 3_600);
        bars.open.push(open);
        bars.high.push(open.max(price) * 1.0005);
        bars.low.push(open.min(price) * 0.9995);
        bars.close.push(price);
        bars.volume.push(0.0);
    }
    bars
}

/// Another position every 20 bars: long, none, short, none.
fn targets() -> Vec<Target> {
    (0..BARS).map(|i| [1, 0, -1, 0][i / 20 % 4]).collect()
}

fn simulated(bencher: Bencher<'_, '_>, exits: Exits) {
    let (bars, targets, account) = (bars(), targets(), Account { exits, ..Account::default() });
    bencher
        .counter(ItemsCount::new(BARS))
        .bench(|| simulate::run(black_box(&bars), 0..BARS, black_box(&targets), &account));
}

#[divan::bench]
fn simulation(bencher: Bencher<'_, '_>) {
    simulated(bencher, Exits::default());
}

#[divan::bench]
fn simulation_with_stops(bencher: Bencher<'_, '_>) {
    simulated(
        bencher,
        Exits { stop_loss: Some(0.003), take_profit: Some(0.005), max_holding_bars: Some(15) },
    );
}

#[divan::bench]
fn figures(bencher: Bencher<'_, '_>) {
    let (bars, targets, account) = (bars(), targets(), Account::default());
    let calendar = Calendar::of(&bars);
    let Ok(run): Result<Run, _> = simulate::run(&bars, 0..BARS, &targets, &account) else { unreachable!() };
    bencher.counter(ItemsCount::new(BARS)).bench(|| {
        metrics::compute(black_box(&run), &bars, 0..BARS, account.initial_capital, calendar.as_ref())
    });
}

/// PBO of 100 trials over two years of days in 16 blocks: 12,870 choices.
#[divan::bench(sample_count = 5)]
fn probability_of_overfitting(bencher: Bencher<'_, '_>) {
    let returns: Vec<f64> = (0..520 * 100).map(|i| f64::from(i * 7_919 % 1_009) / 1_009.0 - 0.5).collect();
    bencher.bench(|| overfitting(black_box(&returns), 100, 16));
}
