//! `ktrdr agent budget`, and what campaigns cost.

use std::process::ExitCode;

use ktrdr_app::budget::{AccountStatement, BudgetRequest, BudgetStatement, CampaignCosts};
use ktrdr_domain::Money;
use ktrdr_domain::budget::{Cost, Limit, Scope};

use super::Context;
use crate::describe::{duration, thousands};
use crate::exit::CliError;
use crate::screen::{Screen, table};

const HEAD: [&str; 9] =
    ["ACCOUNT", "SPENT", "RESERVED", "LIMIT", "LEFT", "TOKENS", "TOKENS LEFT", "MACHINE TIME", "TIME LEFT"];

pub(crate) async fn show(context: &Context<'_>, request: &BudgetRequest) -> Result<ExitCode, CliError> {
    let desk = context.desk().await?;
    let app = desk.app();
    let statement = app.budget(request).await?;
    context.screen.answer(&statement, |screen| print(screen, &statement))?;
    Ok(ExitCode::SUCCESS)
}

fn print(screen: &Screen, statement: &BudgetStatement) {
    let accounts = [&statement.days[..], &statement.campaigns[..]].concat();
    // Days and campaigns that cost nothing say nothing, but for today.
    let is_told = |account: &&AccountStatement| {
        account.scope == Scope::Day(statement.today) || account.spent.plus(account.reserved) != Cost::ZERO
    };
    let rows: Vec<Vec<String>> = accounts.iter().filter(is_told).map(row).collect();
    screen.line(table(&HEAD, &rows));
    if let Some(at) = statement.renews_at {
        screen.line(format!("the limit of the day is renewed at {at}, midnight in {}", statement.zone));
    }
    if let Some(money) = statement.cycle_limit.money {
        screen.line(format!("each research cycle may spend {money}"));
    }
}

fn row(account: &AccountStatement) -> Vec<String> {
    let Limit { money, tokens, machine_ms } = account.left;
    let unlimited = || "–".to_owned();
    let of_money = |money: Option<Money>| money.map_or_else(unlimited, |money| money.to_string());
    vec![
        account.scope.to_string(),
        account.spent.money.to_string(),
        account.reserved.money.to_string(),
        of_money(account.limit.money),
        of_money(money),
        thousands(account.spent.tokens),
        tokens.map_or_else(unlimited, thousands),
        time(account.spent.machine_ms),
        machine_ms.map_or_else(unlimited, time),
    ]
}

/// How long jobs ran.
pub(crate) fn time(ms: u64) -> String {
    duration(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// What a campaign cost, in one line; nothing where it cost nothing that anybody counted.
pub(crate) fn costs_line(costs: &CampaignCosts) -> Option<String> {
    let AccountStatement { spent, limit, .. } = &costs.account;
    if *spent == Cost::ZERO {
        return None;
    }
    let each = |money: Option<Money>, of: &str| money.map(|money| format!("{money} per {of}"));
    let shares = [
        each(costs.per_cycle, "cycle"),
        each(costs.per_gate_pass, "gate pass"),
        each(costs.per_survivor, "survivor"),
    ];
    let shares: Vec<String> = shares.into_iter().flatten().filter(|_| spent.money > Money::ZERO).collect();
    let shares = if shares.is_empty() { String::new() } else { format!(" ({})", shares.join(", ")) };
    let of = limit.money.map_or_else(String::new, |limit| format!(" of {limit}"));
    let tokens =
        if spent.tokens > 0 { format!(", {} tokens", thousands(spent.tokens)) } else { String::new() };
    Some(format!("cost {}{of}{shares}{tokens}, {} of machine time", spent.money, time(spent.machine_ms)))
}
