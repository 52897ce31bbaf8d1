//! Work through the API: started once however often it is said, followed, stopped, and on record.

use serde_json::json;

use super::client::{Served, block_on};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    a_cycle_is_triggered_watched_and_stopped,
    a_training_and_its_exam_are_run_and_read,
    what_waits_is_explained_with_what_to_do,
);

fn a_cycle_is_triggered_watched_and_stopped(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 3_000, 3);
    world.json(&["queues", "pause", "agent_design"]);
    let api = Served::up(&world, &[]);
    block_on(async {
        assert_eq!(api.got("/health/live").await["status"], "live");
        assert_eq!(api.got("/health/ready").await["ready"], true);
        let wanted = json!({ "symbol": "EURUSD", "timeframe": "1h" });
        let (status, started) = api.post("/agent/trigger", &wanted, Some("once")).await;
        assert_eq!(status, 202, "{started}");
        let id = started["operation"].as_str().unwrap().to_owned();
        // The same request again, as after a lost answer, is the same cycle; another one finds the place taken.
        let (status, again) = api.post("/agent/trigger", &wanted, Some("once")).await;
        assert_eq!((status, &again), (202, &started));
        let (status, refused) = api.post("/agent/trigger", &wanted, None).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("active_cycle_exists")), "{refused}");
        assert!(refused["hint"].as_str().unwrap().contains("/agent/cancel"), "{refused}");

        assert_eq!(api.got("/agent/status").await["cycles"][0]["operation"], json!(id));
        let listed = api.got("/operations?type=agent_research").await;
        assert_eq!((&listed["total"], &listed["operations"][0]["id"]), (&json!(1), &json!(id)));

        let (status, stopped) = api.delete(&format!("/agent/cancel/{id}?reason=enough")).await;
        assert_eq!(status, 200, "{stopped}");
        assert_eq!(world.operation(&id)["cancel"]["reason"], "enough");
        let audit = api.got("/audit").await["entries"].clone();
        let said: Vec<_> = audit
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (e["what"].as_str().unwrap(), e["outcome"].as_str().unwrap()))
            .collect();
        assert_eq!(said[0], ("cancel_cycle", "200"));
        assert!(said[1].0 == "trigger_cycle" && said[1].1.starts_with("409 active_cycle_exists"), "{said:?}");
        assert_eq!(said[3], ("trigger_cycle", "202"));
        assert_eq!(audit[0]["reason"], "enough");
    });
}

fn a_training_and_its_exam_are_run_and_read(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    let api = Served::up(&world, &[]);
    block_on(async {
        let (status, job) =
            api.post("/trainings/start", &json!({ "strategy": { "name": "quick" } }), None).await;
        assert_eq!(status, 202, "{job}");
        let training = job["operation"].as_str().unwrap().to_owned();
        assert_eq!(ended(&api, &training).await, "completed", "{}", world.operation(&training)["error"]);
        assert!(api.got(&format!("/trainings/{training}/performance")).await.is_object());
        assert_eq!(api.got("/models").await["total"], 1);
        assert!(api.got("/models/quick").await["metadata"].is_object());
        let wanted = json!({ "strategy": "quick", "market": { "symbol": "EURUSD", "timeframe": "1h" } });
        let (status, job) = api.post("/backtests/start", &wanted, None).await;
        assert_eq!(status, 202, "{job}");
        let backtest = job["operation"].as_str().unwrap().to_owned();
        assert_eq!(ended(&api, &backtest).await, "completed");
        assert!(api.got(&format!("/reports/{backtest}")).await["report"].is_object());
        assert_eq!(api.got("/ledger/trials").await["total"], 1);
        let bars = api.got("/data/EURUSD/1h?limit=3").await;
        let asked = json!({ "symbol": "EURUSD", "timeframe": "1h", "limit": 3, "indicators": [{ "type": "rsi", "params": { "period": 7 } }] });
        let (_, computed) = api.post("/indicators/calculate", &asked, None).await;
        assert_eq!((&computed["bars"], bars["total"].as_u64()), (&bars["bars"], Some(5_000)));
        assert!(
            computed["indicators"][0]["value"][2].as_f64().is_some_and(|rsi| (0.0..=100.0).contains(&rsi)),
            "{computed}"
        );
        assert!(api.got(&format!("/operations/{backtest}/history")).await["events"].is_array());
        // What can not be is told early, with its status.
        let (status, missing) = api
            .post("/backtests/start", &json!({ "strategy": "nobody", "market": wanted["market"] }), None)
            .await;
        assert_eq!((status, missing["code"].as_str()), (404, Some("not_found")), "{missing}");
        let (status, unknown) = api.get("/operations/op_probe_20260101_000000_00000001").await;
        assert_eq!((status, unknown["code"].as_str()), (404, Some("not_found")), "{unknown}");
    });
}

fn what_waits_is_explained_with_what_to_do(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    let api = Served::up(&world, &[]);
    block_on(async {
        assert_eq!(api.post("/queues/training/pause", &json!({}), None).await.0, 400, "it takes no body");
        let paused = api.request(reqwest::Method::POST, "/queues/training/pause").send().await.unwrap();
        assert_eq!(paused.status(), 200);
        let (_, job) =
            api.post("/trainings/start", &json!({ "strategy": { "name": "fx_pullback" } }), None).await;
        let id = job["operation"].as_str().unwrap();
        let told = api.got(&format!("/operations/{id}/explain")).await;
        assert_eq!(
            (&told["status"], &told["reasons"][0]["why"]),
            (&json!("pending"), &json!("paused")),
            "{told}"
        );
        assert_eq!(told["reasons"][0]["run"], "ktrdr queues resume training");
        assert_eq!(world.json(&["operations", "explain", id])["reasons"], told["reasons"]);
    });
    drop(api);
    // Whoever is missing is named; of a fleet's process that was killed only when its time is over.
    if engine == Engine::Embedded {
        let waiting = world.submit(&["training", "run", "--strategy", "fx_pullback"]);
        let why = world.json(&["operations", "explain", &waiting[0]])["reasons"].clone();
        assert_eq!((&why[0]["why"], &why[0]["run"]), (&json!("no_engine"), &json!("ktrdr up")), "{why}");
    }
}

/// How an operation ended. Its end is heard of, not asked for again and again.
async fn ended(api: &Served, id: &str) -> String {
    let mut events = super::events::Events::of(api, "operations", None).await;
    loop {
        let status =
            api.got(&format!("/operations/{id}")).await["operation"]["status"].as_str().unwrap().to_owned();
        if !matches!(status.as_str(), "pending" | "running") {
            return status;
        }
        events.until(|event| event.name == "reset" || event.data["id"] == *id).await;
    }
}
