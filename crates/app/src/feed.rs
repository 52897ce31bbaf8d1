//! Following what changes: one reader for all who follow. The store's hints say that something changed; each changed row is read
//! once, written as JSON once, and handed to everyone. Nobody polls, but this reader while somebody follows: that a broker is gone or a
//! process fell silent is no change of any row.
//!
//! Every event has an id. Who comes back with the last one that arrived is given what was missed, as far as that is still known;
//! otherwise the first event says so (`reset`), and the follower reads again what it shows.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ktrdr_domain::{OperationId, OperationSummary};
use ktrdr_fabric::random::random;
use ktrdr_fabric::store::StoreHint;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::App;
use crate::queues::QueueStatus;

/// Events that are remembered for those who come back.
const REMEMBERED: usize = 4096;

/// For how long events are remembered after the last follower went.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

/// Queues are told of at most so often: their figures are sums.
const QUEUES_EVERY: Duration = Duration::from_millis(250);

/// What stands in the way and who is there is looked at so often, while somebody follows.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedTopic {
    /// An operation's row changed: its summary.
    Operations,
    /// What waits and runs changed: every queue.
    Queues,
    /// A line of this process's log.
    Logs,
    /// Something changed that nobody can name: read again what is shown.
    Reset,
}

impl FeedTopic {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Queues => "queues",
            Self::Logs => "logs",
            Self::Reset => "reset",
        }
    }
}

/// What an event tells, by its topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FeedData {
    /// Of `operations`: a row without specification and result.
    Operation(Box<OperationSummary>),
    /// Of `queues`.
    Queues {
        /// Every queue.
        queues: Vec<QueueStatus>,
    },
    /// Of `logs`.
    Logs {
        /// A line of this process's log.
        line: String,
    },
    /// Of `reset`: read again what is shown.
    Reset {},
}

impl FeedData {
    fn topic(&self) -> FeedTopic {
        match self {
            Self::Operation(_) => FeedTopic::Operations,
            Self::Queues { .. } => FeedTopic::Queues,
            Self::Logs { .. } => FeedTopic::Logs,
            Self::Reset {} => FeedTopic::Reset,
        }
    }
}

/// One event.
#[derive(Debug)]
pub struct FeedEvent {
    /// Its number among those of this feed.
    number: u64,
    /// As followers know it.
    pub id: String,
    /// What it is about.
    pub topic: FeedTopic,
    /// JSON.
    pub data: String,
}

/// What a follower gets: first what was missed, then what comes.
pub struct Following {
    /// What happened since the last event that arrived.
    pub missed: Vec<Arc<FeedEvent>>,
    /// What comes. Whoever lags behind reads again what is shown.
    pub coming: Receiver<Arc<FeedEvent>>,
}

/// The one reader.
pub struct Feed {
    shared: Arc<Shared>,
    reader: AbortHandle,
}

struct Shared {
    /// Tells the events of this process from those of others.
    origin: u64,
    events: Sender<Arc<FeedEvent>>,
    memory: Mutex<Memory>,
}

struct Memory {
    last: u64,
    events: VecDeque<Arc<FeedEvent>>,
}

impl Feed {
    /// Begins to read; `logs` are lines of this process's log.
    #[must_use]
    pub fn start(app: App, logs: Receiver<Arc<str>>) -> Self {
        let (events, _) = broadcast::channel(REMEMBERED);
        let memory = Mutex::new(Memory { last: 0, events: VecDeque::new() });
        let shared = Arc::new(Shared { origin: random(), events, memory });
        let reader = tokio::spawn(Reader::new(app, Arc::clone(&shared)).run(logs)).abort_handle();
        Self { shared, reader }
    }

    /// Follows from now on, or from behind the event of this id.
    #[must_use]
    pub fn follow(&self, since: Option<&str>) -> Following {
        let memory = self.shared.memory();
        let coming = self.shared.events.subscribe();
        let missed = match since {
            None => Vec::new(),
            Some(id) => {
                memory.since(self.shared.number(id)).unwrap_or_else(|| vec![self.shared.reset(memory.last)])
            }
        };
        Following { missed, coming }
    }

