//! The stream of events: what changes is heard of at once, and nothing is missed by whoever comes back.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::client::{Served, block_on};
use crate::running::PATIENCE;
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(a_change_is_heard_of_and_whoever_comes_back_misses_nothing);

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A follower.
pub(crate) struct Events {
    response: Response,
    read: String,
}

impl Events {
    pub(crate) async fn of(api: &Served, topics: &str, since: Option<&str>) -> Self {
        let request = api.request(Method::GET, &format!("/events?topics={topics}"));
        let request = since.into_iter().fold(request, |request, id| request.header("Last-Event-ID", id));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some((whole, rest)) = self.read.split_once("\n\n") {
                let field =
                    |name: &str| whole.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let event = field("event: ").map(|name| Event {
                    id: field("id: ").unwrap(),
                    name,
                    data: serde_json::from_str(&field("data: ").unwrap()).unwrap(),
                });
                self.read = rest.to_owned();
                match event {
                    Some(event) => return event,
                    None => continue,
                }
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event").unwrap();
            self.read += std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap();
        }
    }

    /// The first that is meant.
    pub(crate) async fn until(&mut self, mut is_meant: impl FnMut(&Event) -> bool) -> Event {
        loop {
            let event = self.next().await;
            if is_meant(&event) {
                return event;
            }
        }
    }
}

fn a_change_is_heard_of_and_whoever_comes_back_misses_nothing(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    world.json(&["queues", "pause", "training"]);
    let api = Served::up(&world, &[]);
    block_on(async {
        let mut events = Events::of(&api, "operations,queues", None).await;
        let started = async |key: &str| {
            let (status, job) = api
                .post("/trainings/start", &json!({ "strategy": { "name": "fx_pullback" } }), Some(key))
                .await;
            assert_eq!(status, 202, "{job}");
            job["operation"].as_str().unwrap().to_owned()
        };
        let first = started("a").await;
        let heard = events.until(|event| event.data["id"] == first.as_str()).await;
        assert_eq!((heard.name.as_str(), heard.data["status"].as_str()), ("operations", Some("pending")));
        assert!(heard.data.get("spec").is_none() && heard.data.get("result").is_none());
        let queues = events.until(|event| event.name == "queues").await;
        assert!(queues.data["queues"].is_array());
        // The line breaks; meanwhile more happens.
        drop(events);
        let second = started("b").await;
        let mut events = Events::of(&api, "operations", Some(&heard.id)).await;
        let missed = events.next().await;
        assert_eq!(missed.data["id"], second.as_str(), "{missed:?}");
        // Another process's event, or one too old, can not be gone on from: read again.
        let mut lost = Events::of(&api, "operations", Some("0123456789abcdef-7")).await;
        assert_eq!(lost.next().await.name, "reset");
        // Nothing is sent that was not asked for.
        let mut logs = Events::of(&api, "logs", None).await;
        started("c").await;
        let silence = tokio::time::timeout(Duration::from_millis(300), logs.next()).await;
        assert!(silence.is_err() || silence.unwrap().name == "logs");
    });
}
