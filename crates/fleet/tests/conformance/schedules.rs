//! Schedules: one record for each tick, whoever decides, and whatever dies meanwhile.

use std::time::Duration;

use futures_util::future::join_all;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{
    Cadence, Cause, Occurrence, OccurrenceState, Pause, Rules, Schedule, SchedulePlan, SkipReason,
};
use ktrdr_fabric::schedules::{
    Decided, Decision, Lead, Leadership, SCHEDULES_MAX, ScheduleChanged, ScheduleCreated,
};
use ktrdr_fabric::store::StoreError;
use serde_json::json;

use crate::world::{World, boot};

const LEASE: Duration = Duration::from_secs(15);

fn name(text: &str) -> ScheduleName {
    text.parse().unwrap()
}

fn plan(cron: &str) -> SchedulePlan {
    SchedulePlan {
        cadence: Cadence::new(cron, "America/New_York").unwrap(),
        rules: Rules { jitter_s: 60, ..Rules::default() },
        work: json!({ "symbol": "EURUSD", "cycles": 3 }),
        by: "somebody".into(),
        anyway: None,
    }
}

async fn create(w: &World, schedule: &str) -> ScheduleCreated {
    w.schedules.create_schedule(&name(schedule), &plan("30 1 * * *")).await.unwrap()
}

async fn read(w: &World, schedule: &str) -> Schedule {
    w.schedules.schedule(&name(schedule)).await.unwrap().unwrap()
}

async fn lead(w: &World, who: &str) -> Option<(Leadership, i64)> {
    match w.schedules.lead(&boot(who), LEASE).await.unwrap() {
        Lead::Yes { leadership, now_ms } => Some((leadership, now_ms)),
        Lead::Other(_) => None,
    }
}

fn waiting(at_ms: i64) -> Occurrence {
    Occurrence::new(&name("nightly"), at_ms, Cause::Tick, OccurrenceState::Waiting { begins_at_ms: at_ms })
}

fn skipped(at_ms: i64) -> Occurrence {
    let state = OccurrenceState::skipped(SkipReason::Down, "nobody was there");
    Occurrence::new(&name("nightly"), at_ms, Cause::Tick, state)
}

fn decision(
    schedule: &Schedule,
    leadership: &Leadership,
    upto_ms: i64,
    occurrences: &[Occurrence],
) -> Decision {
    Decision {
        schedule: schedule.name.clone(),
        revision: schedule.revision,
        leadership: leadership.clone(),
        upto_ms,
        occurrences: occurrences.to_vec(),
    }
}

/// One schedule, led by `a`, with these records.
async fn decided(w: &World, occurrences: &[Occurrence]) {
    create(w, "nightly").await;
    let (leadership, _) = lead(w, "a").await.unwrap();
    let decision = decision(&read(w, "nightly").await, &leadership, 9_000, occurrences);
    assert_eq!(w.schedules.decide(&decision).await.unwrap(), Decided::Recorded);
}

async fn times(w: &World, before_ms: Option<i64>, limit: u32) -> Vec<i64> {
    let found = w.schedules.occurrences(&name("nightly"), before_ms, limit).await.unwrap();
    found.into_iter().map(|occurrence| occurrence.at_ms).collect()
}

pub(crate) async fn a_schedule_is_made_once_and_comes_back_as_it_was_said(w: World) {
    assert_eq!(create(&w, "nightly").await, ScheduleCreated::Created);
    w.pass(Duration::from_secs(60));
    // Said again, as after a lost answer.
    assert_eq!(create(&w, "nightly").await, ScheduleCreated::Created);
    let other = plan("30 2 * * *");
    let taken = w.schedules.create_schedule(&name("nightly"), &other).await.unwrap();
    assert_eq!(taken, ScheduleCreated::Taken);
    create(&w, "hourly").await;
    let all = w.schedules.schedules().await.unwrap();
    assert_eq!(all.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["hourly", "nightly"]);
    let nightly = read(&w, "nightly").await;
    assert_eq!((&nightly.plan, &nightly.paused), (&plan("30 1 * * *"), &None));
    assert_eq!(nightly.created_at_ms, nightly.decided_upto_ms);
    assert_eq!(all[0].created_at_ms - nightly.created_at_ms, 60_000);
    for n in 2..SCHEDULES_MAX {
        assert_eq!(create(&w, &format!("s{n}")).await, ScheduleCreated::Created);
    }
    assert_eq!(create(&w, "one-more").await, ScheduleCreated::TooMany);
    assert_eq!(w.schedules.schedule(&name("nobody")).await.unwrap(), None);
}

