//! Campaigns that begin by themselves: made, listed, triggered, paused, made up for and stopped, by the real binary.

use serde_json::{Value, json};

use crate::world::{Engine, World, ms, on_each_engine, wait_for};

on_each_engine!(
    a_schedule_is_made_asked_paused_and_deleted,
    a_night_begins_by_itself_at_its_tick,
    a_night_whose_time_is_over_is_stopped_and_doctor_tells,
    who_is_killed_is_followed_and_no_night_begins_twice,
);

/// A world with bars, and a schedule that no clock comes to while a test runs.
fn world(engine: Engine, more: &[&str]) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 11);
    create(&world, "30 1 29 2 *", more);
    world
}

fn create(world: &World, cron: &str, more: &[&str]) -> Value {
    let schedule = ["schedules", "create", "nightly", "--cron", cron, "--tz", "America/New_York"];
    let night = ["--symbol", "EURUSD", "--timeframe", "1h"];
    // What is examined here is when nights begin, not what they find.
    let anyway = ["--anyway", "a test of when nights begin"];
    world.json(&[&schedule[..], &night, &anyway, more].concat())
}

fn records(world: &World) -> Vec<Value> {
    world.json(&["schedules", "show", "nightly"])["occurrences"].as_array().unwrap().clone()
}

/// The latest record, once it is one of these.
fn latest(world: &World, states: &[&str]) -> Value {
    wait_for(&format!("a night that is {states:?}"), || {
        let latest = records(world).into_iter().next()?;
        states.contains(&latest["state"].as_str()?).then_some(latest)
    })
}

fn a_schedule_is_made_asked_paused_and_deleted(engine: Engine) {
    let world = world(engine, &["--cycles", "1", "--jitter", "5m"]);
    let again = create(&world, "30 1 29 2 *", &["--cycles", "1", "--jitter", "5m"]);
    assert_eq!((&again["name"], &again["rules"]["jitter_s"]), (&json!("nightly"), &json!(300)));
    assert_eq!(again["cadence"], json!({ "cron": "30 1 29 2 *", "zone": "America/New_York" }));
    let listed = world.json(&["schedules", "list"])["schedules"].clone();
    assert_eq!(listed[0]["next"]["at"], "2028-02-29T06:30:00Z");
    let ticks = world.json(&["schedules", "next", "2", "nightly"])["ticks"].clone();
    assert_eq!(ticks[1]["shown"], "2032-02-29T01:30:00-05:00");
    assert_eq!(ticks, world.json(&["schedules", "next", "2"])["ticks"]);

    let paused = world.json(&["schedules", "pause", "nightly", "--note", "data are mended"]);
    assert_eq!(paused, json!({ "schedule": "nightly", "paused": true, "changed": true }));
    // Who asks is heard, also in a pause: and once, however often it is said.
    let _engine = world.up(&[]);
    let trigger = ["schedules", "trigger", "nightly", "--idempotency-key", "once"];
    let begun = world.json(&trigger);
    assert_eq!((&begun["cause"], &begun["state"]), (&json!("trigger"), &json!("running")), "{begun}");
    assert_eq!(world.json(&trigger)["at"], begun["at"]);
    let campaign = begun["campaign"].as_str().unwrap();
    let ran = latest(&world, &["ran"]);
    assert_eq!((&ran["campaign"], &ran["outcome"]), (&json!(campaign), &json!("finished")), "{ran}");
    let cycles = world.json(&["campaign", "show", campaign])["cycles"].clone();
    assert_eq!(cycles.as_array().unwrap().len(), 1);

    assert_eq!(world.json(&["schedules", "resume", "nightly"])["changed"], true);
    let made_up = ["schedules", "backfill", "nightly", "--from", "2020-01-01", "--to", "2025-01-01"];
    let queued = world.json(&made_up);
    assert_eq!(queued["queued"], json!(["2020-02-29T06:30:00Z", "2024-02-29T06:30:00Z"]));
    wait_for("both nights that were made up for", || {
        let ran = records(&world).iter().filter(|record| record["state"] == "ran").count();
        (ran == 3).then_some(())
    });
    assert_eq!(world.json(&made_up)["queued"], json!([]));
    assert_eq!(world.json(&["schedules", "delete", "nightly", "--reason", "enough"])["deleted"], "nightly");
    let kept = world.json(&["schedules", "show", "nightly"]);
    assert_eq!((&kept["deleted"], records(&world).len()), (&json!(true), 3));
    world.refused(3, &["schedules", "trigger", "nightly"]);
    world.refused(3, &["schedules", "show", "nobody"]);
    world.refused(2, &["schedules", "backfill", "nightly", "--from", "never", "--to", "2025-01-01"]);
}

