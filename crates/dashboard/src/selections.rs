//! Frozen selections: what a filter meant when somebody chose it, id by id, until it is acted on. Whatever comes meanwhile, and
//! however often the page is loaded again, an action does what was looked at and nothing more.

use std::collections::HashSet;
use std::time::Duration;

use ktrdr_app::operations::PartRequest;
use ktrdr_app::selection::Selection;
use ktrdr_app::{App, AppError, ErrorKind};
use ktrdr_domain::{OperationId, OperationSummary, Status};
use serde::{Deserialize, Serialize};

use crate::pages::rows::first_line;
use crate::time::Instant;

/// Operations of one selection, at most: more are chosen in several.
pub(crate) const CHOSEN_MAX: usize = 5_000;

/// How long a selection waits.
const LASTS: Duration = Duration::from_secs(15 * 60);

/// Rows that are shown of one.
const SAMPLE: usize = 10;

/// What is done with a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Cancel,
    Retry,
}

/// A selection, as the store keeps it for whoever chose.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Chosen {
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

/// Freezes what a filter means now. Its name.
pub(crate) async fn freeze(app: &App, deed: Deed, filter: &str) -> Result<String, AppError> {
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
    keep(app, deed, selection.text().to_owned(), (ids, sample, is_cut)).await
}

/// Freezes the dead letters whose errors have this in common: they are retried. Its name.
pub(crate) async fn alike(app: &App, fingerprint: &str) -> Result<String, AppError> {
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
    keep(app, Deed::Retry, "reason=attempts_exhausted".into(), (ids, rows, is_cut)).await
}

async fn keep(
    app: &App,
    deed: Deed,
    filter: String,
    (mut ids, mut sample, is_cut): (Vec<OperationId>, Vec<OperationSummary>, bool),
) -> Result<String, AppError> {
    ids.truncate(CHOSEN_MAX);
    // As much of each as a row shows: what is kept has a largest size.
    for row in &mut sample {
        row.error = row.error.as_deref().map(first_line);
    }
    let until_ms = Instant::now().0.saturating_add_unsigned(LASTS.as_millis() as u64);
    let chosen = Chosen { filter, deed, ids, sample, is_cut, until_ms };
    let written = serde_json::to_string(&chosen)
        .map_err(|why| AppError::new(ErrorKind::InvalidInput, format!("it can not be kept: {why}")))?;
    app.freeze(&written, LASTS).await
}

/// One of the caller's own that still waits.
pub(crate) async fn find(app: &App, name: &str) -> Result<Chosen, AppError> {
    let kept = app.frozen(name, LASTS).await?;
    // What another version kept is over.
    let chosen = kept.and_then(|text| serde_json::from_str::<Chosen>(&text).ok());
    chosen.filter(|chosen| chosen.until_ms > Instant::now().0).ok_or_else(|| {
        let message =
            "this selection is over: it was acted on, or a quarter of an hour went by. Choose again";
        AppError::new(ErrorKind::NotFound, message)
    })
}

/// Takes one out, so that it is acted on once.
pub(crate) async fn take(app: &App, name: &str) -> Result<bool, AppError> {
    app.take_frozen(name, LASTS).await
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
