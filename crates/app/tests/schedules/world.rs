//! A workspace in simulated time, on a real store, in which nobody works.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ktrdr_agent::Providers;
use ktrdr_app::dead_letters::NoLetterBox;
use ktrdr_app::engine::OwnStore;
use ktrdr_app::schedules::ScheduleRequest;
use ktrdr_app::schedules::keeper::Keeper;
use ktrdr_app::{App, Labour};
use ktrdr_domain::name::{CampaignName, ScheduleName};
use ktrdr_domain::schedule::{Occurrence, OccurrenceState};
use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Status, Timestamp};
use ktrdr_embedded::{Clock, Durability, Engine, Now, Role, SqliteOptions};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::audit::Audit;
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::requests::Requests;
use ktrdr_fabric::retention::Pruning;
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, BootId, Claim, Filter, Finish, Store};
use ktrdr_fabric::tokens::Tokens;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::layer::Layered;
use crate::policy::policy;
use crate::weather::{Outdoors, Weather};

/// A clock that stands where it was set, in Unix milliseconds.
pub(crate) trait SetClock: Send + Sync {
    fn set(&self, now_ms: i64);
}

/// The embedded engine's.
struct OwnClock(AtomicI64);

impl Clock for OwnClock {
    fn now(&self) -> Now {
        let now = self.0.load(Ordering::SeqCst);
        Now { wall_ms: now, steady_ms: now }
    }
}

impl SetClock for OwnClock {
    fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }
}

/// The application floor over a store with all its doors.
pub(crate) fn app_over<S>(store: Arc<S>, artifacts: Arc<dyn Artifacts>) -> App
where
    S: Store
        + Campaigns
        + Ledger
        + Budget
        + WorkerRegistry
        + Tokens
        + Requests
        + Audit
        + Schedules
        + Pruning
        + OwnStore
        + 'static,
{
    App {
        campaigns: store.clone(),
        ledger: store.clone(),
        budget: store.clone(),
        registry: store.clone(),
        tokens: store.clone(),
        requests: store.clone(),
        audit: store.clone(),
        schedules: store.clone(),
        pruning: store.clone(),
        own: store.clone(),
        store,
        artifacts,
        pins: Arc::default(),
        letters: Arc::new(NoLetterBox),
        policy: policy(),
        by: "somebody@here".into(),
        labour: Labour::OneProcess,
        is_held: Arc::new(|| true),
        providers: Providers::default(),
    }
}

pub(crate) struct World {
    /// As a person uses it: without weather.
    pub(crate) app: App,
    pub(crate) weather: Weather,
    outdoors: App,
    clock: Arc<dyn SetClock>,
    _folder: TempDir,
}

