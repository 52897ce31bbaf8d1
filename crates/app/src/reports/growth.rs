//! What a campaign's designs would have earned on dev, told from the sheets that their trainings stored.

use ktrdr_catalog::models;
use ktrdr_domain::Kind;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::TrainingReport;
use ktrdr_domain::report::sheet::Curve;
use ktrdr_report::bands::Band;

use crate::operations::result_of;
use crate::{App, AppError};

/// Designs whose sheets are read at most, the latest ones.
const DESIGNS_MAX: u32 = 50;

impl App {
    /// `None` where fewer than three of them can be compared.
    pub(super) async fn growth(&self, campaign: &CampaignName) -> Result<Option<Band>, AppError> {
        let mut accounts: Vec<Curve> = Vec::new();
        for training in self.completed(campaign, Kind::Training, DESIGNS_MAX).await? {
            // What became of a training's row, or of its files, is no reason to show nothing of its campaign.
            let row = self.store.get(&training.id).await?;
            let trained: Option<TrainingReport> = row.and_then(|row| result_of(&row).ok());
            let Some(TrainingReport { model, .. }) = trained else { continue };
            let sheet = models::read_sheet(&*self.artifacts, &model).await.ok().flatten();
            accounts.extend(sheet.and_then(|sheet| sheet.dev).map(|dev| dev.equity));
        }
        Ok(Band::of(&accounts.iter().collect::<Vec<_>>()))
    }
}
