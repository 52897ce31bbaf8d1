//! What calls to a store may meet: nothing, a store that is away, and the death of who calls, before a call or after it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ktrdr_domain::name::{CampaignName, ScheduleName};
use ktrdr_domain::schedule::{Occurrence, Pause, Schedule, SchedulePlan};
use ktrdr_fabric::campaign::{Campaign, CampaignPage, Campaigns};
use ktrdr_fabric::schedules::{Decided, Decision, Lead, ScheduleChanged, ScheduleCreated, Schedules};
use ktrdr_fabric::store::{BootId, NewRoot, Pace, Store, StoreError, Submitted};
use std::time::Duration;

use crate::layer::Layer;

/// What the next calls meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Fine,
    /// Every call fails.
    Away,
    /// So many succeed. The one behind them is carried out or not, and nobody hears of it, nor of any later one.
    Death {
        after: u32,
        is_carried_out: bool,
    },
}

/// The weather over one store.
#[derive(Clone)]
pub(crate) struct Weather(Arc<Mutex<Next>>);

impl Default for Weather {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Next::Fine)))
    }
}

impl Weather {
    pub(crate) fn clears(&self) {
        *self.0.lock().unwrap() = Next::Fine;
    }

    pub(crate) fn goes_away(&self) {
        *self.0.lock().unwrap() = Next::Away;
    }

    pub(crate) fn kills(&self, after: u32, is_carried_out: bool) {
        *self.0.lock().unwrap() = Next::Death { after, is_carried_out };
    }

    async fn meets<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let met = {
            let mut next = self.0.lock().unwrap();
            let met = *next;
            match met {
                Next::Death { after: 0, .. } => *next = Next::Away,
                Next::Death { after, is_carried_out } => {
                    *next = Next::Death { after: after - 1, is_carried_out }
                }
                Next::Fine | Next::Away => {}
            }
            met
        };
        match met {
            Next::Fine | Next::Death { after: 1.., .. } => return call.await,
            Next::Death { is_carried_out: true, .. } => drop(call.await),
            Next::Away | Next::Death { .. } => {}
        }
        Err(StoreError::Unavailable("a storm".into()))
    }
}

/// A store beneath its weather.
pub(crate) struct Outdoors<S: ?Sized> {
    pub(crate) weather: Weather,
    pub(crate) store: Arc<S>,
}

macro_rules! meeting_weather {
    ($seam:ident { $( fn $name:ident($($given:ident: $kind:ty),*) -> $done:ty; )* }) => {
        #[async_trait]
        impl $seam for Outdoors<dyn $seam> {
            $( async fn $name(&self, $($given: $kind),*) -> Result<$done, StoreError> {
                self.weather.meets(self.store.$name($($given),*)).await
            } )*
        }
    };
}

meeting_weather! {
    Schedules {
        fn create_schedule(name: &ScheduleName, plan: &SchedulePlan) -> ScheduleCreated;
        fn schedule(name: &ScheduleName) -> Option<Schedule>;
        fn schedules() -> Vec<Schedule>;
        fn pause_schedule(name: &ScheduleName, pause: &Pause) -> ScheduleChanged;
        fn resume_schedule(name: &ScheduleName) -> ScheduleChanged;
        fn delete_schedule(name: &ScheduleName) -> bool;
        fn lead(boot: &BootId, lease: Duration) -> Lead;
        fn decide(decision: &Decision) -> Decided;
        fn note_occurrence(occurrence: &Occurrence) -> bool;
        fn move_occurrence(moved: &Occurrence) -> bool;
        fn open_occurrences() -> Vec<Occurrence>;
        fn occurrence(schedule: &ScheduleName, at_ms: i64) -> Option<Occurrence>;
        fn occurrences(schedule: &ScheduleName, before_ms: Option<i64>, limit: u32) -> Vec<Occurrence>;
    }
}

meeting_weather! {
    Campaigns {
        fn campaign(name: &CampaignName) -> Option<Campaign>;
        fn campaigns(before: Option<u64>, limit: u32) -> CampaignPage;
    }
}

/// Operations: reads and the submit of a campaign meet the weather.
#[async_trait]
impl Layer for Outdoors<dyn Store> {
    fn beneath(&self) -> &dyn Store {
        self.store.as_ref()
    }

    async fn get(
        &self,
        id: &ktrdr_domain::OperationId,
    ) -> Result<Option<ktrdr_domain::Operation>, StoreError> {
        self.weather.meets(self.store.get(id)).await
    }

    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError> {
        self.weather.meets(self.store.submit_roots(roots, pace)).await
    }
}
