//! What a campaign could find at all, and what it would cost: asked before anything is spent.
//!
//! Every look at an exam makes every later one less sure. Before a campaign begins it is known how long the gate window is, how
//! often it was looked at, and about how often it will be: so it is known which Sharpe ratio a strategy must really have to be
//! confirmed in the end. Where that is more than anybody should hope for, there is nothing to find.

use std::fmt;

use ktrdr_catalog::series;
use ktrdr_domain::budget::{Cost, Scope};
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::job::Origin;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::number::Figure;
use ktrdr_domain::{Money, Span, Symbol, Timeframe, Timestamp};
use ktrdr_fabric::campaign::Campaign;
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::statistics::power::Deflation;
use serde::{Deserialize, Serialize};

use crate::budget::costs_money;
use crate::{App, AppError, ErrorKind, OrKind};

/// The stable word for a campaign that could confirm nothing that anybody should hope for.
pub const NOTHING_TO_FIND: &str = "nothing_to_find";

/// Of how many cycles one looks at the exam, as measured on random walks with the honest gates: 4 of 40 (docs/architecture.md,
/// gates). Fewer of what has no skill get that far than of what has some, so this is low.
const LOOKS_MEASURED: f64 = 0.1;

/// Ended cycles from which on the ledger's own rate of looks is taken.
const CYCLES_ENOUGH: u64 = 40;

/// Campaigns whose costs and looks are counted: the latest.
const CAMPAIGNS_MAX: u32 = 200;

/// An even chance: with less, a campaign is a lottery ticket.
const EVEN: f64 = 0.5;

/// What most would call a good chance.
const GOOD: f64 = 0.8;

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
    /// Rules of the gates; as configured otherwise.
    #[serde(default)]
    pub gates: Option<GateProfile>,
    /// Why it may be run although there is nothing to find.
    #[serde(default)]
    pub anyway: Option<String>,
}

/// How many cycles look at the exam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LookRate {
    /// Looks for each cycle.
    pub rate: f64,
    /// Whether it was seen in the campaigns of this workspace, and not only measured once by those who wrote the program.
    pub seen_here: bool,
    /// Ended cycles of this workspace.
    pub cycles: u64,
    /// Their looks.
    pub looks: u64,
}

/// Sharpe ratios, yearly and net of costs, that a strategy must really have to be confirmed by a gate that deflates them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SmallestSharpe {
    /// With an even chance, if the next look were the last.
    pub at_the_next_look: f64,
    /// With an even chance, once every expected look is counted.
    pub at_the_end: f64,
    /// With a chance of four in five, once every expected look is counted.
    pub at_the_end_surely: f64,
}

/// What a campaign would find and cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Looks at it so far.
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
    /// The most that its limits let it spend; `None` where there is none.
    pub money_max: Option<Money>,
    /// Milliseconds that its jobs would run, by what cycles took here before; `None` where none ran yet.
    pub machine_ms_expected: Option<u64>,
    /// `nothing_to_find` where the smallest Sharpe ratio at the end is over the plausible one.
    pub verdict: Option<&'static str>,
    /// Why it may be run all the same.
    pub anyway: Option<String>,
}

