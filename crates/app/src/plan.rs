//! What a campaign could find at all, and what it would cost: asked before anything is spent.
//!
//! Every look at an exam makes every later one less sure. Before a campaign begins it is known how long the gate window is, how
//! often it was looked at, and about how often it will be: so it is known which Sharpe ratio a strategy must really have to be
//! confirmed in the end. Where that is more than anybody should hope for, there is nothing to find.

mod outlook;

use std::borrow::Cow;
use std::fmt;

use ktrdr_catalog::series;
use ktrdr_domain::budget::{BudgetPolicy, Scope};
use ktrdr_domain::evolution::Mix;
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::number::Figure;
use ktrdr_domain::{Money, Span, Symbol, Timeframe};
use ktrdr_research::campaign::CYCLES_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use outlook::{LookRate, SmallestSharpe};

use crate::budget::{costs_money, ended, looks, paid};
use crate::{App, AppError, ErrorKind};
use outlook::{Exam, Past};

/// The stable word for a campaign that could confirm nothing that anybody should hope for.
pub const NOTHING_TO_FIND: &str = "nothing_to_find";

/// Campaigns whose costs and looks are counted: the latest.
const CAMPAIGNS_MAX: u32 = 200;

/// Plan a campaign; nothing is started.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// How many cycles.
    pub cycles: u32,
    /// Who designs and assesses; as configured otherwise.
    #[serde(default)]
    pub agent: Option<ProviderName>,
    /// Whose designs are mixed in, where the campaign evolves.
    #[serde(default)]
    pub mix: Option<Mix>,
    /// Cycles of a generation; as configured otherwise.
    #[serde(default)]
    pub generation: Option<u32>,
    /// Rules of the gates; as configured otherwise.
    #[serde(default)]
    pub gates: Option<GateProfile>,
    /// Why it may be run although there is nothing to find.
    #[serde(default)]
    pub anyway: Option<String>,
}

impl PlanRequest {
    fn check(&self) -> Result<(), AppError> {
        let refuse = |message: String| Err(AppError::new(ErrorKind::InvalidRequest, message));
        if self.anyway.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            return refuse(
                "the reason (--anyway) is a sentence: why is it worth it all the same?".to_owned(),
            );
        }
        if !(1..=CYCLES_MAX).contains(&self.cycles) {
            return refuse(format!("{} cycles: use 1 to {CYCLES_MAX}", self.cycles));
        }
        Ok(())
    }
}

/// What a campaign would find and cost.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct CampaignPlan {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// How many cycles.
    pub cycles: u32,
    /// Who would design and assess.
    pub agent: ProviderName,
    /// The window of the exam.
    pub gate: Span,
    /// Its length in years.
    pub gate_years: f64,
    /// Its days of trading.
    pub gate_days: u64,
    /// Looks at it so far, and at that time of instruments that go with this one.
    pub looks_so_far: u64,
    /// How many cycles look at it.
    pub look_rate: LookRate,
    /// Looks that this campaign is expected to take.
    pub looks_expected: u64,
    /// What could be confirmed.
    pub smallest_sharpe: SmallestSharpe,
    /// The largest that anybody should hope for.
    pub plausible_sharpe: f64,
    /// With so many cycles that one could still be confirmed; `None`: not even with one.
    pub cycles_max: Option<u64>,
    /// Money, by what such cycles cost here before; `None` where none ran yet.
    pub money_expected: Option<Money>,
    /// The most that its limits let it spend; `None` where it costs nothing, or nothing limits it.
    pub money_max: Option<Money>,
    /// Milliseconds that its jobs would run, by what cycles took here before; `None` where none ran yet.
    pub machine_ms_expected: Option<u64>,
    /// `nothing_to_find` where the smallest Sharpe ratio at the end is over the plausible one.
    pub verdict: Option<Cow<'static, str>>,
    /// Why it may be run all the same.
    pub anyway: Option<String>,
}

