//! Whoever asks for an operation may have a trace of their own. Both stay what they are, and a span of ours leads to theirs:
//! our ids are hashes of the operation, which a retry and another machine find again.

use std::sync::Arc;
use std::time::SystemTime;

use ktrdr_domain::{OperationId, SpanId, TraceParent};

use crate::names;
use crate::part::{Part, SpanKind, nanos_of};
use crate::queue::Queue;

/// Tells where operations came from.
#[derive(Clone)]
pub struct Links {
    pub(crate) queue: Arc<Queue>,
}

impl Links {
    /// An operation was asked for just now, by that part of somebody's trace.
    pub fn tell(&self, caller: TraceParent, operation: &OperationId) {
        if self.queue.wants(operation) {
            let (operation, now) = (operation.clone(), nanos_of(SystemTime::now()));
            self.queue.tell(move || {
                let id = SpanId::of(&operation, &format!("request/{}/{}", caller.trace, caller.span));
                Part::new(&operation, id, names::REQUEST.to_owned(), now, now)
                    .kind(SpanKind::Server)
                    .within(SpanId::whole(&operation))
                    .leads_to(caller)
                    .say(names::OPERATION_ID, operation.as_str())
            });
        }
    }
}
