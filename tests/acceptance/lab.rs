//! A world with an engine that answers by HTTP, asked without ado.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::api::client::{Answer, Served, answer};
use crate::api::events::Events;
use crate::world::World;

/// An engine with its API, and who asks it.
pub(super) struct Lab<'a> {
    pub(super) api: Served,
    runtime: Runtime,
    pub(super) world: &'a World,
}

impl<'a> Lab<'a> {
    /// One process that plays every role of a world.
    pub(super) fn up(world: &'a World) -> Self {
        Self::asking(Served::up(world, &[]), world)
    }

    /// Whatever answers at an address.
    pub(super) fn asking(api: Served, world: &'a World) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { api, runtime, world }
    }

    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(super) fn got(&self, path: &str) -> Value {
        self.runtime.block_on(self.api.got(path))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Answer {
        self.runtime.block_on(self.api.post(path, body, None))
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.runtime.block_on(self.api.delete(path))
    }

    /// A POST without a body.
    pub(super) fn order(&self, path: &str) -> Answer {
        self.runtime
            .block_on(async { answer(self.api.request(Method::POST, path).send().await.unwrap()).await })
    }

    /// Starts work, which must be taken; its operation.
    pub(super) fn started(&self, path: &str, body: &Value) -> String {
        let (status, job) = self.post(path, body);
        assert_eq!(status, 202, "{path}: {job}");
        job["operation"].as_str().unwrap().to_owned()
    }

    /// Starts a backtest of a strategy's newest model on the gate window.
    pub(super) fn backtest(&self, strategy: &str, symbol: &str) -> String {
        self.started("/backtests/start", &backtest(strategy, symbol))
    }

    pub(super) fn row(&self, id: &str) -> Value {
        self.got(&format!("/operations/{id}"))["operation"].clone()
    }

    /// How many operations there are.
    pub(super) fn count(&self) -> u64 {
        self.got("/operations?limit=1")["total"].as_u64().unwrap()
    }

    /// Every row that was heard of an operation until one is meant, which is the last; nobody polls.
    pub(super) fn followed(&self, id: &str, mut is_meant: impl FnMut(&Value) -> bool) -> Vec<Value> {
        self.runtime.block_on(async {
            let row = async || self.api.got(&format!("/operations/{id}")).await["operation"].clone();
            let mut events = Events::of(&self.api, "operations", None).await;
            let mut seen = vec![row().await];
            while !is_meant(seen.last().unwrap()) {
                let event = events.until(|event| event.name == "reset" || event.data["id"] == *id).await;
                seen.push(if event.name == "reset" { row().await } else { event.data });
            }
            seen
        })
    }

    /// The row of an operation, once it has ended.
    pub(super) fn ended(&self, id: &str) -> Value {
        self.followed(id, has_ended);
        self.row(id)
    }

    /// A good backtest succeeds, and nothing is half-written.
    pub(super) fn recovers(&self, strategy: &str, symbol: &str) {
        let row = self.ended(&self.backtest(strategy, symbol));
        assert_eq!(row["status"], "completed", "{}", row["error"]);
        let parts: Vec<_> = self.world.files().into_iter().filter(|f| f.contains(".ktrdr-part-")).collect();
        assert!(parts.is_empty(), "half-written: {parts:?}");
    }
}

pub(super) fn backtest(strategy: &str, symbol: &str) -> Value {
    json!({ "strategy": strategy, "market": { "symbol": symbol, "timeframe": "1h" } })
}

pub(super) fn has_ended(row: &Value) -> bool {
    !row["finished_at"].is_null()
}

/// A refusal by HTTP: its status, and words that its detail has.
pub(super) fn refused((status, told): &Answer, wanted: u16, words: &[&str]) -> String {
    assert_eq!(*status, wanted, "{told}");
    let detail = told["detail"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    for word in words {
        assert!(detail.contains(word), "{detail:?} does not say {word:?}");
    }
    assert!(!detail.contains("panicked") && !detail.contains("stack backtrace"), "{detail}");
    assert!(told["hint"].is_string() && told["code"].is_string(), "{told}");
    detail
}
