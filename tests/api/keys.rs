//! A key names a request: sent again it is the same one, whatever happened meanwhile.

use serde_json::{Value, json};

use super::client::{Answer, Served, answer, block_on};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    what_sets_a_state_is_not_set_again,
    a_group_does_not_grow_by_what_came_meanwhile,
    a_key_is_its_callers_own_and_stands_for_one_request,
);

async fn bare(api: &Served, path: &str, key: &str) -> Answer {
    let request = api.request(reqwest::Method::POST, path).header("Idempotency-Key", key);
    answer(request.send().await.unwrap()).await
}

fn what_sets_a_state_is_not_set_again(engine: Engine) {
    let world = World::on(engine);
    let api = Served::up(&world, &[]);
    block_on(async {
        let first = bare(&api, "/queues/training/pause", "k").await;
        assert_eq!((first.0, &first.1["changed"]), (200, &json!(true)), "{}", first.1);
        assert_eq!(bare(&api, "/queues/training/resume", "l").await.1["changed"], true);
        // The first one again, as after a lost answer: it was carried out before, and the queue stays open.
        assert_eq!(bare(&api, "/queues/training/pause", "k").await, first);
        let queues = api.got("/queues").await;
        let training = queues["queues"].as_array().unwrap().iter().find(|q| q["type"] == "training").unwrap();
        assert_eq!(training["paused"], false);
        // Another request under its key is told so, and not carried out.
        let (status, problem) = bare(&api, "/queues/backtesting/pause", "k").await;
        assert_eq!((status, problem["code"].as_str()), (422, Some("idempotency_key_reused")), "{problem}");
        let generated = json!({ "symbol": "DEMO", "timeframe": "1h", "bars": 500, "start": "2015-01-01" });
        let made = api.post("/data/generate", &generated, Some("g")).await;
        assert_eq!(made.0, 200, "{}", made.1);
        assert_eq!(api.post("/data/generate", &generated, Some("g")).await, made);
        let said = api.got("/audit?limit=1").await;
        assert_eq!(said["entries"][0]["outcome"], "200, as before");
    });
}

fn a_group_does_not_grow_by_what_came_meanwhile(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    world.json(&["queues", "pause", "training"]);
    let api = Served::up(&world, &[]);
    block_on(async {
        let training = json!({ "strategy": { "name": "fx_pullback" } });
        let start = async || {
            let (status, job) = api.post("/trainings/start", &training, None).await;
            assert_eq!(status, 202, "{job}");
            job["operation"].as_str().unwrap().to_owned()
        };
        let state =
            async |id: &str| api.got(&format!("/operations/{id}")).await["operation"]["status"].clone();
        let before = start().await;
        let group = json!({ "type": "training", "reason": "wrong data", "confirm": true });
        let done = api.post("/operations/cancel", &group, Some("c")).await;
        assert_eq!((done.0, &done.1["done"]["cancelled"]), (200, &json!(1)), "{}", done.1);
        let later = start().await;
        assert_eq!(api.post("/operations/cancel", &group, Some("c")).await, done);
        assert_eq!((state(&before).await, state(&later).await), (json!("cancelled"), json!("pending")));

        let again = json!({ "type": "training", "status": "cancelled", "confirm": true });
        let retried = api.post("/operations/retry", &again, Some("r")).await;
        assert_eq!((retried.0, count(&retried.1)), (200, 1), "{}", retried.1);
        assert_eq!(api.post("/operations/cancel", &group, Some("d")).await.1["done"]["cancelled"], 2);
        assert_eq!(api.post("/operations/retry", &again, Some("r")).await, retried);
        assert_eq!(api.got("/operations?type=training&status=pending").await["total"], 0);
    });
}

fn count(answer: &Value) -> usize {
    answer["done"]["retried"].as_array().map_or(0, Vec::len)
}

fn a_key_is_its_callers_own_and_stands_for_one_request(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    let token = |name: &str| {
        let made = world.json(&["token", "create", "--scope", "operator", "--name", name]);
        made["token"].as_str().unwrap().to_owned()
    };
    let (one, other) = (token("one"), token("other"));
    let mut api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let training = json!({ "strategy": { "name": "fx_pullback" } });
        let first = api.with(&one).post("/trainings/start", &training, Some("k")).await;
        assert_eq!(first.0, 202, "{}", first.1);
        assert_eq!(first.1["created"], true);
        assert_eq!(api.post("/trainings/start", &training, Some("k")).await, first);
        // The key may stand in the body instead.
        let mut in_body = training.clone();
        in_body["idempotency_key"] = json!("k");
        assert_eq!(api.post("/trainings/start", &in_body, None).await, first);
        assert_eq!(api.post("/trainings/start", &in_body, Some("other")).await.0, 400);
        let changed = json!({ "strategy": { "name": "fx_pullback" }, "seed": 7 });
        assert_eq!(
            api.post("/trainings/start", &changed, Some("k")).await.1["code"],
            "idempotency_key_reused"
        );
        // What one was answered nobody else is told.
        let paused = bare(&api, "/queues/training/pause", "p").await;
        assert_eq!(paused.1["changed"], true);
        let (status, others) = bare(api.with(&other), "/queues/training/pause", "p").await;
        assert_eq!((status, &others["changed"]), (200, &json!(false)));
    });
}
