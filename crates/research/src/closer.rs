//! Closes campaigns: when the last cycle of one has ended, its candidates are judged for good.
//!
//! Before this: the end of a cycle wrote an event. After this: the ledger holds the campaign's [`Closing`], written once by
//! compare-and-set, however many orchestrators try: whoever is second reads again and finds that it is done.

use std::sync::Arc;

use ktrdr_domain::OperationId;
use ktrdr_domain::closing::{Candidate, Closing, DiscoveryTest};
use ktrdr_fabric::campaign::{Campaign, Campaigns};
use ktrdr_fabric::clock::now;
use ktrdr_fabric::ledger::{Closed, Ledger};
use ktrdr_fabric::store::{OperationReader, StoreError};
use tracing::info;

use crate::closing::{LOOKED_AFTER, judge};

/// Closes campaigns.
#[derive(Clone)]
pub(crate) struct Closer {
    pub(crate) campaigns: Arc<dyn Campaigns>,
    pub(crate) ledger: Arc<dyn Ledger>,
}

impl Closer {
    /// Closes the campaign of a cycle that ended, if it was the last one.
    pub(crate) async fn after(
        &self,
        store: &dyn OperationReader,
        cycle: &OperationId,
    ) -> Result<(), StoreError> {
        let row = store.get(cycle).await?;
        let name = row.and_then(|row| row.summary.campaign);
        let Some(name) = name else { return Ok(()) };
        match self.campaigns.campaign(&name).await? {
            Some(campaign) if campaign.has_ended() => self.close(&campaign, Some(cycle)).await,
            _ => Ok(()),
        }
    }

    /// Closes what ended and was not closed, since the event of its end was lost.
    pub(crate) async fn look_after(&self) -> Result<(), StoreError> {
        for campaign in self.campaigns.campaigns(None, LOOKED_AFTER).await?.campaigns {
            if campaign.has_ended() {
                self.close(&campaign, None).await?;
            }
        }
        Ok(())
    }

    async fn close(&self, campaign: &Campaign, last: Option<&OperationId>) -> Result<(), StoreError> {
        loop {
            let before = self.closings(campaign).await?;
            if cycles_closed(&before) >= campaign.cycles {
                return Ok(());
            }
            let closing = self.closing(campaign, last, &before).await?;
            if self.ledger.close(&closing).await? == Closed::Recorded {
                let (accepted, candidates) = (closing.accepted(), closing.verdicts.len());
                info!(campaign = %campaign.name, accepted, candidates, "campaign closed");
                return Ok(());
            }
        }
    }

    async fn closing(
        &self,
        campaign: &Campaign,
        last: Option<&OperationId>,
        before: &[Closing],
    ) -> Result<Closing, StoreError> {
        let candidates = self.to_judge(campaign, before).await?;
        let (verdicts, tests) = if candidates.is_empty() {
            Default::default()
        } else {
            let closings = self.ledger.closings(None).await?;
            let tests: Vec<DiscoveryTest> = closings.into_iter().flat_map(|closing| closing.tests).collect();
            judge(&candidates, &self.ledger.trials(None).await?, &tests)
        };
        Ok(Closing {
            campaign: campaign.name.clone(),
            cycles: campaign.cycles,
            after: cycles_closed(before),
            last: last.cloned(),
            closed_at: now(),
            verdicts,
            tests,
        })
    }

    /// The candidates that no closing has judged.
    async fn to_judge(&self, campaign: &Campaign, before: &[Closing]) -> Result<Vec<Candidate>, StoreError> {
        let judged = |candidate: &Candidate| {
            before.iter().flat_map(|closing| &closing.verdicts).any(|v| v.exam == candidate.exam)
        };
        let mut candidates = self.ledger.candidates(&campaign.name).await?;
        candidates.retain(|candidate| !judged(candidate));
        Ok(candidates)
    }

    async fn closings(&self, campaign: &Campaign) -> Result<Vec<Closing>, StoreError> {
        self.ledger.closings(Some(&campaign.name)).await
    }
}

/// How many cycles the campaign had when it was closed last.
fn cycles_closed(closings: &[Closing]) -> u64 {
    closings.iter().map(|closing| closing.cycles).max().unwrap_or_default()
}
