//! Which operation a thread works on, for whoever writes down what it logs. A span would say the same, and cost every job what
//! only a line that is written needs.

use std::cell::RefCell;

use ktrdr_domain::OperationId;

thread_local! {
    /// Set by [`Working`], cleared when that is dropped.
    static CURRENT: RefCell<Option<OperationId>> = const { RefCell::new(None) };
}

/// What this thread works on; `None` of a thread that runs no job.
#[must_use]
pub fn current_operation() -> Option<OperationId> {
    CURRENT.with_borrow(Clone::clone)
}

/// This thread works on an operation, until it is dropped.
pub(crate) struct Working(());

impl Working {
    pub(crate) fn on(operation: OperationId) -> Self {
        CURRENT.set(Some(operation));
        Self(())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}