pub(crate) async fn a_pause_stands_until_it_is_ended(w: World) {
    let pause = |note: &str| Pause {
        note: note.parse().unwrap(),
        by: "somebody".into(),
        after_failure: false,
        at_ms: 7,
    };
    let nightly = name("nightly");
    assert_eq!(w.schedules.pause_schedule(&nightly, &pause("x")).await.unwrap(), ScheduleChanged::Missing);
    assert_eq!(w.schedules.resume_schedule(&nightly).await.unwrap(), ScheduleChanged::Missing);
    create(&w, "nightly").await;
    let before = read(&w, "nightly").await;
    w.pass(Duration::from_secs(5));
    assert_eq!(w.schedules.resume_schedule(&nightly).await.unwrap(), ScheduleChanged::Before);
    assert_eq!(w.schedules.pause_schedule(&nightly, &pause("first")).await.unwrap(), ScheduleChanged::Done);
    assert_eq!(w.schedules.pause_schedule(&nightly, &pause("later")).await.unwrap(), ScheduleChanged::Before);
    let paused = read(&w, "nightly").await;
    let found = paused.paused.unwrap();
    assert_eq!((found.note.as_str(), found.at_ms), ("first", before.created_at_ms + 5_000));
    assert!(paused.revision > before.revision);
    assert_eq!(w.schedules.resume_schedule(&nightly).await.unwrap(), ScheduleChanged::Done);
    assert_eq!(read(&w, "nightly").await.paused, None);
}

pub(crate) async fn a_schedule_that_is_deleted_leaves_its_records(w: World) {
    decided(&w, &[waiting(1_000), skipped(2_000)]).await;
    assert!(w.schedules.delete_schedule(&name("nightly")).await.unwrap());
    assert!(!w.schedules.delete_schedule(&name("nightly")).await.unwrap());
    assert_eq!(w.schedules.schedule(&name("nightly")).await.unwrap(), None);
    assert_eq!(times(&w, None, 10).await, [2_000, 1_000]);
    assert_eq!(w.schedules.open_occurrences().await.unwrap(), [waiting(1_000)]);
    // Its name is free, and so is nothing that was recorded.
    assert_eq!(create(&w, "nightly").await, ScheduleCreated::Created);
    assert!(!w.schedules.note_occurrence(&waiting(2_000)).await.unwrap());
}

