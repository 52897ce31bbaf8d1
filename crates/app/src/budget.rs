//! The budget: what was spent, what is set aside, what is left; and whether a campaign may begin.

use ktrdr_domain::budget::{Balance, BudgetPolicy, Cost, Limit, Measure, Scope};
use ktrdr_domain::day::{Day, DayZone};
use ktrdr_domain::evolution::Mix;
use ktrdr_domain::name::{CampaignName, ProviderName};
use ktrdr_domain::{Money, Phase, Status, Timestamp};
use ktrdr_fabric::budget::{Payers, admit};
use ktrdr_fabric::campaign::Campaign;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::{App, AppError, ErrorKind};

/// The stable word for what would pass a limit.
pub const BUDGET_EXHAUSTED: &str = "budget_exhausted";

/// Most days that are told of.
const DAYS_MAX: u32 = 366;

/// Most campaigns that are told of.
const CAMPAIGNS_MAX: u32 = 100;

/// What is asked of the budget.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetRequest {
    /// Only this campaign, beside the days.
    pub campaign: Option<CampaignName>,
    /// How many days, today the first of them: 1 to 366.
    pub days: u32,
    /// How many of the latest campaigns, up to 100.
    pub campaigns: u32,
}

impl Default for BudgetRequest {
    fn default() -> Self {
        Self { campaign: None, days: 7, campaigns: 10 }
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct AccountStatement {
    /// Whose.
    #[serde(flatten)]
    pub scope: Scope,
    /// Paid.
    pub spent: Cost,
    /// Set aside for what is under way.
    pub reserved: Cost,
    /// What it may spend.
    pub limit: Limit,
    /// What is left of that.
    pub left: Limit,
}

impl AccountStatement {
    fn new(scope: Scope, balance: Balance, of_every: &Limit) -> Self {
        let left = |measure| balance.left(of_every, measure);
        let left = Limit {
            money: left(Measure::Money).map(Money::micro_dollars),
            tokens: left(Measure::Tokens),
            machine_ms: left(Measure::MachineTime),
        };
        let limit = balance.limit(of_every);
        Self { scope, spent: balance.spent, reserved: balance.reserved, limit, left }
    }
}

/// The accounts of a workspace.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct BudgetStatement {
    /// Today.
    pub today: Day,
    /// By whose midnight days begin.
    pub zone: DayZone,
    /// When the day's limit is renewed.
    pub renews_at: Option<Timestamp>,
    /// Days, the latest first.
    pub days: Vec<AccountStatement>,
    /// Campaigns, those begun last first.
    pub campaigns: Vec<AccountStatement>,
    /// What each cycle may spend.
    pub cycle_limit: Limit,
}

/// What a campaign cost, and what came of it for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct CampaignCosts {
    /// Its account.
    pub account: AccountStatement,
    /// Cycles that ended.
    pub cycles: u64,
    /// Of them, those that passed the gate before the exam.
    pub gate_passes: u64,
    /// Of them, those that passed every gate.
    pub survivors: u64,
    /// Money for each cycle that ended; as what follows, nothing where there is none.
    pub per_cycle: Option<Money>,
    /// Money for each that passed the gate before the exam.
    pub per_gate_pass: Option<Money>,
    /// Money for each that passed every gate.
    pub per_survivor: Option<Money>,
}

