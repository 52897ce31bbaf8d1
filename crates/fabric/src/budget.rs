//! The budget: what work costs is set aside before it is spent, and paid when it is known.
//!
//! Each call has a name that never changes, so that whatever is said twice counts once. Before it is made, its worst case is
//! *reserved* in every account that pays for it: the day's, its campaign's, its cycle's. That is one atomic step, in which
//! nothing is reserved that would pass a limit: however many ask at once, on however many machines, what is spent and what is
//! reserved never pass a limit together. Afterwards it is *settled* at what it cost.
//!
//! **A reservation whose time is over is paid at its worst case.** Whoever held it may have died before the call, during it or
//! after it: nobody can tell, and the vendor may have billed it. Giving it back could spend the same money twice; keeping it
//! reserved for ever would be a leak. Paying the worst case does neither, and since it was counted against the limits all
//! along, no one is refused or admitted because of it. Should its holder come back late and say what it did cost, that is the
//! truth and stands.
//!
//! A call belongs to the day on which it was reserved, whenever it is settled.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::budget::{Balance, Cost, Exhausted, Limit, Limits, Scope};
use ktrdr_domain::day::Day;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Money, OperationId};

use crate::store::StoreError;

/// How long what is reserved for a call stays so: longer than a job of a designer or an assessor may run.
pub const CALL_RESERVED_FOR: Duration = Duration::from_secs(20 * 60);

/// The same of a call in a batch: those end within a day, and somebody may look a little later.
pub const BATCH_RESERVED_FOR: Duration = Duration::from_secs(48 * 3600);

/// Longest time between a reservation and its end: a batch takes a day.
pub const RESERVED_FOR_MAX: Duration = Duration::from_secs(30 * 86_400);

/// For at least how long a call is remembered once it is paid, and a cycle's account once it was last used: longer than anything
/// is tried again.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(90 * 86_400);

/// Most of any measure that one call may cost: a million dollars, 31 years.
pub const COST_MAX: u64 = 1_000_000_000_000;

/// Reservations that are ended in one step at most, when their time is over.
pub const LAPSED_AT_ONCE: u32 = 100;

/// The name of one thing that costs: never used for another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallId(String);

impl CallId {
    /// A numbered call of an attempt.
    #[must_use]
    pub fn of(operation: &OperationId, attempt: u64, call: u32) -> Self {
        Self(format!("{operation}/{attempt}/{call}"))
    }

    /// The machine time of an attempt.
    #[must_use]
    pub fn machine_time(operation: &OperationId, attempt: u64) -> Self {
        Self(format!("{operation}/{attempt}/machine"))
    }

    /// As it was written down.
    #[must_use]
    pub fn written(text: String) -> Self {
        Self(text)
    }

    /// Whose it is: the operation and its attempt.
    #[must_use]
    pub fn attempt(&self) -> Option<(OperationId, u64)> {
        let mut parts = self.0.split('/');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who pays, beside the day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payers {
    /// How far the clock by which days are counted is ahead of UTC at present. The store tells the time itself, so that no
    /// machine whose clock is wrong spends on another day.
    pub utc_offset_s: i32,
    /// The campaign, if there is one.
    pub campaign: Option<CampaignName>,
    /// The cycle, if there is one.
    pub cycle: Option<OperationId>,
}

impl Payers {
    /// Every account on that day with its limit, in the order in which they are asked.
    #[must_use]
    pub fn accounts(&self, day: Day, limits: &Limits) -> Vec<(Scope, Limit)> {
        let campaign = self.campaign.clone().map(|name| (Scope::Campaign(name), limits.campaign));
        let cycle = self.cycle.clone().map(|id| (Scope::Cycle(id), limits.cycle));
        [Some((Scope::Day(day), limits.day)), campaign, cycle].into_iter().flatten().collect()
    }
}

/// What is to be set aside for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The call.
    pub call: CallId,
    /// Who pays.
    pub payers: Payers,
    /// The most that it can cost.
    pub worst: Cost,
    /// For how long: longer than the call can take, at most [`RESERVED_FOR_MAX`].
    pub lasts: Duration,
}

/// What became of a wish to reserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// It is set aside, now or by the same wish before.
    Granted,
    /// The call was paid before: it must not be made again under this name.
    Over,
    /// A limit would be passed, and nothing was set aside.
    Refused(Exhausted),
}

/// The reading half of a [`Budget`].
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait BudgetReader: Send + Sync {
    /// The day by the store's clock, where a clock is so far ahead of UTC.
    async fn today(&self, utc_offset_s: i32) -> Result<Day, StoreError>;
    /// What each account has paid and set aside, and what it was allowed; nothing where it never paid.
    async fn balances(&self, scopes: &[Scope]) -> Result<Vec<Balance>, StoreError>;
    /// Calls that something is set aside for, at most `limit`, those first whose time is over first.
    async fn held(&self, limit: u32) -> Result<Vec<CallId>, StoreError>;
}

/// The budget. Every method is one atomic step.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later. A refusal is an answer and not an
/// error.
#[async_trait]
pub trait Budget: BudgetReader {
    /// Sets the worst case aside, unless a limit would be passed. The same call again is the same reservation, whatever is
    /// asked for.
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Result<Reserved, StoreError>;
    /// Pays what a call cost, also more than was set aside, and gives the rest back. The first time counts; a call that was
    /// paid at its worst case because its time was over is put right, once. One that was never reserved is
    /// [`StoreError::Invalid`].
    async fn settle(&self, call: &CallId, cost: Cost) -> Result<(), StoreError>;
    /// Pays what was spent already, whatever the limits say. Once for each name.
    async fn charge(&self, call: &CallId, payers: &Payers, cost: Cost) -> Result<(), StoreError>;
    /// Allows a campaign so much money in all, whatever every campaign may spend.
    async fn allow(&self, campaign: &CampaignName, money: Money) -> Result<(), StoreError>;
    /// Pays reservations whose time is over at their worst case, at most [`LAPSED_AT_ONCE`]; how many. Every other step does so
    /// first, so that nobody has to.
    async fn lapse(&self) -> Result<u32, StoreError>;
}

/// Whether something may begin that will cost at least so much: the limit that is in its way, if there is one. Sets nothing
/// aside.
///
/// # Errors
/// When the store can not be read.
pub async fn admit(
    budget: &(impl BudgetReader + ?Sized),
    payers: &Payers,
    limits: &Limits,
    asked: &Cost,
) -> Result<Option<Exhausted>, StoreError> {
    let day = budget.today(payers.utc_offset_s).await?;
    let (scopes, limits): (Vec<Scope>, Vec<Limit>) = payers.accounts(day, limits).into_iter().unzip();
    let balances = budget.balances(&scopes).await?;
    let accounts = scopes.iter().zip(&limits).zip(&balances);
    Ok(accounts.filter_map(|((scope, limit), balance)| balance.admit(scope, limit, asked).err()).next())
}

/// What engines say of a settlement without a reservation.
#[must_use]
pub fn never_reserved(call: &CallId) -> StoreError {
    StoreError::Invalid(format!("nothing was ever reserved for {call}: reserve it before it is made").into())
}
