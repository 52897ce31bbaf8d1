//! A store in front of another one. It passes on whatever it does not do itself: for stores of tests that lose, count or break
//! calls.

use std::ops::Deref;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId, Progress};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{
    Admission, Advance, Advanced, Attempt, Backlog, Beat, BootId, Cancelled, Claim, ConcurrencyLimit,
    Dismissed, Filter, Finish, Finished, GroupCancel, GroupCancelled, NewOperation, NewRoot, OperationReader,
    OutboxEntry, Pace, Page, Store, StoreError, StoreHint, Submitted, SweepPlan, Swept,
};
use tokio::sync::broadcast;

/// A layer as a store.
pub(crate) struct Layered<L>(pub(crate) L);

impl<L> Deref for Layered<L> {
    type Target = L;
    fn deref(&self) -> &L {
        &self.0
    }
}

/// From the methods of both halves of a store: a layer that passes all of them on, and a store that asks its layer.
macro_rules! passed_on {
    (
        OperationReader { $( fn $read:ident($($with:ident: $kind:ty),*) -> $found:ty; )* }
        Store { $( fn $change:ident($($given:ident: $sort:ty),*) -> $done:ty; )* }
    ) => {
        /// What a layer does itself; whatever it leaves out is done beneath it.
        #[async_trait]
        pub(crate) trait Layer: Send + Sync {
            /// The store that calls are passed on to.
            fn beneath(&self) -> &dyn Store;
            fn hints(&self) -> broadcast::Receiver<StoreHint> {
                self.beneath().hints()
            }
            $( async fn $read(&self, $($with: $kind),*) -> Result<$found, StoreError> {
                self.beneath().$read($($with),*).await
            } )*
            $( async fn $change(&self, $($given: $sort),*) -> Result<$done, StoreError> {
                self.beneath().$change($($given),*).await
            } )*
        }

        #[async_trait]
        impl<L: Layer> OperationReader for Layered<L> {
            fn hints(&self) -> broadcast::Receiver<StoreHint> {
                self.0.hints()
            }
            $( async fn $read(&self, $($with: $kind),*) -> Result<$found, StoreError> {
                self.0.$read($($with),*).await
            } )*
        }

        #[async_trait]
        impl<L: Layer> Store for Layered<L> {
            $( async fn $change(&self, $($given: $sort),*) -> Result<$done, StoreError> {
                self.0.$change($($given),*).await
            } )*
        }
    };
}

passed_on! {
    OperationReader {
        fn get(id: &OperationId) -> Option<Operation>;
        fn get_all(ids: &[OperationId]) -> Vec<Operation>;
        fn list(filter: &Filter) -> Page;
        fn history(id: &OperationId) -> Vec<Transition>;
        fn due(id: &OperationId) -> Option<i64>;
        fn keyed(key: &str) -> Option<OperationId>;
        fn holders(key: &str) -> Vec<OperationId>;
        fn backlog(age: Duration) -> Backlog;
        fn outbox(after: Option<u64>, limit: u32) -> Vec<OutboxEntry>;
    }
    Store {
        fn submit(new: NewOperation) -> Submitted;
        fn submit_roots(roots: Vec<NewRoot>, pace: Pace) -> Submitted;
        fn submit_within(root: NewRoot, limits: &[ConcurrencyLimit]) -> Admission;
        fn claim(id: &OperationId, boot: &BootId, lease: Duration) -> Claim;
        fn suspect(id: &OperationId, by: &BootId, grace_period: Duration) -> Option<Duration>;
        fn beat(attempt: &Attempt, lease: Duration, progress: Option<&Progress>) -> Beat;
        fn finish(attempt: &Attempt, how: Finish) -> Finished;
        fn cancel(id: &OperationId, by: &str, reason: &str) -> Cancelled;
        fn cancel_matching(group: &GroupCancel) -> GroupCancelled;
        fn dismiss(id: &OperationId, by: &str) -> Dismissed;
        fn sweep(plan: SweepPlan) -> Swept;
        fn publish_again(queue: Queue, age: Duration, limit: u32) -> u32;
        fn advance(step: Advance) -> Advanced;
        fn relayed(sequences: &[u64]) -> ();
    }
}
