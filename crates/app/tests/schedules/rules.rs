//! What ticks may meet, one by one.

use ktrdr_app::ErrorKind;
use ktrdr_app::schedules::{BackfillRequest, TriggerScheduleRequest};
use ktrdr_domain::schedule::{Occurrence, OccurrenceState};
use serde_json::json;

use crate::world::{End, World, at, name, request};

/// 01:30 in New York, in winter.
async fn nightly(rules: serde_json::Value) -> World {
    let w = World::at("2026-01-05T12:00:00Z").await;
    w.create("nightly", "30 1 * * *", json!({ "rules": rules })).await;
    w
}

async fn end(w: &World, night: &str, how: End) {
    w.end(&format!("nightly-{night}").parse().unwrap(), how).await;
}

#[tokio::test]
async fn a_night_begins_at_its_tick_and_ends_with_its_campaign() {
    let w = nightly(json!({})).await;
    w.look("2026-01-06T06:29:59Z").await;
    assert!(w.records("nightly").await.is_empty());
    w.look("2026-01-06T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running"]);
    let campaign = w.app.campaign_counts(&"nightly-20260106t063000z".parse().unwrap()).await.unwrap();
    assert_eq!(campaign.cycles, 1);
    w.look("2026-01-06T08:00:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running"]);
    end(&w, "20260106t063000z", End::Gate).await;
    w.look("2026-01-06T08:00:02Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 finished"]);
}

#[tokio::test]
async fn every_night_has_a_seed_of_its_own_unless_all_are_to_have_one() {
    let w = World::at("2026-01-05T12:00:00Z").await;
    w.create("own", "30 1 * * *", json!({})).await;
    w.create("same", "30 1 * * *", json!({ "same_seed": true })).await;
    let mut seeds = Vec::new();
    for day in ["06", "07"] {
        w.look(&format!("2026-01-{day}T06:30:00Z")).await;
        for schedule in ["own", "same"] {
            let campaign = format!("{schedule}-202601{day}t063000z").parse().unwrap();
            let cycles = w.app.campaign(&campaign, Default::default()).await.unwrap().cycles;
            seeds.push(cycles[0].spec["campaign_seed"].as_u64().unwrap());
            w.end(&campaign, End::Gate).await;
        }
        w.look(&format!("2026-01-{day}T07:00:00Z")).await;
    }
    let [own_first, same_first, own_second, same_second] = seeds[..] else { panic!("{seeds:?}") };
    assert_ne!(own_first, own_second);
    assert_eq!(same_first, same_second);
}

#[tokio::test]
async fn of_what_came_while_nobody_was_there_the_latest_within_the_window_runs() {
    let w = World::at("2026-01-05T12:00:10Z").await;
    w.create("often", "*/20 * * * *", json!({})).await;
    w.look("2026-01-05T14:45:00Z").await;
    assert_eq!(
        w.told("often").await,
        [
            "01-05T12:20 down",
            "01-05T12:40 down",
            "01-05T13:00 down",
            "01-05T13:20 down",
            "01-05T13:40 down",
            "01-05T14:00 down",
            "01-05T14:20 down",
            "01-05T14:40 running"
        ]
    );
    let w = nightly(json!({})).await;
    w.look("2026-01-06T07:30:00Z").await;
    w.look("2026-01-07T07:30:01Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running", "01-07T06:30 down"]);
}

#[tokio::test]
async fn a_long_absence_is_written_down_tick_by_tick() {
    let w = World::at("2026-01-05T12:00:10Z").await;
    w.create("often", "* * * * *", json!({})).await;
    w.look("2026-01-06T12:00:30Z").await;
    let told = w.told("often").await;
    assert_eq!(told.len(), 24 * 60);
    assert_eq!(told.iter().filter(|told| told.ends_with("running")).count(), 1);
    assert_eq!(told.last().unwrap(), "01-06T12:00 running");
}

