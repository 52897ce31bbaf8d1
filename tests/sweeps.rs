//! Variants side by side: as many looks as variants, each counted, however alike they are; stopped and said again it goes on.

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::grid;
use serde_json::Value;

use crate::api::client::{Served, block_on};
use crate::remote::elsewhere::Elsewhere;
use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(
    each_variant_is_a_look_and_the_best_pays_for_all_of_them,
    what_is_swept_by_way_of_a_server_is_what_is_swept_here,
);

/// Two that differ, and of each a near-copy.
const SWEEP: [&str; 7] = [
    "strategies",
    "sweep",
    "quick",
    "--set",
    "indicators.rsi_14.period=7,21",
    "--set",
    "decisions.confidence_threshold=0.37,0.370001",
];

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.plant("EURUSD", 0.14, 12_000, 3);
    world.example_of_epochs("quick", 2);
    world
}

fn trials(world: &World, campaign: &str) -> Vec<Value> {
    let listed = world.json(&["ledger", "trials", "--campaign", campaign]);
    listed["trials"].as_array().unwrap().clone()
}

fn variants(swept: &Value) -> &[Value] {
    swept["variants"].as_array().unwrap()
}

fn each_variant_is_a_look_and_the_best_pays_for_all_of_them(engine: Engine) {
    let world = world(engine);
    let local = [&SWEEP[..], &["--local"]].concat();
    world.refused_with(2, &local, &["4 variants of quick on EURUSD 1h", "4 looks at the gate", "--yes"]);
    assert!(world.operations().is_empty(), "nothing is submitted before somebody agreed");

    let yes = [&local[..], &["--yes"]].concat();
    let swept = world.json(&yes);
    let campaign = swept["campaign"].as_str().unwrap();
    assert_eq!(trials(&world, campaign).len(), 4, "near-copies are looks as any other");
    assert_eq!(swept["trials"], 4);
    assert!(swept["different_trials"].as_u64().unwrap() <= 2, "{swept}");
    is_sorted_and_deflated_by_all(&world, &swept);
    for name in ["quick_rsi_14_period_7", "quick_rsi_14_period_21"] {
        let strategies = world.json(&["strategies", "list"])["strategies"].clone();
        let listed = strategies.as_array().unwrap().iter();
        let of_it = listed.filter(|s| s["name"].as_str().unwrap().starts_with(name));
        assert_eq!(of_it.filter(|s| s["valid"] == true).count(), 2, "{name}: {strategies}");
    }

    let operations = world.operations().len();
    assert_eq!(world.json(&yes), swept, "said again it is the same");
    assert_eq!((world.operations().len(), trials(&world, campaign).len()), (operations, 4));
    costs_of_a_later_look(&world, &yes, &swept);
    tells_people(&world, &yes);
}

/// The best first; and every one is deflated by all of them, the first that was examined as well.
fn is_sorted_and_deflated_by_all(world: &World, swept: &Value) {
    let score = |of: &Value| of["active_sharpe_ratio"].as_f64().unwrap_or(f64::NEG_INFINITY);
    assert!(variants(swept).windows(2).all(|pair| score(&pair[0]) >= score(&pair[1])), "{swept}");
    for variant in variants(swept) {
        let report = world.json(&["backtest", "show", variant["backtest"].as_str().unwrap()]);
        let evidence = &report["evidence"];
        assert_eq!(evidence["active"]["sharpe_ratio"], variant["active_sharpe_ratio"]);
        let (now, then) = (&variant["deflated_sharpe"], &evidence["deflated_sharpe"]);
        match evidence["trials"].as_u64().unwrap() {
            4 => assert_eq!(now, then),
            n => assert!(n < 4 && now.as_f64() <= then.as_f64(), "{n} looks: {then}, then {now}"),
        }
    }
}

/// A look by anyone else is paid for, too, when the sweep is looked at again.
fn costs_of_a_later_look(world: &World, sweep: &[&str], before: &Value) {
    let best = before["variants"][0]["strategy"].as_str().unwrap();
    let again = ["--strategy", best, "--symbol", "EURUSD", "--timeframe", "1h"];
    world.json(&[&["backtest", "run", "--local"], &again[..]].concat());
    let after = world.json(sweep);
    assert_eq!(after["trials"], 5);
    assert!(after["luck_sharpe_ratio"].as_f64() > before["luck_sharpe_ratio"].as_f64());
}

fn tells_people(world: &World, sweep: &[&str]) {
    let output = world.run(sweep);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    for words in ["the best of 4 is the best of 4", "luck alone reaches", "5 looks counted", "DEFLATED"] {
        assert!(said.contains(words), "{words:?} is not said:\n{}", shown(&output));
    }
}

