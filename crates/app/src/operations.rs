//! Operations: one with everything that is known of it, parts of the list, and histories. All of it is read from rows, also
//! when no worker is alive.

use std::borrow::Cow;

use ktrdr_catalog::imports::DataLoaded;
use ktrdr_domain::job::{DesignResult, ProbeResult};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::{AssessmentReport, BacktestSummary, TrainingReport};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, OperationSummary, Status, TraceId};
pub use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{Filter, Page};
use ktrdr_research::CycleSummary;
use ktrdr_research::resume::successor;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, AppError, ErrorKind, OrKind};

/// Most entries of one part of a list.
pub const PART_MAX: u32 = 1000;

/// Children of an operation that are shown with it: a cycle has four.
const CHILDREN_MAX: u32 = 100;

/// Which part of a list. It is read by position: however far it is, it costs no more, and what comes meanwhile moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PartRequest {
    /// At most this many, 1 to [`PART_MAX`].
    pub limit: u32,
    /// Behind the part that answered with this as `next`; the latest otherwise.
    pub after: Option<u64>,
}

impl Default for PartRequest {
    fn default() -> Self {
        Self { limit: PART_MAX, after: None }
    }
}

/// A limit, if it is one.
pub(crate) fn within_part(limit: u32) -> Result<u32, AppError> {
    if (1..=PART_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("a part of a list has 1 to {PART_MAX} entries, not {limit}");
    Err(AppError::new(ErrorKind::InvalidRequest, message))
}

impl PartRequest {
    /// The limit, if it is one.
    pub(crate) fn limit(self) -> Result<u32, AppError> {
        within_part(self.limit)
    }

    /// This part of what a filter lists.
    pub(crate) fn of(self, filter: Filter) -> Result<Filter, AppError> {
        Ok(Filter { before: self.after, limit: self.limit()?, ..filter })
    }

    /// Where the next part begins, if this one is full.
    pub(crate) fn next(self, page: &Page) -> Option<u64> {
        let is_full = page.positions.len() == self.limit as usize;
        page.positions.last().copied().filter(|_| is_full)
    }
}

/// Which operations to list: those to which all of it applies, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListRequest {
    /// Only this campaign: its cycles and their jobs.
    pub campaign: Option<CampaignName>,
    /// Only this type.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only pending and running ones.
    pub active: bool,
    /// Which part.
    pub part: PartRequest,
}

/// A part of the list of operations.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct OperationList {
    /// The rows, without specifications and results.
    pub operations: Vec<OperationSummary>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many match in all.
    pub total: u64,
    /// How many operations of any type are pending or running.
    pub active: u64,
    /// When this was so, by the store's clock, as the rows' times are.
    #[serde(rename = "now", alias = "now_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub now_ms: i64,
}

/// Everything the store knows of one operation.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct OperationDetail {
    /// Its row.
    pub operation: Operation,
    /// Its children, newest first, without specifications and results.
    pub children: Vec<OperationSummary>,
    /// What it goes on with, and what goes on with it.
    pub resumption: Resumption,
    /// What other tools follow it by, where traces are told.
    pub trace: TraceId,
}

/// What a cycle goes on with, and what goes on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Resumption {
    /// The cycle that it resumes.
    pub resumes: Option<OperationId>,
    /// The cycle that resumes it.
    pub resumed_by: Option<OperationId>,
}

/// What an operation returned, by its type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Returned(pub Value);

impl JsonSchema for Returned {
    fn schema_name() -> Cow<'static, str> {
        "Returned".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = [
            generator.subschema_for::<TrainingReport>(),
            generator.subschema_for::<BacktestSummary>(),
            generator.subschema_for::<DataLoaded>(),
            generator.subschema_for::<DesignResult>(),
            generator.subschema_for::<AssessmentReport>(),
            generator.subschema_for::<CycleSummary>(),
            generator.subschema_for::<ProbeResult>(),
        ];
        json_schema!({ "description": "What an operation returned, by its type.", "anyOf": forms })
    }
}

/// What an operation went through.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct History {
    /// Every change of its row, oldest first.
    pub events: Vec<Transition>,
    /// What it goes on with, and what goes on with it.
    pub resumption: Resumption,
}

impl App {
    /// The row of an operation.
    ///
    /// # Errors
    /// When there is none.
    pub async fn row(&self, id: &OperationId) -> Result<Operation, AppError> {
        self.store.get(id).await?.ok_or_else(|| no_operation(id))
    }

    /// Everything the store knows of one operation.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn operation(&self, id: &OperationId) -> Result<OperationDetail, AppError> {
        let operation =
            self.judged(vec![self.row(id).await?]).await?.pop().ok_or_else(|| no_operation(id))?;
        let filter = Filter { root: Some(id.clone()), limit: CHILDREN_MAX, ..Filter::default() };
        let children = self.store.list(&filter).await?.operations;
        let resumption = self.resumption(&operation).await?;
        let trace = TraceId::of(id);
        Ok(OperationDetail { operation, children, resumption, trace })
    }

    /// A part of the list of operations.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn operations(&self, request: &ListRequest) -> Result<OperationList, AppError> {
        let filter = Filter {
            campaign: request.campaign.clone(),
            statuses: request.status.into_iter().collect(),
            kinds: request.kind.into_iter().collect(),
            active: request.active,
            ..Filter::default()
        };
        let page = self.store.list(&request.part.of(filter)?).await?;
        let (next, total, active, now_ms) = (request.part.next(&page), page.total, page.active, page.now_ms);
        Ok(OperationList { operations: page.operations, next, total, active, now_ms })
    }

    /// What an operation went through.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn history(&self, id: &OperationId) -> Result<History, AppError> {
        let resumption = self.resumption(&self.row(id).await?).await?;
        Ok(History { events: self.store.history(id).await?, resumption })
    }

    async fn resumption(&self, operation: &Operation) -> Result<Resumption, AppError> {
        let told = ResearchSpec::deserialize(&operation.spec).ok().filter(|_| operation.kind.is_root());
        let successor = successor(&operation.id);
        let is_resumed = operation.kind.is_root() && self.store.get(&successor).await?.is_some();
        Ok(Resumption {
            resumes: told.and_then(|told| told.resumes).map(|resumed| resumed.cycle),
            resumed_by: is_resumed.then_some(successor),
        })
    }
}

pub(crate) fn no_operation(id: &OperationId) -> AppError {
    let message = format!("there is no operation {id} in this workspace; see `ktrdr operations list`");
    AppError::new(ErrorKind::NotFound, message)
}

/// The typed result of a completed operation.
///
/// # Errors
/// Why there is none.
pub fn result_of<T: DeserializeOwned>(row: &Operation) -> Result<T, AppError> {
    match (row.status, &row.result) {
        (Status::Completed, Some(result)) => T::deserialize(result).or_kind(ErrorKind::InvalidInput),
        (status, _) => {
            let asked = row.cancel.as_ref().map(|c| format!("by {} ({})", c.by, c.reason));
            let why = row.error.clone().or(asked).unwrap_or_else(|| "no reason was recorded".into());
            let kind = match row.reason {
                Some(FailureReason::BadInput) => ErrorKind::InvalidInput,
                Some(FailureReason::Refused) => ErrorKind::Refused,
                Some(FailureReason::VaultClosed) => ErrorKind::VaultClosed,
                Some(FailureReason::WindowBurnt) => ErrorKind::WindowBurnt,
                _ if status == Status::Cancelled => ErrorKind::OperationCancelled,
                _ => ErrorKind::OperationFailed,
            };
            Err(AppError::new(kind, format!("{} {status}: {why}", row.id)))
        }
    }
}
