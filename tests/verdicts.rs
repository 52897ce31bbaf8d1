//! A verdict is provisional until its campaign closes; then every candidate is judged again, with all looks counted, and is
//! one test in the sequence of its window.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::running::Running;
use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(
    a_survivor_is_lost_when_others_looked_before_its_campaign_closed,
    a_campaign_whose_engine_is_killed_around_its_close_is_closed_once_and_the_same_way,
);

const MARKET: [&str; 4] = ["-s", "SERIES", "-t", "1h"];

/// Two years with a small edge.
fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.plant("SERIES", 0.3, 12_000, 3);
    world
}

/// One cycle.
fn research(how: &'static str, campaign: &'static str, seed: &'static str) -> Vec<&'static str> {
    [&["research", "run", how, "--cycles", "1", "--campaign", campaign, "--seed", seed], &MARKET[..]].concat()
}

/// `n` looks at the gate window by hand, each at something else.
fn look(world: &World, n: u32) {
    let listed = world.json(&["data", "list"]);
    let month = &listed["series"][0]["windows"]["gate"]["start"].as_str().unwrap()[..7];
    for n in 0..n {
        let rows =
            format!("timestamp,target\n{month}-29T0{n}:00:00Z,1\n2016-0{}-12T00:00:00Z,-1\n", 4 + n % 2);
        let file = world.write("signals.csv", rows);
        let signals = ["--signals", file.to_str().unwrap()];
        world.json(&[&["backtest", "signals", "--wait"], &MARKET[..], &signals].concat());
    }
}

fn shown_text(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn a_survivor_is_lost_when_others_looked_before_its_campaign_closed(engine: Engine) {
    let world = world(engine);
    let _engine = world.up(&[]);
    world.json(&["queues", "pause", "assessment"]);
    let run = [&["research", "run", "--cycles", "1", "--campaign", "c", "--seed", "2"], &MARKET[..]].concat();
    let cycle = world.submit(&run).remove(0);
    wait_for("the exam to be passed", || {
        let row = world.operation(&cycle);
        assert!(row["finished_at"].is_null(), "{row}");
        (row["phase"] == "assessing").then_some(())
    });
    let running = world.json(&["campaign", "show", "c"]);
    assert_eq!(running["closings"], json!([]));
    look(&world, 9);
    world.json(&["queues", "resume", "assessment"]);
    let closing = wait_for("the close", || {
        let shown = world.json(&["campaign", "show", "c"]);
        shown["closings"].get(0).cloned()
    });

    let row = world.operation(&cycle);
    assert_eq!((&row["status"], &row["result"]["evidence"]["trials"]), (&json!("completed"), &json!(1)));
    assert_eq!(row["result"]["backtest_gate"], json!({ "gate": "passed" }), "it survived by its own count");
    let finally = &row["result"]["final"];
    assert_eq!((&finally["code"], &finally["trials"]), (&json!("deflated_sharpe_too_low"), &json!(10)));
    assert_eq!(closing["verdicts"], json!([finally]));
    let test = &closing["tests"][0];
    assert_eq!((&test["number"], &test["is_discovery"]), (&json!(1), &json!(false)));
    assert_eq!(test["p_value"], finally["p_value"]);

    let listed = &world.json(&["campaign", "list"])["campaigns"][0];
    assert_eq!((&listed["name"], &listed["accepted"]), (&json!("c"), &json!(0)));
    let said = shown_text(&world, &["research", "status", "c"]);
    for words in [
        "lost at the close",
        "1 survived, 0 accepted",
        "closed: 0 of 1 candidate accepted",
        "alpha left 0.0196",
    ] {
        assert!(said.contains(words), "no {words:?} in:\n{said}");
    }
    let said = shown_text(&world, &["ledger", "closings"]);
    assert!(said.contains("ALPHA LEFT") && said.contains("0.0196") && said.contains("SERIES"), "{said}");
}

/// What a campaign came to, but for names and times.
fn came_to(closing: &Value) -> Value {
    let verdict = |verdict: &Value| {
        let figures = [
            "strategy",
            "gate",
            "code",
            "figures",
            "trials",
            "different_trials",
            "deflated_sharpe",
            "p_value",
        ];
        json!(figures.map(|name| verdict[name].clone()))
    };
    let test = |test: &Value| {
        let figures =
            ["number", "level", "p_value", "is_discovery", "discoveries", "alpha_left", "next_level"];
        json!(figures.map(|name| test[name].clone()))
    };
    let all = |name: &str, of: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        closing[name].as_array().unwrap().iter().map(of).collect()
    };
    json!({ "campaign": closing["campaign"], "verdicts": all("verdicts", &verdict), "tests": all("tests", &test) })
}

fn closings(world: &World) -> Vec<Value> {
    world.json(&["ledger", "closings"])["closings"].as_array().unwrap().iter().map(came_to).collect()
}

const CAMPAIGNS: [(&str, &str); 3] = [("one", "2"), ("two", "5"), ("three", "4")];

/// On stderr of whoever waits for the one cycle of a campaign.
const SAID_AT_ITS_END: [&str; 2] = [" completed", " failed"];

/// Runs a campaign, and kills its engine when it is told that the cycle has ended: before its close, or right behind it.
fn killed_at_its_end(world: &World, engine: Engine, campaign: &'static str, seed: &'static str) {
    // On the embedded engine whoever waits plays the roles.
    let up = (engine == Engine::Fleet).then(|| world.up(&[]));
    let how = if up.is_some() { "--wait" } else { "--local" };
    let mut child = world.command(&research(how, campaign, seed)).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = Running::of(child);
    let ended = said.any(|line| SAID_AT_ITS_END.iter().any(|end| line.as_ref().unwrap().contains(end)));
    assert!(ended, "nobody said that the cycle had ended");
    up.iter().chain([&waits]).for_each(|process| process.signal("KILL"));
    up.into_iter().chain([waits]).for_each(|process| drop(process.end()));
}

fn a_campaign_whose_engine_is_killed_around_its_close_is_closed_once_and_the_same_way(engine: Engine) {
    let killed = world(engine);
    for (campaign, seed) in CAMPAIGNS {
        killed_at_its_end(&killed, engine, campaign, seed);
        eprintln!("{} closed so far", closings(&killed).len());
        let output = killed.run(&["up", "--until-idle"]);
        assert!(output.status.success(), "{}", shown(&output));
    }
    let undisturbed = world(Engine::Embedded);
    for (campaign, seed) in CAMPAIGNS {
        undisturbed.json(&research("--local", campaign, seed));
    }
    let expected = closings(&undisturbed);
    assert_eq!(expected.iter().map(|closing| closing["tests"][0][0].clone()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(closings(&killed), expected);
}

#[test]
fn a_cycle_that_goes_on_after_the_close_has_the_verdict_of_the_exam_it_goes_on_with() {
    let world = world(Engine::Embedded);
    let _engine = world.up(&[]);
    world.json(&["queues", "pause", "assessment"]);
    let run = [&["research", "run", "--cycles", "1", "--campaign", "c", "--seed", "9"], &MARKET[..]].concat();
    let cycle = world.submit(&run).remove(0);
    wait_for("the exam to be passed", || (world.operation(&cycle)["phase"] == "assessing").then_some(()));
    world.json(&["operations", "cancel", &cycle]);
    let closings = |n| {
        wait_for("the close", || {
            let closings = world.json(&["campaign", "show", "c"])["closings"].as_array().unwrap().clone();
            (closings.len() == n).then_some(closings)
        })
    };
    let judged = closings(1).remove(0)["verdicts"][0].clone();
    assert_eq!((&judged["cycle"], &judged["gate"]), (&json!(cycle), &json!("passed")));

    let again = world.json(&["operations", "retry", &cycle])["operation"].as_str().unwrap().to_owned();
    world.json(&["queues", "resume", "assessment"]);
    let closing = closings(2).remove(1);
    assert_eq!((&closing["verdicts"], &closing["tests"]), (&json!([]), &json!([])), "judged once");
    assert_eq!((&closing["after"], &closing["cycles"]), (&json!(1), &json!(2)));
    let row = world.operation(&again);
    assert_eq!((&row["status"], &row["result"]["final"]), (&json!("completed"), &judged));
    let card = shown_text(&world, &["backtest", "show", judged["exam"].as_str().unwrap()]);
    assert!(card.contains("at the close accepted · deflated Sharpe 0.999 after 1 trial"), "{card}");
}

#[test]
fn a_survivor_that_the_sequence_does_not_bear_out_is_not_a_discovery() {
    let world = World::new();
    world.plant("SERIES", 0.3, 12_000, 3);
    let text = shown_text(&world, &research("--local", "alone", "2"));
    for words in
        ["lost at the close", "not_a_discovery (p 0.0393 > 0.0304 of test 1)", "1 survived, 0 accepted"]
    {
        assert!(text.contains(words), "no {words:?} in:\n{text}");
    }
    let shown = world.json(&["campaign", "show", "alone"]);
    assert_eq!(shown["cycles"][0]["result"]["final"]["code"], "not_a_discovery");
    assert_eq!(shown["cycles"][0]["status"], "completed", "what a row said it says");
}
