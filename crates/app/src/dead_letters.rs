//! Dead letters: operations that used up their tries, and messages that nobody could read. Dropping an operation takes it off
//! the list, and its row stays; a message is gone for good.

mod fingerprint;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_trait::async_trait;
use ktrdr_domain::{Kind, Operation, OperationId, OperationSummary};
pub use ktrdr_fabric::broker::DeadLetter;
use ktrdr_fabric::store::{Dismissed, Filter};
use ktrdr_research::resume::successor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use fingerprint::fingerprint;

use crate::cancel::OPERATOR;
use crate::operations::{PartRequest, within_part};
use crate::{App, AppError, ErrorKind};

/// A part of the list of dead letters, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct DeadLetterList {
    /// Operations that used up their tries and were not dismissed.
    pub dead_letters: Vec<GivenUp>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many there are in all.
    pub total: u64,
    /// When this was so, by the store's clock, as the rows' times are.
    #[serde(rename = "now", alias = "now_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub now_ms: i64,
}

/// An operation that used up its tries.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct GivenUp {
    /// Its row, without specification and result.
    #[serde(flatten)]
    pub operation: OperationSummary,
    /// Its error without ids, hosts and numbers: the same for all that came to grief in the same way.
    pub fingerprint: String,
    /// What has been submitted in its place since: a repetition of it, or the cycle that goes on with its own.
    pub retried_as: Option<OperationId>,
}

/// Whether a dead letter's error, or the fingerprint of that, begins so.
#[must_use]
pub fn is_dead_of(operation: &OperationSummary, error: &str) -> bool {
    let said = error_of(operation);
    said.starts_with(error) || fingerprint(said).starts_with(error)
}

fn error_of(dead: &OperationSummary) -> &str {
    dead.error.as_deref().unwrap_or("no error was recorded")
}

/// Rows of a kind that are looked through for repetitions.
const LOOKED_THROUGH: u32 = 1_000;

/// Of them, those about the same whose specifications are compared.
const COMPARED: usize = 20;

/// Where messages lie that nobody could read. `None` where there is nobody to ask: of a fleet only the broker's administrator
/// may look. Messages that never leave the process are always read: there are none.
#[async_trait]
pub trait LetterBox: Send + Sync {
    /// The oldest, at most `limit`.
    async fn letters(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError>;
    /// Drops these for good; those that were there.
    async fn discard(&self, ids: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError>;
}

/// Of messages that never leave the process.
pub struct NoLetterBox;

#[async_trait]
impl LetterBox for NoLetterBox {
    async fn letters(&self, _: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        Ok(Some(Vec::new()))
    }

    async fn discard(&self, _: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        Ok(Some(Vec::new()))
    }
}

/// What a dismissal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dismissal {
    /// It is no longer on the list.
    Dismissed,
    /// There is no such operation.
    Missing,
}

impl App {
    /// A part of the list of operations that used up their tries.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn dead_letters(&self, part: PartRequest) -> Result<DeadLetterList, AppError> {
        let page = self.store.list(&part.of(dead())?).await?;
        let (next, total, now_ms) = (part.next(&page), page.total, page.now_ms);
        let (mut latest, mut dead_letters) = (HashMap::new(), Vec::new());
        for operation in page.operations {
            let retried_as = self.retried_as(&operation, &mut latest).await?;
            let fingerprint = fingerprint(error_of(&operation));
            dead_letters.push(GivenUp { fingerprint, retried_as, operation });
        }
        Ok(DeadLetterList { dead_letters, next, total, now_ms })
    }

    /// How many dead letters there are, of one type or of all.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn count_dead(&self, kind: Option<Kind>) -> Result<u64, AppError> {
        let kinds = kind.into_iter().collect();
        Ok(self.store.list(&Filter { dead: true, kinds, limit: 1, ..Filter::default() }).await?.total)
    }

    /// What was submitted in the place of an operation since it ended, as far as it is among the latest of its kind.
    async fn retried_as(
        &self,
        dead: &OperationSummary,
        latest: &mut HashMap<Kind, Vec<OperationSummary>>,
    ) -> Result<Option<OperationId>, AppError> {
        if let Some(cycle) = &dead.root {
            return Ok(self.store.get(&successor(cycle)).await?.map(|later| later.summary.id));
        }
        let latest = match latest.entry(dead.kind) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let filter = Filter { kinds: vec![dead.kind], limit: LOOKED_THROUGH, ..Filter::default() };
                unknown.insert(self.store.list(&filter).await?.operations)
            }
        };
        let later = latest.iter().filter(|row| is_later(row, dead));
        let later: Vec<OperationId> = later.take(COMPARED).map(|row| row.id.clone()).collect();
        if later.is_empty() {
            return Ok(None);
        }
        let dead = self.row(&dead.id).await?;
        let repeated = self.store.get_all(&later).await?.into_iter().rfind(|row| repeats(row, &dead));
        Ok(repeated.map(|row| row.summary.id))
    }

    /// The dead letters whose error, or its fingerprint, begins so, however many there are: what dropping them by it would drop.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn dead_letters_with(&self, error: &str) -> Result<Vec<OperationId>, AppError> {
        let mut part = PartRequest::default();
        let mut found = Vec::new();
        loop {
            let page = self.store.list(&part.of(dead())?).await?;
            part.after = part.next(&page);
            found.extend(page.operations.into_iter().filter(|row| is_dead_of(row, error)).map(|row| row.id));
            if part.after.is_none() {
                return Ok(found);
            }
        }
    }

    /// The oldest messages that nobody could read, at most `limit`; `None` where nobody may look.
    ///
    /// # Errors
    /// When the limit is out of range, or the broker can not be reached.
    pub async fn dead_messages(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        self.letters.letters(within_part(limit)?).await
    }

    /// Drops messages that nobody could read, for good; those that were there. `None` where nobody may look.
    ///
    /// # Errors
    /// When the broker can not be reached.
    pub async fn discard_messages(&self, ids: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        self.letters.discard(ids).await
    }

    /// Takes an operation off the list.
    ///
    /// # Errors
    /// When it did not use up its tries.
    pub async fn dismiss(&self, id: &OperationId) -> Result<Dismissal, AppError> {
        match self.store.dismiss(id, OPERATOR).await? {
            Dismissed::Done | Dismissed::Before => Ok(Dismissal::Dismissed),
            Dismissed::Missing => Ok(Dismissal::Missing),
            Dismissed::NotDead(status) => {
                let message =
                    format!("{id} is {status} and did not use up its tries: it is not a dead letter");
                Err(AppError::new(ErrorKind::Conflict, message))
            }
        }
    }
}

fn dead() -> Filter {
    Filter { dead: true, ..Filter::default() }
}

/// Whether a row came after a dead one, and is about the same.
fn is_later(row: &OperationSummary, dead: &OperationSummary) -> bool {
    let came_after = dead.finished_at_ms.is_some_and(|ended| row.created_at_ms >= ended);
    row.id != dead.id && came_after && row.subject == dead.subject
}

/// Whether a row does what a dead one should have done: the same specification, or one that names it.
fn repeats(row: &Operation, dead: &Operation) -> bool {
    let names = row.spec.get("repeats").and_then(Value::as_str) == Some(dead.id.as_str());
    names || row.spec == dead.spec
}
