//! Schedules, as far as a model may go.

use serde_json::json;

use super::client::{Client, block_on};
use super::world;
use crate::world::Engine;

#[test]
fn schedules_are_read_by_all_triggered_by_some_and_steered_by_few() {
    let world = world(Engine::Embedded);
    world.json(&["queues", "pause", "agent_design"]);
    let cron = ["--cron", "30 1 29 2 *", "--tz", "America/New_York", "--anyway", "a test"];
    world.json(&[&["schedules", "create", "nightly", "-s", "EURUSD", "-t", "1h"][..], &cron].concat());
    block_on(async {
        let reader = Client::of(&world, &[]).await;
        let listed = reader.said("list_schedules", json!({})).await;
        assert_eq!((&listed["total"], &listed["schedules"][0]["name"]), (&1.into(), &"nightly".into()));
        let ticks = reader.said("next_ticks", json!({ "schedule": "nightly", "count": 2 })).await;
        assert_eq!(ticks["ticks"][0]["at"], "2028-02-29T06:30:00Z");
        let writer = Client::of(&world, &["--allow-write"]).await;
        let refused = writer.try_call("delete_schedule", json!({ "schedule": "nightly" })).await.unwrap_err();
        assert!(refused.contains("there is no tool"), "{refused}");
        let night = json!({ "schedule": "nightly", "idempotency_key": "once" });
        let begun = writer.said("trigger_schedule", night.clone()).await;
        assert_eq!(begun["state"], "running");
        assert_eq!(writer.said("trigger_schedule", night).await["at"], begun["at"]);
        let one = reader.said("get_schedule", json!({ "schedule": "nightly" })).await;
        assert_eq!(one["occurrences"].as_array().unwrap().len(), 1);

        let steers = Client::of(&world, &["--allow-write", "--allow-schedules"]).await;
        let pause = json!({ "schedule": "nightly", "note": "data are mended" });
        assert_eq!(steers.said("pause_schedule", pause).await["changed"], true);
        assert_eq!(steers.said("resume_schedule", json!({ "schedule": "nightly" })).await["changed"], true);
        // A night that goes on keeps its schedule; and one that could find nothing gets none from a model.
        let kept = steers.error("delete_schedule", json!({ "schedule": "nightly" })).await;
        assert!(kept.to_string().contains("goes on"), "{kept}");
        let other = json!({
            "name": "other", "cron": "30 1 29 2 *", "zone": "Europe/London",
            "campaign": { "symbol": "EURUSD", "timeframe": "1h", "cycles": 1 }, "rules": { "max_time_s": 60 },
        });
        let refused = steers.error("create_schedule", other).await;
        assert_eq!(refused["code"], "nothing_to_find", "{refused}");
    });
}