#[tokio::test]
async fn a_tick_beside_the_night_before_it_is_skipped_by_default() {
    let w = nightly(json!({})).await;
    w.look("2026-01-06T06:30:00Z").await;
    w.look("2026-01-07T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running", "01-07T06:30 overlap"]);
}

#[tokio::test]
async fn one_waits_for_its_turn_where_that_is_the_rule_and_not_for_ever() {
    let w = nightly(json!({ "overlap": "buffer", "max_lateness_s": 100_000 })).await;
    w.look("2026-01-06T06:30:00Z").await;
    w.look("2026-01-07T06:30:00Z").await;
    w.look("2026-01-08T06:30:00Z").await;
    assert_eq!(
        w.told("nightly").await,
        ["01-06T06:30 running", "01-07T06:30 waiting", "01-08T06:30 overlap"]
    );
    end(&w, "20260106t063000z", End::Gate).await;
    w.look("2026-01-08T07:00:00Z").await;
    assert_eq!(w.told("nightly").await[1], "01-07T06:30 running");
    w.look("2026-01-09T06:30:00Z").await;
    w.look("2026-01-10T10:30:00Z").await;
    assert_eq!(w.told("nightly").await[3], "01-09T06:30 late");
}

#[tokio::test]
async fn the_next_one_takes_the_place_of_the_other_where_that_is_the_rule() {
    let w = nightly(json!({ "overlap": "cancel" })).await;
    w.look("2026-01-06T06:30:00Z").await;
    w.look("2026-01-07T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 stopping replaced", "01-07T06:30 waiting"]);
    w.look("2026-01-07T06:30:02Z").await;
    end(&w, "20260106t063000z", End::Gate).await;
    w.look("2026-01-07T06:30:04Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 replaced", "01-07T06:30 running"]);
    let by = w.app.audit(None, 10).await.unwrap().entries;
    assert!(by.iter().any(|entry| entry.action.what == "cancel_campaign" && entry.action.by == "schedule"));
}

#[tokio::test]
async fn both_go_on_where_that_is_the_rule() {
    let w = nightly(json!({ "overlap": "allow" })).await;
    w.look("2026-01-06T06:30:00Z").await;
    w.look("2026-01-07T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running", "01-07T06:30 running"]);
}

#[tokio::test]
async fn a_night_whose_time_is_over_is_cancelled_and_somebody_is_told() {
    let w = nightly(json!({ "max_time_s": 3_600, "pause_on_failure": true })).await;
    w.look("2026-01-06T06:30:00Z").await;
    w.look("2026-01-06T07:29:59Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running"]);
    w.look("2026-01-06T07:30:00Z").await;
    w.look("2026-01-06T07:30:02Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 stopping max_time"]);
    end(&w, "20260106t063000z", End::Gate).await;
    w.look("2026-01-06T07:30:04Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 unfinished"]);
    let status = w.app.schedule(&name("nightly")).await.unwrap();
    let pause = status.schedule.paused.unwrap();
    assert!(pause.after_failure && pause.note.as_str().contains("unfinished"), "{pause:?}");
    let look = w.app.readiness().await.checks.into_iter().find(|look| look.name == "schedules").unwrap();
    assert!(!look.ok && look.found.contains("nightly is paused"), "{}", look.found);
    w.look("2026-01-07T06:30:00Z").await;
    assert_eq!(w.told("nightly").await[1], "01-07T06:30 paused");
    assert!(w.app.resume_schedule(&name("nightly")).await.unwrap());
    w.look("2026-01-08T06:30:00Z").await;
    assert_eq!(w.told("nightly").await[2], "01-08T06:30 running");
}

#[tokio::test]
async fn a_night_without_a_verdict_has_failed() {
    let w = nightly(json!({})).await;
    w.look("2026-01-06T06:30:00Z").await;
    end(&w, "20260106t063000z", End::Failure).await;
    w.look("2026-01-06T07:00:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 failed"]);
    assert_eq!(w.app.schedule(&name("nightly")).await.unwrap().schedule.paused, None);
    let look = w.app.readiness().await.checks.into_iter().find(|look| look.name == "schedules").unwrap();
    assert!(look.found.contains("campaign show nightly-20260106t063000z"), "{}", look.found);
}

