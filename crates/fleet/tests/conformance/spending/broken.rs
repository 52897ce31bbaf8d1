//! A budget with one rule broken, before a real engine.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ktrdr_domain::Money;
use ktrdr_domain::budget::{Balance, Cost, Limit, Limits, Scope};
use ktrdr_domain::day::Day;
use ktrdr_domain::name::CampaignName;
use ktrdr_fabric::budget::{Budget, BudgetReader, CallId, Payers, Reservation, Reserved};
use ktrdr_fabric::store::StoreError;

use super::LASTS;
use crate::world::id;

/// Which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    /// What is reserved counts against no limit.
    ReservedIsFree,
    /// The limit of cycles is not looked at.
    NoCycleLimit,
    /// Limits are compared with what was read some time before: a check, and then an act.
    ChecksAndThenActs,
    /// A wish that is repeated reserves again.
    ReservesTwice,
    /// A settlement pays the campaign's day twice.
    PaysTwice,
    /// A reservation whose time is over is given back.
    GivesBackWhatLapses,
    /// A reservation whose time is over stays reserved.
    NeverLapses,
    /// A late settlement does not put right what lapsed.
    IgnoresTheLate,
}

/// A budget with one rule broken.
pub(super) struct Broken {
    budget: Arc<dyn Budget>,
    mutant: Mutant,
    /// The day's balance as it was read for the wish before.
    stale: Mutex<Option<Balance>>,
    /// What was granted.
    held: Mutex<Vec<Reservation>>,
}

impl Broken {
    pub(super) fn new(budget: Arc<dyn Budget>, mutant: Mutant) -> Self {
        Self { budget, mutant, stale: Mutex::default(), held: Mutex::default() }
    }

    /// Another name for the same call.
    fn another(call: &CallId) -> CallId {
        CallId::machine_time(&id(&call.as_str().replace(['/', '.'], "_")), 7)
    }

    async fn check_and_then_act(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError> {
        let (day, all) = (self.today(0).await?, Limits::default());
        let (scope, limit) = (Scope::Day(day), limits.day);
        let now = self.balances(std::slice::from_ref(&scope)).await?[0];
        let before = self.stale.lock().unwrap().replace(now).unwrap_or(now);
        match before.admit(&scope, &limit, &wish.worst) {
            Err(exhausted) => Ok(Reserved::Refused(exhausted)),
            Ok(()) => self.budget.reserve(wish, &all).await,
        }
    }
}

#[async_trait]
impl BudgetReader for Broken {
    async fn today(&self, utc_offset_s: i32) -> Result<Day, StoreError> {
        self.budget.today(utc_offset_s).await
    }

    async fn balances(&self, scopes: &[Scope]) -> Result<Vec<Balance>, StoreError> {
        self.budget.balances(scopes).await
    }

    async fn held(&self, limit: u32) -> Result<Vec<CallId>, StoreError> {
        self.budget.held(limit).await
    }
}

#[async_trait]
impl Budget for Broken {
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError> {
        match self.mutant {
            Mutant::ReservedIsFree => {
                let free = Reservation { worst: Cost::ZERO, ..wish.clone() };
                self.budget.reserve(&free, limits).await
            }
            Mutant::NoCycleLimit => {
                self.budget.reserve(wish, &Limits { cycle: Limit::default(), ..*limits }).await
            }
            Mutant::ChecksAndThenActs => self.check_and_then_act(wish, limits).await,
            Mutant::ReservesTwice => {
                let first = self.budget.reserve(wish, limits).await?;
                let again = Reservation { call: Self::another(&wish.call), ..wish.clone() };
                self.budget.reserve(&again, limits).await?;
                Ok(first)
            }
            Mutant::NeverLapses => {
                let long = Reservation { lasts: LASTS * 1_000, ..wish.clone() };
                self.budget.reserve(&long, limits).await
            }
            Mutant::GivesBackWhatLapses => {
                self.held.lock().unwrap().push(wish.clone());
                self.budget.reserve(wish, limits).await
            }
            Mutant::PaysTwice | Mutant::IgnoresTheLate => self.budget.reserve(wish, limits).await,
        }
    }

    async fn settle(&self, call: &CallId, cost: Cost) -> Result<(), StoreError> {
        match self.mutant {
            Mutant::PaysTwice => {
                self.budget.settle(call, cost).await?;
                self.budget.charge(&Self::another(call), &Payers::default(), cost).await
            }
            Mutant::IgnoresTheLate if self.budget.lapse().await? > 0 => Ok(()),
            _ => self.budget.settle(call, cost).await,
        }
    }

    async fn charge(&self, call: &CallId, payers: &Payers, cost: Cost) -> Result<(), StoreError> {
        self.budget.charge(call, payers, cost).await
    }

    async fn allow(&self, campaign: &CampaignName, money: Money) -> Result<(), StoreError> {
        self.budget.allow(campaign, money).await
    }

    async fn lapse(&self) -> Result<u32, StoreError> {
        let lapsed = self.budget.lapse().await;
        let held = self.held.lock().unwrap().clone();
        for wish in held {
            if self.budget.reserve(&wish, &Limits::default()).await? == Reserved::Over {
                self.budget.settle(&wish.call, Cost::ZERO).await?;
            }
        }
        lapsed
    }
}
