//! Synthetic bars: the same bits everywhere, sound, and with the edge they claim.
#![allow(clippy::unwrap_used)]

use ktrdr_domain::Sha256;
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::{Calendar, TradingWeek};
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::generate::{BadProcess, BadRecipe, Process, Recipe, Sessions, generate};
use proptest::prelude::*;

fn recipe(process: &str, bars: usize, seed: u64) -> Recipe {
    Recipe {
        process: Process::from_name(process).unwrap(),
        sessions: Sessions::Currency,
        symbol: "SYN".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        start: "2010-01-01".parse().unwrap(),
        bars,
        start_price: 1.25,
        seed,
    }
}

fn returns(bars: &Bars) -> Vec<f64> {
    bars.close.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean(&values.iter().map(|v| (v - centre) * (v - centre)).collect::<Vec<_>>()).sqrt()
}

#[test]
fn a_seed_gives_the_same_bits_on_every_platform() {
    let golden = [
        ("random-walk", "1a51d8f8222d8fa16b56425f29b7007d44c34c25876c476760314762fcfe81df"),
        ("regime-volatility", "f33820b8ea6996ba2408b34db3785e0d36fa69264d546962519fd02a3a670a28"),
        ("planted-edge", "768321c7153ac58d464abb1c8af93973cdfbde7ad61dd1fcfaee6574cbdef21f"),
        ("planted-edge-weak", "31ab7be8f85d9af24a25e5df9ec83f01098b7908d5033d299673e122693a8617"),
    ];
    for (name, expected) in golden {
        let text = csv::write(&generate(&recipe(name, 1_000, 42)).unwrap());
        assert_eq!(Sha256::of(&text).to_string(), expected, "{name}");
    }
    assert_ne!(generate(&recipe("random-walk", 9, 1)), generate(&recipe("random-walk", 9, 2)));
}

#[test]
fn a_longer_series_begins_with_the_shorter_one() {
    for name in Process::NAMES {
        let (short, long) =
            (generate(&recipe(name, 500, 3)).unwrap(), generate(&recipe(name, 900, 3)).unwrap());
        assert_eq!(long.slice(0..500), short, "{name}");
    }
}

#[test]
fn sessions_have_the_calendar_they_claim() {
    let calendar = |sessions, timeframe: &str, bars| {
        let timeframe = timeframe.parse().unwrap();
        Calendar::of(&generate(&Recipe { sessions, timeframe, ..recipe("random-walk", bars, 1) }).unwrap())
            .unwrap()
    };
    let currency = calendar(Sessions::Currency, "1h", 12_000);
    assert!((currency.bars_per_year - 6_261.4).abs() < 5.0, "{currency:?}");
    assert!((calendar(Sessions::Shares, "1d", 1_000).days_per_year - 260.9).abs() < 0.1);
    assert_eq!(calendar(Sessions::Always, "5m", 5_000).week, TradingWeek::EveryDay);
}

#[test]
fn a_random_walk_has_its_sigma_and_no_memory() {
    let walk = returns(&generate(&recipe("random-walk", 50_000, 5)).unwrap());
    assert!((deviation(&walk) / 0.0012 - 1.0).abs() < 0.02);
    let products: Vec<f64> = walk.windows(2).map(|pair| pair[0] * pair[1]).collect();
    assert!((mean(&products) / deviation(&walk).powi(2)).abs() < 0.015);
    assert!(mean(&walk).abs() < 3.0 * 0.0012 / 50_000_f64.sqrt());
}

#[test]
fn regimes_give_fat_tails_and_clusters() {
    let moves = returns(&generate(&recipe("regime-volatility", 50_000, 5)).unwrap());
    let kurtosis = mean(&moves.iter().map(|r| r.powi(4)).collect::<Vec<_>>()) / deviation(&moves).powi(4);
    assert!(kurtosis > 5.0, "{kurtosis}");
    let sizes: Vec<f64> = moves.iter().map(|r| r.abs()).collect();
    let centre = mean(&sizes);
    let products: Vec<f64> = sizes.windows(11).map(|w| (w[0] - centre) * (w[10] - centre)).collect();
    assert!(mean(&products) / deviation(&sizes).powi(2) > 0.1);
}

