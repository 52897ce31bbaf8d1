//! The books of a budget, kept by hand.

use std::collections::HashMap;

use ktrdr_domain::budget::{Balance, Cost, Scope};
use ktrdr_domain::day::Day;

/// A call as the books have it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) scopes: Vec<Scope>,
    pub(super) worst: Cost,
    pub(super) until_ms: i64,
    pub(super) paid: Option<Cost>,
    pub(super) is_settled: bool,
    /// What the vendor asks for: nothing when it was never made.
    pub(super) bill: Cost,
}

/// The books, kept by hand.
pub(super) struct Books {
    pub(super) now_ms: i64,
    pub(super) day: Day,
    pub(super) calls: HashMap<String, Entry>,
}

impl Books {
    /// Whether anything did.
    pub(super) fn lapse(&mut self) -> bool {
        let now_ms = self.now_ms;
        let over = self.calls.values_mut().filter(|call| call.paid.is_none() && call.until_ms <= now_ms);
        over.map(|call| call.paid = Some(call.worst)).count() > 0
    }

    pub(super) fn balance(&self, scope: &Scope) -> Balance {
        let mut balance = Balance::default();
        for call in self.calls.values().filter(|call| call.scopes.contains(scope)) {
            match call.paid {
                Some(paid) => balance.spent = balance.spent.plus(paid),
                None => balance.reserved = balance.reserved.plus(call.worst),
            }
        }
        balance
    }

    pub(super) fn bill(&self, scope: &Scope) -> Cost {
        let mine = self.calls.values().filter(|call| call.scopes.contains(scope));
        mine.fold(Cost::ZERO, |sum, call| sum.plus(call.bill))
    }
}
