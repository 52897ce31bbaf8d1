//! The far end of the queue: reads what ended, and tells the collector, again and again while it takes nothing.
//!
//! Rows are read only once the collector took what it was told before, so that one that is not there costs nothing: the queue
//! fills, and what finds no room is counted.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::OperationId;
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::store::{OperationReader, StoreError};
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::part::Part;
use crate::post::{Answer, Post};
use crate::queue::{Item, Queue};
use crate::{cycle, job};

/// Most that is taken from the queue at once. With [`LINGER`] it bounds what telling takes from those who work.
const ITEMS_MAX: usize = 512;

/// Most parts of one request.
const PARTS_MAX: usize = 2_000;

/// How long what is there waits for company.
const LINGER: Duration = Duration::from_millis(200);

/// Ends that are known to be told: an event is published once more within seconds, or not at all.
const RECENT_MAX: usize = 2_048;

/// Between tries while the collector takes nothing.
const PATIENCE: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) };

/// Tells what is to be told.
pub(crate) struct Teller {
    items: Receiver<Item>,
    queue: Arc<Queue>,
    rows: Arc<dyn OperationReader>,
    post: Post,
    /// Of those ends a relay may hear once more.
    recent: Recent,
    /// Times in a row that the collector took nothing.
    failures: u32,
}

/// The ends that were told last.
#[derive(Default)]
struct Recent {
    known: HashSet<OperationId>,
    /// Oldest first.
    order: VecDeque<OperationId>,
}

impl Recent {
    /// Whether this one is none of them; from now on it is.
    fn is_new(&mut self, id: &OperationId) -> bool {
        let is_new = self.known.insert(id.clone());
        if is_new {
            self.order.push_back(id.clone());
        }
        if self.order.len() > RECENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        is_new
    }
}

impl Teller {
    pub(crate) fn new(
        items: Receiver<Item>,
        queue: Arc<Queue>,
        rows: Arc<dyn OperationReader>,
        post: Post,
    ) -> Self {
        Self { items, queue, rows, post, recent: Recent::default(), failures: 0 }
    }

    /// Until stopped; then what is left is told, each once.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut items = Vec::with_capacity(ITEMS_MAX);
        loop {
            tokio::select! {
                taken = self.items.recv_many(&mut items, ITEMS_MAX) => if taken == 0 { break },
                () = stop.cancelled() => break,
            }
            stop.run_until_cancelled(sleep(LINGER)).await;
            self.take_more(&mut items);
            self.tell_all(items.drain(..), &stop).await;
        }
        self.items.close();
        while self.take_more(&mut items) {
            self.tell_all(items.drain(..), &stop).await;
        }
    }

    /// What is there already, up to so much. Whether anything is.
    fn take_more(&mut self, items: &mut Vec<Item>) -> bool {
        while items.len() < ITEMS_MAX
            && let Ok(item) = self.items.try_recv()
        {
            items.push(item);
        }
        !items.is_empty()
    }

    async fn tell_all(&mut self, items: impl Iterator<Item = Item>, stop: &CancellationToken) {
        let mut parts = Vec::new();
        for item in items {
            match item {
                Item::Part(part) => parts.push(part()),
                Item::Ended(id) if !self.recent.is_new(&id) => {}
                Item::Ended(id) => match self.story(&id).await {
                    Ok(story) => parts.extend(story),
                    Err(why) => {
                        debug!(operation = %id, %why, "its trace lacks what its row says");
                        self.queue.lose(1);
                    }
                },
            }
        }
        for parts in parts.chunks(PARTS_MAX) {
            self.tell(parts, stop).await;
        }
    }

    /// What an operation went through; nothing of one whose row is gone already.
    async fn story(&self, id: &OperationId) -> Result<Vec<Part>, StoreError> {
        let Some(row) = self.rows.get(id).await? else { return Ok(Vec::new()) };
        let history = self.rows.history(id).await?;
        Ok(if row.kind.is_root() { cycle::told(&row, &history) } else { job::told(&row, &history) })
    }

    /// Until the collector has taken it or said that it never will.
    async fn tell(&mut self, parts: &[Part], stop: &CancellationToken) {
        loop {
            match self.post.tell(parts).await {
                Answer::Taken { refused } => {
                    self.queue.lose(refused);
                    return self.is_taken();
                }
                Answer::Refused(why) => {
                    self.fails(&why);
                    return self.queue.lose(parts.len());
                }
                Answer::Later(why, asked) => {
                    self.fails(&why);
                    let wait = asked.unwrap_or_else(|| PATIENCE.after(self.failures));
                    if stop.run_until_cancelled(sleep(wait)).await.is_none() {
                        return self.queue.lose(parts.len());
                    }
                }
            }
        }
    }

    fn is_taken(&mut self) {
        if std::mem::take(&mut self.failures) > 0 {
            info!(collector = self.post.host(), lost = self.queue.lost(), "traces are taken again");
        }
    }

    /// Said once, and not of each try: who runs no collector at present knows it.
    fn fails(&mut self, why: &str) {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            info!(collector = self.post.host(), why, "traces are not taken; jobs do not wait for them");
        }
    }
}
