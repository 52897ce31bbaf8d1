//! What a campaign's designs would have earned on dev, told from the sheets that their trainings stored.

use ktrdr_catalog::models;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::TrainingReport;
use ktrdr_domain::report::sheet::Curve;
use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::store::Filter;
use ktrdr_report::bands::Band;

use crate::operations::result_of;
use crate::{App, AppError};

/// Designs whose sheets are read at most, the latest ones.
const DESIGNS_MAX: u32 = 50;

impl App {
    /// `None` where fewer than three of them can be compared.
    pub(super) async fn growth(&self, campaign: &CampaignName) -> Result<Option<Band>, AppError> {
        let trainings = Filter {
            campaign: Some(campaign.clone()),
            kinds: vec![Kind::Training],
            statuses: vec![Status::Completed],
            limit: DESIGNS_MAX,
            ..Filter::default()
        };
        let mut accounts: Vec<Curve> = Vec::new();
        for training in self.store.list(&trainings).await?.operations {
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
