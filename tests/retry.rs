//! What was cut short is taken up again: one by one, or all of a campaign.

use std::fs;

use serde_json::{Value, json};

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(a_campaign_whose_data_went_missing_is_resumed_when_they_are_back);

fn roots(world: &World) -> Vec<Value> {
    let listed = world.json(&["operations", "list", "--type", "agent_research", "--limit", "100"]);
    listed["operations"].as_array().unwrap().clone()
}

fn a_campaign_whose_data_went_missing_is_resumed_when_they_are_back(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 4_000, 3);
    let (bars, aside) = (world.path("data/EURUSD_1h.csv"), world.path("aside.csv"));
    let cycles =
        world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "-n", "3", "--campaign", "gone"]);
    fs::rename(&bars, &aside).unwrap();
    assert!(world.run(&["up", "--until-idle"]).status.success());
    assert!(
        roots(&world).iter().all(|c| c["status"] == "failed" && c["reason"] != "gate"),
        "{:?}",
        roots(&world)
    );
    fs::rename(&aside, &bars).unwrap();

    // Without a word of which, or without --yes where nobody can be asked, nothing is done.
    world.refused_with(2, &["operations", "retry"], &["an ID", "--campaign"]);
    let group = ["operations", "retry", "--campaign", "gone"];
    world.refused_with(2, &group, &["resumes 3 research cycles", "--yes"]);
    world.refused_with(2, &[&group[..], &["--status", "completed"]].concat(), &["failed or cancelled"]);
    world.refused_with(3, &["operations", "retry", "--campaign", "other", "--yes"], &["no campaign other"]);
    assert_eq!(roots(&world).len(), 3);

    // One by the job that failed, the others together.
    let design = format!("{}.agent_design.1", cycles[0]);
    let first = world.json(&["operations", "retry", &design]);
    assert_eq!(first["resumes"], cycles[0].as_str(), "{first}");
    world.refused_with(4, &["operations", "retry", &cycles[0]], &["resumed before"]);
    let retried = world.json(&[&group[..], &["--yes"]].concat());
    assert_eq!(retried["retried"].as_array().unwrap().len(), 2, "{retried}");
    assert_eq!(retried["left_alone"]["resumed before"], 1, "{retried}");
    assert!(world.run(&["up", "--until-idle"]).status.success());

    for cycle in &cycles {
        let old = world.json(&["operations", "status", cycle]);
        let by = old["resumption"]["resumed_by"].as_str().unwrap_or_else(|| panic!("{old}"));
        let new = world.json(&["operations", "status", by]);
        assert_eq!(new["resumption"]["resumes"], cycle.as_str());
        let operation = &new["operation"];
        assert!(operation["status"] == "completed" || operation["reason"] == "gate", "{new}");
        if operation["reason"] == "gate" {
            world.refused_with(4, &["operations", "retry", by], &["by its own merits", "gate failed"]);
        }
    }
    assert_eq!(world.json(&[&group[..], &["--yes"]].concat())["retried"], json!([]));
}

#[test]
fn with_the_key_of_an_earlier_submission_nothing_new_begins() {
    let world = World::trained();
    let bars = world.path("data/EURUSD_1h.csv").display().to_string();
    let market = ["-s", "EURUSD", "-t", "1h"];
    let said_twice = |command: &[&str], key: &str| {
        let command = [command, &["--idempotency-key", key]].concat();
        let (first, before) = (world.json(&command), world.operations().len());
        assert_eq!(world.json(&command), first, "{command:?}");
        assert_eq!(world.operations().len(), before, "{command:?}");
        first
    };
    // It runs here and now, and whatever else waits with it.
    said_twice(&["data", "import", &bars, "-s", "COPY", "-t", "1h"], "import");
    let training = ["training", "run", "--strategy", "fx_pullback"];
    let trained = said_twice(&training, "training")["submitted"][0].as_str().unwrap().to_owned();
    said_twice(&[&["backtest", "run", "--strategy", "fx_pullback"], &market[..]].concat(), "backtest");
    said_twice(&[&["research", "run", "-n", "2"], &market[..]].concat(), "research");
    world.json(&["operations", "cancel", &trained]);
    let retried = said_twice(&["operations", "retry", &trained], "retry")["operation"].clone();
    assert_ne!(
        world.json(&["operations", "retry", &trained])["operation"],
        retried,
        "without a key it is new"
    );

    let note = world.run(&[&training[..], &["--idempotency-key", "training"]].concat());
    assert!(String::from_utf8(note.stderr).unwrap().contains("submitted before"));
    world.refused_with(
        4,
        &[&training[..], &["--idempotency-key", "backtest"]].concat(),
        &["another request"],
    );
    world.refused_with(2, &[&training[..], &["--idempotency-key", "a b"]].concat(), &["printable ASCII"]);
}
