//! Dead letters: operations that used up their tries, and messages that nobody could read. Dropping an operation takes it off
//! the list, and its row stays; a message is gone for good.

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId};
pub use ktrdr_fabric::broker::DeadLetter;
use ktrdr_fabric::store::{Dismissed, Filter};
use serde::{Deserialize, Serialize};

use crate::cancel::OPERATOR;
use crate::operations::{PART_MAX, PartRequest};
use crate::{App, AppError, ErrorKind};

/// A part of the list of dead letters, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetterList {
    /// Operations that used up their tries and were not dismissed.
    pub dead_letters: Vec<Operation>,
    /// How many there are in all.
    pub total: u64,
}

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
        let filter = Filter { dead: true, offset: part.offset, limit: part.limit()?, ..Filter::default() };
        let page = self.store.list(&filter).await?;
        Ok(DeadLetterList { dead_letters: page.operations, total: page.total })
    }

    /// The dead letters whose error begins so, however many there are: what dropping them by it would drop.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn dead_letters_with(&self, error: &str) -> Result<Vec<OperationId>, AppError> {
        let mut part = PartRequest { limit: PART_MAX, offset: 0 };
        let mut found = Vec::new();
        loop {
            let page = self.dead_letters(part).await?;
            part.offset += page.dead_letters.len() as u64;
            let is_last = page.dead_letters.is_empty() || part.offset >= page.total;
            let has_it = |o: &Operation| o.error.as_deref().is_some_and(|e| e.starts_with(error));
            found.extend(page.dead_letters.into_iter().filter(has_it).map(|o| o.id));
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The oldest messages that nobody could read, at most `limit`; `None` where nobody may look.
    ///
    /// # Errors
    /// When the broker can not be reached.
    pub async fn dead_messages(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        self.letters.letters(limit).await
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
