//! Cancelling: one operation, or a group of them in batches. A group that was interrupted is gone on with by asking again; of
//! a whole campaign by the next sweep.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, Status};
use ktrdr_fabric::store::{Cancelled, Filter, GroupCancel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::no_operation;
use crate::{App, AppError, ErrorKind, Mark};

/// Operations of one batch: a few milliseconds of the store's time.
const BATCH: u32 = 250;

/// Longest reason or name of an asker, in bytes: they stand in every row.
const WORDS_BYTES_MAX: usize = 1000;

/// Who asks where nobody is named.
pub const OPERATOR: &str = "operator";

pub(crate) fn operator() -> String {
    OPERATOR.to_owned()
}

/// Ask one operation to stop; of a research cycle its current job too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// The operation.
    pub operation: OperationId,
    /// Why; kept in the row.
    #[serde(default)]
    pub reason: String,
    /// Who asks; kept in the row.
    #[serde(default = "operator")]
    pub by: String,
}

impl CancelRequest {
    /// An operator's request.
    #[must_use]
    pub fn of(operation: OperationId, reason: &str) -> Self {
        Self { operation, reason: reason.to_owned(), by: operator() }
    }
}

/// Ask the operation to stop that is named, or else the only one of its type that goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOneRequest {
    /// Which one, where it is named.
    #[serde(default)]
    pub operation: Option<OperationId>,
    /// Why; kept in the row.
    #[serde(default)]
    pub reason: String,
    /// Who asks; kept in the row.
    #[serde(default = "operator")]
    pub by: String,
}

/// What a cancel did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct CancelAnswer {
    /// The operation.
    pub operation: OperationId,
    /// What became of the request.
    pub answer: CancelOutcome,
    /// Where an operation stood that had ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// What became of a request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelOutcome {
    /// It was pending and is cancelled.
    Cancelled,
    /// It runs and was asked to stop.
    Requested,
    /// It had ended before.
    TooLate,
}

/// Cancel a group: those to which all of it applies and that have not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupCancelRequest {
    /// Only of this campaign: its cycles, unless a type is given.
    #[serde(default)]
    pub campaign: Option<CampaignName>,
    /// Only this type.
    #[serde(default, rename = "type")]
    pub kind: Option<Kind>,
    /// Only pending, or only running ones.
    #[serde(default)]
    pub status: Option<Status>,
    /// Why; kept in the rows.
    #[serde(default)]
    pub reason: String,
    /// Who asks; kept in the rows.
    #[serde(default = "operator")]
    pub by: String,
    /// Of a repeated request: how far the store was when it came first. What came later is left alone.
    #[serde(skip)]
    pub within: Option<Mark>,
}

/// What cancelling a group would do.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct CancelPlan {
    /// How many match and have not ended, those included that were asked before.
    pub matched: u64,
    /// What kind of operations these are, where they are of one.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// Whoever planned it elsewhere can not have it carried out here.
    #[serde(skip)]
    group: Option<GroupCancel>,
}

/// What cancelling a group did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct GroupCancelAnswer {
    /// How many matched.
    pub matched: u64,
    /// How many were pending and are cancelled.
    pub cancelled: u64,
    /// How many run and were asked to stop.
    pub asked: u64,
}

fn check_words(reason: &str, by: &str) -> Result<(), AppError> {
    if reason.len() <= WORDS_BYTES_MAX && (1..=WORDS_BYTES_MAX).contains(&by.len()) {
        return Ok(());
    }
    let message = format!("a reason, and the name of who asks, has at most {WORDS_BYTES_MAX} bytes");
    Err(AppError::new(ErrorKind::InvalidRequest, message))
}

impl App {
    /// Asks one operation to stop.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn cancel(&self, request: &CancelRequest) -> Result<CancelAnswer, AppError> {
        let CancelRequest { operation, reason, by } = request;
        check_words(reason, by)?;
        let (answer, status) = match self.store.cancel(operation, by, reason).await? {
            Cancelled::Done => (CancelOutcome::Cancelled, None),
            Cancelled::Requested => (CancelOutcome::Requested, None),
            Cancelled::TooLate(status) => (CancelOutcome::TooLate, Some(status)),
            Cancelled::Missing => return Err(no_operation(operation)),
        };
        Ok(CancelAnswer { operation: operation.clone(), answer, status })
    }

    /// What cancelling a group would do.
    ///
    /// # Errors
    /// When the request names no group, or a campaign that is not there.
    pub async fn plan_cancel(&self, request: &GroupCancelRequest) -> Result<CancelPlan, AppError> {
        check_words(&request.reason, &request.by)?;
        let refuse = |what| Err(AppError::new(ErrorKind::InvalidRequest, what));
        if request.campaign.is_none() && request.kind.is_none() && request.status.is_none() {
            return refuse("name an operation, or say which group of them: --campaign, --type, --status");
        }
        if request.status.is_some_and(Status::is_terminal) {
            return refuse("what is cancelled has not ended: use pending or running");
        }
        if let Some(name) = &request.campaign {
            self.campaign_counts(name).await?;
        }
        let group = GroupCancel {
            campaign: request.campaign.clone(),
            // A campaign is its cycles; what runs of them passes the request on.
            kind: request.kind.or(request.campaign.as_ref().map(|_| Kind::AgentResearch)),
            status: request.status,
            by: request.by.clone(),
            reason: request.reason.clone(),
            upto: None,
            within: request.within.map(|mark| mark.newest),
            limit: BATCH,
        };
        let filter = Filter {
            campaign: group.campaign.clone(),
            kinds: group.kind.into_iter().collect(),
            statuses: group.status.into_iter().collect(),
            active: true,
            limit: 1,
            ..Filter::default()
        };
        let matched = self.store.list(&filter).await?.total;
        Ok(CancelPlan { matched, kind: group.kind, group: Some(group) })
    }

    /// Cancels a group, batch after batch. A campaign that has ended is not marked as cancelled.
    ///
    /// # Errors
    /// When the store fails in between: what was cancelled stays so, and asking again goes on.
    pub async fn cancel_group(&self, plan: CancelPlan) -> Result<GroupCancelAnswer, AppError> {
        let CancelPlan { matched, group, .. } = plan;
        let mut answer = GroupCancelAnswer { matched, cancelled: 0, asked: 0 };
        let Some(mut group) = group.filter(|_| matched > 0) else { return Ok(answer) };
        loop {
            let done = self.store.cancel_matching(&group).await?;
            answer.cancelled += done.cancelled;
            answer.asked += done.asked;
            if !done.more {
                return Ok(answer);
            }
            group.upto = Some(done.upto);
        }
    }
}