#[tokio::test]
async fn a_pause_skips_ticks_and_what_waits() {
    let w = nightly(json!({ "jitter_s": 600 })).await;
    w.look("2026-01-06T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 waiting"], "its jitter is not over");
    let note = "the data are being mended".parse().unwrap();
    assert!(w.app.pause_schedule(&name("nightly"), &note).await.unwrap());
    w.look("2026-01-06T06:45:00Z").await;
    w.look("2026-01-07T06:30:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 paused", "01-07T06:30 paused"]);
    let OccurrenceState::Skipped { words, .. } = &w.records("nightly").await[1].state else { panic!() };
    assert_eq!(words, "somebody@here: the data are being mended");
}

#[tokio::test]
async fn jitter_is_the_same_for_the_same_tick() {
    let w = nightly(json!({ "jitter_s": 600 })).await;
    w.look("2026-01-06T06:30:00Z").await;
    let OccurrenceState::Waiting { begins_at_ms } = w.records("nightly").await[0].state else { panic!() };
    let later_ms = begins_at_ms - at("2026-01-06T06:30:00Z").0 * 1_000;
    assert!((1..=600_000).contains(&later_ms), "{later_ms}");
    w.look("2026-01-06T06:40:00Z").await;
    assert_eq!(w.told("nightly").await, ["01-06T06:30 running"]);
}

#[tokio::test]
async fn where_nothing_is_left_to_spend_or_to_find_a_tick_says_so() {
    let mut w = nightly(json!({})).await;
    w.app.policy.budget.limits.day.machine_ms = Some(0);
    w.app.policy.plausible_sharpe = 0.001;
    let refused = w.app.create_schedule(&request("other", "0 0 * * *", json!({}))).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_deref()), (ErrorKind::Refused, Some("nothing_to_find")));
    w.create("anyway", "30 1 * * *", json!({ "anyway": "to see that it is refused" })).await;
    w.set(at("2026-01-06T06:30:00Z"));
    let keeper = ktrdr_app::schedules::keeper::Keeper::new(&w.app, ktrdr_fabric::store::BootId("k".into()));
    keeper.look().await.unwrap();
    assert_eq!(w.told("nightly").await, ["01-06T06:30 nothing_to_find"]);
    assert_eq!(w.told("anyway").await, ["01-06T06:30 budget"]);
}

