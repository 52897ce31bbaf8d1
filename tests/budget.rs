//! What work costs: limits that hold at the desk and on the road, and campaigns that are not begun because they could find
//! nothing. A second of machine time costs a dollar here, so that a few cycles are expensive.

use serde_json::Value;

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(a_campaign_stops_when_its_budget_is_spent_and_says_so);

const DEAR: (&str, &str) = ("KTRDR_BUDGET__CPU_HOUR", "3600usd");

const RUN: [&str; 7] = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h"];

/// What a row, a statement or a report says in dollars.
fn dollars(value: &Value) -> f64 {
    value.as_str().unwrap().strip_prefix('$').unwrap().parse().unwrap()
}

fn a_campaign_stops_when_its_budget_is_spent_and_says_so(engine: Engine) {
    let world =
        World::on(engine).with_setting(DEAR.0, DEAR.1).with_setting("KTRDR_BUDGET__DAY__MONEY", "unlimited");
    let world = world.with_setting("KTRDR_BUDGET__CYCLE__MONEY", "unlimited");
    world.generate("EURUSD", "random-walk", 2_000, 1);
    let of_night = ["--campaign", "night", "--cycles", "4", "--in-flight", "1"];
    let run = world.run(&[&RUN[..], &of_night, &["--budget", "$0.001"]].concat());
    assert_eq!(run.status.code(), Some(1), "the budget is trouble");
    let shown = world.json(&["campaign", "show", "night"]);
    let cycles = shown["cycles"].as_array().unwrap();
    assert!(cycles.iter().all(|cycle| cycle["reason"] == "budget_exhausted"), "{cycles:#?}");
    let error = cycles[3]["error"].as_str().unwrap();
    assert!(error.contains("the limit of the campaign night is $0.001"), "{error}");

    let spent = dollars(&shown["costs"]["account"]["spent"]["money"]);
    let machine_s = shown["costs"]["account"]["spent"]["machine_ms"].as_f64().unwrap() / 1_000.0;
    assert!(spent > 0.001 && (spent - machine_s).abs() < 1e-6, "{spent} for {machine_s} s");
    assert_eq!(shown["costs"]["cycles"], 4);
    assert!((dollars(&shown["costs"]["per_cycle"]) - spent / 4.0).abs() < 1e-5);
    assert!(shown["costs"]["per_survivor"].is_null(), "there is none");

    let statement = world.json(&["agent", "budget", "--campaign", "night"]);
    let [campaign, day] = ["campaigns", "days"].map(|of| statement[of][0].clone());
    assert_eq!(
        (campaign["campaign"].as_str(), campaign["limit"]["money"].as_str()),
        (Some("night"), Some("$0.001"))
    );
    assert_eq!(campaign["left"]["money"], "$0.00");
    assert_eq!((dollars(&day["spent"]["money"]), &day["day"]), (spent, &statement["today"]));

    let refused = world.refused(7, &[&RUN[..], &of_night, &["--output", "json"]].concat());
    let error =
        refused.lines().find_map(|line| serde_json::from_str::<Value>(line).ok()?.get("error").cloned());
    assert_eq!(error.as_ref().unwrap()["code"], "budget_exhausted", "{refused}");
    assert!(error.unwrap()["message"].as_str().unwrap().contains("raise it with --budget"), "{refused}");
    let goes_on = world.json(&[&RUN[..], &["--campaign", "night", "--budget", "1000usd"]].concat());
    assert_eq!(goes_on["cycles"][0]["reason"], "gate", "{goes_on:#}");
    let stopped = cycles[3]["id"].as_str().unwrap();
    let resumed = world.json(&["operations", "retry", stopped])["operation"].as_str().unwrap().to_owned();
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let resumed = world.operation(&resumed);
    assert_eq!(resumed["reason"], "gate", "what was stopped goes on, now that more is allowed: {resumed:#}");
}

#[test]
fn a_day_that_is_spent_is_refused_with_when_it_is_renewed() {
    let world = World::new().with_setting(DEAR.0, DEAR.1).with_setting("KTRDR_BUDGET__DAY__MONEY", "$0.001");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    // Work by hand is paid for, too.
    world.json(&["training", "run", "--local", "--strategy", "fx_pullback"]);
    let words = ["budget exhausted: the limit of the day 2", "is $0.001; $", "it renews at 2", "T00:00:00Z"];
    world.refused_with(7, &RUN, &words);
    let again = world.run(&["training", "run", "--local", "--strategy", "fx_pullback"]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(
        again.status.code() == Some(1) && said.contains("does not begin: the limit of the day"),
        "{said}"
    );
    let text = String::from_utf8(world.run(&["agent", "budget"]).stdout).unwrap();
    assert!(
        text.contains("is renewed at 2") && text.contains("each research cycle may spend $1.00"),
        "{text}"
    );
}

#[test]
fn machine_time_is_limited_as_such() {
    let world = World::new().with_setting("KTRDR_BUDGET__CYCLE__MACHINE_TIME", "1ms");
    world.generate("EURUSD", "random-walk", 2_000, 1);
    let output = world.run(&[&RUN[..], &["--output", "json"]].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cycle = &answer["cycles"][0];
    assert_eq!(cycle["reason"], "budget_exhausted", "{answer:#}");
    assert!(cycle["error"].as_str().unwrap().contains("is 0.001 s of machine time"), "{cycle:#}");
}

#[test]
fn what_could_find_nothing_is_not_planned_and_what_could_is() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 6_000, 1);
    let plan = ["campaign", "plan", "--symbol", "EURUSD", "--timeframe", "1h", "--cycles", "200"];
    let words =
        ["nothing to find: after 20 more looks", "research.plausible_sharpe", "import more years of EURUSD"];
    world.refused_with(7, &plan, &words);
    let refused = world.refused(7, &[&plan[..], &["--output", "json"]].concat());
    assert!(refused.contains("\"code\":\"nothing_to_find\""), "{refused}");
    let anyway = world.json(&[&plan[..], &["--anyway", "a rehearsal"]].concat());
    assert_eq!(
        (anyway["verdict"].as_str(), anyway["anyway"].as_str()),
        (Some("nothing_to_find"), Some("a rehearsal"))
    );
    let smallest = anyway["smallest_sharpe"].clone();
    let [next, end, surely] =
        ["at_the_next_look", "at_the_end", "at_the_end_surely"].map(|when| smallest[when].as_f64().unwrap());
    assert!(3.0 < end && next < end && end < surely, "{smallest}");
    assert_eq!((&anyway["looks_so_far"], &anyway["looks_expected"]), (&0.into(), &20.into()));
    assert_eq!(anyway["money_expected"], "$0.00", "the local designer costs nothing");

    world.generate("LONG", "random-walk", 100_000, 1);
    let plan = ["campaign", "plan", "--symbol", "LONG", "--timeframe", "1h", "--cycles", "50"];
    let planned = world.json(&plan);
    assert!(planned["verdict"].is_null() && planned["gate_years"].as_f64().unwrap() > 3.5, "{planned}");
    assert!(planned["cycles_max"].as_u64().unwrap() > 50, "{planned}");
    let text = String::from_utf8(world.run(&plan).stdout).unwrap();
    assert!(text.contains("looks expected: 5 (one of 10 cycles, as measured on random walks)"), "{text}");
    assert!(world.operations().is_empty(), "nothing is started");
}

#[test]
fn whoever_runs_what_can_find_nothing_is_told() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 1);
    let said = String::from_utf8(world.run(&RUN).stderr).unwrap();
    assert!(said.contains("note: nothing to find: after 1 more look"), "{said}");
}
