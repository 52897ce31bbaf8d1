//! Frozen selections: what a filter meant when somebody chose it, id by id, until it is acted on. Whatever comes meanwhile, and
//! however often the page is loaded again, an action does what was looked at and nothing more.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use ktrdr_app::ids::nonce;
use ktrdr_app::operations::PartRequest;
use ktrdr_app::selection::Selection;
use ktrdr_app::{App, AppError, ErrorKind};
use ktrdr_domain::{OperationId, OperationSummary, Status};

use crate::time::Instant;

/// Operations of one selection, at most: more are chosen in several.
pub(crate) const CHOSEN_MAX: usize = 5_000;

/// How long a selection waits.
const LASTS_MS: i64 = 15 * 60 * 1_000;

/// Selections that wait at a time.
const WAITING_MAX: usize = 200;

/// Rows that are shown of one.
const SAMPLE: usize = 10;

/// What is done with a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Cancel,
    Retry,
}

/// A selection.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Its name.
    pub(crate) id: String,
    /// Who chose.
    pub(crate) by: String,
    /// By which words.
    pub(crate) filter: String,
    pub(crate) deed: Deed,
    pub(crate) ids: Vec<OperationId>,
    /// Some of them, as they stood.
    pub(crate) sample: Vec<OperationSummary>,
    /// Whether more match than are in it.
    pub(crate) is_cut: bool,
    pub(crate) until_ms: i64,
}

/// Those that wait.
#[derive(Default)]
pub(crate) struct Selections {
    waiting: Mutex<HashMap<String, Arc<Chosen>>>,
}

impl Selections {
    /// Freezes what a filter means now.
    pub(crate) async fn freeze(&self, app: &App, deed: Deed, filter: &str) -> Result<Arc<Chosen>, AppError> {
        let selection: Selection = filter.parse()?;
        let (mut ids, mut known) = (Vec::new(), HashSet::new());
        let (mut sample, mut after) = (Vec::new(), None);
        let is_cut = loop {
            let part = app.select(&selection, after, 1_000).await?;
            for row in part.operations.into_iter().filter(|row| deed.fits(row)) {
                let id = deed.target(&row);
                if !known.insert(id.clone()) {
                    continue;
                }
                ids.push(id);
                if sample.len() < SAMPLE {
                    sample.push(row);
                }
            }
            after = part.next;
            if ids.len() >= CHOSEN_MAX || after.is_none() {
                break after.is_some() || ids.len() > CHOSEN_MAX;
            }
        };
        self.keep(app, deed, selection.text().to_owned(), (ids, sample, is_cut))
    }

    /// Freezes the dead letters whose errors have this in common: they are retried.
    pub(crate) async fn alike(&self, app: &App, fingerprint: &str) -> Result<Arc<Chosen>, AppError> {
        let (mut rows, mut part) = (Vec::new(), PartRequest::default());
        loop {
            let page = app.dead_letters(part).await?;
            part.after = page.next;
            let alike = page.dead_letters.into_iter().filter(|dead| dead.fingerprint == fingerprint);
            rows.extend(alike.map(|dead| dead.operation));
            if part.after.is_none() || rows.len() > CHOSEN_MAX {
                break;
            }
        }
        let ids: Vec<OperationId> = rows.iter().map(|row| row.id.clone()).collect();
        let is_cut = ids.len() > CHOSEN_MAX;
        rows.truncate(SAMPLE);
        self.keep(app, Deed::Retry, "reason=attempts_exhausted".into(), (ids, rows, is_cut))
    }

    fn keep(
        &self,
        app: &App,
        deed: Deed,
        filter: String,
        (mut ids, sample, is_cut): (Vec<OperationId>, Vec<OperationSummary>, bool),
    ) -> Result<Arc<Chosen>, AppError> {
        ids.truncate(CHOSEN_MAX);
        let until_ms = Instant::now().0 + LASTS_MS;
        // Only whoever chose may act on it: the name need not be a secret.
        let id = format!("{:08x}{until_ms:x}", nonce()?);
        let chosen = Arc::new(Chosen { id, by: app.by.clone(), filter, deed, ids, sample, is_cut, until_ms });
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING_MAX {
            let message = "many selections wait for a word: try again in a few minutes";
            return Err(AppError::new(ErrorKind::Conflict, message));
        }
        waiting.insert(chosen.id.clone(), Arc::clone(&chosen));
        Ok(chosen)
    }

    /// One of somebody's own that still waits.
    pub(crate) fn find(&self, id: &str, by: &str) -> Result<Arc<Chosen>, AppError> {
        let found = self.waiting().get(id).filter(|chosen| chosen.by == by).cloned();
        found.ok_or_else(|| {
            let message = "this selection is over: it was acted on, a quarter of an hour went by, or the process began anew. \
                           Choose again";
            AppError::new(ErrorKind::NotFound, message)
        })
    }

    /// Takes one out, so that it is acted on once.
    pub(crate) fn take(&self, chosen: &Chosen) -> bool {
        self.waiting().remove(&chosen.id).is_some()
    }

    /// Without those whose time is over.
    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Chosen>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = Instant::now().0;
        waiting.retain(|_, chosen| chosen.until_ms > now_ms);
        waiting
    }
}

impl Deed {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Cancel, Self::Retry].into_iter().find(|deed| deed.word() == word)
    }

    /// With what it is done: of a job of a research cycle with the cycle, which goes on from it.
    fn target(self, row: &OperationSummary) -> OperationId {
        match (self, &row.root) {
            (Self::Retry, Some(cycle)) => cycle.clone(),
            _ => row.id.clone(),
        }
    }

    /// Whether it can be done with an operation.
    fn fits(self, row: &OperationSummary) -> bool {
        match self {
            Self::Cancel => !row.status.is_terminal(),
            // What completed is not run again for a group: each exam would be another look.
            Self::Retry => matches!(row.status, Status::Failed | Status::Cancelled),
        }
    }
}
