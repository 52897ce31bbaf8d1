//! Research cycles one at a time: triggered within limits, looked at, cancelled. Each is a campaign of its own, gated and counted
//! as any other.

use ktrdr_catalog::strategies;
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::name::{CampaignName, ProviderName};
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::{DeviceRequest, Money, OperationId, Symbol, Timeframe};
use ktrdr_fabric::store::{Admission, ConcurrencyLimit, NewRoot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::campaign::{CampaignRequest, planned};
use crate::cancel::{CancelOneRequest, CancelOutcome, CancelRequest};
use crate::idempotency::Seed;
use crate::market::AccountChange;
use crate::second_thoughts::unread_brief;
use crate::training::StrategyChoice;
use crate::{App, AppError, ErrorKind, IdempotencyKey};

/// Under which all triggered cycles count.
pub(crate) const TRIGGERED: &str = "triggered";

/// Who is said to have designed a strategy that was given.
const BY_HAND: &str = "by hand";

/// How many triggered cycles may go on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerLimits {
    /// On one instrument.
    pub per_instrument: u32,
    /// In all.
    pub in_all: u32,
}

/// Start one research cycle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// Who designs and assesses; as configured otherwise.
    #[serde(default)]
    pub agent: Option<ProviderName>,
    /// Whether a language model is asked in batches: within a day, at half the price.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch: bool,
    /// What to look for, in words.
    #[serde(default)]
    pub brief: Option<String>,
    /// Whether symbol, dates and price level are hidden from the language model.
    #[serde(default)]
    pub masked: bool,
    /// Research this strategy instead of designing one.
    #[serde(default)]
    pub strategy: Option<StrategyChoice>,
    /// Rules of the gates; as configured otherwise.
    #[serde(default)]
    pub gates: Option<GateProfile>,
    /// Of everything random; another one each time otherwise.
    #[serde(default)]
    pub seed: Option<u64>,
    /// What to train on.
    #[serde(default)]
    pub device: DeviceRequest,
    /// What differs from the configured account.
    #[serde(default)]
    pub account: AccountChange,
    /// What it may spend; as configured otherwise.
    #[serde(default)]
    pub budget: Option<Money>,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// A cycle that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct TriggeredCycle {
    /// Its operation.
    pub operation: OperationId,
    /// The campaign it is.
    pub campaign: CampaignName,
    /// Whether this request started it, and not an earlier one with the same idempotency key.
    pub created: bool,
    /// What whoever asked may not have meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What cancelling a cycle did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct CycleCancelAnswer {
    /// The cycle.
    pub operation: OperationId,
    /// What became of the request.
    pub answer: CancelOutcome,
    /// Its job that was asked to stop with it.
    pub child: Option<OperationId>,
}

impl TriggerRequest {
    /// The same as a campaign of one cycle.
    fn campaign(&self, seed: &Seed) -> CampaignRequest {
        CampaignRequest {
            symbol: self.symbol.clone(),
            timeframe: self.timeframe,
            cycles: 1,
            campaign: None,
            in_flight: Some(1),
            generation: Some(1),
            agent: self.agent.clone(),
            batch: self.batch,
            mix: None,
            gates: self.gates,
            brief: self.brief.clone(),
            masked: self.masked,
            seed: self.seed.unwrap_or(u64::from(seed.nonce)),
            device: self.device,
            account: self.account,
            budget: self.budget,
            idempotency_key: None,
        }
    }
}

