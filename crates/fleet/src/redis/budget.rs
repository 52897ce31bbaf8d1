//! The budget on Redis: each step is one script.

use async_trait::async_trait;
use ktrdr_domain::Money;
use ktrdr_domain::budget::{Balance, Cost, Exhausted, Limit, Limits, Measure, Scope};
use ktrdr_domain::day::Day;
use ktrdr_domain::name::CampaignName;

use super::answer::Answer;
use super::call::Call;
use super::store::RedisStore;
use ktrdr_fabric::budget::{Budget, BudgetReader, CallId, Payers, Reservation, Reserved, never_reserved};
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;

#[async_trait]
impl BudgetReader for RedisStore {
    async fn today(&self, utc_offset_s: i32) -> Result<Day, StoreError> {
        let answer = self.session.call(&self.session.scripts.balances).answer().await?;
        Ok(Day::of(answer.at(0)?, utc_offset_s))
    }

    async fn balances(&self, scopes: &[Scope]) -> Result<Vec<Balance>, StoreError> {
        let call = self.session.call(&self.session.scripts.balances);
        let answer = scopes.iter().fold(call, |call, scope| call.arg(name(scope))).answer().await?;
        (1..=scopes.len()).map(|at| Ok(balance(&answer.at::<Vec<Option<u64>>>(at)?))).collect()
    }

    async fn held(&self, limit: u32) -> Result<Vec<CallId>, StoreError> {
        let answer = self.session.call(&self.session.scripts.budget_held).arg(limit).answer().await?;
        (0..answer.len()).map(|at| Ok(CallId::written(answer.at(at)?))).collect()
    }
}

#[async_trait]
impl Budget for RedisStore {
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError> {
        limits::check_reservation(wish)?;
        let call = self.session.call(&self.session.scripts.budget_reserve).arg(wish.call.as_str());
        let call = with_cost(with_payers(call, &wish.payers), &wish.worst).arg(milliseconds(wish));
        let limits = [limits.day, limits.campaign, limits.cycle];
        let answer = limits.iter().fold(call, with_limit).answer().await?;
        match answer.word()?.as_str() {
            "granted" => Ok(Reserved::Granted),
            "over" => Ok(Reserved::Over),
            "refused" => Ok(Reserved::Refused(exhausted(&answer, &wish.payers)?)),
            _ => Err(answer.unexpected()),
        }
    }

    async fn settle(&self, call: &CallId, cost: Cost) -> Result<(), StoreError> {
        limits::check_cost(&cost)?;
        let settle = self.session.call(&self.session.scripts.budget_settle).arg(call.as_str());
        match with_cost(settle, &cost).answer().await?.word()?.as_str() {
            "unknown" => Err(never_reserved(call)),
            _ => Ok(()),
        }
    }

    async fn charge(&self, call: &CallId, payers: &Payers, cost: Cost) -> Result<(), StoreError> {
        limits::check_cost(&cost)?;
        let charge = self.session.call(&self.session.scripts.budget_charge).arg(call.as_str());
        with_cost(with_payers(charge, payers), &cost).value().await.map(|_| ())
    }

    async fn allow(&self, campaign: &CampaignName, money: Money) -> Result<(), StoreError> {
        let allow = self.session.call(&self.session.scripts.budget_allow).arg(campaign.as_str());
        allow.arg(money.in_micro_dollars()).value().await.map(|_| ())
    }

    async fn lapse(&self) -> Result<u32, StoreError> {
        self.session.call(&self.session.scripts.budget_lapse).answer().await?.at(0)
    }
}

fn with_payers<'s>(call: Call<'s>, payers: &Payers) -> Call<'s> {
    let campaign = payers.campaign.as_ref().map_or("", |name| name.as_str());
    let cycle = payers.cycle.as_ref().map_or("", |id| id.as_str());
    call.arg(payers.utc_offset_s).arg(campaign).arg(cycle)
}

fn with_cost<'s>(call: Call<'s>, cost: &Cost) -> Call<'s> {
    Measure::ALL.iter().fold(call, |call, measure| call.arg(cost.of(*measure)))
}

fn with_limit<'s>(call: Call<'s>, limit: &Limit) -> Call<'s> {
    let text = |measure| limit.of(measure).map_or_else(String::new, |limit| limit.to_string());
    Measure::ALL.iter().fold(call, |call, measure| call.arg(text(*measure)))
}

fn milliseconds(wish: &Reservation) -> u64 {
    u64::try_from(wish.lasts.as_millis()).unwrap_or(u64::MAX)
}

/// An account's key, behind what all of them begin with.
fn name(scope: &Scope) -> String {
    match scope {
        Scope::Day(day) => format!("day:{}", day.0),
        Scope::Campaign(name) => format!("campaign:{name}"),
        Scope::Cycle(id) => format!("cycle:{id}"),
    }
}

fn balance(fields: &[Option<u64>]) -> Balance {
    let field = |at: usize| fields.get(at).copied().flatten().unwrap_or_default();
    let cost = |at| Cost {
        money: Money::micro_dollars(field(at)),
        tokens: field(at + 1),
        machine_ms: field(at + 2),
    };
    let allowed = fields.get(6).copied().flatten().map(Money::micro_dollars);
    Balance { spent: cost(0), reserved: cost(3), allowed }
}

/// The limit in the way, as the script says it.
fn exhausted(answer: &Answer, payers: &Payers) -> Result<Exhausted, StoreError> {
    let scope = match (answer.at::<String>(1)?.as_str(), &payers.campaign, &payers.cycle) {
        ("day", ..) => Scope::Day(Day(answer.parsed(2)?)),
        ("campaign", Some(name), _) => Scope::Campaign(name.clone()),
        ("cycle", _, Some(id)) => Scope::Cycle(id.clone()),
        _ => return Err(answer.unexpected()),
    };
    let measure = match answer.at::<String>(3)?.as_str() {
        "money" => Measure::Money,
        "tokens" => Measure::Tokens,
        "machine_ms" => Measure::MachineTime,
        _ => return Err(answer.unexpected()),
    };
    let [limit, spent, reserved, asked] = [4, 5, 6, 7].map(|at| answer.parsed::<u64>(at));
    let (limit, spent, reserved, asked) = (limit?, spent?, reserved?, asked?);
    Ok(Exhausted { scope, measure, limit, spent, reserved, asked, renews_at: None })
}