impl CampaignPlan {
    /// Refuses what can find nothing, unless somebody said why it should be run all the same.
    ///
    /// # Errors
    /// [`NOTHING_TO_FIND`], with what would be needed.
    pub fn admit(&self) -> Result<(), AppError> {
        match (self.verdict, &self.anyway) {
            (Some(code), None) => {
                let message = format!("{self}, or say why it is worth it with --anyway REASON");
                Err(AppError::new(ErrorKind::Refused, message).coded(code))
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
            "nothing to find: after {} more looks a Sharpe ratio of {:.2} has an even chance to be confirmed on the {:.1} years \
             of the gate window, and over {} is not plausible (research.plausible_sharpe); ",
            self.looks_expected,
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
        if request.anyway.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            let message = "the reason (--anyway) is a sentence: why should it be run all the same?";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        if !(1..=ktrdr_research::campaign::CYCLES_MAX).contains(&request.cycles) {
            let message =
                format!("{} cycles: use 1 to {}", request.cycles, ktrdr_research::campaign::CYCLES_MAX);
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let agent = request.agent.clone().unwrap_or_else(|| self.policy.agent.clone());
        let (data, bars) = series::read_now(&*self.artifacts, &request.symbol, request.timeframe).await?;
        let gate = self.policy.windows.split(data.span)?.gate;
        let exam = ExamLength::of(&bars, gate).ok_or_else(|| {
            let message = format!("{} has no whole week of bars: import more", request.symbol);
            AppError::new(ErrorKind::InvalidInput, message)
        })?;
        let past = self.past().await?;
        let looks_so_far = self.ledger.looks(&request.symbol, gate).await?.len() as u64;
        let looks_expected = past.look_rate.expected(request.cycles);
        let level = self.policy.gates.deflated_sharpe_min;
        let smallest = |looks, power| exam.smallest_sharpe(looks, level, power);
        let smallest_sharpe = SmallestSharpe {
            at_the_next_look: smallest(looks_so_far + 1, EVEN)?,
            at_the_end: smallest(looks_so_far + looks_expected, EVEN)?,
            at_the_end_surely: smallest(looks_so_far + looks_expected, GOOD)?,
        };
        let plausible_sharpe = self.policy.plausible_sharpe;
        let looks_max =
            exam.most_looks(plausible_sharpe, level).map(|most| most.saturating_sub(looks_so_far));
        let is_hopeless = smallest_sharpe.at_the_end > plausible_sharpe;
        let deflates = request.gates.unwrap_or(self.policy.gates.profile) == GateProfile::Honest;
        let limits = self.policy.budget.limits;
        let by_cycles = limits.cycle.money.map(|money| money.times(request.cycles.into()));
        Ok(CampaignPlan {
            symbol: request.symbol.clone(),
            timeframe: request.timeframe,
            cycles: request.cycles,
            gate,
            gate_years: gate.years(),
            gate_days: exam.days,
            looks_so_far,
            look_rate: past.look_rate,
            looks_expected,
            smallest_sharpe,
            plausible_sharpe,
            cycles_max: looks_max.filter(|looks| *looks > 0).map(|looks| past.look_rate.cycles_for(looks)),
            money_expected: past.money(&agent, request.cycles),
            money_max: [by_cycles, limits.campaign.money].into_iter().flatten().min(),
            machine_ms_expected: past.machine_ms(request.cycles),
            verdict: (is_hopeless && deflates).then_some(NOTHING_TO_FIND),
            anyway: request.anyway.clone(),
            agent,
        })
    }

    /// What the campaigns of this workspace looked at and cost.
    async fn past(&self) -> Result<Past, AppError> {
        let campaigns = self.campaigns.campaigns(0, CAMPAIGNS_MAX).await?.campaigns;
        let scopes: Vec<Scope> = campaigns.iter().map(|c| Scope::Campaign(c.name.clone())).collect();
        let balances = self.budget.balances(&scopes).await?;
        let trials = self.ledger.trials(None).await?;
        let looked = |campaign: &Campaign| {
            let own = |look: &&ktrdr_domain::trial::Trial| {
                look.look.origin == Origin::Research && look.look.campaign == campaign.name
            };
            trials.iter().filter(own).count() as u64
        };
        let looks = campaigns.iter().map(looked).sum();
        let ended = |campaign: &Campaign| campaign.count(|outcome| outcome.status.is_terminal());
        let cycles = campaigns.iter().map(ended).sum();
        let costs = campaigns.iter().map(ended).zip(balances.iter().map(|balance| balance.spent)).collect();
        Ok(Past { look_rate: LookRate::of(looks, cycles), costs })
    }
}

/// Years and days of the exam.
struct ExamLength {
    days: u64,
    days_per_year: f64,
}

impl ExamLength {
    fn of(bars: &Bars, gate: Span) -> Option<Self> {
        let calendar = Calendar::of(bars)?;
        let mut days: Vec<i64> = bars
            .time
            .iter()
            .filter(|time| gate.contains(Timestamp(**time)))
            .map(|time| calendar.trading_day(Timestamp(*time)))
            .collect();
        days.dedup();
        Some(Self { days: days.len() as u64, days_per_year: calendar.days_per_year })
    }

    fn deflation(&self, looks: u64, level: f64) -> Deflation {
        Deflation { periods: usize::try_from(self.days).unwrap_or(usize::MAX), trials: looks, level }
    }

    /// Per year.
    fn smallest_sharpe(&self, looks: u64, level: f64, power: f64) -> Result<f64, AppError> {
        let daily = self.deflation(looks, level).smallest_sharpe(power).or_kind(ErrorKind::InvalidInput)?;
        Ok(daily * self.days_per_year.sqrt())
    }

    /// After how many looks a Sharpe ratio, per year, still has an even chance.
    fn most_looks(&self, sharpe: f64, level: f64) -> Option<u64> {
        self.deflation(1, level).most_trials(sharpe / self.days_per_year.sqrt(), EVEN)
    }
}

impl LookRate {
    fn of(looks: u64, cycles: u64) -> Self {
        let seen_here = cycles >= CYCLES_ENOUGH;
        let rate = if seen_here { looks as f64 / cycles as f64 } else { LOOKS_MEASURED };
        Self { rate, seen_here, cycles, looks }
    }

    /// Looks that so many cycles take: one at least, or there would be no verdict.
    fn expected(&self, cycles: u32) -> u64 {
        ((f64::from(cycles) * self.rate).ceil() as u64).max(1)
    }

    /// Cycles that take so many looks.
    fn cycles_for(&self, looks: u64) -> u64 {
        if self.rate > 0.0 { (looks as f64 / self.rate) as u64 } else { u64::MAX }
    }
}

/// What earlier campaigns looked at and cost.
struct Past {
    look_rate: LookRate,
    /// Of each campaign: cycles that ended, and what they cost.
    costs: Vec<(u64, Cost)>,
}

impl Past {
    /// The mean over the campaigns that cost anything of a kind.
    fn per_cycle(&self, of: impl Fn(&Cost) -> u64) -> Option<f64> {
        let costly = self.costs.iter().filter(|(cycles, cost)| *cycles > 0 && of(cost) > 0);
        let (cycles, cost) =
            costly.fold((0, 0_u64), |(n, sum), (cycles, cost)| (n + cycles, sum.saturating_add(of(cost))));
        (cycles > 0).then(|| cost as f64 / cycles as f64)
    }

    fn machine_ms(&self, cycles: u32) -> Option<u64> {
        self.per_cycle(|cost| cost.machine_ms).map(|ms| (ms * f64::from(cycles)) as u64)
    }

    /// What is designed here costs what its machine time costs.
    fn money(&self, agent: &ProviderName, cycles: u32) -> Option<Money> {
        let per_cycle = self.per_cycle(|cost| cost.money.in_micro_dollars());
        let free = (!costs_money(agent)).then_some(0.0);
        per_cycle.or(free).map(|micro| Money::micro_dollars((micro * f64::from(cycles)).ceil() as u64))
    }
}
