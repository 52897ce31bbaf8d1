//! The ledger, memory, access, the audit log: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::AppError;
use ktrdr_app::access::ListedToken;
use ktrdr_app::audit::AuditPart;
use ktrdr_app::hypotheses::{DecisionRequest, HypothesesRequest, StandingHypothesis};
use ktrdr_app::memory::{RecallRequest, Recollection};
use ktrdr_app::operations::PartRequest;
use ktrdr_app::standing::Standing;
use ktrdr_app::use_cases::Knowledge;
use ktrdr_domain::OperationId;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Client;
use crate::lists::ALL;
use crate::request::{Request, body_of, query_of};

/// `campaign=NAME`, if one is meant.
fn of(campaign: Option<&CampaignName>) -> String {
    campaign.map_or_else(String::new, |name| format!("campaign={name}"))
}

impl Client {
    /// All of a list that comes newest first, in the order in which it was written.
    async fn oldest_first<T: DeserializeOwned>(
        &self,
        name: &str,
        path: &[&str],
        campaign: Option<&CampaignName>,
    ) -> Result<Vec<T>, AppError> {
        let mut all: Vec<T> = self.list(name, path, &of(campaign), ALL).await?;
        all.reverse();
        Ok(all)
    }
}

#[async_trait]
impl Knowledge for Client {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, AppError> {
        self.oldest_first("trials", &["ledger", "trials"], campaign).await
    }

    async fn standings(&self, exams: &[OperationId]) -> Result<Vec<Standing>, AppError> {
        let exams: Vec<&str> = exams.iter().map(OperationId::as_str).collect();
        let query = format!("exams={}", exams.join(","));
        self.ask_for("standings", Request::get(&["ledger", "standings"]).query(query)).await
    }

    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, AppError> {
        self.oldest_first("closings", &["ledger", "closings"], campaign).await
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, AppError> {
        self.list("lessons", &["memory", "lessons"], &of(campaign), limit as usize).await
    }

    async fn lesson(&self, cycle: &OperationId) -> Result<Lesson, AppError> {
        self.ask(Request::get(&["memory", "lessons", cycle.as_str()])).await
    }

    async fn recall(&self, request: &RecallRequest) -> Result<Recollection, AppError> {
        self.ask(Request::get(&["memory", "recall"]).query(query_of(request, &[]))).await
    }

    async fn hypotheses(&self, request: &HypothesesRequest) -> Result<Vec<StandingHypothesis>, AppError> {
        self.list("hypotheses", &["memory", "hypotheses"], &query_of(request, &[]), ALL).await
    }

    async fn approvals(&self) -> Result<Vec<StandingHypothesis>, AppError> {
        self.ask_for("hypotheses", Request::get(&["agent", "approvals"])).await
    }

    async fn decide(&self, request: &DecisionRequest) -> Result<StandingHypothesis, AppError> {
        let path = ["agent", "approvals", request.hypothesis.as_str()];
        self.ask(Request::post(&path).json(body_of(request, &["hypothesis"])).once(None)).await
    }

    async fn list_tokens(&self) -> Result<Vec<ListedToken>, AppError> {
        self.list("tokens", &["tokens"], "", ALL).await
    }

    async fn revoke_token(&self, id: &str) -> Result<(), AppError> {
        self.ask::<Value>(Request::delete(&["tokens", id])).await.map(|_| ())
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<AuditPart, AppError> {
        let mut document = self.behind(&["audit"], "", PartRequest { limit, after: before }).await?;
        Ok(AuditPart { next: self.position(&document)?, entries: self.taken(&mut document, "entries")? })
    }
}