fn what_is_swept_by_way_of_a_server_is_what_is_swept_here(engine: Engine) {
    let world = world(engine);
    let api = Served::up(&world, &[]);
    let elsewhere = Elsewhere::asking(&format!("http://{}", api.address));
    let yes = [&SWEEP[..], &["--yes"]].concat();
    let there = elsewhere.json(&yes);
    assert_eq!(trials(&world, there["campaign"].as_str().unwrap()).len(), 4);
    assert_eq!(elsewhere.json(&yes), there, "said again it is the same");
    assert_eq!(world.json(&[&yes[..], &["--wait"]].concat()), there);
    asks_of_exams_alone(&api, &there["variants"][0]);
}

/// How exams stand is asked of completed backtests, and of no more than a sweep has.
fn asks_of_exams_alone(api: &Served, variant: &Value) {
    let asked = |exams: &str| block_on(api.get(&format!("/ledger/standings?exams={exams}")));
    let exam = variant["backtest"].as_str().unwrap();
    let (status, told) = asked(exam);
    assert_eq!((status, &told["standings"][0]["deflated_sharpe"]), (200, &variant["deflated_sharpe"]));
    assert_eq!(asked(""), (200, serde_json::json!({ "standings": [] })));
    for (exams, words) in [
        (variant["training"].as_str().unwrap(), "is no backtest"),
        ("op_backtesting_20200101_000000_00000000", "op_backtesting_20200101_000000_00000000"),
        ("nonsense", "exams"),
        (vec![exam; 101].join(",").as_str(), "up to 100"),
    ] {
        let (status, said) = asked(exams);
        assert!((400..500).contains(&status) && said.to_string().contains(words), "{status}: {said}");
    }
}

#[test]
fn a_sweep_of_dev_takes_no_look() {
    let world = world(Engine::Embedded);
    let swept = world.json(&[&SWEEP[..], &["--local", "--window", "dev"]].concat());
    assert_eq!(world.json(&["ledger", "trials"])["trials"], serde_json::json!([]));
    assert_eq!(swept["campaign"], Value::Null);
    for variant in variants(&swept) {
        let training = world.operation(variant["training"].as_str().unwrap());
        let traded = &training["result"]["dev_backtest"];
        assert_eq!(traded["active_sharpe_ratio"], variant["active_sharpe_ratio"]);
        assert_eq!(variant["backtest"], Value::Null);
    }
    if let Some(p) = variants(&swept)[0]["null_p"].as_f64() {
        let of_four = 1.0 - (1.0 - p).powi(4);
        assert!((swept["luck_p"].as_f64().unwrap() - of_four).abs() < 1e-12, "{swept}");
    }
}

#[test]
fn a_sweep_that_was_stopped_goes_on_where_it_was() {
    let world = world(Engine::Embedded);
    let sweep = ["strategies", "sweep", "quick", "--set", "training.epochs=1,1500", "--local", "--yes"];
    let process = world.start(&sweep);
    let (first, long) = wait_for("one that is done, and one that runs", || {
        let rows = world.json(&["operations", "list", "--type", "training"])["operations"].clone();
        let in_state = |status: &str| {
            let row = rows.as_array().unwrap().iter().find(|row| row["status"] == status)?;
            Some(row["id"].as_str().unwrap().to_owned())
        };
        Some((in_state("completed")?, in_state("running")?))
    });
    process.signal("INT");
    let output = process.end();
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the same command goes on where it was"), "{said}");
    assert_eq!(world.operation(&long)["status"], "cancelled");
    assert_eq!(world.json(&["ledger", "trials"])["trials"], serde_json::json!([]));

    let swept = world.json(&sweep);
    let trainings: Vec<&str> =
        variants(&swept).iter().map(|variant| variant["training"].as_str().unwrap()).collect();
    assert!(trainings.contains(&first.as_str()) && !trainings.contains(&long.as_str()), "{swept}");
    assert_eq!(swept["trials"], 2);
    world.still_works();
}

