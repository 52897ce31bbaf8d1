//! What a model is told: the registries, the data, what was tried. And how much that is.

use ktrdr_domain::hypothesis::{Hypothesis, Idea};
use ktrdr_domain::{Kind, OperationId, Timestamp};
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
pub(crate) async fn experienced() -> World {
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
    let first = lessons.lines().find(|line| line.starts_with("- ")).unwrap();
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

fn idea(text: &str) -> Hypothesis {
    let (campaign, symbol) = ("c".parse().unwrap(), "EURUSD".parse().unwrap());
    let timeframe = "1h".parse().unwrap();
    Hypothesis {
        id: Hypothesis::id_of(&campaign, &symbol, timeframe, text),
        campaign,
        index: 0,
        symbol,
        timeframe,
        idea: Idea { text: text.to_owned(), rationale: "\u{1b}[2J since".into() },
        proposed_by: "a-model".into(),
        masked: true,
        operation: OperationId::new(Kind::AgentDesign, Timestamp(0), 1),
        proposed_at: Timestamp(0),
        known_until: Timestamp(0),
        approval: None,
    }
}

#[tokio::test]
async fn open_hypotheses_are_told_by_number_and_a_design_says_which_it_tests() {
    let mut world = World::of(Mind::Good);
    assert_eq!(world.design(0).await.unwrap().tests, None);
    world.hypotheses = (0..12).map(|n| idea(&format!("Idea {n} holds."))).collect();
    let design = world.design(0).await.unwrap();
    assert_eq!(design.tests.as_ref(), Some(&world.hypotheses[0].id));
    assert_eq!(design.ideas[0].text, "Quick stretches fade.");
    let told = world.told();
    assert!(
        told.contains("1. Idea 0 holds.") && told.contains("8. Idea 7 holds.") && !told.contains("9. Idea 8")
    );
    assert!(!told.contains("\\u001b"), "no escape is told");
}

#[tokio::test]
async fn a_masked_one_is_told_neither_symbol_nor_date_nor_price() {
    let mut world = experienced().await;
    for lesson in &mut world.lessons {
        lesson.strategy.name =
            format!("eurusd_2019_{}", lesson.strategy.content_sha256().short()).parse().unwrap();
        lesson.strategy.hypothesis = Some("EURUSD fell to 1.0342 in 2019".into());
    }
    world.hypotheses = vec![idea("Idea 0 holds.")];
    let before = world.fake.seen().len();
    let open = world.design(41).await.unwrap();
    let told_open: String = world.fake.seen()[before..].iter().map(ToString::to_string).collect();
    assert!(told_open.contains("EURUSD") && told_open.contains("development_window"));
    assert!(!open.author.unwrap().masked);

    world.masked = true;
    let before = world.fake.seen().len();
    let design = world.design(41).await.unwrap();
    let told: String = world.fake.seen()[before..].iter().map(ToString::to_string).collect();
    assert!(told.contains("MASKED") && told.contains("40 designs"), "lessons are told nevertheless");
    let years = 1_970..2_030;
    for secret in
        years.map(|year| format!("{year}-")).chain(["EURUSD", "eurusd", "2019", "1.0342"].map(Into::into))
    {
        assert!(!told.contains(&secret), "{secret} is told");
    }
    let author = design.author.unwrap();
    assert_eq!((author.masked, author.training_cutoff.to_string().as_str()), (true, "2026-06"));
    assert_eq!(
        design.strategy.training_data.symbols,
        ["EURUSD".parse().unwrap()],
        "what is kept names it again"
    );
}
