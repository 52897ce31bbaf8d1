//! The budget on SQLite: calls are written down, triggers keep the accounts.

use async_trait::async_trait;
use ktrdr_domain::budget::{Balance, Cost, Limits, Scope};
use ktrdr_domain::day::Day;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Money, OperationId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::{Tx, integer};
use super::writer::Sync;
use ktrdr_fabric::budget::{
    Budget, BudgetReader, CallId, LAPSED_AT_ONCE, Payers, Reservation, Reserved, never_reserved,
};
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;

/// What [`read_balance`] reads.
const BALANCE: &str =
    "SELECT spent_money, spent_tokens, spent_machine_ms, reserved_money, reserved_tokens, reserved_machine_ms,
       allowed_money
     FROM budget_accounts WHERE scope = ?1 AND name = ?2";

#[async_trait]
impl BudgetReader for SqliteStore {
    async fn today(&self, utc_offset_s: i32) -> Result<Day, StoreError> {
        Ok(Day::of(self.clock.now().wall_ms, utc_offset_s))
    }

    async fn balances(&self, scopes: &[Scope]) -> Result<Vec<Balance>, StoreError> {
        let scopes = scopes.to_vec();
        let read = move |db: &Connection| {
            let snapshot = db.unchecked_transaction()?;
            let mut statement = snapshot.prepare_cached(BALANCE)?;
            let mut balance = |scope: &Scope| {
                let found = statement.query_row(key(scope), |found| Ok(read_balance(found))).optional()?;
                found.unwrap_or_else(|| Ok(Balance::default()))
            };
            scopes.iter().map(&mut balance).collect()
        };
        self.read_apart(read).await
    }

    async fn held(&self, limit: u32) -> Result<Vec<CallId>, StoreError> {
        let read = move |db: &Connection| {
            let held = "SELECT id FROM budget_calls WHERE state = 'held' ORDER BY until_ms LIMIT ?1";
            let mut statement = db.prepare_cached(held)?;
            let ids = statement.query_map([limit], |found| found.get(0))?;
            Ok(ids.collect::<Result<Vec<String>, _>>()?.into_iter().map(CallId::written).collect())
        };
        self.read_apart(read).await
    }
}

#[async_trait]
impl Budget for SqliteStore {
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError> {
        limits::check_reservation(wish)?;
        let (wish, limits) = (wish.clone(), *limits);
        self.writer.run(Sync::Now, move |tx| reserve(tx, &wish, &limits)).await
    }

    async fn settle(&self, call: &CallId, cost: Cost) -> Result<(), StoreError> {
        limits::check_cost(&cost)?;
        let call = call.clone();
        self.writer.run(Sync::Now, move |tx| settle(tx, &call, cost)).await
    }

    async fn charge(&self, call: &CallId, payers: &Payers, cost: Cost) -> Result<(), StoreError> {
        limits::check_cost(&cost)?;
        let (call, payers) = (call.clone(), payers.clone());
        let charge = move |tx: &mut Tx<'_>| {
            lapse(tx)?;
            let until_ms = tx.now.wall_ms;
            write(tx, &call, &payers, cost, "settled", until_ms)
        };
        self.writer.run(Sync::Now, charge).await
    }

    async fn allow(&self, campaign: &CampaignName, money: Money) -> Result<(), StoreError> {
        let allow = "INSERT INTO budget_accounts (scope, name, allowed_money) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET allowed_money = excluded.allowed_money";
        let ((scope, name), money) =
            (key(&Scope::Campaign(campaign.clone())), integer(money.in_micro_dollars()));
        self.writer.run(Sync::Now, move |tx| tx.execute(allow, (scope, name, money)).map(|_| ())).await
    }

    async fn lapse(&self) -> Result<u32, StoreError> {
        self.writer.run(Sync::Now, lapse).await
    }
}

