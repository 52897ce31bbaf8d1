//! The ledger on Redis: each entry is written once, in the step that also counts it.

use async_trait::async_trait;
use ktrdr_domain::job::Origin;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;
use serde::de::DeserializeOwned;

use super::row::json;
use super::store::RedisStore;
use ktrdr_fabric::ledger::{Ledger, LedgerReader, TrialCount};
use ktrdr_fabric::limits::readable_json;
use ktrdr_fabric::store::StoreError;

/// Entries read at once.
const ENTRIES_MAX: usize = 500;

#[async_trait]
impl LedgerReader for RedisStore {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError> {
        let mut trials = self.newest("trials", campaign, usize::MAX).await?;
        trials.reverse();
        Ok(trials)
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.newest("lessons", campaign, limit).await
    }
}

#[async_trait]
impl Ledger for RedisStore {
    async fn count(&self, trial: &Trial) -> Result<TrialCount, StoreError> {
        let sharpe = trial.sharpe_daily.filter(|sharpe| sharpe.is_finite());
        let call = self.session.call(&self.session.scripts.count);
        let call = call.arg(trial.operation.as_str()).arg(trial.campaign.as_str());
        let call = call.arg(trial.data_sha256.to_string()).arg(trial.span.start.0).arg(trial.span.end.0);
        let call = call.arg(sharpe.map_or_else(String::new, |sharpe| sharpe.to_string()));
        let call = call.arg(readable_json(trial)?).arg(trial.origin == Origin::Replay);
        let answer = call.answer().await?;
        let sharpes: Vec<String> = answer.at(2)?;
        let defined = sharpes.iter().filter(|sharpe| !sharpe.is_empty());
        let sharpes_daily = defined.map(|text| text.parse()).collect::<Result<_, _>>();
        Ok(TrialCount {
            trials: answer.at(0)?,
            looks_at_window: answer.at(1)?,
            sharpes_daily: sharpes_daily.map_err(|_| answer.unexpected())?,
        })
    }

    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError> {
        let call = self.session.call(&self.session.scripts.remember);
        let call = call.arg(lesson.cycle.as_str()).arg(lesson.campaign.as_str());
        call.arg(readable_json(lesson)?).value().await.map(|_| ())
    }
}

impl RedisStore {
    /// Entries of a list, newest first, read part by part.
    async fn newest<T: DeserializeOwned>(
        &self,
        of: &str,
        campaign: Option<&CampaignName>,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        let list = campaign.map_or_else(|| format!("{of}:all"), |campaign| format!("{of}:of:{campaign}"));
        let mut entries = Vec::new();
        let mut upto = String::new();
        while entries.len() < limit {
            let wanted = ENTRIES_MAX.min(limit - entries.len());
            let call = self.session.call(&self.session.scripts.entries);
            let answer = call.arg(of).arg(&list).arg(&upto).arg(wanted).answer().await?;
            let (from, found): (u64, Vec<String>) = (answer.at(0)?, answer.at(1)?);
            for text in found.iter().rev() {
                entries.push(json(text)?);
            }
            if from == 0 {
                break;
            }
            upto = from.to_string();
        }
        Ok(entries)
    }
}
