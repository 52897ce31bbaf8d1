//! Which messages are missing: a queue that holds fewer than wait for it, twice in a row.
//!
//! The broker can not be asked whether it has the message of an operation, but how many messages it has. A queue is
//! short when its ready messages, and the whole outbox where the relay is behind, are fewer than the operations that
//! wait for it. One look may err: a message is on its way, or was just delivered and is about to be claimed. So as many
//! count as missing as were short at both of two looks. (What runs has an unacknowledged message, but does not wait; what
//! waits for the time of a retry has no message and does not wait for one.)
//!
//! A long healthy queue is therefore left alone, however old its messages are, and of one that lost some as many are
//! written again as are missing. Which ones is anybody's guess, so those published longest ago are: their messages should
//! have been taken by now. A wrong guess makes a second message of one that is there; both are harmless, but the queue
//! then looks complete until one of them is taken. At worst a lost message is missed until its queue has run empty.

use std::collections::HashMap;
use std::time::Duration;

use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::store::{Store, StoreError};

use crate::outside::OutsideError;
use crate::relay::BATCH;

/// Most messages written in one step: the store does nothing else meanwhile.
const STEP: u32 = 500;

/// An outbox of no more than a batch is on its way: what it holds is in a queue already, or in a moment. Counted, it would
/// hide a lost message for as long as others come and go.
const ON_ITS_WAY: u64 = BATCH as u64;

/// What was short at the last look.
#[derive(Debug, Default)]
pub(crate) struct LostMessages {
    short: HashMap<Queue, u64>,
}

impl LostMessages {
    /// Looks, and writes again what is missing for the second time, should it be that old; how many messages. After a
    /// failure the next look counts as the first.
    pub(crate) async fn publish_again(
        &mut self,
        store: &dyn Store,
        broker: &dyn Broker,
        age: Duration,
    ) -> Result<u64, OutsideError> {
        let before = std::mem::take(&mut self.short);
        self.short = short(store, broker, age).await?;
        let mut published = 0;
        for (queue, now) in &self.short {
            let missing = before.get(queue).map_or(0, |before| *before.min(now));
            published += publish(store, *queue, age, missing).await?;
        }
        Ok(published)
    }
}

/// The queues that hold too little, and by how much.
async fn short(
    store: &dyn Store,
    broker: &dyn Broker,
    age: Duration,
) -> Result<HashMap<Queue, u64>, OutsideError> {
    let backlog = store.backlog(age).await?;
    let behind = if backlog.outbox > ON_ITS_WAY { backlog.outbox } else { 0 };
    let mut short = HashMap::new();
    for (queue, waiting) in backlog.waiting {
        let there = broker.depth(queue).await?.saturating_add(behind);
        if there < waiting {
            short.insert(queue, waiting - there);
        }
    }
    Ok(short)
}

async fn publish(store: &dyn Store, queue: Queue, age: Duration, missing: u64) -> Result<u64, StoreError> {
    let mut published = 0;
    while published < missing {
        let step = u32::try_from(missing - published).map_or(STEP, |left| left.min(STEP));
        match store.publish_again(queue, age, step).await? {
            0 => break,
            n => published += u64::from(n),
        }
    }
    Ok(published)
}
