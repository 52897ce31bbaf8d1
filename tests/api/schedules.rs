//! Schedules through the API.

use reqwest::Method;
use serde_json::json;

use super::client::{Served, answer, block_on};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(a_schedule_is_made_triggered_once_and_on_record);

fn a_schedule_is_made_triggered_once_and_on_record(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.json(&["queues", "pause", "agent_design"]);
    let api = Served::up(&world, &[]);
    block_on(async {
        let mut wanted = json!({
            "name": "nightly", "cron": "30 2 8 3 *", "zone": "America/New_York",
            "campaign": { "symbol": "EURUSD", "timeframe": "1h" },
        });
        let (status, refused) = api.post("/schedules", &wanted, None).await;
        assert_eq!((status, refused["code"].as_str()), (403, Some("nothing_to_find")), "{refused}");
        wanted["anyway"] = "a test of the API".into();
        let (status, made) = api.post("/schedules", &wanted, None).await;
        assert_eq!(status, 200, "{made}");
        // The vault is a person's: no schedule opens it.
        let mut curious = wanted.clone();
        curious["campaign"]["open_vault"] = "to look".into();
        assert_eq!(api.post("/schedules", &curious, None).await.0, 400);
        let next = api.got("/schedules/nightly/next?count=20").await["ticks"].clone();
        let gap = next.as_array().unwrap().iter().find(|tick| !tick["clock_change_s"].is_null()).unwrap();
        assert_eq!(gap["clock_change_s"], 3600);
        assert!(gap["shown"].as_str().unwrap().ends_with("T03:00:00-04:00"), "{gap}");

        let trigger = async |key: &str| {
            let request =
                api.request(Method::POST, "/schedules/nightly/trigger").header("Idempotency-Key", key);
            answer(request.send().await.unwrap()).await
        };
        let (status, begun) = trigger("once").await;
        assert_eq!((status, begun["state"].as_str()), (202, Some("running")), "{begun}");
        assert_eq!(trigger("once").await.1["at"], begun["at"]);
        let (status, refused) = trigger("again").await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("overlap")), "{refused}");
        let listed = api.got("/schedules/nightly/occurrences").await;
        assert_eq!(listed["occurrences"].as_array().unwrap().len(), 1);
        let pause = json!({ "note": "data are mended" });
        assert_eq!(api.post("/schedules/nightly/pause", &pause, None).await.1["changed"], true);
        assert_eq!(api.got("/schedules").await["schedules"][0]["paused"]["note"], pause["note"]);
        assert_eq!(api.delete("/schedules/nightly").await.0, 409, "a night goes on");
        assert_eq!(api.get("/schedules/nobody").await.0, 404);
        // By whichever way in.
        world.json(&["schedules", "resume", "nightly"]);
        world.refused(2, &["schedules", "backfill", "nightly", "--from", "2020-01-01", "--to", "2020-01-02"]);
        let audit = api.got("/audit").await["entries"].clone();
        let by_hand = |entry: &serde_json::Value| {
            (entry["via"].clone(), entry["what"].clone(), entry["target"].clone())
        };
        assert_eq!(by_hand(&audit[1]), (json!("cli"), json!("resume_schedule"), json!("nightly")));
        assert!(audit[0]["outcome"].as_str().unwrap().contains("has no tick"), "{}", audit[0]);
        let said: Vec<_> =
            audit.as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
        for what in ["create_schedule", "trigger_schedule", "pause_schedule", "delete_schedule"] {
            assert!(said.contains(&what), "{said:?}");
        }
    });
}