    /// The event that says that some were missed.
    #[must_use]
    pub fn reset(&self) -> Arc<FeedEvent> {
        self.shared.reset(self.shared.memory().last)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Memory {
    /// What came behind an event, if all of it is still known.
    fn since(&self, number: Option<u64>) -> Option<Vec<Arc<FeedEvent>>> {
        let number = number.filter(|&number| number <= self.last)?;
        let first = self.events.front().map_or(self.last + 1, |event| event.number);
        (number + 1 >= first)
            .then(|| self.events.iter().filter(|event| event.number > number).cloned().collect())
    }
}

impl Shared {
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, number: u64) -> String {
        format!("{:016x}-{number}", self.origin)
    }

    /// The number of an event of this process.
    fn number(&self, id: &str) -> Option<u64> {
        let (origin, number) = id.split_once('-')?;
        (origin == format!("{:016x}", self.origin)).then(|| number.parse().ok()).flatten()
    }

    fn reset(&self, number: u64) -> Arc<FeedEvent> {
        Arc::new(FeedEvent { number, id: self.id(number), topic: FeedTopic::Reset, data: "{}".into() })
    }

    fn tell(&self, data: &FeedData) {
        let (topic, data) = (data.topic(), serde_json::to_string(data).unwrap_or_default());
        let mut memory = self.memory();
        memory.last += 1;
        let number = memory.last;
        let event = Arc::new(FeedEvent { number, id: self.id(number), topic, data });
        memory.events.push_back(Arc::clone(&event));
        if memory.events.len() > REMEMBERED {
            memory.events.pop_front();
        }
        // Nobody follows: it is remembered for whoever comes back.
        let _ = self.events.send(event);
    }

    /// Something happens that nobody reads: whoever comes back begins anew.
    fn forget(&self) {
        let mut memory = self.memory();
        memory.last += 1;
        memory.events.clear();
    }
}

struct Reader {
    app: App,
    shared: Arc<Shared>,
    /// When somebody was last seen to follow.
    followed: Instant,
    /// When queues are told of next, where they changed.
    queues_due: Option<Instant>,
    queues_told: Instant,
    /// When is looked next.
    look_due: Instant,
    /// Words of what stood in the way, and who was there; `None` before the first look.
    seen: Option<BTreeSet<String>>,
}

impl Reader {
    fn new(app: App, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self { app, shared, followed: now, queues_due: None, queues_told: now, look_due: now, seen: None }
    }

    async fn run(mut self, mut logs: Receiver<Arc<str>>) {
        let mut hints = self.app.store.hints();
        loop {
            let (queues_due, look_due) = (self.queues_due, self.look_due);
            tokio::select! {
                hint = hints.recv() => match hint {
                    Ok(hint) => self.changed(hint, &mut hints).await,
                    Err(RecvError::Lagged(_)) => self.shared.tell(&FeedData::Reset {}),
                    Err(RecvError::Closed) => return,
                },
                Ok(line) = logs.recv() => {
                    if self.is_followed() {
                        self.shared.tell(&FeedData::Logs { line: line.to_string() });
                    }
                }
                () = sleep_until(queues_due.unwrap_or_else(Instant::now)), if queues_due.is_some() => self.tell_queues().await,
                () = sleep_until(look_due) => self.look().await,
            }
        }
    }

    fn is_followed(&mut self) -> bool {
        if self.shared.events.receiver_count() > 0 {
            self.followed = Instant::now();
        }
        self.followed.elapsed() < REMEMBERED_FOR
    }

    /// What one hint, and those that wait behind it, are about.
    async fn changed(&mut self, first: StoreHint, hints: &mut Receiver<StoreHint>) {
        let (mut rows, mut is_unknown) = (BTreeSet::new(), false);
        let mut next = Some(first);
        while let Some(hint) = next {
            match hint {
                StoreHint::Changed(id) => {
                    rows.insert(id);
                }
                StoreHint::Unknown => is_unknown = true,
                StoreHint::Control => self.queues_changed(),
                StoreHint::Outbox | StoreHint::Cancel(_) => {}
            }
            next = hints.try_recv().ok();
        }
        if !self.is_followed() {
            return self.shared.forget();
        }
        if is_unknown {
            self.shared.tell(&FeedData::Reset {});
        }
        if is_unknown || !rows.is_empty() {
            self.queues_changed();
        }
        for id in rows {
            self.tell_row(&id).await;
        }
    }

    async fn tell_row(&self, id: &OperationId) {
        match self.app.store.get(id).await {
            Ok(Some(row)) => {
                self.shared.tell(&FeedData::Operation(Box::new(row.summary.without_trail())));
            }
            Ok(None) => {}
            Err(why) => {
                tracing::debug!(%why, "a changed row could not be read");
                self.shared.tell(&FeedData::Reset {});
            }
        }
    }

    /// Sees whether anything else stands in the way, or anybody came or went.
    async fn look(&mut self) {
        if self.shared.events.receiver_count() > 0
            && let (Ok(reasons), Ok(workers)) =
                (self.app.obstacles().await, self.app.registry.workers().await)
        {
            let reasons = reasons.into_iter().map(|reason| reason.why.into_owned());
            let seen = reasons.chain(workers.into_iter().map(|entry| entry.worker.boot.0)).collect();
            let before = self.seen.replace(seen);
            if before.is_some() && before != self.seen {
                self.queues_changed();
            }
        }
        self.look_due = Instant::now() + LOOK_EVERY;
    }

    fn queues_changed(&mut self) {
        self.queues_due.get_or_insert_with(|| (self.queues_told + QUEUES_EVERY).max(Instant::now()));
    }

    async fn tell_queues(&mut self) {
        (self.queues_due, self.queues_told) = (None, Instant::now());
        if self.is_followed()
            && let Ok(queues) = self.app.queues().await
        {
            self.shared.tell(&FeedData::Queues { queues });
        }
    }
}
