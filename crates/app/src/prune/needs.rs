//! What the rows of a store need of a workspace's files.

use std::collections::{HashMap, HashSet};

use ktrdr_catalog::models::ListedModel;
use ktrdr_catalog::strategies;
use ktrdr_domain::job::{BacktestSpec, BacktestSubject, DataLoadSpec};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, Operation, OperationId, Sha256, Status, StrategyName};
use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::ledger::Stretch;
use ktrdr_fabric::store::Filter;
use serde::de::DeserializeOwned;

use super::Sort;
use crate::{App, AppError};

/// Rows read at once.
const PAGE: u32 = 1000;

/// What rows need.
#[derive(Default)]
pub(super) struct Needs {
    /// Files that imports wait for.
    pub(super) imports: HashSet<Sha256>,
    /// What backtests trade, whatever became of them: each may be repeated.
    pub(super) signals: HashSet<Sha256>,
    pub(super) models: HashSet<ListedModel>,
    /// Every backtest that has a row.
    pub(super) backtests: HashSet<OperationId>,
    /// Whatever was counted as a look at data.
    pub(super) counted: HashSet<OperationId>,
    /// Strategies that are there, by whose names people ask for models.
    pub(super) strategies: HashSet<StrategyName>,
    /// Whether the workspace has met no other store: what this one has no row of, none has.
    pub(super) is_only_store: bool,
    /// A row could not be read: nobody knows what it needs.
    pub(super) has_riddles: bool,
    /// Campaigns, and whether they are closed, as far as somebody asked.
    pub(super) closed: HashMap<CampaignName, bool>,
}

impl Needs {
    /// What is needed of these sorts.
    pub(super) async fn of(app: &App, sorts: &[Sort]) -> Result<Self, AppError> {
        let epochs = "epochs".parse().map_err(ArtifactError::Key)?;
        let epochs = app.artifacts.list(&epochs).await?;
        let mut needs = Self { is_only_store: epochs.len() <= 1, ..Self::default() };
        if sorts.contains(&Sort::Imports) {
            needs.ask_imports(app).await?;
        }
        if sorts.iter().any(|sort| matches!(sort, Sort::Signals | Sort::Models | Sort::Reports)) {
            needs.ask_backtests(app).await?;
        }
        if sorts.contains(&Sort::Models) {
            needs.ask_ledger(app).await?;
            needs.strategies.extend(strategies::names(&*app.artifacts).await?);
        }
        Ok(needs)
    }

    async fn ask_imports(&mut self, app: &App) -> Result<(), AppError> {
        let waiting = [Status::Pending, Status::Running].to_vec();
        let filter =
            Filter { kinds: vec![Kind::DataLoad], statuses: waiting, limit: PAGE, ..Filter::default() };
        let mut parts = Parts(Some(filter));
        while let Some(rows) = parts.next(app).await? {
            for row in rows {
                if let Some(spec) = self.read::<DataLoadSpec>(&row) {
                    self.imports.insert(spec.sha256);
                }
            }
        }
        Ok(())
    }

    async fn ask_backtests(&mut self, app: &App) -> Result<(), AppError> {
        let filter = Filter { kinds: vec![Kind::Backtesting], limit: PAGE, ..Filter::default() };
        let mut parts = Parts(Some(filter));
        while let Some(rows) = parts.next(app).await? {
            for row in rows {
                match self.read::<BacktestSpec>(&row).map(|spec| spec.subject) {
                    Some(BacktestSubject::Model(model)) => {
                        self.models.insert(ListedModel::from(&model));
                    }
                    Some(BacktestSubject::Signals { sha256 }) => {
                        self.signals.insert(sha256);
                    }
                    None => {}
                }
                self.backtests.insert(row.summary.id);
            }
        }
        Ok(())
    }

    async fn ask_ledger(&mut self, app: &App) -> Result<(), AppError> {
        let mut stretch = Stretch { behind: None, offset: 0, limit: PAGE };
        loop {
            let part = app.ledger.trials_part(None, stretch).await?;
            let is_last = part.entries.len() < PAGE as usize;
            self.counted.extend(part.entries.into_iter().map(|trial| trial.look.operation));
            if is_last {
                return Ok(());
            }
            stretch.behind = Some(part.behind);
        }
    }

    fn read<T: DeserializeOwned>(&mut self, row: &Operation) -> Option<T> {
        let spec = T::deserialize(&row.spec).ok();
        self.has_riddles |= spec.is_none();
        spec
    }
}

/// Whole rows, part by part; a part that follows begins where the one before it ended.
struct Parts(Option<Filter>);

impl Parts {
    async fn next(&mut self, app: &App) -> Result<Option<Vec<Operation>>, AppError> {
        let Some(filter) = self.0.take() else { return Ok(None) };
        let page = app.store.list(&filter).await?;
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        if ids.len() == filter.limit as usize {
            self.0 = page.positions.last().map(|last| Filter { before: Some(*last), ..filter });
        }
        Ok(Some(app.store.get_all(&ids).await?))
    }
}