/// Annualised Sharpe ratio, after 1.5 basis points per side, of being long below a moving average of 100 closes and
/// short above it. The position is taken at the close and earns the next bar.
fn sharpe_of_simplest_rule(bars: &Bars) -> f64 {
    let moves = returns(bars);
    let (mut average, mut held, mut earned) = (bars.close[0], 0.0, Vec::new());
    for (i, r) in moves.iter().enumerate() {
        average += 2.0 / 101.0 * (bars.close[i] - average);
        let wanted = if bars.close[i] < average { 1.0 } else { -1.0_f64 };
        earned.push(wanted * r - 0.00015 * (wanted - held).abs());
        held = wanted;
    }
    mean(&earned) / deviation(&earned) * Calendar::of(bars).unwrap().bars_per_year.sqrt()
}

#[test]
fn the_planted_edge_is_as_strong_as_it_claims() {
    let sharpe = |name: &str| {
        let all: Vec<f64> = (0..8)
            .map(|seed| sharpe_of_simplest_rule(&generate(&recipe(name, 60_000, seed)).unwrap()))
            .collect();
        mean(&all)
    };
    let (strong, weak, none) = (sharpe("planted-edge"), sharpe("planted-edge-weak"), sharpe("random-walk"));
    assert!((7.0..11.0).contains(&strong), "{strong}");
    assert!((0.2..0.9).contains(&weak), "{weak}");
    assert!(none < 0.0, "{none}");
}

#[test]
fn impossible_recipes_say_what_to_change() {
    let base = recipe("random-walk", 10, 1);
    let refusal = |recipe: Recipe| generate(&recipe).unwrap_err();
    assert_eq!(refusal(Recipe { bars: 0, ..base.clone() }), BadRecipe::Count(0));
    assert!(matches!(refusal(Recipe { start_price: f64::NAN, ..base.clone() }), BadRecipe::StartPrice(_)));
    let start = "2199-12-31".parse().unwrap();
    assert_eq!(refusal(Recipe { start, bars: 5_000, ..base.clone() }), BadRecipe::Time);
    let wild = Process::RandomWalk { sigma_per_bar: 0.1, drift: 0.01 };
    assert!(matches!(
        refusal(Recipe { process: wild, bars: 10_000, ..base.clone() }),
        BadRecipe::Exploded(_)
    ));
    let timeframe = "4h".parse().unwrap();
    let shares = Recipe { sessions: Sessions::Shares, timeframe, ..base.clone() };
    assert_eq!(refusal(shares), BadRecipe::Timeframe(timeframe));
    let strong = Process::PlantedEdge { strength: 3.0 };
    assert!(matches!(
        refusal(Recipe { process: strong, ..base }),
        BadRecipe::Process(BadProcess::Parameter { .. })
    ));
    assert!(
        Process::from_name("lottery").unwrap_err().to_string().contains("random-walk, regime-volatility")
    );
}

proptest! {
    #[test]
    fn whatever_is_generated_passes_the_strict_reader(
        seed: u64,
        name in prop::sample::select(Process::NAMES.to_vec()),
        sessions in prop::sample::select(vec![Sessions::Currency, Sessions::Always, Sessions::Shares]),
        timeframe in prop::sample::select(vec!["1m", "5m", "1h", "4h", "1d", "1w"]),
        start in 0_i64..4_000_000_000,
        bars in 1_usize..60,
    ) {
        prop_assume!((sessions, timeframe) != (Sessions::Shares, "4h"));
        let timeframe = timeframe.parse().unwrap();
        let start = ktrdr_domain::Timestamp(start);
        let bars = generate(&Recipe { sessions, timeframe, start, ..recipe(name, bars, seed) }).unwrap();
        prop_assert!(bars.time[0] >= start.0);
        let back = csv::read(&csv::write(&bars), bars.symbol.clone(), timeframe, &ReadOptions::default());
        prop_assert_eq!(back, Ok(bars));
    }
}
