//! Cycles and campaigns: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::budget::{BudgetRequest, BudgetStatement, CampaignCosts};
use ktrdr_app::campaign::{Campaign, CampaignDetail, CampaignList, CampaignRequest, StartedCampaign};
use ktrdr_app::cancel::CancelOneRequest;
use ktrdr_app::cycle::{CycleCancelAnswer, TriggerRequest, TriggeredCycle};
use ktrdr_app::cycle_status::{CycleStatus, CycleView};
use ktrdr_app::operations::PartRequest;
use ktrdr_app::plan::{CampaignPlan, PlanRequest};
use ktrdr_app::use_cases::{Research, Rows};
use ktrdr_app::{AppError, verdicts};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Operation, OperationId};

use crate::Client;
use crate::request::{Request, body_of, query_of};

#[async_trait]
impl Research for Client {
    async fn trigger_cycle(&self, request: &TriggerRequest) -> Result<TriggeredCycle, AppError> {
        let post = Request::post(&["agent", "trigger"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn cycle_status(&self) -> Result<CycleStatus, AppError> {
        self.ask(Request::get(&["agent", "status"])).await
    }

    async fn cycle(&self, id: &OperationId) -> Result<CycleView, AppError> {
        self.ask(Request::get(&["agent", "cycles", id.as_str()])).await
    }

    async fn cancel_cycle(&self, request: &CancelOneRequest) -> Result<CycleCancelAnswer, AppError> {
        let which = request.operation.as_ref().map(OperationId::as_str);
        let path: Vec<&str> = ["agent", "cancel"].into_iter().chain(which).collect();
        self.ask(Request::delete(&path).query(query_of(request, &["operation"]))).await
    }

    async fn start_campaign(&self, request: &CampaignRequest) -> Result<StartedCampaign, AppError> {
        let post = Request::post(&["campaigns"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn campaigns(&self, part: PartRequest) -> Result<CampaignList, AppError> {
        let mut document = self.behind(&["campaigns"], "", part).await?;
        Ok(CampaignList {
            next: self.position(&document)?,
            campaigns: self.taken(&mut document, "campaigns")?,
            total: self.taken(&mut document, "total")?,
        })
    }

    async fn campaign(&self, name: &CampaignName, part: PartRequest) -> Result<CampaignDetail, AppError> {
        let path = ["campaigns", name.as_str()];
        let mut document = self.behind(&path, "", part).await?;
        Ok(CampaignDetail {
            next: self.position(&document)?,
            campaign: self.taken(&mut document, "campaign")?,
            closings: self.taken(&mut document, "closings")?,
            cycles: self.taken(&mut document, "cycles")?,
            total: self.taken(&mut document, "total")?,
        })
    }

    async fn campaign_with(
        &self,
        name: &CampaignName,
        cycles: Vec<Operation>,
    ) -> Result<CampaignDetail, AppError> {
        let CampaignDetail { campaign, closings, .. } =
            self.campaign(name, PartRequest { limit: 1, after: None }).await?;
        let mut judged = Vec::with_capacity(cycles.len());
        for cycle in cycles {
            judged.push(self.operation(&cycle.id).await?.operation);
        }
        let total = judged.len() as u64;
        Ok(CampaignDetail { campaign, closings, cycles: judged, next: None, total })
    }

    async fn is_closing(&self, name: &CampaignName) -> Result<bool, AppError> {
        let CampaignDetail { campaign, closings, .. } =
            self.campaign(name, PartRequest { limit: 1, after: None }).await?;
        Ok(campaign.has_ended() && !verdicts::is_closed(&campaign, &closings))
    }

    async fn costs(&self, campaign: &Campaign) -> Result<CampaignCosts, AppError> {
        self.ask(Request::get(&["campaigns", campaign.name.as_str(), "costs"])).await
    }

    async fn plan_campaign(&self, request: &PlanRequest) -> Result<CampaignPlan, AppError> {
        self.ask(Request::post(&["campaigns", "plan"]).json(body_of(request, &[])).repeatable()).await
    }

    async fn budget(&self, request: &BudgetRequest) -> Result<BudgetStatement, AppError> {
        self.ask(Request::get(&["agent", "budget"]).query(query_of(request, &[]))).await
    }
}