#[tokio::test]
async fn what_could_never_begin_is_refused_at_once() {
    let w = World::at("2026-01-05T12:00:00Z").await;
    for (wrong, kind) in [
        (request("a", "61 1 * * *", json!({})), ErrorKind::InvalidRequest),
        (request("a", "0 1 * * *", json!({ "zone": "Mars/Olympus" })), ErrorKind::InvalidRequest),
        (
            request("a", "0 1 * * *", json!({ "campaign": { "symbol": "NONE", "timeframe": "1h" } })),
            ErrorKind::NotFound,
        ),
        (
            request(
                "a",
                "0 1 * * *",
                json!({ "campaign": { "symbol": "MINE", "timeframe": "1h", "in_flight": 0 } }),
            ),
            ErrorKind::InvalidRequest,
        ),
        (
            request(
                "a",
                "0 1 * * *",
                json!({ "campaign": { "symbol": "MINE", "timeframe": "1h", "campaign": "x" } }),
            ),
            ErrorKind::InvalidRequest,
        ),
        (
            request("a", "0 1 * * *", json!({ "rules": { "jitter_s": 99_999_999 } })),
            ErrorKind::InvalidRequest,
        ),
    ] {
        let refused = w.app.create_schedule(&wrong).await.unwrap_err();
        assert_eq!(refused.kind, kind, "{refused}");
    }
    w.create("nightly", "30 1 * * *", json!({})).await;
    w.create("nightly", "30 1 * * *", json!({})).await;
    let taken = w.app.create_schedule(&request("nightly", "31 1 * * *", json!({}))).await.unwrap_err();
    assert_eq!(taken.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_night_that_somebody_asks_for_begins_once_and_not_beside_another() {
    // What is asked for now is due now, by the clock of who asks.
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let w = World::at(&now).await;
    w.create("nightly", "0 0 29 2 *", json!({})).await;
    let ask = |key: &str| TriggerScheduleRequest {
        schedule: name("nightly"),
        idempotency_key: Some(key.parse().unwrap()),
    };
    let first = w.app.trigger_schedule(&ask("k1")).await.unwrap();
    assert!(first.is_running() && first.by.as_deref() == Some("somebody@here"), "{first:?}");
    assert_eq!(w.app.trigger_schedule(&ask("k1")).await.unwrap(), first);
    let refused = w.app.trigger_schedule(&ask("k2")).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_deref()), (ErrorKind::Conflict, Some("overlap")));
    let busy = w.app.delete_schedule(&name("nightly")).await.unwrap_err();
    assert_eq!(busy.kind, ErrorKind::Conflict);
    w.end(&first.campaign().unwrap(), End::Gate).await;
    w.look(&now).await;
    assert_eq!(w.records("nightly").await.len(), 1);
    w.app.delete_schedule(&name("nightly")).await.unwrap();
    assert_eq!(w.app.occurrences(&name("nightly"), None, 10).await.unwrap().occurrences.len(), 1);
    let missing = w.app.trigger_schedule(&ask("k3")).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn nights_that_were_skipped_are_made_up_for_one_after_the_other() {
    let w = nightly(json!({})).await;
    w.look("2026-01-09T05:00:00Z").await;
    let down = ["01-06T06:30 down", "01-07T06:30 down", "01-08T06:30 down"];
    assert_eq!(w.told("nightly").await, down);
    let ask =
        |from: &str, to: &str| BackfillRequest { schedule: name("nightly"), from: at(from), to: at(to) };
    let done = w.app.backfill_schedule(&ask("2026-01-04", "2026-01-08")).await.unwrap();
    assert_eq!(
        (done.queued.len(), done.left.len()),
        (4, 0),
        "two of them came before the schedule was there"
    );
    for night in ["20260104", "20260105", "20260106", "20260107"] {
        w.look("2026-01-09T05:00:02Z").await;
        w.look("2026-01-09T05:00:04Z").await;
        let mut running = w.records("nightly").await;
        running.retain(Occurrence::is_running);
        assert_eq!(running.len(), 1);
        assert_eq!(running[0].campaign().unwrap().as_str(), format!("nightly-{night}t063000z"));
        end(&w, &format!("{night}t063000z"), End::Gate).await;
    }
    w.look("2026-01-09T05:00:06Z").await;
    let again = w.app.backfill_schedule(&ask("2026-01-04", "2026-01-08")).await.unwrap();
    assert_eq!((again.queued.len(), again.left.len()), (0, 4));
    assert_eq!(w.told("nightly").await[4], "01-08T06:30 down");
    // A pause holds what was asked for, and a schedule that goes leaves nothing behind that waits.
    let note = "enough".parse().unwrap();
    w.app.pause_schedule(&name("nightly"), &note).await.unwrap();
    assert_eq!(w.app.backfill_schedule(&ask("2026-01-08", "2026-01-09")).await.unwrap().queued.len(), 1);
    w.look("2026-01-09T05:00:08Z").await;
    assert_eq!(w.told("nightly").await[4], "01-08T06:30 waiting");
    let many = w.app.backfill_schedule(&ask("2020-01-01", "2026-01-08")).await.unwrap_err();
    assert_eq!(many.kind, ErrorKind::InvalidRequest);
    w.app.delete_schedule(&name("nightly")).await.unwrap();
    w.look("2026-01-09T05:00:10Z").await;
    assert_eq!(w.told("nightly").await[4], "01-08T06:30 deleted");
}
