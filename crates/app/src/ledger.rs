//! The ledger: what was tried, and what was learnt.

use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;

use crate::{App, AppError};

impl App {
    /// Every counted look at data, oldest first; of one campaign, or of all.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, AppError> {
        Ok(self.ledger.trials(campaign).await?)
    }

    /// What research remembers, newest first, at most `limit`; of one campaign, or of all.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn lessons(
        &self,
        campaign: Option<&CampaignName>,
        limit: u32,
    ) -> Result<Vec<Lesson>, AppError> {
        Ok(self.ledger.lessons(campaign, limit).await?)
    }
}
