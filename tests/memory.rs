//! What research remembers: all of dev, and of the exam one word.

use std::fmt::Write;

use serde_json::Value;

use crate::world::World;

/// 4,000 hourly bars of a walk that falls back to its average; what comes after dev, the first 60 %, is drawn anew for each
/// `exam`.
fn bars(exam: u64) -> String {
    let (bars, dev) = (4_000, 2_450);
    let mut csv = String::from("time,open,high,low,close,volume\n");
    let mut state = 7u64;
    let (mut log, mut slow) = (0.0f64, 0.0f64);
    for bar in 0..bars {
        if bar == dev {
            state = state.wrapping_add(exam);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5;
        let open = log;
        log += 0.004 * noise - 0.05 * (log - slow);
        slow += (log - slow) / 100.0;
        let (high, low) = (open.max(log) + 0.0005, open.min(log) - 0.0005);
        let time = 1_500_001_200 + bar * 3_600;
        let [open, high, low, close] = [open, high, low, log].map(|x| 100.0 * x.exp());
        writeln!(csv, "{time},{open:.5},{high:.5},{low:.5},{close:.5},0").unwrap();
    }
    csv
}

/// A campaign whose designs all look at the exam, and none of which passes it: all for the same reason.
const GATES: &str = "[gates]\nprofile = \"parity\"\naccuracy_min = 0\nloss_max = 1e9\nloss_decrease_min = -1e9\n\
                     win_rate_min = 0\ndrawdown_max = 0\n";

struct Campaign {
    cycles: Vec<Value>,
    lessons: Vec<Value>,
    remembered: String,
}

fn campaign(exam: u64) -> Campaign {
    let world = World::new();
    world.write("ktrdr.toml", GATES);
    let file = world.write("bars.csv", bars(exam));
    world.json(&["data", "import", file.to_str().unwrap(), "-s", "SERIES", "-t", "1h"]);
    let market = ["-s", "SERIES", "-t", "1h", "--campaign", "c", "--cycles", "9", "--generation", "3"];
    let answer = world.json(&[&["research", "run", "--local"][..], &market].concat());
    let lessons = world.json(&["ledger", "lessons"]);
    Campaign {
        cycles: answer["cycles"].as_array().unwrap().clone(),
        remembered: lessons.to_string(),
        lessons: lessons["lessons"].as_array().unwrap().clone(),
    }
}

#[test]
fn exams_that_differ_in_figures_only_lead_to_the_same_designs_and_leave_no_figure_in_memory() {
    let [one, other] = [campaign(1), campaign(2)];
    let designs = |campaign: &Campaign| -> Vec<String> {
        campaign.cycles.iter().map(|cycle| cycle["result"]["strategy_sha256"].to_string()).collect()
    };
    // What repeats an earlier design is not examined.
    let examined = |campaign: &Campaign| -> Vec<Value> {
        let is_examined = |cycle: &&Value| cycle["result"]["backtest_gate"].is_object();
        campaign.cycles.iter().filter(is_examined).map(|cycle| cycle["result"].clone()).collect()
    };
    let exams = |campaign: &Campaign| -> Vec<String> {
        examined(campaign).iter().map(|result| result["metrics"].to_string()).collect()
    };
    let words = |campaign: &Campaign| -> Vec<String> {
        examined(campaign).iter().map(|result| result["backtest_gate"]["code"].to_string()).collect()
    };
    assert!(exams(&one).len() >= 7, "{:?}", one.cycles);
    assert!(words(&one).iter().all(|word| word == "\"drawdown_too_high\""), "{:?}", one.cycles);
    assert_eq!(words(&one), words(&other));
    assert!(exams(&one).iter().zip(exams(&other)).all(|(a, b)| *a != b), "the exams differ");
    assert_eq!(designs(&one), designs(&other));
    assert!(one.lessons.len() >= exams(&one).len(), "what reached the exam taught something");
    for result in examined(&one) {
        assert!(result["dev_backtest"]["active_sharpe_ratio"].is_f64(), "{result}");
        for figure in figures(&result["metrics"]).chain(figures(&result["evidence"])) {
            assert!(!one.remembered.contains(&figure), "{figure} of the exam is in memory");
        }
    }
}

/// Numbers with enough digits to be nothing else: nine wins in fourteen trades may be had twice.
fn figures(of: &Value) -> impl Iterator<Item = String> {
    let numbers = of.as_object().unwrap().values().filter(|value| value.is_f64());
    let is_share = |value: &&Value| {
        let figure = value.as_f64().unwrap();
        (1..=500).map(|n| figure * f64::from(n)).any(|count| (count - count.round()).abs() < 1e-9)
    };
    numbers.filter(move |value| !is_share(value)).map(ToString::to_string).filter(|text| text.len() >= 10)
}
