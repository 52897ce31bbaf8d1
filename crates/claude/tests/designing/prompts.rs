//! What a model is told: the registries, the data, what was tried. And how much that is.

use ktrdr_fake::Mind;
use serde_json::Value;

use crate::support;
use crate::world::World;

/// Bytes of a token, as estimated: those of the present models' tokenizer in prose and JSON.
const BYTES_OF_TOKEN: usize = 3;

fn bytes(value: &Value) -> usize {
    value.to_string().len()
}

/// A world in which much was tried.
async fn experienced() -> World {
    let mut world = World::of(Mind::Good);
    world.text = Some("calm-market pullbacks".to_owned());
    for index in 0..40 {
        let strategy = world.design(index).await.unwrap().strategy;
        world.lessons.insert(0, support::lesson(strategy, f64::from(index) / 10.0 - 2.0));
    }
    world
}

#[tokio::test]
async fn lessons_and_brief_are_told_within_their_room_and_the_prompt_is_the_same_each_time() {
    let world = experienced().await;
    let before = world.fake.seen().len();
    world.design(41).await.unwrap();
    world.design(41).await.unwrap();
    let seen = world.fake.seen();
    assert_eq!(seen[before], seen[before + 3], "the same design is asked for by the same bytes");
    let request = &seen[before];
    let lessons = request["messages"][0]["content"][0]["text"].as_str().unwrap();
    assert!(lessons.contains("40 designs") && lessons.len() <= 7_000, "{} bytes", lessons.len());
    let best = world.lessons[0].strategy.name.as_str();
    let first = lessons.lines().find(|line| line.starts_with('{')).unwrap();
    assert!(first.contains(best), "the best comes first: {first}");
    assert!(request["system"][1]["text"].as_str().unwrap().contains("calm-market pullbacks"));

    let (tools, system) = (bytes(&request["tools"]), bytes(&request["system"]));
    let messages = bytes(&request["messages"]);
    let tokens = (tools + system + messages) / BYTES_OF_TOKEN;
    assert!(
        tokens < 10_000,
        "tools {tools}, system {system}, messages {messages} bytes: about {tokens} tokens"
    );
}

#[tokio::test]
async fn siblings_of_a_generation_share_their_prompt_but_for_the_task() {
    let world = World::of(Mind::Good);
    for index in 0..3 {
        world.design(index).await.unwrap();
    }
    let first: Vec<Value> =
        world.fake.seen().into_iter().filter(|r| r["messages"].as_array().unwrap().len() == 1).collect();
    assert!(first.iter().all(|r| r["system"] == first[0]["system"] && r["tools"] == first[0]["tools"]));
    let tasks: Vec<String> =
        first.iter().map(|r| r["messages"][0]["content"][1]["text"].to_string()).collect();
    assert!(tasks[0] != tasks[1] && tasks[1] != tasks[2]);
}
