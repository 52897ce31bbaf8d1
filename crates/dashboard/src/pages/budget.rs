//! The budget: what was spent, what is set aside and what is left, by day and by campaign.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::budget::{AccountStatement, BudgetRequest};
use ktrdr_chart::Markup;
use ktrdr_domain::budget::{Cost, Measure, Scope};

use super::campaigns::shares;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::{Instant, lasting};

/// Days, and campaigns, that are told of.
const DAYS: u32 = 14;
const CAMPAIGNS: u32 = 20;

struct Account {
    name: String,
    to: Option<String>,
    money: String,
    reserved: String,
    limit: String,
    bar: Markup,
    tokens: String,
    machine: String,
}

impl Account {
    fn of(statement: AccountStatement) -> Self {
        let AccountStatement { scope, spent, reserved, limit, .. } = statement;
        let money = |quantity| Measure::Money.words(quantity);
        let of = |cost: Cost| cost.of(Measure::Money);
        let most = limit.of(Measure::Money);
        let bar = |most: u64| shares(&[("spent", of(spent)), ("reserved", of(reserved))], most);
        let (name, to) = match scope {
            Scope::Day(day) => (day.to_string(), None),
            Scope::Campaign(name) => (name.to_string(), Some(format!("/campaigns/{name}"))),
            Scope::Cycle(id) => (id.to_string(), Some(format!("/operations/{id}"))),
        };
        Self {
            name,
            to,
            money: money(of(spent)),
            reserved: if of(reserved) == 0 { "–".into() } else { money(of(reserved)) },
            limit: most.map_or_else(|| "no limit".into(), money),
            bar: most.filter(|most| *most > 0).map(bar).unwrap_or_default(),
            tokens: ktrdr_chart::label::grouped(spent.tokens as f64, 0),
            machine: match spent.machine_ms {
                0 => "–".into(),
                ms => lasting(i64::try_from(ms).unwrap_or(i64::MAX)),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "budget.html")]
struct BudgetPage {
    shell: Shell,
    renews: Markup,
    zone: String,
    days: Vec<Account>,
    campaigns: Vec<Account>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let request = BudgetRequest { campaign: None, days: DAYS, campaigns: CAMPAIGNS };
    let budget = ask.app.budget(&request).await?;
    // Today, and days on which anything was spent.
    let (mut days, today) = (budget.days, budget.today);
    days.retain(|day| day.scope == Scope::Day(today) || day.spent != Cost::ZERO);
    Answer::page(&BudgetPage {
        shell: Shell::new(ask, Section::Budget, "Budget").live("operations"),
        renews: markup::time_if(budget.renews_at.map(|at| at.0 * 1_000), Instant::now().0),
        zone: budget.zone.to_string(),
        days: days.into_iter().map(Account::of).collect(),
        campaigns: budget.campaigns.into_iter().map(Account::of).collect(),
    })
}
