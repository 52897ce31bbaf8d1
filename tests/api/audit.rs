//! What is changed on the command line stands in the same log as what comes over HTTP: who, what, why, and what came of it.

use serde_json::{Value, json};

use super::client::{Served, block_on};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(every_change_by_hand_is_on_record);

fn every_change_by_hand_is_on_record(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    world.json(&["queues", "pause", "training"]);
    let training = world.submit(&["training", "run", "--strategy", "fx_pullback"])[0].clone();
    world.json(&["operations", "cancel", "--type", "training", "--reason", "wrong data", "--yes"]);
    assert_eq!(world.run(&["operations", "cancel", &training]).status.code(), Some(4));
    world.json(&["operations", "retry", "--status", "cancelled", "--type", "training", "--yes"]);
    world.json(&["queues", "resume", "training"]);
    world.refused(3, &["campaign", "cancel", "nobody", "--yes"]);
    world.refused(3, &["workers", "drain", "nobody"]);
    world.refused(3, &["dead-letters", "drop", "op_probe_20260101_000000_00000001"]);
    world.json(&["data", "roll-windows", "EURUSD", "--reason", "looked at too often", "--yes"]);
    let made = world.json(&["token", "create", "--scope", "viewer"]);
    world.json(&["token", "revoke", made["id"].as_str().unwrap(), "--reason", "a test"]);
    // What only looks is not on record.
    world.json(&["queues", "list"]);

    let entries = audit(&world);
    let said = |index: usize| {
        let entry = &entries[index];
        let word = |field: &str| entry[field].as_str().unwrap_or("cut short").to_owned();
        assert!(word("via") == "cli" && word("by").contains('@'), "{entry}");
        (word("what"), word("target"), word("reason"), word("outcome"))
    };
    let what: Vec<String> = (0..entries.len()).map(|index| said(index).0).collect();
    assert_eq!(
        what,
        [
            "generate_data",
            "pause_queue",
            "start_training",
            "cancel_group",
            "cancel_operation",
            "retry_group",
            "resume_queue",
            "cancel_campaign",
            "drain_worker",
            "dismiss_dead_letter",
            "roll_windows",
            "create_token",
            "revoke_token",
        ]
    );
    let (_, target, _, outcome) = said(2);
    assert_eq!((target.as_str(), outcome), ("fx_pullback", training.clone()));
    let (_, target, reason, outcome) = said(3);
    assert_eq!((target.as_str(), reason.as_str()), ("type=training", "wrong data"));
    assert!(outcome.starts_with("cancelled while waiting: 1"), "{outcome}");
    assert!(said(4).3.starts_with("too late"), "{}", said(4).3);
    assert!(said(7).3.contains("there is no campaign nobody"), "{}", said(7).3);
    let (_, target, reason, _) = said(10);
    assert_eq!((target.as_str(), reason.as_str()), ("EURUSD", "looked at too often"));
    assert_eq!(said(11).3, format!("token {}", made["id"].as_str().unwrap()));
}

/// The log, oldest first.
fn audit(world: &World) -> Vec<Value> {
    let api = Served::up(world, &[]);
    let part = block_on(api.got("/audit"));
    assert_eq!(part["next"], json!(null));
    part["entries"].as_array().unwrap().iter().rev().cloned().collect()
}