impl App {
    /// What was spent, what is set aside and what is left: by day and by campaign.
    ///
    /// # Errors
    /// When the store can not be read, or there is no such campaign.
    pub async fn budget(&self, request: &BudgetRequest) -> Result<BudgetStatement, AppError> {
        if !(1..=DAYS_MAX).contains(&request.days) || request.campaigns > CAMPAIGNS_MAX {
            let message =
                format!("a statement has 1 to {DAYS_MAX} days and at most {CAMPAIGNS_MAX} campaigns");
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        // What was left behind is paid, not reserved. Where nothing can be written it is told as it stands.
        let _ = self.budget.lapse().await;
        let zone = self.policy.budget.zone;
        let today = self.budget.today(zone.utc_offset_s(now())).await?;
        let names = match &request.campaign {
            Some(name) => vec![self.campaign_counts(name).await?.name],
            None if request.campaigns == 0 => Vec::new(),
            None => {
                let page = self.campaigns.campaigns(None, request.campaigns).await?;
                page.campaigns.into_iter().map(|campaign| campaign.name).collect()
            }
        };
        let days = (0..request.days).map_while(|ago| Some(Day(today.0.checked_sub_unsigned(ago)?)));
        let limits = self.policy.budget.limits;
        let (days, campaigns) =
            (days.map(Scope::Day).collect(), names.into_iter().map(Scope::Campaign).collect());
        Ok(BudgetStatement {
            today,
            zone,
            renews_at: zone.end_of(today),
            days: self.statements(days, &limits.day).await?,
            campaigns: self.statements(campaigns, &limits.campaign).await?,
            cycle_limit: limits.cycle,
        })
    }

    async fn statements(
        &self,
        scopes: Vec<Scope>,
        of_every: &Limit,
    ) -> Result<Vec<AccountStatement>, AppError> {
        let balances = self.budget.balances(&scopes).await?;
        let statement = |(scope, balance)| AccountStatement::new(scope, balance, of_every);
        Ok(scopes.into_iter().zip(balances).map(statement).collect())
    }

    /// What a campaign cost, and what came of it for that.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn costs(&self, campaign: &Campaign) -> Result<CampaignCosts, AppError> {
        let (scope, of_every) = (Scope::Campaign(campaign.name.clone()), self.policy.budget.limits.campaign);
        let account = self.statements(vec![scope], &of_every).await?.remove(0);
        let survivors = campaign.with_status(Status::Completed);
        let (cycles, gate_passes) = (ended(campaign), looks(campaign));
        let spent = account.spent.money;
        Ok(CampaignCosts {
            account,
            cycles,
            gate_passes,
            survivors,
            per_cycle: spent.per(cycles),
            per_gate_pass: spent.per(gate_passes),
            per_survivor: spent.per(survivors),
        })
    }

    /// Allows a campaign what it was given, and refuses cycles for which nothing is left: of machine time, and of money and
    /// tokens where their agent costs any.
    pub(crate) async fn fund(
        &self,
        campaign: &CampaignName,
        agent: &ProviderName,
        given: Option<Money>,
    ) -> Result<(), AppError> {
        if let Some(money) = given {
            self.budget.allow(campaign, money).await?;
        }
        match self.unpaid(campaign, agent).await? {
            None => Ok(()),
            Some(words) => Err(AppError::new(ErrorKind::Refused, words).coded(BUDGET_EXHAUSTED)),
        }
    }

    /// Why cycles of a campaign can not be paid, if so.
    pub(crate) async fn unpaid(
        &self,
        campaign: &CampaignName,
        agent: &ProviderName,
    ) -> Result<Option<String>, AppError> {
        let BudgetPolicy { zone, limits, prices } = self.policy.budget;
        let payers =
            Payers { utc_offset_s: zone.utc_offset_s(now()), campaign: Some(campaign.clone()), cycle: None };
        let mut least = prices.cost(1, false);
        if costs_money(agent) {
            least = least.plus(Cost { money: Money::micro_dollars(1), tokens: 1, machine_ms: 0 });
        }
        let exhausted = admit(&*self.budget, &payers, &limits, &least).await?;
        Ok(exhausted.map(|exhausted| format!("budget exhausted: {}", exhausted.in_zone(zone))))
    }
}

/// Cycles of a campaign that ended.
pub(crate) fn ended(campaign: &Campaign) -> u64 {
    campaign.count(|outcome| outcome.status.is_terminal())
}

/// Of them, those that passed the gate before the exam, and so looked at it.
pub(crate) fn looks(campaign: &Campaign) -> u64 {
    campaign.count(|outcome| match outcome.status {
        Status::Completed => true,
        Status::Failed => matches!(outcome.phase, Some(Phase::Backtesting | Phase::Assessing)),
        Status::Pending | Status::Running | Status::Cancelled => false,
    })
}

/// Who is paid for a campaign's designs: whoever is mixed in, since what breeds is computed here.
pub(crate) fn paid<'a>(agent: &'a ProviderName, mix: Option<&'a Mix>) -> &'a ProviderName {
    mix.map_or(agent, |mix| &mix.agent)
}

/// Whether a provider's answers cost money: all do but those that are computed here.
pub(crate) fn costs_money(agent: &ProviderName) -> bool {
    *agent != ProviderName::default() && !agent.evolves()
}
