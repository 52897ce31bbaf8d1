//! Pages on results: complete, small, needing nothing else, saying first what must be known first, and safe whatever texts are
//! in them.

use std::fmt::Write;
use std::time::Instant;

use serde_json::Value;

use crate::exports;
use crate::world::{Engine, WHOLE_SERIES, World, on_each_engine, shown};

on_each_engine!(
    a_training_and_its_backtest_become_pages_that_need_nothing_else,
    a_campaign_becomes_a_page_that_says_why_each_cycle_died,
    what_has_not_ended_has_no_report,
);

const TRAIN: [&str; 5] = ["training", "run", "--local", "--strategy", "fx_pullback"];
const EXAMINE: [&str; 9] =
    ["backtest", "run", "--local", "--strategy", "fx_pullback", "--symbol", "EURUSD", "--timeframe", "1h"];

/// The page on something, as a file; what holds of every page is looked at.
fn page(world: &World, subjects: &[&str]) -> String {
    let path = world.path("page.html");
    let to = ["--to", path.to_str().unwrap()];
    let written = world.json(&[&["report", "--format", "html"], subjects, &to].concat());
    assert_eq!(written["written_to"], path.to_str().unwrap());
    let html = std::fs::read_to_string(&path).unwrap();
    is_self_contained(&html);
    html
}

/// Nothing is loaded, nothing runs, and the browser is told so.
fn is_self_contained(html: &str) {
    assert!(html.starts_with("<!doctype html>"), "{}", &html[..200.min(html.len())]);
    assert!(html.contains("Content-Security-Policy") && html.contains("default-src &#39;none&#39;"));
    for outside in
        ["<script", "http://", "https://", " src=", " href=", "@import", "url(", "<link", "<iframe"]
    {
        assert!(!html.contains(outside), "{outside:?} in a page");
    }
    assert!(!html.contains("NaN") && !html.contains(" style="));
}

fn says(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "{word:?} is not on the page");
    }
}