pub(crate) async fn plans_that_can_not_be_are_refused(w: World) {
    let mut jittery = plan("30 1 * * *");
    jittery.rules = Rules { jitter_s: 7_200, max_lateness_s: 3_600, ..Rules::default() };
    let mut endless = plan("30 1 * * *");
    endless.rules.catch_up_s = u64::MAX;
    let mut large = plan("30 1 * * *");
    large.work = json!("x".repeat(65 << 10));
    let mut deep = plan("30 1 * * *");
    deep.work = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for wrong in [jittery, endless, large, deep] {
        let refused = w.schedules.create_schedule(&name("nightly"), &wrong).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    assert!(w.schedules.schedules().await.unwrap().is_empty());
}

pub(crate) async fn one_leads_until_its_lease_is_over_and_each_term_has_a_greater_number(w: World) {
    let (first, begun_ms) = lead(&w, "a").await.unwrap();
    assert_eq!(w.schedules.lead(&boot("b"), LEASE).await.unwrap(), Lead::Other(boot("a")));
    w.pass(Duration::from_secs(10));
    let (kept, now_ms) = lead(&w, "a").await.unwrap();
    assert_eq!((&kept, now_ms - begun_ms), (&first, 10_000));
    // It was extended: fifteen seconds from then.
    w.pass(Duration::from_secs(14));
    assert_eq!(lead(&w, "b").await, None);
    w.pass(Duration::from_secs(1));
    let (second, _) = lead(&w, "b").await.unwrap();
    assert!(second.fence > first.fence);
    assert_eq!(lead(&w, "a").await, None);
    w.pass(Duration::from_secs(15));
    let (third, _) = lead(&w, "b").await.unwrap();
    assert!(third.fence > second.fence, "its own lease was over, too");
}

pub(crate) async fn of_those_that_race_for_the_lead_one_gets_it(w: World) {
    let names: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    let led = join_all(names.iter().map(|name| lead(&w, name))).await;
    assert_eq!(led.iter().flatten().count(), 1, "{led:?}");
}

pub(crate) async fn what_is_decided_is_written_with_how_far_it_goes(w: World) {
    decided(&w, &[waiting(1_000), skipped(2_000)]).await;
    assert_eq!(read(&w, "nightly").await.decided_upto_ms, 9_000);
    assert_eq!(w.schedules.occurrence(&name("nightly"), 1_000).await.unwrap(), Some(waiting(1_000)));
    assert_eq!(w.schedules.occurrence(&name("nightly"), 2_000).await.unwrap(), Some(skipped(2_000)));
    assert_eq!(w.schedules.occurrence(&name("nightly"), 3_000).await.unwrap(), None);
    let many: Vec<_> = (0..201).map(|n| skipped(10_000 + n)).collect();
    let (leadership, _) = lead(&w, "a").await.unwrap();
    let refused = w.schedules.decide(&decision(&read(&w, "nightly").await, &leadership, 1, &many)).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
}

pub(crate) async fn only_who_leads_decides_and_only_on_what_was_read(w: World) {
    create(&w, "nightly").await;
    let schedule = read(&w, "nightly").await;
    let (leadership, _) = lead(&w, "a").await.unwrap();
    let of = |leadership: &Leadership| decision(&schedule, leadership, 9_000, &[waiting(1_000)]);
    for pretender in [
        Leadership { boot: boot("b"), ..leadership.clone() },
        Leadership { fence: leadership.fence + 1, ..leadership.clone() },
    ] {
        assert_eq!(w.schedules.decide(&of(&pretender)).await.unwrap(), Decided::NotLeading);
    }
    let pause = Pause { note: "wait".parse().unwrap(), by: "me".into(), after_failure: false, at_ms: 0 };
    w.schedules.pause_schedule(&name("nightly"), &pause).await.unwrap();
    assert_eq!(
        w.schedules.decide(&of(&leadership)).await.unwrap(),
        Decided::Stale,
        "it was paused meanwhile"
    );
    w.pass(LEASE);
    let late = decision(&read(&w, "nightly").await, &leadership, 9_000, &[waiting(1_000)]);
    assert_eq!(w.schedules.decide(&late).await.unwrap(), Decided::NotLeading, "its lease is over");
    w.schedules.delete_schedule(&name("nightly")).await.unwrap();
    let (leadership, _) = lead(&w, "a").await.unwrap();
    assert_eq!(w.schedules.decide(&of(&leadership)).await.unwrap(), Decided::Stale, "it is gone");
    assert!(times(&w, None, 10).await.is_empty());
}

pub(crate) async fn a_tick_has_one_record_whoever_writes_it(w: World) {
    create(&w, "nightly").await;
    assert!(w.schedules.note_occurrence(&skipped(1_000).by("somebody")).await.unwrap());
    assert!(!w.schedules.note_occurrence(&waiting(1_000)).await.unwrap());
    let (leadership, _) = lead(&w, "a").await.unwrap();
    let schedule = read(&w, "nightly").await;
    let ours = decision(&schedule, &leadership, 9_000, &[waiting(1_000), waiting(2_000)]);
    assert_eq!(w.schedules.decide(&ours).await.unwrap(), Decided::Recorded);
    assert_eq!(w.schedules.decide(&ours).await.unwrap(), Decided::Stale, "said twice");
    assert_eq!(times(&w, None, 10).await, [2_000, 1_000]);
    let first = w.schedules.occurrence(&name("nightly"), 1_000).await.unwrap();
    assert_eq!(first, Some(skipped(1_000).by("somebody")));
}

pub(crate) async fn a_record_is_moved_by_who_read_it_last(w: World) {
    decided(&w, &[waiting(1_000)]).await;
    let running = OccurrenceState::Running {
        campaign: "nightly-1".parse().unwrap(),
        began_at_ms: 1_500,
        stopping: None,
    };
    assert!(w.schedules.move_occurrence(&waiting(1_000).moved(running.clone())).await.unwrap());
    let skipped = OccurrenceState::skipped(SkipReason::Late, "x");
    assert!(!w.schedules.move_occurrence(&waiting(1_000).moved(skipped.clone())).await.unwrap());
    let found = w.schedules.occurrence(&name("nightly"), 1_000).await.unwrap().unwrap();
    assert_eq!((&found.state, found.moves), (&running, 1), "{found:?}");
    assert!(w.schedules.move_occurrence(&found.moved(skipped)).await.unwrap());
    assert!(w.schedules.open_occurrences().await.unwrap().is_empty());
    assert!(
        !w.schedules.move_occurrence(&waiting(7_000).moved(running.clone())).await.unwrap(),
        "there is none"
    );
}

pub(crate) async fn what_waits_or_runs_is_found_oldest_first(w: World) {
    decided(&w, &[waiting(3_000), skipped(2_000), waiting(1_000)]).await;
    let other = Occurrence::new(
        &name("hourly"),
        2_500,
        Cause::Trigger,
        OccurrenceState::Waiting { begins_at_ms: 2_500 },
    );
    w.schedules.note_occurrence(&other).await.unwrap();
    assert_eq!(w.schedules.open_occurrences().await.unwrap(), [waiting(1_000), other, waiting(3_000)]);
}

pub(crate) async fn records_come_latest_first_in_parts(w: World) {
    decided(&w, &(1..=5).map(|n| skipped(n * 60_000)).collect::<Vec<_>>()).await;
    assert_eq!(times(&w, None, 2).await, [300_000, 240_000]);
    assert_eq!(times(&w, Some(240_000), 2).await, [180_000, 120_000]);
    assert_eq!(times(&w, Some(60_000), 2).await, [0_i64; 0]);
    let refused = w.schedules.occurrences(&name("nightly"), None, 0).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
}
