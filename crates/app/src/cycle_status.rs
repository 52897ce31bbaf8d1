//! How research cycles stand: those that were triggered and go on, or one by its id.

use std::collections::BTreeMap;

use ktrdr_domain::job::DesignResult;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{
    FailureReason, Kind, Operation, OperationId, OperationSummary, Phase, Progress, Status, StrategyName,
    Symbol, Timeframe, Timestamp,
};
use ktrdr_fabric::store::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cycle::{TRIGGERED, TriggerLimits};
use crate::operations::no_operation;
use crate::{App, AppError, ErrorKind};

/// How research stands.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct CycleStatus {
    /// Whether any triggered cycle goes on.
    pub status: Activity,
    /// Those that go on, oldest first.
    pub cycles: Vec<CycleView>,
    /// The latest cycle that ended otherwise than by a cancel, of whatever campaign, where none goes on.
    pub last: Option<CycleView>,
    /// How many may go on.
    pub capacity: Capacity,
    /// Hypotheses that wait for a person's word, and until when the most urgent one does.
    pub approvals: Approvals,
    /// Places for each kind of job of a cycle, among the workers that were heard of lately.
    pub workers: BTreeMap<Kind, Places>,
}

/// Whether anything goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Something does.
    Active,
    /// Nothing does.
    Idle,
}

/// Triggered cycles, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Capacity {
    /// Those that go on.
    pub active: u32,
    /// How many may, in all.
    pub limit: u32,
    /// How many may on one instrument.
    pub per_instrument: u32,
}

/// What waits for a person's word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Approvals {
    /// So many.
    pub waiting: u64,
    /// When the first of them is decided by its default.
    pub deadline: Option<Timestamp>,
}

/// Places of workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Places {
    /// Taken.
    pub busy: u32,
    /// There are.
    pub total: u32,
}

/// One cycle at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct CycleView {
    /// The cycle.
    pub operation: OperationId,
    /// Where it stands.
    pub status: Status,
    /// Whether it was asked to stop and has not yet.
    pub is_cancelling: bool,
    /// The phase it is in, or ended in.
    pub phase: Option<Phase>,
    /// The instrument.
    pub symbol: Option<Symbol>,
    /// The bars that are traded.
    pub timeframe: Option<Timeframe>,
    /// The strategy, once there is one.
    pub strategy: Option<StrategyName>,
    /// The job that it waits for.
    pub child: Option<OperationId>,
    /// How far that job is.
    pub progress: Option<Progress>,
    /// What that job waits for outside, without a worker.
    pub waits_for: Option<String>,
    /// When it started, by the store's clock.
    #[serde(default, rename = "started_at", alias = "started_at_ms", with = "ktrdr_domain::instant::option")]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub started_at_ms: Option<i64>,
    /// For how long it has run, or ran.
    pub duration_ms: Option<i64>,
    /// Why it failed, as a stable word.
    pub reason: Option<FailureReason>,
    /// The same in words for people.
    pub error: Option<String>,
}

