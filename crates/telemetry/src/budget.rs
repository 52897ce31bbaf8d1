//! A budget that is measured.

use std::sync::Arc;

use async_trait::async_trait;
use ktrdr_domain::Money;
use ktrdr_domain::budget::{Balance, Cost, Limits, Scope};
use ktrdr_domain::day::Day;
use ktrdr_domain::name::CampaignName;
use ktrdr_fabric::budget::{Budget, BudgetReader, CallId, Payers, Reservation, Reserved};
use ktrdr_fabric::store::StoreError;

use crate::spending::Spending;

pub(crate) struct MeasuredBudget {
    pub(crate) budget: Arc<dyn Budget>,
    pub(crate) spending: Arc<Spending>,
}

#[async_trait]
impl Budget for MeasuredBudget {
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError> {
        self.budget.reserve(wish, limits).await
    }

    async fn settle(&self, call: &CallId, cost: Cost) -> Result<(), StoreError> {
        self.budget.settle(call, cost).await?;
        self.spending.settled(call, cost);
        Ok(())
    }

    async fn charge(&self, call: &CallId, payers: &Payers, cost: Cost) -> Result<(), StoreError> {
        self.budget.charge(call, payers, cost).await?;
        self.spending.charged(call, cost);
        Ok(())
    }

    async fn allow(&self, campaign: &CampaignName, money: Money) -> Result<(), StoreError> {
        self.budget.allow(campaign, money).await
    }

    async fn lapse(&self) -> Result<u32, StoreError> {
        self.budget.lapse().await
    }
}

#[async_trait]
impl BudgetReader for MeasuredBudget {
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
