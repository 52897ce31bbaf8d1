//! What the evidence of a backtest says of runs that have no skill, whatever they earn.

use std::fmt::Write;

use serde_json::Value;

use crate::world::{WHOLE_SERIES, World, shown};

const DAY_S: i64 = 86_400;

/// A small generator of uniform numbers, the same everywhere.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The sum of twelve, less six: as good as normal here.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn date(day: i64) -> String {
    let date = chrono::DateTime::from_timestamp(1_262_304_000 + day * DAY_S, 0).unwrap();
    date.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Days of something that rises by about 20 % a year, at a volatility of 15 %.
fn rising(world: &World, days: i64) {
    let (mut random, mut price) = (Uniform(4), 100.0_f64);
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for day in 0..days {
        let open = price;
        price *= (0.2 / 365.0 + 0.15 / 365.0_f64.sqrt() * random.normal()).exp();
        let (low, high) = (open.min(price), open.max(price));
        writeln!(text, "{},{open},{high},{low},{price},0", date(day)).unwrap();
    }
    world.write("data/SHARE_1d.csv", text);
}

fn examined(world: &World, signals: &str) -> Value {
    let file = world.write("signals.csv", format!("timestamp,target\n{signals}"));
    let market = ["--symbol", "SHARE", "--timeframe", "1d", "--signals", file.to_str().unwrap()];
    world.json(&[&["backtest", "signals", "--local"], &market[..], &WHOLE_SERIES].concat())
}

#[test]
fn holding_a_market_that_rises_but_for_forty_days_is_no_skill() {
    let world = World::new();
    rising(&world, 3_000);
    let mut random = Uniform(9);
    let mut targets = vec![1; 3_000];
    (0..40).for_each(|_| targets[(random.next() * 3_000.0) as usize] = 0);
    let signals: String =
        (0..).zip(&targets).map(|(day, target)| format!("{},{target}\n", date(day))).collect();
    let report = examined(&world, &signals);
    let (metrics, evidence) = (&report["metrics"], &report["evidence"]);
    assert!(metrics["sharpe_ratio"].as_f64().unwrap() > 1.0, "{metrics}");
    assert!(metrics["psr"].as_f64().unwrap() > 0.99, "by the old question it passes: {metrics}");
    assert!(evidence["deflated_sharpe"].as_f64().unwrap() < 0.95, "{evidence}");
    for null in ["random_entries", "shifted_weeks"] {
        assert!(evidence[null]["p"].as_f64().unwrap() > 0.05, "{evidence}");
    }
    assert_eq!(evidence["random_entries"]["draws"], 1_000);
    assert_eq!(evidence["shifted_weeks"]["draws"], 428, "every whole week there is");
    assert!(evidence["active"]["beta"].as_f64().unwrap() > 0.8, "{evidence}");
    let card = shown(&world.run(&["backtest", "show", report["operation"].as_str().unwrap()]));
    for said in [
        "only long",
        "of 1000 random entries",
        "of 428 shifts by weeks",
        "SQN",
        "Calmar",
        "turnover",
        "kurtosis",
    ] {
        assert!(card.contains(said), "{said:?} is missing:\n{card}");
    }
}

#[test]
fn a_window_of_few_weeks_is_judged_by_random_entries_and_says_so() {
    let world = World::new();
    rising(&world, 400);
    let report = examined(&world, &format!("{},1\n{},0\n{},-1\n", date(10), date(60), date(200)));
    assert!(report["evidence"]["random_entries"]["p"].is_f64(), "{}", report["evidence"]);
    assert!(report["evidence"]["shifted_weeks"].is_null());
    let why = report["undefined"]["shifted_weeks"].as_str().unwrap();
    assert!(why.contains("57 whole weeks only") && why.contains("random entries decide alone"), "{why}");
}
