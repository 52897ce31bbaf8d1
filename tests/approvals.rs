//! Ideas of a model: written down, told to later designs, tested, and where a person is asked, kept back until there is a word or
//! the deadline is over.

use ktrdr_fake::{Fake, Mind};
use serde_json::Value;

use crate::claude::{fake, world_of};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    an_idea_is_proposed_told_and_tested,
    what_waits_for_a_word_is_told_to_no_model_until_it_is_said
);

fn trigger(world: &World) {
    world.run(&["agent", "trigger", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude"]);
}

fn hypotheses(world: &World) -> Vec<Value> {
    world.json(&["memory", "hypotheses"])["hypotheses"].as_array().unwrap().clone()
}

fn told(fake: &Fake) -> String {
    fake.seen().iter().map(ToString::to_string).collect()
}

fn an_idea_is_proposed_told_and_tested(engine: Engine) {
    let fake: Fake = fake(Mind::Good);
    let world = world_of(engine, &fake);
    trigger(&world);
    let known = hypotheses(&world);
    assert_eq!((known.len(), &known[0]["status"]), (1, &"open".into()), "{known:#?}");
    assert_eq!(
        (&known[0]["text"], &known[0]["proposed_by"]),
        (&"Quick stretches fade.".into(), &"claude-sonnet-5-5".into())
    );
    assert!(!told(&fake).contains("# Open hypotheses"));
    let recalled = world.json(&["memory", "search", "stretches", "--symbol", "EURUSD"]);
    assert_eq!(recalled["hypotheses"][0]["id"], known[0]["id"]);

    trigger(&world);
    assert!(told(&fake).contains("1. Quick stretches fade."));
    let known = hypotheses(&world);
    let first = known.last().unwrap();
    assert_eq!(first["status"], "tested", "{known:#?}");
    assert!(first["test"]["cycle"].as_str().unwrap().starts_with("op_agent_research_"));
    let nothing_left = world.refused(4, &["agent", "approvals", "reject", first["id"].as_str().unwrap()]);
    assert!(nothing_left.contains("was tested by"), "{nothing_left}");
}

fn what_waits_for_a_word_is_told_to_no_model_until_it_is_said(engine: Engine) {
    let fake = fake(Mind::Good);
    let world = world_of(engine, &fake).with_setting("KTRDR_AGENT__APPROVAL", "hypotheses");
    trigger(&world);
    let waiting = world.json(&["agent", "approvals", "list"])["hypotheses"].as_array().unwrap().clone();
    assert_eq!((waiting.len(), &waiting[0]["status"]), (1, &"waiting".into()));
    assert_eq!(waiting[0]["approval"]["default"], "reject");
    let status = world.json(&["agent", "status"]);
    assert_eq!(
        (&status["approvals"]["waiting"], &status["approvals"]["deadline"]),
        (&1.into(), &waiting[0]["approval"]["deadline"])
    );
    let text = String::from_utf8(world.run(&["agent", "status"]).stdout).unwrap();
    assert!(text.contains("a person's word is waited for: 1 hypothesis"), "{text}");
    trigger(&world);
    assert!(!told(&fake).contains("# Open hypotheses"), "nobody said a word");

    let id = waiting[0]["id"].as_str().unwrap();
    let approved = world.json(&["agent", "approvals", "approve", id, "--reason", "worth a try"]);
    assert_eq!(
        (&approved["status"], &approved["decision"]["reason"]),
        (&"approved".into(), &"worth a try".into())
    );
    let again = world.refused(4, &["agent", "approvals", "reject", id]);
    assert!(again.contains("the first word stands"), "{again}");
    world.refused_with(
        3,
        &["agent", "approvals", "approve", "hyp_000000000000"],
        &["ktrdr memory hypotheses"],
    );
    world.refused(2, &["agent", "approvals", "approve", "../../etc"]);
    trigger(&world);
    assert!(told(&fake).contains("# Open hypotheses"));
}
