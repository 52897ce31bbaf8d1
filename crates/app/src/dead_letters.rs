//! Dead letters: operations that used up their tries, and messages that nobody could read. Dropping an operation takes it off
//! the list, and its row stays; a message is gone for good.

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId};
use ktrdr_fabric::broker::DeadLetter;
use ktrdr_fabric::store::{Dismissed, Filter};
use serde::Serialize;

use crate::cancel::OPERATOR;
use crate::operations::PartRequest;
use crate::{App, AppError, ErrorKind};

/// A part of the list of dead letters, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetterList {
    /// Operations that used up their tries and were not dismissed.
    pub dead_letters: Vec<Operation>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many there are in all.
    pub total: u64,
}

/// Where messages lie that nobody could read. `None` where there is nobody to ask: messages that never leave the process are
/// always read, and of a fleet only the broker's administrator may look.
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
        Ok(None)
    }

    async fn discard(&self, _: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        Ok(None)
    }
}

/// What a dismissal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
        let page = self.store.list(&part.of(Filter { dead: true, ..Filter::default() })?).await?;
        let next = part.next(&page);
        Ok(DeadLetterList { dead_letters: page.operations, next, total: page.total })
    }

    /// The dead letters whose error begins so, however many there are: what dropping them by it would drop.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn dead_letters_with(&self, error: &str) -> Result<Vec<OperationId>, AppError> {
        let mut part = PartRequest::default();
        let mut found = Vec::new();
        loop {
            let page = self.dead_letters(part).await?;
            part.after = page.next;
            let has_it = |o: &Operation| o.error.as_deref().is_some_and(|e| e.starts_with(error));
            found.extend(page.dead_letters.into_iter().filter(has_it).map(|o| o.id));
            if part.after.is_none() {
                return Ok(found);
            }
        }
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
