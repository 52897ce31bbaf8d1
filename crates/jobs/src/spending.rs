//! Who pays for jobs: the purse that a provider is handed, and the clock that charges for machine time.
//!
//! A language model is paid through a [`Purse`]: nothing is asked of it before its worst case is reserved. Machine time is
//! charged when a job ends, by how long it ran; a job that would begin when nothing is left of it does not begin. So the limit
//! of machine time may be passed by what runs at the moment it is reached, and never by more. What ran in a process that was
//! killed is charged by nobody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use ktrdr_agent::models::Lane;
use ktrdr_agent::purse::{self, BudgetExhausted, CallWatch, EndedCall, Intent, Purse, PurseError, Spent};
use ktrdr_domain::budget::{BudgetPolicy, Exhausted};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{DeviceClass, Kind, Load};
use ktrdr_fabric::budget::{
    BATCH_RESERVED_FOR, Budget, CALL_RESERVED_FOR, CallId, Payers, Reservation, Reserved, admit,
};
use ktrdr_fabric::clock::now;
use ktrdr_fabric::store::{OperationReader, StoreError};
use ktrdr_worker::{Handler, Job, Outcome};
use serde::Deserialize;
use tokio::runtime::Handle;
use tracing::warn;

use crate::fault::Fault;

/// Everything that a worker needs to have its jobs paid for.
#[derive(Clone)]
pub struct Spending {
    /// The accounts.
    pub budget: Arc<dyn Budget>,
    /// The rows of cycles, which say whose campaign they are.
    pub operations: Arc<dyn OperationReader>,
    /// Limits and prices.
    pub policy: BudgetPolicy,
    /// What this worker's trainings compute on.
    pub device: DeviceClass,
    /// Whoever wants to know of calls of language models.
    pub watch: Option<Arc<dyn CallWatch>>,
}

impl Spending {
    /// Who pays for a job: its day, and its cycle's campaign.
    pub(crate) async fn payers(&self, job: &Job) -> Result<Payers, StoreError> {
        let utc_offset_s = self.policy.zone.utc_offset_s(now());
        let cycle = match &job.root {
            Some(root) => self.operations.get(root).await?,
            None => None,
        };
        let campaign = cycle.and_then(|cycle| Some(ResearchSpec::deserialize(cycle.spec).ok()?.campaign));
        Ok(Payers { utc_offset_s, campaign, cycle: job.root.clone() })
    }

    /// Refuses to begin what there is no machine time left for, or no money to pay it with.
    async fn admit(&self, job: &Job, payers: &Payers, on_gpu: bool) -> Result<(), Fault> {
        let least = self.policy.prices.cost(1, on_gpu);
        match admit(&*self.budget, payers, &self.policy.limits, &least).await? {
            None => Ok(()),
            Some(exhausted) => {
                Err(Fault::Budget(format!("{} does not begin: {}", job.id, self.say(exhausted))))
            }
        }
    }

    fn say(&self, exhausted: Exhausted) -> Exhausted {
        exhausted.in_zone(self.policy.zone)
    }
}

/// The purse of one job.
pub(crate) struct JobPurse<'a> {
    spending: &'a Spending,
    job: &'a Job,
    payers: Payers,
    /// Since when a call may be under way: a job makes one after the other.
    since: Mutex<SystemTime>,
}

impl<'a> JobPurse<'a> {
    pub(crate) async fn open(spending: &'a Spending, job: &'a Job) -> Result<Self, StoreError> {
        let payers = spending.payers(job).await?;
        Ok(Self { spending, job, payers, since: Mutex::new(SystemTime::now()) })
    }

    fn begin(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = SystemTime::now();
    }

    fn tell(&self, intent: &Intent, spent: Spent) {
        let Some(watch) = &self.spending.watch else { return };
        let (began, ended) = (*self.since.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
        watch.ended(&EndedCall { operation: &self.job.id, intent, spent, began, ended });
    }

    fn call(&self, intent: &Intent) -> CallId {
        CallId::of(&self.job.id, intent.attempt, intent.call)
    }
}

#[async_trait]
impl Purse for JobPurse<'_> {
    async fn reserve(&self, intent: &Intent) -> Result<purse::Reservation, PurseError> {
        let call = self.call(intent);
        let (payers, worst) = (self.payers.clone(), intent.worst_case.into());
        let lasts = match intent.lane {
            Lane::Direct => CALL_RESERVED_FOR,
            Lane::Batch => BATCH_RESERVED_FOR,
        };
        let wish = Reservation { call: call.clone(), payers, worst, lasts };
        match self.spending.budget.reserve(&wish, &self.spending.policy.limits).await.map_err(unavailable)? {
            Reserved::Granted => {
                self.begin();
                Ok(purse::Reservation { intent: intent.clone() })
            }
            Reserved::Refused(exhausted) => {
                Err(BudgetExhausted { why: self.spending.say(exhausted).to_string() }.into())
            }
            Reserved::Over => {
                Err(PurseError::Unavailable(format!("{call} was paid before: it is not made again").into()))
            }
        }
    }

    async fn settle(&self, reservation: purse::Reservation, spent: Spent) -> Result<(), PurseError> {
        self.tell(&reservation.intent, spent);
        let paid = match spent {
            Spent::Counted(_, counted) => counted,
            Spent::Unknown => reservation.intent.worst_case,
        };
        self.spending.budget.settle(&self.call(&reservation.intent), paid.into()).await.map_err(unavailable)
    }
}

fn unavailable(why: StoreError) -> PurseError {
    PurseError::Unavailable(Box::new(why))
}

/// A handler whose machine time is paid for.
pub(crate) struct Metered<H> {
    pub(crate) handler: H,
    pub(crate) spending: Spending,
    pub(crate) runtime: Handle,
}

impl<H: Handler> Handler for Metered<H> {
    fn kind(&self) -> Kind {
        self.handler.kind()
    }

    fn run(&self, job: &Job) -> Outcome {
        let on_gpu = self.is_on_gpu(job);
        let meter = self.runtime.block_on(async {
            let payers = self.spending.payers(job).await?;
            self.spending.admit(job, &payers, on_gpu).await?;
            Ok::<_, Fault>(payers)
        });
        let payers = match meter {
            Ok(payers) => payers,
            Err(fault) => return fault.into(),
        };
        let _meter = Meter { metered: self, job, payers, on_gpu, started: Instant::now() };
        self.handler.run(job)
    }
}

impl<H: Handler> Metered<H> {
    fn is_on_gpu(&self, job: &Job) -> bool {
        let is_training = self.kind().facts().load == Load::Training;
        let wants_cpu = job.spec.get("device").and_then(|device| device.as_str()) == Some("cpu");
        is_training && self.spending.device == DeviceClass::Gpu && !wants_cpu
    }
}

/// Runs with a job, and charges for it when it ends, also by a panic.
struct Meter<'a, H> {
    metered: &'a Metered<H>,
    job: &'a Job,
    payers: Payers,
    on_gpu: bool,
    started: Instant,
}

impl<H> Drop for Meter<'_, H> {
    fn drop(&mut self) {
        let Spending { budget, policy, .. } = &self.metered.spending;
        let ran_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let call = CallId::machine_time(&self.job.id, self.job.fence);
        let charge = budget.charge(&call, &self.payers, policy.prices.cost(ran_ms, self.on_gpu));
        if let Err(why) = self.metered.runtime.block_on(charge) {
            warn!(operation = %self.job.id, %why, "its machine time could not be charged");
        }
    }
}
