//! Campaigns of research cycles: starting one, and what the store counts of them.

use ktrdr_agent::NoProvider;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::evolution::{Evolution, Mix, Part};
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::name::{CampaignName, ProviderName};
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::{DeviceRequest, Kind, Money, Operation, OperationId, Symbol, Timeframe};
pub use ktrdr_fabric::campaign::Campaign;
use ktrdr_fabric::store::{Filter, NewRoot, Pace, Submitted};
use ktrdr_research::plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::{costs_money, paid};
use crate::idempotency::Seed;
use crate::market::AccountChange;
use crate::operations::PartRequest;
use crate::training::seed;
use crate::{App, AppError, ErrorKind, IdempotencyKey, Labour, OrKind, ids, verdicts};

/// Most cycles of a campaign at a time.
const IN_FLIGHT_MAX: u32 = 1000;

/// Start research cycles on one series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// How many cycles, up to [`ktrdr_research::campaign::CYCLES_MAX`].
    #[serde(default = "one")]
    pub cycles: u32,
    /// Whose lessons are shared; a new one otherwise.
    #[serde(default)]
    pub campaign: Option<CampaignName>,
    /// Cycles at a time; as configured otherwise.
    #[serde(default)]
    pub in_flight: Option<u32>,
    /// Cycles that are designed from the same lessons, those of the generations before; as configured otherwise. No cycle starts
    /// before those of earlier generations have ended, so that at most as many run at a time.
    #[serde(default)]
    pub generation: Option<u32>,
    /// Who designs and assesses; as configured otherwise.
    #[serde(default)]
    pub agent: Option<ProviderName>,
    /// Whether a language model is asked in batches: within a day, at half the price.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch: bool,
    /// Whose designs are mixed in, while a campaign that evolves breeds.
    #[serde(default)]
    pub mix: Option<Mix>,
    /// Rules of the gates; as configured otherwise.
    #[serde(default)]
    pub gates: Option<GateProfile>,
    /// What to look for, in words.
    #[serde(default)]
    pub brief: Option<String>,
    /// Whether symbol, dates and price level are hidden from the language model.
    #[serde(default)]
    pub masked: bool,
    /// Of everything random.
    #[serde(default = "seed")]
    pub seed: u64,
    /// What to train on.
    #[serde(default)]
    pub device: DeviceRequest,
    /// What differs from the configured account.
    #[serde(default)]
    pub account: AccountChange,
    /// What the campaign may spend in all, all of its cycles together; as it was allowed before, or as configured otherwise.
    #[serde(default)]
    pub budget: Option<Money>,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

fn one() -> u32 {
    1
}

/// A campaign that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct StartedCampaign {
    /// Its name.
    pub campaign: CampaignName,
    /// The cycles of this request, in their order.
    pub cycles: Vec<OperationId>,
    /// Whether this request created them, and not an earlier one: with the same idempotency key, or the same one whose cycles
    /// have not all ended.
    pub created: bool,
    /// What whoever asked may not have meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A part of the list of campaigns, the latest first.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct CampaignList {
    /// The campaigns.
    pub campaigns: Vec<ListedCampaign>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many there are in all.
    pub total: u64,
}

/// A campaign in the list.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct ListedCampaign {
    /// What is counted of it.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// How many of its candidates were accepted; `None` before it is closed.
    pub accepted: Option<u64>,
}

/// One campaign, and a part of its cycles.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct CampaignDetail {
    /// What is counted of it.
    pub campaign: Campaign,
    /// What it came to when it closed, oldest first; none before that.
    pub closings: Vec<Closing>,
    /// The cycles of this part, oldest first.
    pub cycles: Vec<Operation>,
    /// Where the next part, of earlier cycles, begins, if there may be one.
    pub next: Option<u64>,
    /// How many of its cycles have rows.
    pub total: u64,
}

/// Whether who is paid for designs has anything hidden from it, and nobody tells it in the same breath.
fn check_mask(request: &CampaignRequest, agent: &ProviderName) -> Result<(), AppError> {
    let refuse = |message: String| Err(AppError::new(ErrorKind::InvalidRequest, message));
    if !request.masked {
        return Ok(());
    }
    if !costs_money(agent) {
        return refuse(format!(
            "there is nothing to mask: {agent} knows no market by name; leave out masked"
        ));
    }
    let symbol = request.symbol.as_str().to_lowercase();
    match &request.brief {
        Some(brief) if brief.to_lowercase().contains(&symbol) => refuse(format!(
            "the brief names {}, which is to be masked: say what to look for without it",
            request.symbol
        )),
        _ => Ok(()),
    }
}

/// The name that was given, or a new one.
pub(crate) fn name(request: &CampaignRequest, seed: &Seed) -> Result<CampaignName, AppError> {
    request.campaign.clone().map_or_else(|| ids::campaign(seed.now, seed.nonce), Ok)
}