impl App {
    /// Starts one research cycle, unless as many go on as may. Of two that ask for the last place at the same time one gets it.
    ///
    /// # Errors
    /// With the code `active_cycle_exists`, `at_capacity` or `budget_exhausted`; when its data is missing, a value is out of range,
    /// or the given strategy does not fit.
    pub async fn trigger_cycle(&self, request: &TriggerRequest) -> Result<TriggeredCycle, AppError> {
        self.admit(request.device).await?;
        if request.brief.is_some() && request.strategy.is_some() {
            let message =
                "a brief is for a design, and a strategy that is given is not designed: leave one out";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let fresh = Seed::fresh(request)?;
        let planned = self.planned_cycle(request, &fresh).await?;
        // Only a request without faults is remembered by its key.
        let (campaign, root) = match self.remembered(request.idempotency_key.as_ref(), fresh).await? {
            seed if seed == fresh => {
                self.expect_place(&request.symbol).await?;
                let agent = request.agent.as_ref().unwrap_or(&self.policy.agent);
                self.fund(&planned.0, agent, request.budget).await?;
                planned
            }
            earlier => self.planned_cycle(request, &earlier).await?,
        };
        let operation = root.id.clone();
        let created = match self.store.submit_within(root, &self.limits(&request.symbol)).await? {
            Admission::Created => true,
            Admission::Duplicate(_) => false,
            Admission::Full { key, holders } => return Err(no_place(&key, &request.symbol, &holders)),
        };
        let agent = request.agent.as_ref().unwrap_or(&self.policy.agent);
        let notes = unread_brief(request.brief.as_ref(), agent).into_iter().collect();
        Ok(TriggeredCycle { operation, campaign, created, notes })
    }

    async fn planned_cycle(
        &self,
        request: &TriggerRequest,
        seed: &Seed,
    ) -> Result<(CampaignName, NewRoot), AppError> {
        let as_campaign = request.campaign(seed);
        let campaign = crate::campaign::name(&as_campaign, seed)?;
        let mut template = self.template(&as_campaign, campaign, 1).await?;
        if template.evolution.is_some() {
            let message = "evolution takes generations, and this is one cycle: `ktrdr research run --agent evolve`, or another \
                           --agent";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        // Alone in its campaign it would know nothing.
        template.learns_from = LessonScope::Instrument;
        if let Some(choice) = &request.strategy {
            self.give(choice, &mut template).await?;
        }
        let (campaign, mut roots) = planned(&as_campaign, &template, seed)?;
        match roots.pop() {
            Some(root) => Ok((campaign, root)),
            None => Err(AppError::new(ErrorKind::InvalidRequest, "a campaign without a cycle")),
        }
    }

    /// Gives a cycle its strategy, canonical, and every series that this one reads.
    async fn give(&self, choice: &StrategyChoice, template: &mut ResearchSpec) -> Result<(), AppError> {
        let strategy = self.chosen(choice).await?;
        let wanted = &strategy.training_data;
        if !wanted.symbols.contains(&template.symbol) {
            let symbols: Vec<&str> = wanted.symbols.iter().map(Symbol::as_str).collect();
            let message = format!(
                "{} trains on {}, not on {}: trigger it with a symbol of its own, or add that one to its training_data",
                strategy.name,
                symbols.join(", "),
                template.symbol
            );
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        for pinned in self.pin(&wanted.symbols, &wanted.timeframes).await? {
            let is_there =
                |d: &ktrdr_domain::DataRef| (&d.symbol, d.timeframe) == (&pinned.symbol, pinned.timeframe);
            if !template.data.iter().any(is_there) {
                template.data.push(pinned);
            }
        }
        // Bars of another length may begin and end elsewhere.
        let traded: Vec<_> =
            template.data.iter().filter(|pinned| pinned.symbol == template.symbol).cloned().collect();
        template.windows = self.exam_windows(&template.symbol, &traded).await?;
        let origin = match choice {
            StrategyChoice::Name(name) => format!("the strategy {name} of the workspace"),
            StrategyChoice::Yaml(_) => "a strategy that was given".to_owned(),
        };
        let author = strategies::author(&*self.artifacts, &strategy).await?;
        template.given = Some(Box::new(DesignResult {
            strategy_sha256: strategy.sha256(),
            strategy,
            designer: BY_HAND.to_owned(),
            origin,
            champion: false,
            author,
            hypotheses: Vec::new(),
            tests: None,
        }));
        Ok(())
    }

    /// Refuses where no place is left as things stand, before anything is allowed to be spent. Of those that pass here at the
    /// same time the store lets in as many as may.
    async fn expect_place(&self, symbol: &Symbol) -> Result<(), AppError> {
        for limit in self.limits(symbol) {
            let holders = self.store.holders(&limit.key).await?;
            if holders.len() >= limit.most as usize {
                return Err(no_place(&limit.key, symbol, &holders));
            }
        }
        Ok(())
    }

    fn limits(&self, symbol: &Symbol) -> [ConcurrencyLimit; 2] {
        let TriggerLimits { per_instrument, in_all } = self.policy.triggers;
        [
            ConcurrencyLimit { key: of_instrument(symbol), most: per_instrument },
            ConcurrencyLimit { key: TRIGGERED.to_owned(), most: in_all },
        ]
    }

    /// Cancels one research cycle, and its current job with it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the code `no_active_cycle` or `not_research`, [`ErrorKind::Conflict`] with
    /// `several_active_cycles` or `not_cancellable`.
    pub async fn cancel_cycle(&self, request: &CancelOneRequest) -> Result<CycleCancelAnswer, AppError> {
        let operation = match &request.operation {
            Some(id) => id.clone(),
            None => self.only_triggered().await?,
        };
        let child = self.cycle_row(&operation).await?.summary.waiting;
        let (reason, by) = (request.reason.clone(), request.by.clone());
        let answer = self.cancel(&CancelRequest { operation: operation.clone(), reason, by }).await?;
        match answer.status {
            None => Ok(CycleCancelAnswer { operation, answer: answer.answer, child }),
            Some(status) => {
                let message = format!("{operation} is {status}: only what has not ended can be cancelled");
                Err(AppError::new(ErrorKind::Conflict, message).coded("not_cancellable"))
            }
        }
    }

    async fn only_triggered(&self) -> Result<OperationId, AppError> {
        let mut active = self.store.holders(TRIGGERED).await?;
        match (active.pop(), active.as_slice()) {
            (Some(only), []) => Ok(only),
            (None, _) => {
                let message = "no triggered cycle goes on; of campaigns see `ktrdr campaign list`";
                Err(AppError::new(ErrorKind::NotFound, message).coded("no_active_cycle"))
            }
            (Some(last), others) => {
                let named = names(others.iter().chain([&last]));
                let message = format!("several cycles go on, name the one to cancel: {named}");
                Err(AppError::new(ErrorKind::Conflict, message).coded("several_active_cycles"))
            }
        }
    }
}

fn of_instrument(symbol: &Symbol) -> String {
    format!("{TRIGGERED} {symbol}")
}

fn names<'a>(ids: impl Iterator<Item = &'a OperationId>) -> String {
    ids.map(OperationId::as_str).collect::<Vec<_>>().join(", ")
}

fn no_place(key: &str, symbol: &Symbol, holders: &[OperationId]) -> AppError {
    let (code, what, setting) = match key == TRIGGERED {
        false => ("active_cycle_exists", format!("on {symbol} "), "research.triggered_per_instrument"),
        true => ("at_capacity", String::new(), "research.triggered_max"),
    };
    let count = match holders {
        [_] => "a triggered cycle goes on".to_owned(),
        several => format!("{} triggered cycles go on", several.len()),
    };
    let message = format!(
        "{what}{count}, as many as may: {}; wait for it, cancel it with `ktrdr agent cancel`, or raise {setting}",
        names(holders.iter())
    );
    AppError::new(ErrorKind::Conflict, message).coded(code)
}
