//! Where runs with and without timing stand among their own null draws.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::trading::{Account, Costs, Sizing};
use ktrdr_quant::Bars;
use ktrdr_quant::null::{self, Draws, NullRank};
use ktrdr_quant::simulate::{self, Target};

/// A wave of 40 bars: up for half of it, down for the other.
fn wave(bars_count: usize) -> Bars {
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), bars_count);
    let mut price = 100.0;
    for i in 0..bars_count {
        bars.time.push(i as i64 * 3_600);
        bars.open.push(price);
        price *= if i % 40 < 20 { 1.001 } else { 1.0 / 1.001 };
        bars.close.push(price);
        let open = bars.open[i];
        bars.high.push(open.max(price));
        bars.low.push(open.min(price));
        bars.volume.push(0.0);
    }
    bars
}

/// Long exactly while the wave rises.
fn timed(bars_count: usize) -> Vec<Target> {
    (0..bars_count).map(|i| if (i + 1) % 40 < 20 { 1 } else { -1 }).collect()
}

fn account() -> Account {
    Account { sizing: Sizing::FixedUnits(10.0), costs: Costs::default(), ..Account::default() }
}

fn rank(bars: &Bars, targets: &[Target], draws: usize, seed: u64) -> NullRank {
    let account = account();
    let run = simulate::run(bars, 0..bars.len(), targets, &account).unwrap();
    let draws = Draws::new(bars, 0..bars.len(), targets, &account, seed).take(draws);
    null::rank(&run, account.initial_capital, &draws.map(Result::unwrap).collect::<Vec<f64>>())
}

#[test]
fn perfect_timing_stands_at_the_top_and_its_opposite_at_the_bottom() {
    let (bars, targets) = (wave(1_000), timed(1_000));
    let opposite: Vec<Target> = targets.iter().map(|t| -t).collect();
    assert!(rank(&bars, &targets, 200, 1).percentile.unwrap() > 0.9);
    assert!(rank(&bars, &opposite, 200, 1).percentile.unwrap() < 0.1);
}

#[test]
fn holding_all_the_time_is_no_timing_and_stands_in_the_middle() {
    let found = rank(&wave(1_000), &[1; 1_000], 50, 3);
    assert_eq!((found.percentile, found.draws, found.reason), (Some(0.5), 50, None));
}

#[test]
fn the_seed_decides_the_draws() {
    let (bars, targets, account) = (wave(300), timed(300), account());
    let draws = |seed| -> Vec<f64> {
        Draws::new(&bars, 0..300, &targets, &account, seed).take(20).map(Result::unwrap).collect()
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
}

#[test]
fn no_draw_leaves_the_targets_nearly_where_they_are() {
    // A single long bar in a market that gains more from bar to bar: the gain tells the shift.
    let mut bars = wave(100);
    for (i, close) in bars.close.iter_mut().enumerate() {
        bars.open[i] = 100.0 + (i * i) as f64;
        *close = bars.open[i];
    }
    let mut targets = vec![0; 100];
    targets[0] = 1;
    let account = Account { sizing: Sizing::FixedUnits(1.0), costs: Costs::default(), ..account() };
    let gain_of = |shift: usize| {
        let mut moved = vec![0; 100];
        moved[shift] = 1;
        simulate::run(&bars, 0..100, &moved, &account).unwrap().net_return(account.initial_capital)
    };
    let near: Vec<f64> = (1..5).chain(96..99).map(gain_of).collect();
    for drawn in Draws::new(&bars, 0..100, &targets, &account, 5).take(500) {
        let drawn = drawn.unwrap();
        assert!((5..=95).any(|shift| gain_of(shift) == drawn), "{drawn}");
        assert!(near.iter().all(|near| *near != drawn), "{drawn} comes from a shift that is too small");
    }
}

#[test]
fn without_trades_or_room_there_is_no_percentile_but_a_reason() {
    let idle = rank(&wave(100), &[0; 100], 10, 1);
    assert_eq!((idle.percentile, idle.reason), (None, Some("there is no trade to shift")));
    let bars = wave(2);
    let one = simulate::run(&bars, 0..1, &[1], &account()).unwrap();
    let short = null::rank(&one, account().initial_capital, &[]);
    assert!(Draws::new(&bars, 0..1, &[1], &account(), 1).next().is_none());
    assert_eq!((short.percentile, short.draws), (None, 0));
}
