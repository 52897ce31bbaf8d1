//! A year of nights on either store: both changes of the clock, leaders that die anywhere, a store that is away at random hours.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_domain::Timestamp;
use ktrdr_domain::schedule::{Cadence, Occurrence, OccurrenceState, SkipReason};
use serde_json::json;

use crate::on_redis::on_redis;
use crate::server::RedisServer;
use crate::world::{End, World, app_over, at};

/// One schedule whose time the clock shows twice in autumn, and one whose time it skips in spring.
const SCHEDULES: [(&str, &str); 2] = [("twice", "30 1 * * *"), ("skipped", "30 2 * * *")];
const BEGIN: &str = "2026-01-01T12:00:00Z";
const END: &str = "2027-01-01T12:00:00Z";

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The instants at which keepers look: around each tick, and now and then.
fn looks(dice: &mut Dice) -> Vec<i64> {
    let mut looks = BTreeSet::new();
    for (_, cron) in SCHEDULES {
        let cadence = Cadence::new(cron, "America/New_York").unwrap();
        for tick in cadence.ticks_after(at(BEGIN)).take_while(|tick| *tick < at(END)) {
            let late = dice.below(2) as i64;
            looks.extend([0, 2, 4, 20, 22].map(|after| tick.0 + late + after));
        }
    }
    let hours = (at(BEGIN).0..at(END).0).step_by(3 * 3600);
    looks.extend(hours.map(|hour| hour + dice.below(3 * 3600) as i64));
    looks.into_iter().collect()
}

/// When the store is away: from, to.
fn storms(dice: &mut Dice) -> Vec<(i64, i64)> {
    let storm = |n: i64| {
        let begin = at(BEGIN).0 + n * 12 * 86_400 + dice.below(11 * 86_400) as i64;
        let lasts = if dice.happens(50) { dice.below(3_600) } else { dice.below(40 * 3_600) };
        (begin, begin + lasts as i64)
    };
    (0..30).map(storm).collect()
}

async fn live_through(w: World, seed: u64) {
    let mut dice = Dice(seed);
    for (name, cron) in SCHEDULES {
        w.create(name, cron, json!({ "rules": { "jitter_s": 30 } })).await;
    }
    let (looks, storms) = (looks(&mut dice), storms(&mut dice));
    let mut lives = 0;
    let mut keepers = [w.keeper("a0"), w.keeper("b0")];
    let mut ends: BTreeMap<String, i64> = BTreeMap::new();
    let mut deaths = 0;
    for now in looks {
        w.set(Timestamp(now));
        end_nights(&w, &mut dice, &mut ends, now).await;
        let is_away = storms.iter().any(|(from, to)| (*from..*to).contains(&now));
        let first = dice.below(2) as usize;
        for who in [first, 1 - first] {
            let dies = dice.happens(15);
            match (is_away, dies) {
                (true, _) => w.weather.goes_away(),
                (false, true) => w.weather.kills(dice.below(16) as u32, dice.happens(50)),
                (false, false) => w.weather.clears(),
            }
            let looked = keepers[who].look().await;
            if dies && looked.is_err() {
                lives += 1;
                deaths += 1;
                keepers[who] = w.keeper(&format!("{}{lives}", if who == 0 { "a" } else { "b" }));
            }
            assert!(looked.is_ok() || is_away || dies, "{:?}", looked.err());
        }
    }
    w.weather.clears();
    settle(&w, &mut dice, &mut ends).await;
    assert!(deaths > 200, "only {deaths} keepers died");
    for (name, cron) in SCHEDULES {
        check(&w, name, cron, &storms).await;
    }
    let ran = all(&w).await.into_iter().filter(|r| matches!(r.state, OccurrenceState::Ran { .. })).count();
    let campaigns = w.app.campaigns(Default::default()).await.unwrap();
    assert_eq!(campaigns.total, ran as u64, "a campaign for each night that ran, and no other");
    assert!(campaigns.campaigns.iter().all(|listed| listed.campaign.cycles == 1), "none began twice");
}

async fn all(w: &World) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (name, _) in SCHEDULES {
        all.extend(w.records(name).await);
    }
    all
}

/// Nights end some hours after they began.
async fn end_nights(w: &World, dice: &mut Dice, ends: &mut BTreeMap<String, i64>, now: i64) {
    for open in w.app.schedules.open_occurrences().await.unwrap() {
        let campaign = open.campaign().unwrap();
        let end =
            *ends.entry(campaign.to_string()).or_insert_with(|| now + 1_800 + dice.below(30_000) as i64);
        let is_there = w.app.campaign_counts(&campaign).await.is_ok_and(|counted| !counted.has_ended());
        if now >= end && is_there {
            w.end(&campaign, if dice.happens(90) { End::Gate } else { End::Failure }).await;
        }
    }
}

/// Lets what is open come to its end.
async fn settle(w: &World, dice: &mut Dice, ends: &mut BTreeMap<String, i64>) {
    for n in 0..10 {
        let now = at(END).0 + n * 40_000;
        w.set(Timestamp(now.min(at("2027-01-02T05:00:00Z").0 + n)));
        end_nights(w, dice, ends, now).await;
        w.keeper("last").look().await.unwrap();
        w.set(Timestamp(at("2027-01-02T05:00:00Z").0 + n + 1));
    }
    assert!(w.app.schedules.open_occurrences().await.unwrap().is_empty());
}

/// Each tick has one record, and what was skipped was skipped for a reason that there was.
async fn check(w: &World, name: &str, cron: &str, storms: &[(i64, i64)]) {
    let records = w.records(name).await;
    let recorded: Vec<i64> = records.iter().map(|record| record.at_ms / 1_000).collect();
    let cadence = Cadence::new(cron, "America/New_York").unwrap();
    let ticks: Vec<i64> =
        cadence.ticks_after(at(BEGIN)).map(|tick| tick.0).take_while(|tick| *tick < at(END).0).collect();
    assert_eq!(ticks.len(), 365);
    assert_eq!(recorded, ticks, "{name}: one record for each tick");
    let mut ran = 0;
    for record in &records {
        let tick = record.at_ms / 1_000;
        let was_away = storms.iter().any(|(from, to)| (*from..*to).contains(&tick));
        match &record.state {
            OccurrenceState::Ran { .. } => ran += 1,
            OccurrenceState::Skipped { reason: SkipReason::Down, .. } => assert!(was_away, "{record:?}"),
            OccurrenceState::Skipped { reason: SkipReason::Overlap | SkipReason::Late, .. } => {}
            other => panic!("{name} {tick}: {other:?}"),
        }
    }
    assert!(ran > 280, "only {ran} nights of {name} ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tick_has_one_record_whatever_dies_and_whatever_is_away() {
    live_through(World::at(BEGIN).await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_year_on_redis() {
    let server = RedisServer::start(&[("appendfsync", "no")]);
    let (store, clock) = on_redis(&server).await;
    live_through(World::on(|files| app_over(store, files), clock, BEGIN).await, 2).await;
}
