//! Final verdicts beside provisional ones. The row of a cycle that ended never changes; what its exam came to when the campaign
//! closed stands in the ledger, and is shown in the cycle's result as `final`.

use std::collections::HashMap;

use ktrdr_domain::closing::{Closing, FinalVerdict};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Operation, OperationId};
use ktrdr_fabric::campaign::Campaign;
use serde_json::Value;

use crate::{App, AppError};

/// Name of the final verdict in a cycle's result; `null` there while the verdict is provisional.
const FINAL: &str = "final";

/// Campaigns that orchestrators look after.
const OF_LATE: u32 = ktrdr_research::closing::LOOKED_AFTER;

impl App {
    /// What a campaign came to when it closed (`None`: all of them), oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, AppError> {
        Ok(self.ledger.closings(campaign).await?)
    }

    /// Whether a campaign's cycles have all ended, and it is not closed yet: that will be any moment now.
    ///
    /// # Errors
    /// When the store can not be read, or there is no such campaign.
    pub async fn is_closing(&self, name: &CampaignName) -> Result<bool, AppError> {
        let campaign = self.campaign_counts(name).await?;
        Ok(campaign.has_ended() && !is_closed(&campaign, &self.closings(Some(name)).await?))
    }

    /// Whether that is so of any campaign of late.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn is_any_closing(&self) -> Result<bool, AppError> {
        for campaign in self.campaigns.campaigns(None, OF_LATE).await?.campaigns {
            if campaign.has_ended() && !is_closed(&campaign, &self.closings(Some(&campaign.name)).await?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the exam of a research cycle came to when its campaign closed, if it was a candidate.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn final_verdict(&self, exam: &Operation) -> Result<Option<FinalVerdict>, AppError> {
        let Some(cycle) = &exam.root else { return Ok(None) };
        let cycle = self.store.get(cycle).await?;
        let Some(campaign) = cycle.and_then(|cycle| cycle.summary.campaign) else { return Ok(None) };
        let closings = self.closings(Some(&campaign)).await?;
        Ok(closings.into_iter().flat_map(|closing| closing.verdicts).find(|verdict| verdict.exam == exam.id))
    }

    /// The same rows; in the results of cycles stands what their exams came to.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn judged(&self, mut rows: Vec<Operation>) -> Result<Vec<Operation>, AppError> {
        let mut campaigns: HashMap<CampaignName, HashMap<OperationId, FinalVerdict>> = HashMap::new();
        for row in rows.iter_mut().filter(|row| row.kind.is_root()) {
            let Some(campaign) = row.campaign.clone() else { continue };
            let Some(Value::Object(result)) = &mut row.result else { continue };
            if !campaigns.contains_key(&campaign) {
                let closings = self.closings(Some(&campaign)).await?;
                let verdicts = closings.into_iter().flat_map(|closing| closing.verdicts);
                let by_exam = verdicts.map(|verdict| (verdict.exam.clone(), verdict)).collect();
                campaigns.insert(campaign.clone(), by_exam);
            }
            let exam = result.get("backtest").and_then(|id| id.as_str()?.parse::<OperationId>().ok());
            let verdict = exam.and_then(|exam| campaigns.get(&campaign)?.get(&exam));
            let shown = verdict.map_or(Ok(Value::Null), serde_json::to_value);
            result.insert(FINAL.into(), shown.unwrap_or_default());
        }
        Ok(rows)
    }
}

/// Whether every cycle that was submitted so far was there when the campaign closed.
#[must_use]
pub fn is_closed(campaign: &Campaign, closings: &[Closing]) -> bool {
    closings.iter().any(|closing| closing.cycles >= campaign.cycles)
}

/// How many of a campaign's candidates were accepted; `None` before it is closed.
#[must_use]
pub fn accepted(campaign: &Campaign, closings: &[Closing]) -> Option<u64> {
    is_closed(campaign, closings).then(|| closings.iter().map(Closing::accepted).sum())
}
