//! Runs with and without skill among what chance gives: the p-values of both nulls.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::trading::{Account, Costs, Sizing};
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::exam::{Entries, Exam, PValue, Shifts};
use ktrdr_quant::simulate::{self, Target};
use ktrdr_quant::statistics::proportion::clopper_pearson;
use ktrdr_quant::statistics::ratios;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const HOURS_PER_WEEK: usize = 7 * 24;

/// Hourly bars of a random walk, each moving by its own `size`, plus its own `drift`.
fn walk(hours: usize, seed: u64, size: impl Fn(usize) -> f64, drift: impl Fn(usize) -> f64) -> Bars {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), hours);
    let mut price = 100.0_f64;
    for hour in 0..hours {
        let uniform = |random: &mut ChaCha8Rng| (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        // The sum of twelve uniforms, less six, is as good as normal here.
        let normal = (0..12).map(|_| uniform(&mut random)).sum::<f64>() - 6.0;
        let open = price;
        price *= (size(hour) * normal + drift(hour)).exp();
        bars.time.push(hour as i64 * 3_600);
        bars.open.push(open);
        bars.high.push(open.max(price));
        bars.low.push(open.min(price));
        bars.close.push(price);
        bars.volume.push(0.0);
    }
    bars
}

fn account() -> Account {
    Account { sizing: Sizing::FixedFraction(1.0), costs: Costs::default(), ..Account::default() }
}

/// p-values of both nulls: shifts by weeks, random entries.
fn examined(bars: &Bars, range: std::ops::Range<usize>, targets: &[Target], draws: usize) -> [PValue; 2] {
    let (account, calendar) = (account(), Calendar::of(bars));
    let exam = Exam { bars, range: range.clone(), targets, account: &account, calendar: calendar.as_ref() };
    let market = exam.market();
    let run = simulate::run(bars, range, targets, &account).unwrap();
    let active = exam.active(&run, &market).unwrap();
    let score = ratios::sharpe(&active.returns).unwrap_or(0.0);
    let rank = |null: &mut dyn Iterator<Item = Vec<Target>>| {
        let scores: Vec<f64> = null.map(|drawn| exam.score(&drawn, &market).unwrap()).collect();
        PValue::of(score, &scores)
    };
    [rank(&mut Shifts::new(&exam)), rank(&mut Entries::new(&exam, 7).take(draws))]
}

/// Long or short for a few hours, at random, where `trades` allows it.
fn coin(hours: usize, seed: u64, trades: impl Fn(usize) -> bool) -> Vec<Target> {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xc01);
    let mut held = 0;
    let mut decide = |hour: usize| {
        if hour.is_multiple_of(5) {
            held = if random.next_u64() & 1 == 0 { 1 } else { -1 };
        }
        if trades(hour) { held } else { 0 }
    };
    (0..hours).map(&mut decide).collect()
}

#[test]
fn foresight_beats_every_draw_and_its_opposite_none() {
    let hours = 30 * HOURS_PER_WEEK;
    let bars = walk(hours, 1, |_| 0.002, |_| 0.0);
    let foresight: Vec<Target> = (0..hours)
        .map(|hour| match bars.close.get(hour + 1) {
            Some(next) if *next > bars.close[hour] => 1,
            Some(_) => -1,
            None => 0,
        })
        .collect();
    let [shifted, entered] = examined(&bars, 0..hours, &foresight, 50);
    assert_eq!((shifted.p, shifted.draws), (1.0 / 30.0, 29));
    assert_eq!((entered.p, entered.draws), (1.0 / 51.0, 50));
    let opposite: Vec<Target> = foresight.iter().map(|target| -target).collect();
    assert!(examined(&bars, 0..hours, &opposite, 50).iter().all(|null| null.p == 1.0));
}

#[test]
fn holding_a_market_that_rises_is_no_skill() {
    let hours = 30 * HOURS_PER_WEEK;
    let bars = walk(hours, 2, |_| 0.001, |_| 0.0005);
    for null in examined(&bars, 0..hours, &vec![1; hours], 20) {
        assert_eq!(null.p, 1.0, "every draw is the same position");
    }
}

#[test]
fn where_nothing_is_held_there_is_nothing_to_draw() {
    let bars = walk(1_000, 3, |_| 0.001, |_| 0.0);
    let [shifted, entered] = examined(&bars, 0..1_000, &[0; 1_000], 20);
    assert_eq!((shifted.p, entered.p, entered.draws), (1.0, 1.0, 0));
}

