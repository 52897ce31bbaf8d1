//! Short answers that are true: how many, what goes on, and what to type next.

use std::process::Output;

use serde_json::json;

use crate::world::{World, shown};

fn with_bars() -> World {
    let world = World::new();
    world.generate("SERIES", "random-walk", 2_000, 11);
    world
}

/// A campaign that nobody works on.
fn submit(world: &World, name: &str, cycles: &str) -> Output {
    let run = [
        "research",
        "run",
        "-s",
        "SERIES",
        "-t",
        "1h",
        "--campaign",
        name,
        "--in-flight",
        "1",
        "--cycles",
        cycles,
    ];
    let output = world.run(&run);
    assert!(output.status.success(), "{}", shown(&output));
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_campaign_of_hundreds_is_handed_over_in_one_line_and_to_programs_by_its_ids() {
    let world = with_bars();
    let said = submit(&world, "big", "300");
    assert_eq!(stdout(&said), "submitted 300 cycles of campaign big\n");
    assert!(String::from_utf8(said.stderr).unwrap().contains("ktrdr campaign show big"));
    let run = ["research", "run", "-s", "SERIES", "-t", "1h", "--campaign", "listed", "--cycles", "300"];
    assert_eq!(world.submit(&run).len(), 300);
}

#[test]
fn one_is_not_called_many() {
    let world = with_bars();
    assert_eq!(stdout(&submit(&world, "single", "1")), "submitted 1 cycle of campaign single\n");
    let shown = stdout(&world.run(&["campaign", "show", "single"]));
    assert!(shown.contains("1 cycle: ") && !shown.contains("1 cycles"), "{shown}");
    world.refused_with(2, &["campaign", "cancel", "single"], &["this cancels 1 research cycle of campaign"]);
}

#[test]
fn whoever_retries_what_was_cancelled_is_told_how_and_no_job_is_counted_that_is_not_there() {
    let world = with_bars();
    submit(&world, "stopped", "3");
    world.json(&["campaign", "cancel", "stopped", "--yes"]);
    let retry = ["operations", "retry", "--campaign", "stopped"];
    let nothing = world.run(&retry);
    assert!(nothing.status.success(), "{}", shown(&nothing));
    assert!(String::from_utf8(nothing.stderr).unwrap().contains("--status cancelled retries those"));
    let said = world.refused(2, &[&retry[..], &["--status", "cancelled"]].concat());
    assert!(said.contains("this resumes 2 research cycles") && !said.contains("0 job"), "{said}");
    world.refused_with(3, &["operations", "retry", "--campaign", "absent"], &["no campaign absent"]);
}

#[test]
fn what_only_reads_bars_and_strategies_makes_nothing_not_even_a_store() {
    let (made, world) = (with_bars(), World::new());
    world.write("data/SERIES_1h.csv", std::fs::read(made.path("data/SERIES_1h.csv")).unwrap());
    world.example("fx_pullback");
    let before = world.files();
    assert_eq!(world.json(&["data", "list"])["series"][0]["symbol"], "SERIES");
    assert_eq!(world.json(&["data", "check", "-s", "SERIES", "-t", "1h"])["data"]["timeframe"], "1h");
    assert_eq!(world.json(&["strategies", "list"])["strategies"][0]["valid"], json!(true));
    assert_eq!(world.files(), before);
}
