//! What calls cost: the worst case is reserved before each, what it did cost is settled after.
//!
//! A purse belongs to one operation; whoever opens it knows the cycle, the campaign and the day that pay. Calls
//! are numbered within each attempt, so that saying a thing twice counts once. A call whose cost is not known (its answer
//! broke off, its caller gave up or died) costs the worst case: nothing is ever counted too low.

use std::time::SystemTime;

use async_trait::async_trait;
use ktrdr_domain::{Money, OperationId, budget};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::models::{Lane, Usage};

/// An amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Cost {
    /// Money, in millionths of a dollar.
    pub micro_dollars: u64,
    /// Tokens read and written, cached or not.
    pub tokens: u64,
}

impl From<Cost> for budget::Cost {
    fn from(cost: Cost) -> Self {
        Self { money: Money::micro_dollars(cost.micro_dollars), tokens: cost.tokens, machine_ms: 0 }
    }
}

/// A call about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The attempt that makes it. A later one may settle it, where the answer takes long.
    pub attempt: u64,
    /// Its number within the attempt, from 0. Retries of one call have numbers of their own.
    pub call: u32,
    /// How it is made: what is set aside for a batch stays so until that has surely ended.
    pub lane: Lane,
    /// The model that is asked.
    pub model: String,
    /// The most that it can cost.
    pub worst_case: Cost,
}

/// Money that was set aside for one call.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "what is reserved has to be settled"]
pub struct Reservation {
    /// What it is for.
    pub intent: Intent,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The vendor counted: these tokens, at this cost. Zero for a call that was refused before anything was read.
    Counted(Usage, Cost),
    /// Nobody knows: the worst case is taken.
    Unknown,
}

/// Why nothing was set aside.
#[derive(Debug, thiserror::Error)]
pub enum PurseError {
    /// A limit would be passed.
    #[error(transparent)]
    Exhausted(#[from] BudgetExhausted),
    /// Whoever keeps the accounts can not be reached: nothing is spent unseen.
    #[error("the budget can not be asked now: {0}")]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
}

/// A limit that would be passed: which, what was spent and reserved of it, and when it is renewed, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("budget exhausted: {why}")]
pub struct BudgetExhausted {
    /// Such as `the day's limit of $5.00 leaves $0.03 ($4.90 spent, $0.07 reserved), this call may cost $0.12; renewed at …`.
    pub why: String,
}

/// Pays for the calls of one operation.
#[async_trait]
pub trait Purse: Send + Sync {
    /// Sets the worst case aside. The same intent again is the same reservation.
    ///
    /// # Errors
    /// When a limit would be passed, or nobody can tell.
    async fn reserve(&self, intent: &Intent) -> Result<Reservation, PurseError>;

    /// Pays, and gives the rest back. The same again changes nothing. A reservation that is never settled (its holder was
    /// stopped or died) is paid at its worst case by whoever keeps the accounts.
    ///
    /// # Errors
    /// When whoever keeps the accounts can not be reached; they will pay the worst case then.
    async fn settle(&self, reservation: Reservation, spent: Spent) -> Result<(), PurseError>;
}

/// A call that is over.
#[derive(Debug, Clone, Copy)]
pub struct EndedCall<'a> {
    /// On whose behalf it was made.
    pub operation: &'a OperationId,
    /// What it was meant to be.
    pub intent: &'a Intent,
    /// What became of it.
    pub spent: Spent,
    /// When it was about to be made; of one that an earlier attempt made, when its answer was looked for.
    pub began: SystemTime,
    /// When that was known.
    pub ended: SystemTime,
}

/// Is told of calls that are over.
pub trait CallWatch: Send + Sync {
    /// One is. Nobody waits for what is made of it.
    fn ended(&self, call: &EndedCall<'_>);
}

/// Pays for everything and counts nothing: for providers that cost nothing, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenPurse;

#[async_trait]
impl Purse for OpenPurse {
    async fn reserve(&self, intent: &Intent) -> Result<Reservation, PurseError> {
        Ok(Reservation { intent: intent.clone() })
    }

    async fn settle(&self, _: Reservation, _: Spent) -> Result<(), PurseError> {
        Ok(())
    }
}