impl App {
    /// How the triggered cycles stand that go on.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn cycle_status(&self) -> Result<CycleStatus, AppError> {
        let now_ms = self.store.list(&Filter { limit: 1, ..Filter::default() }).await?.now_ms;
        let mut cycles = Vec::new();
        for id in self.store.holders(TRIGGERED).await? {
            // One may be forgotten in between.
            if let Some(row) = self.store.get(&id).await? {
                cycles.push(self.view(&row, now_ms).await?);
            }
        }
        let last = match cycles.is_empty() {
            true => self.last_cycle(now_ms).await?,
            false => None,
        };
        let TriggerLimits { per_instrument, in_all } = self.policy.triggers;
        let active = u32::try_from(cycles.len()).unwrap_or(u32::MAX);
        Ok(CycleStatus {
            status: if cycles.is_empty() { Activity::Idle } else { Activity::Active },
            cycles,
            last,
            capacity: Capacity { active, limit: in_all, per_instrument },
            approvals: self.waiting_for_a_word().await?,
            workers: self.places().await?,
        })
    }

    async fn waiting_for_a_word(&self) -> Result<Approvals, AppError> {
        let waiting = self.approvals().await?;
        let asked = waiting.first().and_then(|first| first.considered.hypothesis.approval);
        Ok(Approvals { waiting: waiting.len() as u64, deadline: asked.map(|asked| asked.deadline) })
    }

    /// One research cycle at a glance, triggered or of a campaign.
    ///
    /// # Errors
    /// When there is none of that id; with the code `not_research` when it is something else.
    pub async fn cycle(&self, id: &OperationId) -> Result<CycleView, AppError> {
        let row = self.cycle_row(id).await?;
        let now_ms = self.store.list(&Filter { limit: 1, ..Filter::default() }).await?.now_ms;
        self.view(&row, now_ms).await
    }

    /// The row of a research cycle.
    pub(crate) async fn cycle_row(&self, id: &OperationId) -> Result<Operation, AppError> {
        let row = self.store.get(id).await?.ok_or_else(|| no_operation(id))?;
        if row.kind.is_root() {
            return Ok(row);
        }
        let of = row.root.as_ref().map(|root| format!("; it belongs to {root}")).unwrap_or_default();
        let message = format!("{id} is a {} and no research cycle{of}", row.kind);
        Err(AppError::new(ErrorKind::NotFound, message).coded("not_research"))
    }

    async fn view(&self, row: &Operation, now_ms: i64) -> Result<CycleView, AppError> {
        let child = match &row.waiting {
            Some(child) if !row.status.is_terminal() => self.store.get(child).await?,
            _ => None,
        };
        let spec = ResearchSpec::deserialize(&row.spec).ok();
        let until_ms = row.finished_at_ms.unwrap_or(now_ms);
        Ok(CycleView {
            operation: row.id.clone(),
            status: row.status,
            is_cancelling: row.is_cancelling(),
            phase: row.phase,
            strategy: self.strategy_of(row, spec.as_ref()).await?,
            symbol: spec.as_ref().map(|spec| spec.symbol.clone()),
            timeframe: spec.as_ref().map(|spec| spec.timeframe),
            child: child.as_ref().map(|child| child.id.clone()),
            waits_for: child.as_ref().and_then(|child| child.waits_for.clone()),
            progress: child.and_then(|child| child.summary.progress),
            started_at_ms: row.started_at_ms,
            duration_ms: row.started_at_ms.map(|start| (until_ms - start).max(0)),
            reason: row.reason.clone(),
            error: row.error.clone(),
        })
    }

    /// What it researches: as it says at its end, as it was given, or as its design said.
    async fn strategy_of(
        &self,
        row: &Operation,
        spec: Option<&ResearchSpec>,
    ) -> Result<Option<StrategyName>, AppError> {
        let said = row.result.as_ref().and_then(|result| result.get("strategy")?.as_str()?.parse().ok());
        let given = spec.and_then(|spec| Some(spec.given.as_ref()?.strategy.name.clone()));
        if let Some(known) = said.or(given) {
            return Ok(Some(known));
        }
        let design = self.store.get(&Phase::Designing.child_of(&row.id)).await?;
        let result = design.and_then(|design| DesignResult::deserialize(design.result?).ok());
        Ok(result.map(|result| result.strategy.name))
    }

    async fn last_cycle(&self, now_ms: i64) -> Result<Option<CycleView>, AppError> {
        let mut latest: Option<OperationSummary> = None;
        for status in [Status::Completed, Status::Failed] {
            let filter = Filter {
                kinds: Kind::roots().collect(),
                statuses: vec![status],
                limit: 1,
                ..Filter::default()
            };
            for row in self.store.list(&filter).await?.operations {
                if latest.as_ref().is_none_or(|before| before.finished_at_ms < row.finished_at_ms) {
                    latest = Some(row);
                }
            }
        }
        let row = match latest {
            Some(latest) => self.store.get(&latest.id).await?,
            None => None,
        };
        match row {
            Some(row) => Ok(Some(self.view(&row, now_ms).await?)),
            None => Ok(None),
        }
    }

    /// Places for the jobs of cycles.
    async fn places(&self) -> Result<BTreeMap<Kind, Places>, AppError> {
        let mut places: BTreeMap<Kind, Places> =
            Phase::ALL.into_iter().map(|phase| (phase.kind(), Places::default())).collect();
        for seen in self.registry.workers().await? {
            for (kind, slots) in &seen.worker.takes {
                let Some(place) = places.get_mut(kind) else { continue };
                let busy = seen.worker.running.iter().filter(|id| id.is_of(*kind)).count();
                place.total += u32::from(*slots);
                place.busy += u32::try_from(busy).unwrap_or(u32::MAX);
            }
        }
        Ok(places)
    }
}
