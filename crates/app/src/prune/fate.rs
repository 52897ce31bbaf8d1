//! Whether files may go.

use ktrdr_catalog::models::{self, ListedModel};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Operation, OperationId};
use ktrdr_research::resume::{nothing_to_resume, successor};

use super::needs::Needs;
use super::things::{Thing, What};
use crate::verdicts::is_closed;
use crate::{App, AppError};

/// What becomes of files, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Goes(&'static str),
    Stays(&'static str),
}

use Fate::{Goes, Stays};

pub(super) const UNFINISHED: &str = "whoever wrote it died; nothing reads it";

const FOREIGN: Fate = Stays("its name is none of ours");
const YOUNG: Fate = Stays("it is younger than was asked for");
const ELSEWHERE: Fate = Stays("this workspace has met other stores, which may know it");
const RIDDLE: Fate = Stays("there are rows that can not be read, and may name it");
const IN_USE: Fate = Stays("it is in use");

impl Needs {
    /// What becomes of these files, where only what was written before then may go.
    pub(super) async fn fate(&mut self, app: &App, thing: &Thing, before_ms: i64) -> Result<Fate, AppError> {
        Ok(match &thing.what {
            What::Foreign(_) => FOREIGN,
            _ if thing.written_at_ms >= before_ms => YOUNG,
            What::Import(sha256) if self.imports.contains(sha256) => Stays("an import waits for it"),
            What::Signals(sha256) if self.signals.contains(sha256) => Stays("a backtest trades it"),
            What::Report(backtest) if self.backtests.contains(backtest) => Stays("its backtest has a row"),
            What::Model(model) if self.models.contains(model) => Stays("a backtest trades it"),
            What::Page(name) => page(app, name).await?,
            _ if self.has_riddles => RIDDLE,
            _ if !self.is_only_store => ELSEWHERE,
            What::Import(_) => Goes("its import has ended: what was made of it lies in data/"),
            What::Signals(_) => Goes("no backtest trades it"),
            What::Report(_) => Goes("its backtest has no row any more"),
            What::Model(model) => self.of_model(app, model, thing).await?,
        })
    }

    /// A model that no backtest trades.
    async fn of_model(&mut self, app: &App, model: &ListedModel, thing: &Thing) -> Result<Fate, AppError> {
        let Some(maker) = models::maker(&*app.artifacts, model).await else {
            return Ok(Stays("nobody can tell which training made it"));
        };
        if self.counted.contains(&maker) {
            return Ok(Stays("its training was counted as a look at data"));
        }
        let training = app.store.get(&maker).await?;
        if training.as_ref().is_some_and(|training| !training.status.is_terminal()) {
            return Ok(IN_USE);
        }
        if !thing.keys.iter().any(models::is_manifest) {
            return Ok(Goes("whoever made it died before it was whole"));
        }
        // Research keeps a file of every design as well: whoever wants to trade one trains it again.
        if is_by_hand(&maker) && self.strategies.contains(&model.strategy) {
            return Ok(Stays("somebody trained it, and its strategy is there"));
        }
        let Some(training) = training else {
            return Ok(Goes("its training has no row any more, and no backtest trades it"));
        };
        match &training.root {
            None => Ok(Goes("its strategy is gone, and no backtest trades it")),
            Some(cycle) => self.of_cycle(app, cycle.clone()).await,
        }
    }

    /// A model that a research cycle made; whatever resumes the cycle goes on with it.
    async fn of_cycle(&mut self, app: &App, first: OperationId) -> Result<Fate, AppError> {
        let mut cycle = app.store.get(&first).await?;
        while let Some(row) = &cycle {
            match app.store.get(&successor(&row.id)).await? {
                Some(later) => cycle = Some(later),
                None => break,
            }
        }
        let Some(cycle) = cycle else { return Ok(Goes("its cycle has no row any more")) };
        if !cycle.status.is_terminal() {
            return Ok(IN_USE);
        }
        if !self.is_closed(app, &cycle).await? {
            return Ok(Stays("its campaign is not closed"));
        }
        Ok(match nothing_to_resume(&cycle) {
            Some(_) => Goes("its cycle ended without a backtest of it, and its campaign is closed"),
            None => Stays("its cycle can be resumed"),
        })
    }

    async fn is_closed(&mut self, app: &App, cycle: &Operation) -> Result<bool, AppError> {
        let Some(name) = cycle.campaign.clone() else { return Ok(true) };
        if let Some(known) = self.closed.get(&name) {
            return Ok(*known);
        }
        let closed = match app.campaigns.campaign(&name).await? {
            Some(campaign) => is_closed(&campaign, &app.closings(Some(&name)).await?),
            None => true,
        };
        self.closed.insert(name, closed);
        Ok(closed)
    }
}

/// Whether it is no job of a research cycle.
fn is_by_hand(training: &OperationId) -> bool {
    !training.as_str().contains('.')
}

/// A page that was made of rows is made again of them.
async fn page(app: &App, name: &str) -> Result<Fate, AppError> {
    let again = match (name.parse::<OperationId>(), name.parse::<CampaignName>()) {
        (Ok(id), _) => app.store.get(&id).await?.is_some(),
        (_, Ok(campaign)) => app.campaigns.campaign(&campaign).await?.is_some(),
        _ => false,
    };
    Ok(match again {
        true => Goes("`ktrdr report` makes it again"),
        false => Stays("nothing is there that it could be made of again"),
    })
}
