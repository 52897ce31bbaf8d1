//! The engine under test, with a clock that the scenario moves.

use std::any::Any;
use std::sync::Arc;

use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::store::Store;

use crate::layer::Layered;
use crate::mutants::{Broken, Mutant, Tamper};

/// A clock that only the scenario moves.
pub(crate) trait Clock: Send + Sync {
    fn now_ms(&self) -> i64;
    fn pass_ms(&self, ms: u64);
}

/// An engine that is made for the test.
pub(crate) struct Subject {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) campaigns: Arc<dyn Campaigns>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tamper: Box<dyn Tamper>,
    /// Folder, server.
    pub(crate) belongings: Box<dyn Any>,
}

/// An engine, or one with a guard removed.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) campaigns: Arc<dyn Campaigns>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Dropped last.
    _belongings: Box<dyn Any>,
}

impl World {
    pub(crate) fn new(subject: Subject, mutant: Option<Mutant>) -> Self {
        let store = match mutant {
            None => subject.store,
            Some(mutant) => Arc::new(Layered(Broken::new(subject.store, mutant, subject.tamper))),
        };
        Self { store, campaigns: subject.campaigns, clock: subject.clock, _belongings: subject.belongings }
    }
}