impl CampaignPlan {
    /// Refuses what can find nothing, unless somebody said why it should be run all the same.
    ///
    /// # Errors
    /// [`NOTHING_TO_FIND`], with what would be needed.
    pub fn admit(&self) -> Result<(), AppError> {
        match (&self.verdict, &self.anyway) {
            (Some(code), None) => {
                let message = format!("{self}, or say why it is worth it with --anyway REASON");
                Err(AppError::new(ErrorKind::Refused, message).coded(code.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// What is in the way, and what would help.
impl fmt::Display for CampaignPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nothing to find: after {} more {} a Sharpe ratio of {:.2} has an even chance to be confirmed on the {:.1} years \
             of the gate window, and over {} is not plausible (research.plausible_sharpe); ",
            self.looks_expected,
            if self.looks_expected == 1 { "look" } else { "looks" },
            Figure(self.smallest_sharpe.at_the_end),
            self.gate_years,
            self.plausible_sharpe,
        )?;
        match self.cycles_max {
            Some(cycles) => {
                write!(f, "plan at most {cycles} cycles, or import more years of {}", self.symbol)
            }
            None => write!(f, "import more years of {}", self.symbol),
        }
    }
}

impl App {
    /// What a campaign of so many cycles could find at all, and what it would cost.
    ///
    /// # Errors
    /// When its data is missing, or too short for any verdict.
    pub async fn plan_campaign(&self, request: &PlanRequest) -> Result<CampaignPlan, AppError> {
        request.check()?;
        let agent = request.agent.clone().unwrap_or_else(|| self.policy.agent.clone());
        let (data, bars) = series::read_now(&*self.artifacts, &request.symbol, request.timeframe).await?;
        let windows = self.windows_of(std::slice::from_ref(&data)).await?;
        let gate = windows.gate;
        let exam = Exam::of(&bars, gate, self.policy.gates.deflated_sharpe_min)?;
        let past = self.past().await?;
        let generation = request.generation.unwrap_or(self.policy.generation);
        let look_rate = match agent.evolves() {
            true => past.look_rate.of_champions(request.cycles, generation),
            false => past.look_rate,
        };
        let paid = paid(&agent, request.mix.as_ref());
        let counted = self.looks_counted(&request.symbol, request.timeframe, windows).await?;
        let looks_so_far = counted.trials.len() as u64;
        let looks_expected = look_rate.expected(request.cycles);
        let smallest_sharpe = exam.smallest_sharpe(looks_so_far, looks_expected)?;
        let plausible_sharpe = self.policy.plausible_sharpe;
        let before_hopeless = exam.most_looks(plausible_sharpe).unwrap_or(0).saturating_sub(looks_so_far);
        let before_burnt = self.policy.looks_max.saturating_sub(counted.looks_at_window);
        let looks_left = before_hopeless.min(before_burnt);
        let deflates = request.gates.unwrap_or(self.policy.gates.profile) == GateProfile::Honest;
        let is_hopeless = deflates && smallest_sharpe.at_the_end > plausible_sharpe;
        Ok(CampaignPlan {
            symbol: request.symbol.clone(),
            timeframe: request.timeframe,
            cycles: request.cycles,
            gate,
            gate_years: gate.years(),
            gate_days: exam.days,
            looks_so_far,
            look_rate,
            looks_expected,
            smallest_sharpe,
            plausible_sharpe,
            cycles_max: (looks_left > 0).then(|| look_rate.cycles_for(looks_left)),
            money_expected: past.money(paid, request.cycles),
            money_max: self.money_max(paid, request.cycles),
            machine_ms_expected: past.machine_ms(request.cycles),
            verdict: is_hopeless.then_some(NOTHING_TO_FIND.into()),
            anyway: request.anyway.clone(),
            agent,
        })
    }

    /// What the campaigns of this workspace looked at and cost.
    async fn past(&self) -> Result<Past, AppError> {
        let campaigns = self.campaigns.campaigns(None, CAMPAIGNS_MAX).await?.campaigns;
        let scopes: Vec<Scope> = campaigns.iter().map(|c| Scope::Campaign(c.name.clone())).collect();
        let balances = self.budget.balances(&scopes).await?;
        let look_rate = LookRate::of(campaigns.iter().map(looks).sum(), campaigns.iter().map(ended).sum());
        let costs = campaigns.iter().map(ended).zip(balances.iter().map(|balance| balance.spent)).collect();
        Ok(Past { look_rate, costs })
    }

    /// The most that the limits let so many cycles spend, where they cost anything.
    fn money_max(&self, agent: &ProviderName, cycles: u32) -> Option<Money> {
        let BudgetPolicy { limits, prices, .. } = self.policy.budget;
        let by_cycles = limits.cycle.money.map(|money| money.times(cycles.into()));
        let is_free = !costs_money(agent) && !prices.any();
        [by_cycles, limits.campaign.money].into_iter().flatten().filter(|_| !is_free).min()
    }
}