pub(crate) fn text(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn a_training_and_its_backtest_become_pages_that_need_nothing_else(engine: Engine) {
    let world = World::on(engine);
    world.plant("EURUSD", 0.14, 30_000, 3);
    world.example("fx_pullback");
    world.json(&TRAIN);
    let report = world.json(&EXAMINE);
    let id = report["operation"].as_str().unwrap();

    let html = page(&world, &[id]);
    says(
        &html,
        &["fx_pullback on EURUSD 1h", "GENERATED BARS", "What is asked of an exam", "Equity", "Drawdown"],
    );
    says(&html, &["Net return by month", "Among random entries", "Trades on the price", "Results of trades"]);
    says(&html, &["costs × 3", "every decision one bar later", "without the best 5 days", "lively days"]);
    says(&html, &["What the network looked at", "decisions that change", "membership", "Conventions"]);
    says(&html, &[report["hashes"]["trades"].as_str().unwrap()]);
    assert!(html.len() < 600_000, "{}", html.len());

    repeats(&world, id, &report);
    let markdown = text(&world, &["report", id, "--format", "md"]);
    assert!(markdown.starts_with("# fx\\_pullback on EURUSD 1h"), "{}", &markdown[..200]);
    says(&markdown, &["## Verdict", "| costs × 2 |", "deflated Sharpe ratio"]);
    let replayed = world.json(&["replay", id, "--local"]);
    assert_eq!(replayed["same"], true, "a sheet changes no trade: {replayed}");

    let training = world.json(&["operations", "list", "--type", "training"])["operations"][0]["id"].clone();
    let training = training.as_str().unwrap();
    tells_of_a_training(&world, training);
    side_by_side(&world, id, training);
    exports::agree_with_the_report(&world, id, &report);
}

/// The page repeats figures and makes none.
fn repeats(world: &World, id: &str, report: &Value) {
    let told = world.json(&["report", id]);
    assert_eq!(told["report"], "backtest");
    assert_eq!(told["metrics"], report["metrics"]);
    assert_eq!(told["hashes"], report["hashes"]);
    let stress = told["sheet"]["stress"].as_array().unwrap();
    let once = stress.iter().find(|row| row["name"] == "costs × 1").unwrap();
    // Equity is summed in another order: the same to rounding.
    for figure in ["total_return_pct", "max_drawdown_pct"] {
        let [again, first] = [once, &report["metrics"]].map(|told| told[figure].as_f64().unwrap());
        assert!((again - first).abs() < 1e-12, "{figure}: {again} and {first}");
    }
    let earned = |name: &str| {
        stress.iter().find(|row| row["name"] == name).unwrap()["total_return_pct"].as_f64().unwrap()
    };
    assert!(earned("costs × 0") >= earned("costs × 1") && earned("costs × 1") >= earned("costs × 3"));
    let months = told["sheet"]["months"].as_array().unwrap();
    let compounded: f64 =
        months.iter().map(|month| 1.0 + month["total_return_pct"].as_f64().unwrap()).product();
    let net = report["metrics"]["total_return_pct"].as_f64().unwrap();
    assert!((compounded - 1.0 - net).abs() < 1e-9, "months come to the whole: {compounded} and {net}");
}

fn tells_of_a_training(world: &World, training: &str) {
    let html = page(world, &[training]);
    says(
        &html,
        &[
            "Training of fx_pullback",
            "training gate",
            "Loss",
            "Confusion",
            "Calibration",
            "Walk-forward on dev",
        ],
    );
    let told = world.json(&["report", training]);
    let rows: u64 = told["sheet"]["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(rows, told["rows"][2].as_u64().unwrap(), "every test row is in the confusion");
    let calibrated: u64 = told["sheet"]["calibration"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| bin["rows"].as_u64().unwrap())
        .sum();
    assert_eq!(calibrated, rows);
}

fn side_by_side(world: &World, backtest: &str, training: &str) {
    let dear = world.json(&[&EXAMINE[..], &["--commission-rate", "0.002"]].concat());
    let html = page(world, &[backtest, dear["operation"].as_str().unwrap()]);
    says(&html, &["2 backtests side by side", "Growth", backtest, "The best of many"]);
    says(&page(world, &[training, training]), &["2 trainings side by side", "on dev"]);
    world.refused_with(2, &["report", backtest, training], &["name one kind"]);
}

fn a_campaign_becomes_a_page_that_says_why_each_cycle_died(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 6_000, 5);
    let night = ["--symbol", "EURUSD", "--timeframe", "1h", "--cycles", "3", "--campaign", "night"];
    let run = world.json(&[&["research", "run", "--local"], &night[..]].concat());
    let html = page(&world, &["night"]);
    says(
        &html,
        &[
            "Campaign night",
            "How far the cycles came",
            "What stopped the others",
            "Every design",
            "looks left",
        ],
    );
    let told = world.json(&["report", "night"]);
    let funnel: Vec<u64> =
        told["funnel"].as_array().unwrap().iter().map(|step| step["cycles"].as_u64().unwrap()).collect();
    assert_eq!(funnel[0], 3);
    assert!(funnel.windows(2).all(|pair| pair[0] >= pair[1]), "it only narrows: {funnel:?}");
    let died: u64 = told["stopped_by"].as_array().unwrap().iter().map(|code| code[1].as_u64().unwrap()).sum();
    let failed = run["cycles"].as_array().unwrap().iter().filter(|cycle| cycle["status"] == "failed").count();
    assert_eq!(died, failed as u64);
    assert_eq!(told["designs"].as_array().unwrap().len(), 3);
    let trained = world.json(&["operations", "list", "--type", "training", "--status", "completed"]);
    if trained["operations"].as_array().unwrap().len() == 3 {
        let band = &told["growth"];
        assert_eq!(band["accounts"], 3);
        is_a_band(band["points"].as_array().unwrap());
        says(&html, &["Growth on dev", "designs: the middle", "not of seeds"]);
    }
    let cycle = run["cycles"][0]["id"].as_str().unwrap();
    assert!(["training", "backtest"].contains(&world.json(&["report", cycle])["report"].as_str().unwrap()));
    world.refused_with(2, &["report", "night", cycle], &["of its own"]);
}

fn is_a_band(points: &[Value]) {
    let at = |point: &Value| ["least", "middle", "most"].map(|name| point[name].as_f64().unwrap());
    assert!(points.len() > 100 && at(&points[0]) == [0.0; 3]);
    assert!(points.iter().map(at).all(|[least, middle, most]| least <= middle && middle <= most));
}

#[test]
fn trainings_of_one_strategy_show_what_the_seed_changes() {
    let world = World::new();
    world.plant("EURUSD", 0.14, 6_000, 3);
    world.example_of_epochs("quick", 2);
    let trained = |seed: &str| {
        let run = ["training", "run", "--local", "--strategy", "quick", "--seed", seed];
        world.json(&run);
        let id = world.json(&["operations", "list", "--type", "training"])["operations"][0]["id"].clone();
        id.as_str().unwrap().to_owned()
    };
    let ids = ["1", "2", "3"].map(trained);
    let [first, second, third] = ids.each_ref().map(String::as_str);
    let html = page(&world, &[first, second, third]);
    says(
        &html,
        &["What the seed changes", "From seed to seed", "quick: least to most of 3", "quick: the middle"],
    );
    let two = page(&world, &[first, second]);
    assert!(!two.contains("What the seed changes"), "two are two lines");
}

fn what_has_not_ended_has_no_report(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    let submitted = world.submit(&["training", "run", "--strategy", "fx_pullback"]);
    world.refused_with(4, &["report", &submitted[0]], &["pending", "operations watch"]);
    world.refused_with(3, &["report", "op_training_20200101_000000_00000000"], &["there is no operation"]);
    world.refused_with(3, &["report", "nobody_ran_this"], &["there is no campaign"]);
    world.refused(2, &["report"]);
    world.refused(2, &["report", "op_not an id"]);
}

#[test]
fn a_model_shown_what_it_learned_from_is_said_to_be_in_sample_before_anything_else() {
    let world = World::trained();
    let dev = ["--start-date", "2015-04-01", "--end-date", "2015-06-01"];
    let report = world.json(&[&EXAMINE[..], &dev].concat());
    let html = page(&world, &[report["operation"].as_str().unwrap()]);
    let at = |word: &str| html.find(word).unwrap_or_else(|| panic!("{word:?} is not on the page"));
    assert!(at("IN-SAMPLE") < at("GENERATED BARS") && at("IN-SAMPLE") < at("Equity"));
    assert!(!html.contains("Survives the gate"));
}

#[test]
fn words_of_a_user_are_words_on_a_page() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    let hostile = "<script>alert(1)</script>\"' onload=x <img/src=y>";
    let trained = world.json(&[&TRAIN[..], &["--open-vault", hostile]].concat());
    assert!(trained["warnings"][0].as_str().unwrap().contains("<script>"), "{trained}");
    let id = world.json(&["operations", "list", "--type", "training"])["operations"][0]["id"].clone();
    let html = page(&world, &[id.as_str().unwrap()]);
    says(&html, &["&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x &lt;img/src=y&gt;"]);
    let markdown = text(&world, &["report", id.as_str().unwrap(), "--format", "md"]);
    assert!(!markdown.contains("<script") && markdown.contains("&lt;script&gt;"));
}

#[test]
fn a_page_on_a_hundred_thousand_bars_and_five_thousand_trades_is_small() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 100_000, 5);
    let times: Vec<String> = std::fs::read_to_string(world.path("data/EURUSD_1h.csv"))
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("20"))
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect();
    let mut signals = "timestamp,target\n".to_owned();
    for (time, target) in times.iter().step_by(9).zip([1, 0, -1, 0].into_iter().cycle()) {
        writeln!(signals, "{time},{target}").unwrap();
    }
    let file = world.write("signals.csv", signals);
    let market = ["--symbol", "EURUSD", "--timeframe", "1h", "--signals", file.to_str().unwrap()];
    let report = world.json(&[&["backtest", "signals", "--local"], &market[..], &WHOLE_SERIES].concat());
    assert!(
        report["bars"].as_u64().unwrap() >= 99_000
            && report["metrics"]["total_trades"].as_u64().unwrap() > 5_000
    );
    let begun = Instant::now();
    let html = page(&world, &[report["operation"].as_str().unwrap()]);
    eprintln!("{} bytes in {:?}, the process and a debug build in it", html.len(), begun.elapsed());
    assert!(html.len() < 600_000, "{}", html.len());
}
