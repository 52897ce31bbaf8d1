//! A language model at the door: a real client of the Model Context Protocol drives the real binary over its stdin and stdout.

mod client;
mod exam;
mod hostile;
mod schedules;
mod tasks;

use rmcp::model::CancelTaskParams;
use serde_json::{Value, json};

use crate::world::{Engine, World};
use client::{Client, block_on};

fn market() -> Value {
    json!({ "symbol": "EURUSD", "timeframe": "1h" })
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 11);
    world
}

#[test]
fn a_client_reads_what_the_application_knows_and_can_not_write() {
    let world = world(Engine::Embedded);
    world.example("fx_pullback");
    let submitted = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--campaign", "night"]);
    block_on(async {
        let client = Client::of(&world, &[]).await;
        let tools = client.tools().await;
        assert!(tools.contains(&"get_operation".to_owned()) && !tools.contains(&"trigger_cycle".to_owned()));
        let refused = client.try_call("trigger_cycle", market()).await.unwrap_err();
        assert!(refused.contains("there is no tool"), "{refused}");

        let listed = client.said("list_operations", json!({ "type": "agent_research" })).await;
        assert_eq!(
            (&listed["total"], &listed["operations"][0]["id"]),
            (&1.into(), &submitted[0].clone().into())
        );
        let one = client.said("get_operation", json!({ "id": submitted[0] })).await;
        assert_eq!(
            (&one["phase"], &one["children"][0]["type"]),
            (&"designing".into(), &"agent_design".into())
        );
        let campaign = client.said("get_campaign", json!({ "campaign": "night" })).await;
        assert_eq!(campaign["campaign"]["cycles"], 1);
        let strategies = client.said("list_strategies", json!({})).await;
        assert_eq!(strategies["strategies"][0]["name"], "fx_pullback");
        let text = client.said("get_strategy", json!({ "name": "fx_pullback" })).await["yaml"].clone();
        assert_eq!(client.said("validate_strategy", json!({ "yaml": text })).await["valid"], true);
        assert_eq!(client.said("validate_strategy", json!({ "yaml": "name: x" })).await["valid"], false);
        let data = client.said("list_data", json!({})).await;
        assert_eq!(data["data"][0]["symbol"], "EURUSD");
        assert_eq!(client.said("research_status", json!({})).await["status"], "idle");
        assert_eq!(client.said("list_trials", json!({})).await["total"], 0);
        assert_eq!(client.said("recall_lessons", json!({ "symbol": "EURUSD" })).await["items"], json!([]));

        // Addresses answer the same.
        let uri = format!("ktrdr://operations/{}", submitted[0]);
        assert_eq!(client.read(&uri).await.unwrap(), one);
        for resource in client.service.list_all_resources().await.unwrap() {
            client.read(&resource.uri).await.unwrap();
        }
        assert_eq!(client.service.list_all_resource_templates().await.unwrap().len(), 5);
        // Without tasks nothing can be stopped either.
        let stop = CancelTaskParams::new(submitted[0].clone());
        let refused = client.service.peer().cancel_task(stop).await.unwrap_err().to_string();
        assert!(refused.contains("--allow-write"), "{refused}");
        assert!(world.operation(&submitted[0])["cancel"].is_null());
    });
}
