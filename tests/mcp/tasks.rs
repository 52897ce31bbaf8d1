//! A cycle as a task of the protocol.

use rmcp::model::{CancelTaskParams, ClientCapabilities, TaskStatus};
use serde_json::json;

use super::client::{Client, block_on};
use super::{market, world};
use crate::world::{Engine, on_each_engine};

on_each_engine!(
    a_cycle_is_started_as_a_task_and_followed_to_its_end,
    a_task_is_cancelled_and_its_operation_with_it,
);

fn a_cycle_is_started_as_a_task_and_followed_to_its_end(engine: Engine) {
    let world = world(engine);
    world.json(&["queues", "pause", "training"]);
    let _engine = world.up(&[]);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let id = client.task(market()).await;
        let busy = client.error("trigger_cycle", market()).await;
        assert_eq!((&busy["kind"], &busy["code"]), (&"conflict".into(), &"active_cycle_exists".into()));
        world.json(&["queues", "resume", "training"]);
        let (status, result) = client.ended(&id).await;
        assert_eq!(status, TaskStatus::Completed);
        let told = &result.unwrap()["structuredContent"];
        assert_eq!(told["id"], id.as_str());
        assert!(told["result"]["strategy"].is_string(), "{told}");
        assert_eq!(world.operation(&id)["status"], told["status"]);
        let lesson = client.said("get_lesson", json!({ "cycle": id })).await;
        assert!(lesson["known_until"].is_string() && lesson["yaml"].is_string(), "{lesson}");
        let recalled = client.said("recall_lessons", json!({ "symbol": "EURUSD" })).await;
        assert_eq!(recalled["items"][0]["cycle"], id.as_str());
    });
}

fn a_task_is_cancelled_and_its_operation_with_it(engine: Engine) {
    let world = world(engine);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let id = client.task(market()).await;
        client.service.peer().cancel_task(CancelTaskParams::new(id.clone())).await.unwrap();
        let _engine = world.up(&[]);
        assert_eq!(client.ended(&id).await.0, TaskStatus::Cancelled);
        assert_eq!(world.operation(&id)["cancel"]["by"], "mcp");
        // A client that knows no tasks is told the operation, and follows that.
        let plain = Client::with(&world, &["--allow-write"], ClientCapabilities::default()).await;
        let started = plain.said("trigger_cycle", market()).await;
        let id = started["operation"].as_str().unwrap();
        let stopped = plain.said("cancel_operation", json!({ "id": id, "reason": "enough" })).await;
        assert_eq!(stopped["operation"], id);
    });
}