fn a_night_begins_by_itself_at_its_tick(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 11);
    let _engine = world.up(&[]);
    create(&world, "* * * * *", &["--cycles", "1", "--overlap", "buffer"]);
    // At the next full minute.
    let begun = latest(&world, &["running", "ran"]);
    assert_eq!(begun["cause"], "tick");
    let campaign = begun["campaign"].as_str().unwrap();
    assert_eq!(world.json(&["campaign", "show", campaign])["campaign"]["cycles"], 1);
    assert_eq!(ms(&begun["at"]) % 60_000, 0);
    let late_ms = ms(&begun["began_at"]) - ms(&begun["at"]);
    assert!((0..20_000).contains(&late_ms), "{late_ms} ms after its tick");
}

fn a_night_whose_time_is_over_is_stopped_and_doctor_tells(engine: Engine) {
    let world = world(engine, &["--cycles", "500", "--max-time", "1s", "--pause-on-failure"]);
    let _engine = world.up(&[]);
    let begun = world.json(&["schedules", "trigger", "nightly"]);
    let refused = world.refused(4, &["schedules", "trigger", "nightly", "--output", "json"]);
    assert!(refused.contains("\"overlap\""), "{refused}");
    let ran = latest(&world, &["ran"]);
    assert_eq!(ran["outcome"], "unfinished", "{ran}");
    let campaign = begun["campaign"].as_str().unwrap();
    let shown = world.json(&["campaign", "show", campaign, "--limit", "1"]);
    assert_eq!(shown["campaign"]["cancel"]["by"], "schedule", "{shown}");
    let checks = world.json(&["doctor"])["checks"].clone();
    let told = checks.as_array().unwrap().iter().find(|check| check["what"] == "schedules").unwrap();
    assert_eq!(told["state"], "warning", "{told}");
    assert!(told["found"].as_str().unwrap().contains("ended as unfinished"), "{told}");
    assert_eq!(world.json(&["schedules", "list"])["schedules"][0]["paused"]["after_failure"], true);
}

fn who_is_killed_is_followed_and_no_night_begins_twice(engine: Engine) {
    let world = world(engine, &["--cycles", "2"]);
    world.json(&["schedules", "backfill", "nightly", "--from", "2012-01-01", "--to", "2025-01-01"]);
    // Each life sees one night begin, and ends on the spot.
    for _ in 0..2 {
        let up = world.up(&[]);
        let before = begun(&world);
        wait_for("another night", || (begun(&world) > before).then_some(()));
        drop(up);
    }
    let _engine = world.up(&[]);
    wait_for("every night", || {
        let records = records(&world);
        records.iter().all(|record| record["state"] == "ran").then_some(())
    });
    let nights = records(&world);
    assert_eq!(nights.len(), 4, "2012, 2016, 2020, 2024");
    let campaigns = world.json(&["campaign", "list"])["campaigns"].as_array().unwrap().clone();
    assert_eq!(campaigns.len(), 4);
    assert!(campaigns.iter().all(|campaign| campaign["cycles"] == 2), "{campaigns:?}");
}

/// How many nights have begun.
fn begun(world: &World) -> usize {
    records(world).iter().filter(|record| record["state"] != "waiting").count()
}

#[test]
fn what_could_find_nothing_or_never_begin_is_refused() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 11);
    let make = |cron: &str, more: &[&str]| {
        let schedule = ["schedules", "create", "nightly", "--cron", cron, "--tz", "America/New_York"];
        let night = ["--symbol", "EURUSD", "--timeframe", "1h", "--output", "json"];
        [&schedule[..], &night, more].concat().iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let refused = |code: i32, arguments: Vec<String>| {
        world.refused(code, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let said = refused(7, make("30 1 * * *", &["--cycles", "200"]));
    assert!(said.contains("nothing_to_find") && said.contains("--anyway"), "{said}");
    for (cron, more) in [
        ("0 30 1 * * *", &[][..]),
        ("30 25 * * *", &[]),
        ("0 0 30 2 *", &[]),
        ("30 1 * * *", &["--jitter", "2d"]),
        ("30 1 * * *", &["--max-time", "0s"]),
        ("30 1 * * *", &["--overlap", "sometimes"]),
    ] {
        refused(2, make(cron, &[&["--anyway", "a test"], more].concat()));
    }
    refused(3, make("30 1 * * *", &["--anyway", "a test", "--agent", "nobody"]));
    assert_eq!(world.json(&["schedules", "list"])["schedules"], json!([]));
}
