//! Many at once: whatever was submitted since, a campaign is counted whole; it is cancelled by its name, and nothing of it
//! starts any more; a list that is cut says so.

use serde_json::{Value, json};

use crate::world::{Engine, World, on_each_engine, shown};

on_each_engine!(
    a_campaign_is_counted_whole_however_many_cycles_came_after_it,
    a_cancelled_campaign_ends_and_starts_nothing_more,
    a_group_of_operations_is_cancelled_by_what_they_have_in_common,
);

/// More than a list shows at once.
const MANY: u64 = 1_100;

fn submit(world: &World, campaign: &str, cycles: u64) {
    let cycles = cycles.to_string();
    let market = ["research", "run", "-s", "SERIES", "-t", "1h", "--in-flight", "2"];
    world.submit(&[&market[..], &["--campaign", campaign, "--cycles", &cycles]].concat());
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("SERIES", "random-walk", 2_000, 11);
    world
}

fn text(world: &World, arguments: &[&str]) -> (String, String) {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", shown(&output));
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn total(world: &World, arguments: &[&str]) -> Value {
    world.json(&[&["operations", "list", "--limit", "1"], arguments].concat())["total"].clone()
}

fn counted(campaign: &Value, status: &str) -> u64 {
    let fates = campaign["outcomes"].as_array().unwrap().iter().filter(|fate| fate["status"] == status);
    fates.map(|fate| fate["cycles"].as_u64().unwrap()).sum()
}

fn a_campaign_is_counted_whole_however_many_cycles_came_after_it(engine: Engine) {
    let world = world(engine);
    submit(&world, "first", 3);
    submit(&world, "second", MANY);
    for show in [
        &["research", "status", "first"][..],
        &["research", "status", "--campaign", "first"],
        &["campaign", "show", "first"],
    ] {
        let shown = world.json(show);
        assert_eq!((&shown["campaign"]["cycles"], &shown["total"]), (&json!(3), &json!(3)), "{show:?}");
        assert_eq!(shown["cycles"].as_array().unwrap().len(), 3);
        assert_eq!((counted(&shown["campaign"], "running"), counted(&shown["campaign"], "pending")), (2, 1));
    }
    let (said, beside) = text(&world, &["research", "status", "second"]);
    assert!(said.contains("1,100 cycles: ") && said.contains(", 2 running, 1,098 waiting"), "{said}");
    assert!(beside.contains("showing 1,000 of 1,100: --after "), "{beside}");
    let next = world.json(&["campaign", "show", "second"])["next"].to_string();
    let rest = world.json(&["campaign", "show", "second", "--after", &next]);
    assert_eq!((rest["cycles"].as_array().unwrap().len(), &rest["total"]), (100, &json!(MANY)));
    assert_eq!(rest["next"], Value::Null);

    let listed = world.json(&["research", "status"]);
    let names: Vec<&Value> = listed["campaigns"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!((names, &listed["total"]), (vec![&json!("second"), &json!("first")], &json!(2)));

    assert_eq!(total(&world, &["--campaign", "first", "--type", "agent_research"]), 3);
    assert_eq!(total(&world, &["--campaign", "first"]), 5, "with the designs of those that run");
    let lines =
        world.run(&["operations", "list", "--campaign", "second", "--limit", "7", "--output", "jsonl"]);
    assert_eq!(String::from_utf8_lossy(&lines.stdout).lines().count(), 7);
    let beside: Value = serde_json::from_slice(&lines.stderr).unwrap();
    assert_eq!((&beside["shown"], &beside["total"]), (&json!(7), &json!(MANY + 2)));
    world.refused_with(3, &["campaign", "show", "third"], &["third", "ktrdr campaign list"]);
}

fn a_cancelled_campaign_ends_and_starts_nothing_more(engine: Engine) {
    let world = world(engine);
    submit(&world, "other", 1);
    submit(&world, "c", MANY);
    world.refused_with(2, &["campaign", "cancel", "c"], &["1,100 research cycles of campaign c", "--yes"]);
    assert_eq!(total(&world, &["--status", "cancelled"]), 0);
    let answer = world.json(&["campaign", "cancel", "c", "--yes", "--reason", "a typo"]);
    assert_eq!(answer, json!({ "matched": MANY, "cancelled": MANY - 2, "asked": 2 }));
    let campaign = &world.json(&["campaign", "show", "c", "--limit", "1"])["campaign"];
    assert_eq!(counted(campaign, "cancelled"), MANY - 2);
    assert_eq!(
        (&campaign["cancel"]["by"], &campaign["cancel"]["reason"]),
        (&json!("operator"), &json!("a typo"))
    );

    // The two that ran end with their designs; none of the others has ever begun.
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let campaign = &world.json(&["campaign", "show", "c", "--limit", "1"])["campaign"];
    assert_eq!(counted(campaign, "cancelled"), MANY);
    assert_eq!(total(&world, &["--campaign", "c", "--type", "agent_design"]), 2);
    assert_eq!(total(&world, &["--campaign", "c", "--type", "training"]), 0);
    assert_eq!(counted(&world.json(&["campaign", "show", "other"])["campaign"], "cancelled"), 0);
    let again = world.json(&["campaign", "cancel", "c"]);
    assert_eq!(again, json!({ "matched": 0, "cancelled": 0, "asked": 0 }));
    world.refused_with(3, &["campaign", "cancel", "third", "--yes"], &["third"]);
}

fn a_group_of_operations_is_cancelled_by_what_they_have_in_common(engine: Engine) {
    let world = world(engine);
    world.example_of_epochs("long", 10_000);
    let train = ["training", "run", "--strategy", "long", "--symbol", "SERIES"];
    let trainings: Vec<String> = (0..3).map(|_| world.submit(&train).remove(0)).collect();
    submit(&world, "c", 3);

    world.refused_with(2, &["operations", "cancel"], &["--campaign"]);
    world.refused_with(2, &["operations", "cancel", "--yes"], &["--campaign"]);
    world.refused_with(2, &["operations", "cancel", "--status", "failed", "--yes"], &["pending or running"]);
    world.refused_with(
        2,
        &["operations", "cancel", &trainings[0], "--type", "training"],
        &["cannot be used"],
    );
    world.refused_with(
        2,
        &["operations", "cancel", "--type", "training"],
        &["3 operations of type training", "--yes"],
    );

    let answer = world.json(&["operations", "cancel", "--type", "training", "--yes"]);
    assert_eq!(answer, json!({ "matched": 3, "cancelled": 3, "asked": 0 }));
    for id in &trainings {
        let row = world.operation(id);
        assert_eq!((&row["status"], &row["cancel"]["by"]), (&json!("cancelled"), &json!("operator")));
        let events = world.json(&["operations", "events", id])["events"].clone();
        assert!(
            events
                .as_array()
                .unwrap()
                .iter()
                .any(|e| e["what"] == "cancel_requested" && e["note"] == "operator")
        );
    }
    let waiting = world.json(&["operations", "cancel", "--campaign", "c", "--status", "pending", "--yes"]);
    assert_eq!(waiting, json!({ "matched": 1, "cancelled": 1, "asked": 0 }));
    let rest = world.json(&["operations", "cancel", "--campaign", "c", "--yes"]);
    assert_eq!(rest, json!({ "matched": 2, "cancelled": 0, "asked": 2 }));
}

#[test]
fn the_bench_of_a_fleet_waits_for_its_own_jobs_only() {
    let world = World::on(Engine::Fleet);
    world.generate("SERIES", "random-walk", 2_000, 11);
    world.example("fx_pullback");
    // Nobody here has a GPU: it waits for ever.
    let train = ["training", "run", "--strategy", "fx_pullback", "--symbol", "SERIES", "--device", "gpu"];
    let waits = world.submit(&train).remove(0);
    let few = [
        "--runs",
        "1",
        "--jobs",
        "40",
        "--in-flight",
        "20",
        "--slots",
        "8",
        "--cancels",
        "4",
        "--cycles",
        "0",
    ];
    let measured =
        world.json(&[&["bench", "fleet", "--idle-seconds", "1"], &few[..]].concat())["measured"].clone();
    assert_eq!(measured[0]["what"], "no-op jobs, submit to end");
    assert_eq!(world.operation(&waits)["status"], "pending");
}