#[test]
fn shifts_are_whole_weeks_all_of_them_and_each_once() {
    let hours = 10 * HOURS_PER_WEEK - 30; // the last week is cut short
    let bars = walk(hours, 4, |_| 0.001, |_| 0.0);
    let targets: Vec<Target> = (0..hours).map(|hour| [1, 0, -1][hour / HOURS_PER_WEEK % 3]).collect();
    let (account, range) = (account(), 0..hours);
    let exam = Exam { bars: &bars, range, targets: &targets, account: &account, calendar: None };
    let shifted: Vec<Vec<Target>> = Shifts::new(&exam).collect();
    assert_eq!(shifted.len(), 9);
    for (weeks, drawn) in (1..).zip(&shifted) {
        for hour in weeks * HOURS_PER_WEEK..hours {
            assert_eq!(drawn[hour], targets[hour - weeks * HOURS_PER_WEEK], "{weeks} weeks, hour {hour}");
        }
    }
}

#[test]
fn random_entries_keep_sides_lengths_and_hours() {
    let hours = 60 * HOURS_PER_WEEK;
    let bars = walk(hours, 5, |_| 0.001, |_| 0.0);
    // From 9 to 12 every other day, long and short in turn.
    let targets: Vec<Target> =
        (0..hours)
            .map(|hour| {
                if hour / 24 % 2 == 0 && (9..12).contains(&(hour % 24)) { [1, -1][hour / 48 % 2] } else { 0 }
            })
            .collect();
    let (account, range) = (account(), 0..hours);
    let exam = Exam { bars: &bars, range, targets: &targets, account: &account, calendar: None };
    let held = |targets: &[Target]| [1, -1].map(|side| targets.iter().filter(|t| **t == side).count());
    let mut different = 0;
    for drawn in Entries::new(&exam, 11).take(20) {
        assert_eq!(held(&drawn), held(&targets));
        let outside = (0..hours).filter(|hour| drawn[*hour] != 0 && !(9..12).contains(&(hour % 24)));
        assert_eq!(outside.count(), 0, "positions are entered at their own hour");
        different += usize::from(drawn != targets);
    }
    assert_eq!(different, 20);
    let again = |seed| Entries::new(&exam, seed).take(3).collect::<Vec<_>>();
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
}

/// Skill-less positions in markets that fool a shift by any number of bars: how many of them stand out by the first null,
/// by the second, and by both.
fn false_positives(
    campaigns: u64,
    size: impl Fn(usize) -> f64 + Copy,
    trades: impl Fn(usize, &Bars) -> bool + Copy,
) -> [u64; 3] {
    let hours = 110 * HOURS_PER_WEEK;
    let mut found = [0; 3];
    for seed in 0..campaigns {
        let bars = walk(hours, 1_000 + seed, size, |_| 0.0);
        let targets = coin(hours, seed, |hour| trades(hour, &bars));
        let [shifted, entered] = examined(&bars, 0..hours, &targets, 99).map(|null| null.p <= 0.05);
        for (found, stands_out) in found.iter_mut().zip([shifted, entered, shifted && entered]) {
            *found += u64::from(stands_out);
        }
    }
    found
}

/// 95 % of the time the truth lies above this.
fn at_least(found: u64, campaigns: u64) -> f64 {
    clopper_pearson(found, campaigns, 0.10).0
}

#[test]
fn volatility_with_a_daily_clock_does_not_make_chance_look_like_skill() {
    const CAMPAIGNS: u64 = 120;
    let clock = |hour: usize| if (11..16).contains(&(hour % 24)) { 0.004 } else { 0.0007 };
    let found = false_positives(CAMPAIGNS, clock, |hour, _| (11..16).contains(&(hour % 24)));
    for found in found {
        assert!(at_least(found, CAMPAIGNS) <= 0.05, "{found} of {CAMPAIGNS} stood out");
    }
}

#[test]
fn trading_when_it_is_lively_does_not_make_chance_look_like_skill() {
    const CAMPAIGNS: u64 = 120;
    // Volatility that comes and goes, within days and over weeks.
    let waves = |hour: usize| {
        0.001 * (1.0 + 0.9 * (hour as f64 / 37.0).sin()) * (1.0 + 0.9 * (hour as f64 / 1_500.0).sin())
    };
    let lively = |hour: usize, bars: &Bars| {
        let moves = (hour.saturating_sub(20).max(1)..=hour.max(1))
            .map(|at| (bars.close[at] / bars.close[at - 1] - 1.0).abs());
        moves.sum::<f64>() / 20.0 > 0.0012
    };
    let found = false_positives(CAMPAIGNS, waves, lively);
    let [_, entered, both] = found;
    for found in [entered, both] {
        assert!(at_least(found, CAMPAIGNS) <= 0.05, "{found} of {CAMPAIGNS} stood out");
    }
}
