//! Files that go or stay together, as they lie there: those of a model, of a backtest's report, and each other one for itself.

use std::collections::BTreeMap;

use ktrdr_catalog::models::{self, ListedModel};
use ktrdr_catalog::{imports, reports, signals};
use ktrdr_domain::{OperationId, Sha256};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Entry, Key};

use super::Sort;
use crate::AppError;

/// Files that go or stay together.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) sort: Sort,
    pub(super) what: What,
    /// Its files, in the order in which they are removed.
    pub(super) keys: Vec<Key>,
    pub(super) bytes: u64,
    /// When the youngest of them was written, Unix milliseconds.
    pub(super) written_at_ms: i64,
}

/// What they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Import(Sha256),
    Signals(Sha256),
    Model(ListedModel),
    Report(OperationId),
    /// A page by its name.
    Page(String),
    /// Something whose name is none of ours.
    Foreign(Key),
}

/// All of a sort.
pub(super) async fn of(artifacts: &dyn Artifacts, sort: Sort) -> Result<Vec<Thing>, AppError> {
    let folder = match sort {
        Sort::Pages => Sort::Reports.as_str(),
        sort => sort.as_str(),
    };
    let mut all: BTreeMap<What, Thing> = BTreeMap::new();
    for entry in artifacts.entries(&folder.parse().map_err(ArtifactError::Key)?).await? {
        let Some(what) = what(sort, &entry.key) else { continue };
        let empty = Thing { sort, what: what.clone(), keys: Vec::new(), bytes: 0, written_at_ms: i64::MIN };
        all.entry(what).or_insert(empty).add(entry);
    }
    Ok(without_newest_numbers(all.into_values().collect()))
}

/// Of the newest model of a strategy the note stays by which its version number is taken: none is given twice.
fn without_newest_numbers(mut things: Vec<Thing>) -> Vec<Thing> {
    for n in 0..things.len() {
        let What::Model(model) = &things[n].what else { continue };
        // They are in the order of their versions.
        let is_newest = things.get(n + 1).is_none_or(|next| match &next.what {
            What::Model(next) => (&next.strategy, next.timeframe) != (&model.strategy, model.timeframe),
            _ => true,
        });
        things[n].keys.retain(|key| !(is_newest && models::is_reservation(key)));
    }
    things.retain(|thing| !thing.keys.is_empty());
    // The manifest goes first: whoever is interrupted leaves no model that lacks its weights.
    things.iter_mut().for_each(|thing| thing.keys.sort_by_key(|key| !models::is_manifest(key)));
    things
}

/// What a file of a sort belongs to. Reports and pages lie in one folder: of both what is the other is left out.
fn what(sort: Sort, key: &Key) -> Option<What> {
    let ours = match sort {
        Sort::Imports => imports::hash_at(key).map(What::Import),
        Sort::Signals => signals::hash_at(key).map(What::Signals),
        Sort::Models => models::model_at(key).map(What::Model),
        Sort::Reports if page(key).is_some() => return None,
        Sort::Reports => reports::operation_at(key).map(What::Report),
        Sort::Pages => return page(key).map(What::Page),
        Sort::Unfinished => return None,
    };
    Some(ours.unwrap_or_else(|| What::Foreign(key.clone())))
}

/// The name of a page right in the folder of reports.
fn page(key: &Key) -> Option<String> {
    let name = key.as_str().strip_prefix("reports/")?.strip_suffix(".html")?;
    (!name.contains('/')).then(|| name.to_owned())
}

impl Thing {
    fn add(&mut self, entry: Entry) {
        self.bytes += entry.bytes;
        self.written_at_ms = self.written_at_ms.max(entry.written_at_ms);
        self.keys.push(entry.key);
    }
}