/// Every cycle, ready to be submitted: the same seed gives the same ones.
pub(crate) fn planned(
    request: &CampaignRequest,
    template: &ResearchSpec,
    seed: &Seed,
) -> Result<(CampaignName, Vec<NewRoot>), AppError> {
    let campaign = name(request, seed)?;
    let roots = plan(&campaign, request.cycles, template, seed.now, seed.nonce);
    Ok((campaign, roots.or_kind(ErrorKind::InvalidRequest)?))
}

/// Whether there is anybody to ask in a batch.
fn expect_batches(agent: &ProviderName, batch: bool) -> Result<(), AppError> {
    if !batch || costs_money(agent) {
        return Ok(());
    }
    let message = format!(
        "{agent} asks no language model, so there is nothing to ask in batches: leave --batch out, or name a model with --agent"
    );
    Err(AppError::new(ErrorKind::InvalidRequest, message))
}

impl App {
    /// Starts a campaign: all of its cycles are submitted in one step, and so many of them run at a time.
    ///
    /// # Errors
    /// When its data is missing, a value is out of range, or nothing is left to spend on it.
    pub async fn start_campaign(&self, request: &CampaignRequest) -> Result<StartedCampaign, AppError> {
        self.admit(request.device).await?;
        let pace = self.pace(request)?;
        let fresh = Seed::fresh(request)?;
        let template = self.template(request, name(request, &fresh)?, pace.generation).await?;
        if let Some(cycles) = self.unfinished(request, &template).await? {
            return Ok(StartedCampaign::before(template.campaign, cycles));
        }
        let plan = planned(request, &template, &fresh)?;
        // Only a request without faults is remembered by its key.
        let (campaign, roots) = match self.remembered(request.idempotency_key.as_ref(), fresh).await? {
            seed if seed == fresh => plan,
            earlier => planned(request, &template, &earlier)?,
        };
        // Who said it before may have died before anything was submitted.
        if self.store.get(&roots[0].id).await?.is_none() {
            self.fund(&campaign, paid(&template.agent, request.mix.as_ref()), request.budget).await?;
        }
        let ids: Vec<OperationId> = roots.iter().map(|root| root.id.clone()).collect();
        let created = match self.store.submit_roots(roots, pace).await? {
            Submitted::Created => true,
            Submitted::Duplicate(_) if request.idempotency_key.is_some() => false,
            Submitted::Duplicate(id) => {
                let message = format!("the campaign was submitted before, as {id}");
                return Err(AppError::new(ErrorKind::Conflict, message));
            }
        };
        let notes = self.second_thoughts(request, &template, &ids).await;
        Ok(StartedCampaign { campaign, cycles: ids, created, notes })
    }

    /// Whether a campaign could be started, but for what it costs and who computes it. Nothing is.
    pub(crate) async fn rehearse_campaign(&self, request: &CampaignRequest) -> Result<(), AppError> {
        let (pace, seed) = (self.pace(request)?, Seed::fresh(request)?);
        let template = self.template(request, name(request, &seed)?, pace.generation).await?;
        planned(request, &template, &seed).map(|_| ())
    }