/// What was examined needs no model; of what was not the preview says what there will be, and no look is taken beyond that.
#[test]
fn a_model_that_is_gone_is_trained_again_where_its_exam_is_missing() {
    let world = world(Engine::Embedded);
    let sweep = |periods: &'static str, more: &[&'static str]| {
        let set = ["strategies", "sweep", "quick", "--local", "--campaign", "mine", "--set"];
        [&set[..], &[periods], more].concat()
    };
    let (seven, both) = ("indicators.rsi_14.period=7", "indicators.rsi_14.period=7,21");
    world.json(&sweep(both, &["--window", "dev"]));
    let untrained =
        ["0 trainings (2 of 2 trained before), and 2 looks at the gate", "on top of 0 looks", "--yes"];
    world.refused_with(2, &sweep(both, &[]), &untrained);
    let examined = world.json(&sweep(seven, &["--yes"]))["variants"][0].clone();

    std::fs::remove_dir_all(world.path("models")).unwrap();
    let trained = |world: &World| world.json(&["operations", "list", "--type", "training"])["total"].clone();
    let left = [
        "1 training (1 of 2 trained before), and 1 look (1 of 2 examined before)",
        "on top of 1 look before",
    ];
    world.refused_with(2, &sweep(both, &[]), &left);
    assert_eq!((trained(&world), trials(&world, "mine").len()), (2.into(), 1));
    let swept = world.json(&sweep(both, &["--yes"]));
    assert_eq!((trained(&world), trials(&world, "mine").len()), (3.into(), 2));
    let again = variants(&swept).iter().find(|variant| variant["strategy"] == examined["strategy"]).unwrap();
    assert_eq!((&again["training"], &again["backtest"]), (&examined["training"], &examined["backtest"]));

    std::fs::remove_dir_all(world.path("models")).unwrap();
    assert_eq!(world.json(&sweep(both, &[])), swept, "nobody is asked where no look is taken");
    let said = shown(&world.run(&sweep(both, &[])));
    assert!(said.contains("0 trainings") && said.contains("no new look at the gate"), "{said}");
    assert_eq!((trained(&world), trials(&world, "mine").len()), (3.into(), 2));
}

#[test]
fn looks_at_the_same_bars_under_another_name_are_counted_before_as_the_verdict_counts_them() {
    let world = world(Engine::Embedded);
    let bars = world.path("data/EURUSD_1h.csv");
    world.json(&["data", "import", bars.to_str().unwrap(), "-s", "COPY", "-t", "1h"]);
    let sweep = |symbol: &'static str, more: &[&'static str]| {
        let set = ["strategies", "sweep", "quick", "--local", "--set", "indicators.rsi_14.period=7,21"];
        [&set[..], &["--symbol", symbol], more].concat()
    };
    world.json(&sweep("EURUSD", &["--yes"]));
    world.refused_with(2, &sweep("COPY", &[]), &["on top of 2 looks before, with those at EURUSD"]);
    let windows = world.json(&["data", "windows", "COPY"]);
    assert_eq!((&windows["looks"], &windows["looks_counted"]), (&0.into(), &2.into()));
    assert_eq!(windows["correlated"], serde_json::json!(["EURUSD"]));
    assert_eq!(world.json(&sweep("COPY", &["--yes"]))["trials"], 4);
    assert_eq!(world.json(&["data", "windows", "COPY"])["looks_counted"], 4);
}

#[test]
fn what_can_not_be_swept_is_refused_before_anything_is_submitted() {
    let world = world(Engine::Embedded);
    let sweep = |set: &'static str| ["strategies", "sweep", "quick", "--local", "--yes", "--set", set];
    for (set, words) in [
        ("indicators.rsi14.period=7", "did you mean indicators.rsi_14.period?"),
        ("indicators.rsi_14.period=7,0", "indicators.rsi_14.period=0"),
        ("indicators.rsi_14=7", "holds several values"),
        ("training_data.symbols[0]=EURUSD,GBPUSD", "is not swept"),
    ] {
        world.refused_with(2, &sweep(set), &[words]);
    }
    world.refused_with(2, &sweep("nothing"), &["path=value"]);
    let other = [&sweep("indicators.rsi_14.period=7")[..], &["--timeframe", "4h"]].concat();
    world.refused_with(2, &other, &["decides on 1h bars"]);
    let (seven, dev) = (sweep("indicators.rsi_14.period=7"), ["--window", "dev"]);
    world.refused_with(2, &[&seven[..], &["--spread=-1"]].concat(), &["spread is -1"]);
    world.refused_with(2, &[&seven[..], &["--units", "3"], &dev].concat(), &["--window gate"]);
    let quick = std::fs::read_to_string(world.path("strategies/quick.yaml")).unwrap();
    let quick = Strategy::from_yaml(&quick).unwrap().strategy;
    let seven = grid::variants(&quick, &["indicators.rsi_14.period=7".parse().unwrap()]).unwrap().remove(0);
    let name = seven.strategy.name.as_str();
    world.write(&format!("strategies/{name}.yaml"), format!("name: {name}\n"));
    world.refused_with(4, &sweep("indicators.rsi_14.period=7"), &[name]);
    assert!(world.operations().is_empty());
}
