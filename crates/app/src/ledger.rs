//! The ledger: what was tried, and what was learnt.

use ktrdr_domain::closing::Closing;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;

pub use ktrdr_fabric::ledger::{Part, Stretch};

use crate::{App, AppError};

impl App {
    /// Every counted look at data, oldest first; of one campaign, or of all.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, AppError> {
        Ok(self.ledger.trials(campaign).await?)
    }

    /// A part of the counted looks at data, newest first.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn trials_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Trial>, AppError> {
        Ok(self.ledger.trials_part(campaign, part).await?)
    }

    /// A part of what campaigns came to when they closed, newest first.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn closings_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Closing>, AppError> {
        Ok(self.ledger.closings_part(campaign, part).await?)
    }

    /// A part of what research remembers, newest first.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn lessons_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Lesson>, AppError> {
        Ok(self.ledger.lessons_part(campaign, part).await?)
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
