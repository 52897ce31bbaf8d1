//! What becomes of a design by a model that is good, clumsy, lazy, lying, repeating, hostile.

use ktrdr_agent::Design;
use ktrdr_fake::{Fault, Mind};

use crate::support;
use crate::world::{KEY, World};

fn is_harmless(design: &Design) {
    let strategy = &design.strategy;
    assert!(strategy.check().is_ok());
    let words = [strategy.description.clone(), strategy.hypothesis.clone(), Some(design.rationale.clone())];
    for text in words.iter().flatten() {
        let odd = text.chars().find(|c| c.is_control() || *c == '\u{202e}');
        assert!(odd.is_none() && !text.contains(KEY), "{text:?}");
    }
}

#[tokio::test]
async fn a_good_one_saves_a_strategy_of_its_own_for_each_task() {
    let world = World::of(Mind::Good);
    let designs = [world.design(0).await.unwrap(), world.design(1).await.unwrap()];
    assert_ne!(designs[0].strategy.content_sha256(), designs[1].strategy.content_sha256());
    for design in &designs {
        is_harmless(design);
        assert_eq!(design.designer, "claude-sonnet-5-5");
        assert!(design.origin.contains("in 3 turns, 0 sent back"), "{}", design.origin);
        assert_eq!(design.ideas[0].text, "Quick stretches fade.");
        assert!(design.rationale.contains("tends to come back"), "{}", design.rationale);
        let name = design.strategy.name.as_str();
        assert!(name.ends_with(&design.strategy.content_sha256().short()), "{name}");
    }
    let told = world.told();
    assert!(told.contains("claude-sonnet-5-5") && !told.contains(KEY));
}

#[tokio::test]
async fn a_clumsy_one_mends_what_the_linter_found() {
    let world = World::of(Mind::Clumsy);
    let design = world.design(0).await.unwrap();
    assert!(design.origin.contains("1 sent back"), "{}", design.origin);
    assert!(world.told().contains("class_share"), "it was told why");
}

#[tokio::test]
async fn a_lazy_one_is_nudged_a_few_times_and_then_given_up() {
    let world = World::of(Mind::Lazy);
    let why = world.refused().await;
    assert!(why.contains("4 strategies were sent back (agent.repairs_max 3)"), "{why}");
    assert_eq!(world.fake.seen().len(), 4);
}

#[tokio::test]
async fn a_lying_one_is_told_what_there_is_not_and_given_up() {
    let world = World::of(Mind::Lying);
    let why = world.refused().await;
    assert!(why.contains("quantum_momentum"), "{why}");
    assert!(world.told().contains("is not known"));
}

#[tokio::test]
async fn a_repetition_is_sent_back_once_and_then_refused() {
    let mut world = World::of(Mind::Repeating);
    let first = world.design(0).await.unwrap();
    world.lessons = vec![support::lesson(first.strategy.clone(), 1.0)];
    let before = world.fake.seen().len();
    let why = world.refused().await;
    assert!(why.contains("repeats an earlier design") && why.contains(first.strategy.name.as_str()), "{why}");
    assert_eq!(world.fake.seen().len() - before, 3, "it looked, saved, and saved again");
}

#[tokio::test]
async fn a_hostile_one_harms_nothing_and_is_told_why() {
    let mut world = World::of(Mind::Injecting);
    let why = world.refused().await;
    assert!(why.contains("sent back"), "{why}");
    // With more patience it gets through with words alone, and those are harmless.
    world.manner.repairs_max = 20;
    world.manner.turns_max = 20;
    let design = world.design(0).await.unwrap();
    is_harmless(&design);
    assert!(design.origin.contains("7 sent back"), "{}", design.origin);
    let left = std::fs::read_dir(world.folder.path()).unwrap().count();
    assert_eq!(left, 0, "a design writes nothing itself");
    let told = world.told();
    for fault in ["is not allowed", "anchors", "tags"] {
        assert!(told.contains(fault), "it was not told of {fault}");
    }
}

#[tokio::test]
async fn one_that_calls_tools_without_end_is_given_up() {
    let world = World::of(Mind::Flooding);
    let why = world.refused().await;
    assert!(why.contains("called tools 501 times"), "{why}");
    assert_eq!(world.fake.seen().len(), 2);
}

#[tokio::test]
async fn a_refusal_and_an_answer_that_is_too_long_say_what_they_are() {
    for (fault, says) in [(Fault::Refusal, "will not design"), (Fault::MaxTokens, "agent.output_tokens_max")]
    {
        let world = World::of(Mind::Good);
        world.fake.fail_next([Some(fault)]);
        let why = world.refused().await;
        assert!(why.contains(says), "{why}");
    }
}