impl World {
    /// On the embedded engine's store, with bars of one instrument, at a time.
    pub(crate) async fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(OwnClock(AtomicI64::new(at(now).0 * 1_000)));
        let options = SqliteOptions {
            clock: clock.clone(),
            durability: Durability::ProcessOnly,
            ..SqliteOptions::default()
        };
        let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
        Self::of(app_over(engine.store, engine.artifacts), clock, folder).await
    }

    /// The same on any store, over which the floor is laid with these files. Bars are files of a workspace all the same.
    pub(crate) async fn on(
        floor: impl FnOnce(Arc<dyn Artifacts>) -> App,
        clock: Arc<dyn SetClock>,
        now: &str,
    ) -> Self {
        clock.set(at(now).0 * 1_000);
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open_with(folder.path(), Role::Runner, SqliteOptions::default()).unwrap();
        Self::of(floor(engine.artifacts), clock, folder).await
    }

    async fn of(app: App, clock: Arc<dyn SetClock>, folder: TempDir) -> Self {
        let bars = json!({ "symbol": "MINE", "timeframe": "1h", "bars": 1000, "start": "2020-01-06" });
        app.generate_data(&Deserialize::deserialize(bars).unwrap()).await.unwrap();
        let weather = Weather::default();
        let outdoors = App {
            schedules: Arc::new(Outdoors::<dyn Schedules> {
                weather: weather.clone(),
                store: app.schedules.clone(),
            }),
            campaigns: Arc::new(Outdoors::<dyn Campaigns> {
                weather: weather.clone(),
                store: app.campaigns.clone(),
            }),
            store: Arc::new(Layered(Outdoors::<dyn Store> {
                weather: weather.clone(),
                store: app.store.clone(),
            })),
            ..app.clone()
        };
        Self { app, weather, outdoors, clock, _folder: folder }
    }

    /// A keeper that meets the weather.
    pub(crate) fn keeper(&self, boot: &str) -> Keeper {
        Keeper::new(&self.outdoors, BootId(boot.to_owned()))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.clock.set(now.0 * 1_000);
    }

    /// Sets the clock, and lets a keeper look.
    pub(crate) async fn look(&self, now: &str) {
        self.set(at(now));
        self.keeper("keeper").look().await.unwrap();
    }

    pub(crate) async fn create(&self, name: &str, cron: &str, more: Value) {
        self.app.create_schedule(&request(name, cron, more)).await.unwrap();
    }

    /// What became of every tick, oldest first.
    pub(crate) async fn records(&self, schedule: &str) -> Vec<Occurrence> {
        let (mut records, mut before) = (Vec::new(), None);
        loop {
            let part = self.app.schedules.occurrences(&name(schedule), before, 100).await.unwrap();
            let Some(last) = part.last() else { break };
            before = Some(last.at_ms);
            records.extend(part);
        }
        records.reverse();
        records
    }

    /// The same in words: `01-02T06:30 running`, `01-03T06:30 overlap`.
    pub(crate) async fn told(&self, schedule: &str) -> Vec<String> {
        let records = self.records(schedule).await;
        records.iter().map(|record| format!("{} {}", &record.at().to_string()[5..16], word(record))).collect()
    }

    /// Ends a campaign of one cycle, as if it had been worked on.
    pub(crate) async fn end(&self, campaign: &CampaignName, how: End) {
        let filter = Filter {
            campaign: Some(campaign.clone()),
            kinds: vec![Kind::AgentResearch],
            limit: 10,
            ..Filter::default()
        };
        for root in self.app.store.list(&filter).await.unwrap().operations {
            let child = root.waiting.clone().unwrap();
            if root.cancel.is_none() {
                self.work(&child, how).await;
            }
            let to = AdvanceTo::Failed {
                reason: if how == End::Gate { FailureReason::Gate } else { FailureReason::Error },
                error: "it ended".into(),
                stopped_by: "no_skill".into(),
                result: json!({}),
            };
            let step = Advance { root: root.id, finished: child, expected_phase: Phase::Designing, to };
            let closed = self.app.store.advance(step).await.unwrap();
            assert!(matches!(closed, Advanced::Closed(Status::Failed | Status::Cancelled)), "{closed:?}");
        }
    }

    async fn work(&self, child: &OperationId, how: End) {
        let boot = BootId("worker".into());
        let claim = self.app.store.claim(child, &boot, Duration::from_secs(60)).await.unwrap();
        let Claim::Run { attempt, .. } = claim else { panic!("{claim:?}") };
        let end = match how {
            End::Gate => Finish::Completed(json!({})),
            End::Failure => {
                Finish::Failed { reason: FailureReason::Error, error: "it broke".into(), result: None }
            }
        };
        self.app.store.finish(&attempt, end).await.unwrap();
    }
}

/// How a cycle ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With a verdict.
    Gate,
    /// Without one.
    Failure,
}

/// A schedule of one cycle a night in New York.
pub(crate) fn request(name: &str, cron: &str, more: Value) -> ScheduleRequest {
    let mut document = json!({
        "name": name, "cron": cron, "zone": "America/New_York",
        "campaign": { "symbol": "MINE", "timeframe": "1h" },
    });
    let Value::Object(more) = more else { panic!("{more}") };
    document.as_object_mut().unwrap().extend(more);
    ScheduleRequest::deserialize(document).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> ScheduleName {
    text.parse().unwrap()
}

/// Where a record stands, in a word.
pub(crate) fn word(record: &Occurrence) -> String {
    match &record.state {
        OccurrenceState::Waiting { .. } => "waiting".into(),
        OccurrenceState::Running { stopping: None, .. } => "running".into(),
        OccurrenceState::Running { stopping: Some(why), .. } => format!("stopping {why}"),
        OccurrenceState::Ran { outcome, .. } => outcome.to_string(),
        OccurrenceState::Skipped { reason, .. } => reason.to_string(),
    }
}
