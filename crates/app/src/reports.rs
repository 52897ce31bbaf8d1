//! Reports: what was stored of a backtest, a training or a campaign, ready to be shown. Nothing is computed here that was not
//! computed by a job but what speaks of several together, and nothing is written.

mod campaign;
mod choice;
mod growth;

use std::str::FromStr;

use ktrdr_catalog::{models, reports};
use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::{BacktestSummary, TrainingReport};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Kind, Operation, OperationId, OperationSummary, Status};
use ktrdr_fabric::store::Filter;
use ktrdr_report::backtest::Tearsheet;
use ktrdr_report::comparison::{COMPARED_MAX, Comparison};
use ktrdr_report::training::TrainingPage;
pub use ktrdr_report::{Report, export};
use serde::Deserialize;

use crate::operations::result_of;
use crate::{App, AppError, ErrorKind};

/// What a report is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A backtest, a training, or a cycle: its exam, or its training where it came no further.
    Operation(OperationId),
    /// A campaign.
    Campaign(CampaignName),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("op_") {
            return text.parse().map(Self::Operation).map_err(|e: ktrdr_domain::id::BadId| e.to_string());
        }
        text.parse().map(Self::Campaign).map_err(|e| format!("neither an operation's id nor a campaign: {e}"))
    }
}

/// The page on one operation.
enum Page {
    Backtest(Box<Tearsheet>),
    Training(Box<TrainingPage>),
}

impl App {
    /// A report on one thing, or on several backtests or trainings side by side.
    ///
    /// # Errors
    /// When one is not there, has not completed, or they are not of one kind.
    pub async fn report_on(&self, subjects: &[Subject]) -> Result<Report, AppError> {
        match subjects {
            [] => Err(AppError::new(
                ErrorKind::InvalidRequest,
                "a report on nothing: name an operation or a campaign",
            )),
            [Subject::Campaign(name)] => Ok(Report::Campaign(Box::new(self.campaign_page(name).await?))),
            [Subject::Operation(id)] => Ok(match self.page_on(id).await? {
                Page::Backtest(page) => Report::Backtest(page),
                Page::Training(page) => Report::Training(page),
            }),
            several => self.compared(several).await,
        }
    }

    async fn compared(&self, subjects: &[Subject]) -> Result<Report, AppError> {
        let refuse = |message: String| Err(AppError::new(ErrorKind::InvalidRequest, message));
        if subjects.len() > COMPARED_MAX {
            return refuse(format!("{} results side by side: use up to {COMPARED_MAX}", subjects.len()));
        }
        let (mut backtests, mut trainings) = (Vec::new(), Vec::new());
        for subject in subjects {
            match subject {
                Subject::Campaign(name) => {
                    return refuse(format!(
                        "{name} is no id of an operation: several results side by side are backtests or trainings, each by its id \
                         (`ktrdr operations list`); a campaign has a report of its own, `ktrdr report NAME`"
                    ));
                }
                Subject::Operation(id) => match self.page_on(id).await? {
                    Page::Backtest(page) => backtests.push(*page),
                    Page::Training(page) => trainings.push(*page),
                },
            }
        }
        match (backtests.is_empty(), trainings.is_empty()) {
            (false, true) => Ok(Report::Comparison(Comparison::Backtests(backtests))),
            (true, false) => Ok(Report::Comparison(Comparison::Trainings(trainings))),
            _ => refuse(
                "backtests are compared with backtests, trainings with trainings: name one kind".into(),
            ),
        }
    }

    async fn page_on(&self, id: &OperationId) -> Result<Page, AppError> {
        let row = self.row(id).await?;
        let row = if row.kind.is_root() { self.farthest_of(&row).await? } else { row };
        if !row.status.is_terminal() {
            let message = format!(
                "{} is {}: there is no report before its end; `ktrdr operations watch {0}` waits for that",
                row.id, row.status
            );
            return Err(AppError::new(ErrorKind::Conflict, message));
        }
        match row.kind {
            Kind::Backtesting => Ok(Page::Backtest(Box::new(self.tearsheet(&row).await?))),
            Kind::Training => Ok(Page::Training(Box::new(self.training_page(&row).await?))),
            kind => {
                let message = format!(
                    "{} is a {kind}: there are reports on backtests, trainings, cycles and campaigns",
                    row.id
                );
                Err(AppError::new(ErrorKind::InvalidRequest, message))
            }
        }
    }

    /// The exam of a cycle, or its training.
    async fn farthest_of(&self, cycle: &Operation) -> Result<Operation, AppError> {
        let children = self.operation(&cycle.id).await?.children;
        let completed = |kind: Kind| {
            children.iter().find(|child| child.kind == kind && child.status == Status::Completed)
        };
        let Some(farthest) = completed(Kind::Backtesting).or_else(|| completed(Kind::Training)) else {
            let message = format!(
                "{} has no completed backtest or training yet; see `ktrdr operations status {0}`",
                cycle.id
            );
            return Err(AppError::new(ErrorKind::Conflict, message));
        };
        self.row(&farthest.id).await
    }

    async fn tearsheet(&self, row: &Operation) -> Result<Tearsheet, AppError> {
        let summary: BacktestSummary = result_of(row)?;
        let gates = self.gates_of(row).await?;
        Ok(Tearsheet {
            verdict: gates.backtest(&summary),
            gates,
            finally: self.final_verdict(row).await?,
            sheet: reports::read_sheet(&*self.artifacts, &row.id, row.fence).await?,
            summary,
        })
    }

    async fn training_page(&self, row: &Operation) -> Result<TrainingPage, AppError> {
        let training: TrainingReport = result_of(row)?;
        let gates = self.gates_of(row).await?;
        Ok(TrainingPage {
            operation: row.id.clone(),
            verdict: gates.training(&training),
            gates,
            sheet: models::read_sheet(&*self.artifacts, &training.model).await?,
            training,
        })
    }

    /// The latest jobs of one kind that a campaign completed, so many at most.
    async fn completed(
        &self,
        campaign: &CampaignName,
        kind: Kind,
        limit: u32,
    ) -> Result<Vec<OperationSummary>, AppError> {
        let completed = Filter {
            campaign: Some(campaign.clone()),
            kinds: vec![kind],
            statuses: vec![Status::Completed],
            limit,
            ..Filter::default()
        };
        Ok(self.store.list(&completed).await?.operations)
    }

    /// The rules that a cycle's campaign was told; the configured ones where none was.
    async fn gates_of(&self, row: &Operation) -> Result<GatePolicy, AppError> {
        let Some(root) = &row.root else { return Ok(self.policy.gates) };
        let cycle = self.store.get(root).await?;
        let told = cycle.and_then(|cycle| ResearchSpec::deserialize(&cycle.spec).ok());
        Ok(told.map_or(self.policy.gates, |spec| spec.gates))
    }
}