    /// How its cycles follow each other.
    fn pace(&self, request: &CampaignRequest) -> Result<Pace, AppError> {
        let in_flight = request.in_flight.unwrap_or(self.policy.in_flight);
        let generation = request.generation.unwrap_or(self.policy.generation);
        if !(1..=IN_FLIGHT_MAX).contains(&in_flight) {
            let message = format!("{in_flight} cycles at a time: use 1 to {IN_FLIGHT_MAX}");
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        if generation == 0 {
            let message = "a generation of 0 cycles: use 1 or more".to_owned();
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        Ok(Pace { in_flight, generation })
    }

    /// What every cycle is told, but for its number and its seed.
    pub(crate) async fn template(
        &self,
        request: &CampaignRequest,
        campaign: CampaignName,
        generation: u32,
    ) -> Result<ResearchSpec, AppError> {
        let agent = request.agent.clone().unwrap_or_else(|| self.policy.agent.clone());
        self.expect_provider(&agent)?;
        expect_batches(paid(&agent, request.mix.as_ref()), request.batch)?;
        let evolution = self.evolution(&agent, request.mix.as_ref())?;
        check_mask(request, paid(&agent, request.mix.as_ref()))?;
        let data = self.pin(std::slice::from_ref(&request.symbol), &[request.timeframe]).await?;
        let mut gates = self.policy.gates;
        gates.profile = request.gates.unwrap_or(gates.profile);
        Ok(ResearchSpec {
            index: self.next_index(&campaign, generation).await?,
            campaign,
            symbol: request.symbol.clone(),
            timeframe: request.timeframe,
            windows: self.exam_windows(&request.symbol, &data).await?,
            data,
            account: request.account.on(self.policy.account)?,
            gates,
            agent,
            batch: request.batch,
            evolution,
            brief: request.brief.clone(),
            masked: request.masked,
            approval: self.policy.approval,
            device: request.device,
            generation,
            campaign_seed: request.seed,
            seed: request.seed,
            tries_max: self.policy.tries_max,
            learns_from: LessonScope::Campaign,
            given: None,
            resumes: None,
        })
    }

    /// Whether a campaign of this provider evolves: it begins to breed, then.
    fn evolution(&self, agent: &ProviderName, mix: Option<&Mix>) -> Result<Option<Evolution>, AppError> {
        match mix {
            Some(mix) if !agent.evolves() || mix.agent.evolves() => {
                let message = format!(
                    "{mix} is mixed into a campaign of {agent}: only designs of others are mixed, and only into a campaign that \
                     evolves (--agent evolve)"
                );
                return Err(AppError::new(ErrorKind::InvalidRequest, message));
            }
            Some(mix) => self.expect_provider(&mix.agent)?,
            None => {}
        }
        Ok(agent.evolves().then(|| Evolution { part: Part::Breeds, mix: mix.cloned() }))
    }

    /// Whether whoever takes the work can have such a provider: another process may have a key that this one lacks.
    fn expect_provider(&self, agent: &ProviderName) -> Result<(), AppError> {
        let found = match self.labour {
            Labour::ThisProcess => self.providers.get(agent).map(|_| ()),
            Labour::OneProcess | Labour::Fleet => self.providers.expect(agent),
        };
        found.map_err(|none| match none {
            NoProvider::Unknown { .. } => AppError::new(ErrorKind::NotFound, none),
            NoProvider::Lacking { .. } => {
                AppError::new(ErrorKind::InvalidInput, none).coded("agent_not_configured")
            }
        })
    }

    /// Where a campaign's next cycles are counted from: a new generation, behind all that were submitted under its name.
    async fn next_index(&self, campaign: &CampaignName, generation: u32) -> Result<u32, AppError> {
        let known = self.campaigns.campaign(campaign).await?;
        let cycles = known.map_or(0, |campaign| u32::try_from(campaign.cycles).unwrap_or(u32::MAX));
        cycles.checked_next_multiple_of(generation).ok_or_else(|| {
            let message = format!("{campaign} has {cycles} cycles: start another campaign");
            AppError::new(ErrorKind::Conflict, message)
        })
    }

    /// A part of the list of campaigns.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn campaigns(&self, part: PartRequest) -> Result<CampaignList, AppError> {
        let page = self.campaigns.campaigns(part.after, part.limit()?).await?;
        let mut campaigns = Vec::with_capacity(page.campaigns.len());
        for campaign in page.campaigns {
            let accepted = verdicts::accepted(&campaign, &self.closings(Some(&campaign.name)).await?);
            campaigns.push(ListedCampaign { campaign, accepted });
        }
        Ok(CampaignList { campaigns, next: page.next, total: page.total })
    }

    /// What is counted of one campaign.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn campaign_counts(&self, name: &CampaignName) -> Result<Campaign, AppError> {
        self.campaigns.campaign(name).await?.ok_or_else(|| {
            let message = format!("there is no campaign {name} here; see `ktrdr campaign list`");
            AppError::new(ErrorKind::NotFound, message)
        })
    }

    /// One campaign, and a part of its cycles.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn campaign(&self, name: &CampaignName, part: PartRequest) -> Result<CampaignDetail, AppError> {
        let campaign = self.campaign_counts(name).await?;
        let filter =
            Filter { campaign: Some(name.clone()), kinds: vec![Kind::AgentResearch], ..Filter::default() };
        let page = self.store.list(&part.of(filter)?).await?;
        let (next, total) = (part.next(&page), page.total);
        let oldest_first: Vec<OperationId> =
            page.operations.into_iter().rev().map(|cycle| cycle.id).collect();
        let cycles = self.store.get_all(&oldest_first).await?;
        Ok(CampaignDetail { next, ..self.detail(campaign, cycles, total).await? })
    }

    /// One campaign with these of its cycles, as they ended.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn campaign_with(
        &self,
        name: &CampaignName,
        cycles: Vec<Operation>,
    ) -> Result<CampaignDetail, AppError> {
        let total = cycles.len() as u64;
        self.detail(self.campaign_counts(name).await?, cycles, total).await
    }

    async fn detail(
        &self,
        campaign: Campaign,
        cycles: Vec<Operation>,
        total: u64,
    ) -> Result<CampaignDetail, AppError> {
        let closings = self.closings(Some(&campaign.name)).await?;
        Ok(CampaignDetail { campaign, closings, cycles: self.judged(cycles).await?, next: None, total })
    }
}