fn reserve(tx: &mut Tx<'_>, wish: &Reservation, limits: &Limits) -> Result<Reserved, Failure> {
    lapse(tx)?;
    match state(tx, &wish.call)?.as_deref() {
        None => {}
        Some("held") => return Ok(Reserved::Granted),
        Some(_) => return Ok(Reserved::Over),
    }
    for (scope, limit) in wish.payers.accounts(today(tx, &wish.payers), limits) {
        let balance = tx.first(BALANCE, key(&scope), read_balance)?.unwrap_or_default();
        if let Err(exhausted) = balance.admit(&scope, &limit, &wish.worst) {
            return Ok(Reserved::Refused(exhausted));
        }
    }
    write(tx, &wish.call, &wish.payers, wish.worst, "held", tx.now.wall_plus(wish.lasts))?;
    Ok(Reserved::Granted)
}

fn settle(tx: &mut Tx<'_>, call: &CallId, cost: Cost) -> Result<(), Failure> {
    lapse(tx)?;
    match state(tx, call)?.as_deref() {
        None => Err(never_reserved(call).into()),
        Some("settled") => Ok(()),
        Some(_) => {
            let settle = "UPDATE budget_calls SET state = 'settled', money = ?2, tokens = ?3, machine_ms = ?4 WHERE id = ?1";
            let [money, tokens, machine_ms] = integers(cost);
            tx.execute(settle, (call.as_str(), money, tokens, machine_ms)).map(|_| ())
        }
    }
}

/// Pays what was never settled.
fn lapse(tx: &mut Tx<'_>) -> Result<u32, Failure> {
    let over = "UPDATE budget_calls SET state = 'lapsed' WHERE id IN
                  (SELECT id FROM budget_calls WHERE state = 'held' AND until_ms <= ?1 ORDER BY until_ms LIMIT ?2)";
    let lapsed = tx.execute(over, (tx.now.wall_ms, LAPSED_AT_ONCE))?;
    Ok(u32::try_from(lapsed).unwrap_or(u32::MAX))
}

/// Writes a call down, once.
fn write(
    tx: &mut Tx<'_>,
    call: &CallId,
    payers: &Payers,
    cost: Cost,
    state: &str,
    until_ms: i64,
) -> Result<(), Failure> {
    let insert =
        "INSERT INTO budget_calls (id, day, campaign, cycle, money, tokens, machine_ms, state, until_ms)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
    let (day, [money, tokens, machine_ms]) = (today(tx, payers).0, integers(cost));
    let campaign = payers.campaign.as_ref().map(CampaignName::as_str);
    let cycle = payers.cycle.as_ref().map(OperationId::as_str);
    let values = (call.as_str(), day, campaign, cycle, money, tokens, machine_ms, state, until_ms);
    tx.execute(insert, values).map(|_| ())
}

fn state(tx: &Tx<'_>, call: &CallId) -> Result<Option<String>, Failure> {
    tx.first("SELECT state FROM budget_calls WHERE id = ?1", [call.as_str()], |found| Ok(found.get(0)?))
}

fn today(tx: &Tx<'_>, payers: &Payers) -> Day {
    Day::of(tx.now.wall_ms, payers.utc_offset_s)
}

/// How an account is found.
fn key(scope: &Scope) -> (&'static str, String) {
    match scope {
        Scope::Day(day) => ("day", day.0.to_string()),
        Scope::Campaign(name) => ("campaign", name.to_string()),
        Scope::Cycle(id) => ("cycle", id.to_string()),
    }
}

fn integers(cost: Cost) -> [i64; 3] {
    [cost.money.in_micro_dollars(), cost.tokens, cost.machine_ms].map(integer)
}

fn read_balance(found: &Row<'_>) -> Result<Balance, Failure> {
    let cost = |at| {
        let money = Money::micro_dollars(row::count(found, at)?);
        Ok::<_, Failure>(Cost {
            money,
            tokens: row::count(found, at + 1)?,
            machine_ms: row::count(found, at + 2)?,
        })
    };
    let allowed = found.get::<_, Option<i64>>(6)?.map(|money| Money::micro_dollars(money.unsigned_abs()));
    Ok(Balance { spent: cost(0)?, reserved: cost(3)?, allowed })
}
