//! Kill -9 of the server at random moments: what it acknowledged is in its append-only file.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktrdr_domain::{Operation, OperationId, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{BootId, Claim, Filter, Finish, Finished, OperationReader, OutboxEntry, Store};
use ktrdr_fleet::redis::RedisStore;
use serde_json::json;

use crate::server::{RedisServer, spawn};
use crate::{LEASE, leaf, store_at};

/// Tasks that work at once, so that calls share what is written to disk.
const TASKS: usize = 8;

/// Acknowledgements between one crash and the next.
const BETWEEN_CRASHES: [usize; 6] = [1, 7, 30, 64, 150, 300];

impl RedisServer {
    /// As a crash: no goodbye, nothing written on the way out.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// After [`Self::kill`]: reads what is on disk.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.folder.path());
        self.wait_until_it_answers();
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    submitted: Mutex<HashSet<OperationId>>,
    claimed: Mutex<HashMap<OperationId, u64>>,
    completed: Mutex<HashMap<OperationId, u64>>,
    count: AtomicUsize,
    is_over: AtomicBool,
}

impl Acknowledged {
    fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_of_the_server() {
    let mut server = RedisServer::start(&[]);
    let store = Arc::new(store_at(&server).await);
    let told = Arc::new(Acknowledged::default());
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(work(store.clone(), told.clone(), task))).collect();
    for more in BETWEEN_CRASHES {
        let enough = told.count.load(Ordering::SeqCst) + more;
        while told.count.load(Ordering::SeqCst) < enough {
            tokio::task::yield_now().await;
        }
        tokio::task::block_in_place(|| {
            server.kill();
            server.start_again();
        });
    }
    told.is_over.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    examine(&store, &told).await;
}

/// Submits, claims and completes until it is over. What failed is left lying, as after a crash.
async fn work(store: Arc<RedisStore>, told: Arc<Acknowledged>, task: usize) {
    let boot = BootId(format!("worker-{task}"));
    for n in 0.. {
        if told.is_over.load(Ordering::SeqCst) {
            return;
        }
        let new = leaf(&format!("{task}_{n}"));
        let id = new.id.clone();
        if store.submit(new).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        }
        told.submitted.lock().unwrap().insert(id.clone());
        told.add();
        let Ok(Claim::Run { attempt, .. }) = store.claim(&id, &boot, LEASE).await else { continue };
        told.claimed.lock().unwrap().insert(id.clone(), attempt.fence);
        told.add();
        let result = json!({"fence": attempt.fence});
        let recorded = Finished::Recorded(Status::Completed);
        if store.finish(&attempt, Finish::Completed(result)).await.is_ok_and(|finished| finished == recorded)
        {
            told.completed.lock().unwrap().insert(id, attempt.fence);
            told.add();
        }
    }
}

async fn examine(store: &RedisStore, told: &Acknowledged) {
    let rows = all_rows(store).await;
    let outbox = all_entries(store).await;
    for id in told.submitted.lock().unwrap().iter() {
        assert!(rows.contains_key(id), "{id} was submitted and is gone");
    }
    for (id, fence) in told.claimed.lock().unwrap().iter() {
        assert!(rows[id].fence >= *fence, "{id} forgot the claim {fence}: {:?}", rows[id]);
    }
    let completed = told.completed.lock().unwrap();
    assert!(completed.len() > 50, "something was done: {}", completed.len());
    for (id, fence) in completed.iter() {
        let row = &rows[id];
        assert_eq!((row.status, row.fence), (Status::Completed, *fence), "{id} forgot its end");
    }
    for row in rows.values() {
        let events = outbox.iter().filter(|entry| is_event_of(entry, &row.id)).count();
        assert_eq!(events, usize::from(row.status.is_terminal()), "I4: {row:?}");
        assert_eq!(row.lease_until_ms.is_some(), row.status == Status::Running, "I2: {row:?}");
    }
}

fn is_event_of(entry: &OutboxEntry, id: &OperationId) -> bool {
    matches!(&entry.message, Message::Event(event) if event.operation == *id)
}

async fn all_rows(store: &RedisStore) -> HashMap<OperationId, Operation> {
    let mut rows = HashMap::new();
    loop {
        let filter = Filter { offset: rows.len() as u64, limit: 1000, ..Filter::default() };
        let page = store.list(&filter).await.unwrap();
        if page.operations.is_empty() {
            assert_eq!(rows.len() as u64, page.total, "every row is listed once");
            return rows;
        }
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        rows.extend(ids.iter().cloned().zip(store.get_all(&ids).await.unwrap()));
    }
}

/// Takes the outbox apart, part by part.
async fn all_entries(store: &RedisStore) -> Vec<OutboxEntry> {
    let mut all = Vec::new();
    loop {
        let entries = store.outbox(None, 1000).await.unwrap();
        if entries.is_empty() {
            return all;
        }
        store.relayed(&entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>()).await.unwrap();
        all.extend(entries);
    }
}
