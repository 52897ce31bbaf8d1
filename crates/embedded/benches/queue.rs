//! What the embedded engine costs per job that does nothing, each transition durable before it is acknowledged.
//!
//! `cargo bench -p ktrdr-fabric`. A job costs two syncs of the disk (submit, finish), so compare with what one sync
//! costs on the same disk: `sync_of_one_commit`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use ktrdr_domain::{Kind, OperationId, Priority};
use ktrdr_embedded::{Engine, Role, SqliteStore};
use ktrdr_fabric::broker::{Broker, Deliveries, Message, Queue};
use ktrdr_fabric::store::{BootId, Claim, Finish, NewOperation, OperationReader, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const LEASE: Duration = Duration::from_secs(30);

/// Pages of 4 KiB that a submit or a finish writes into the log, about.
const COMMIT_BYTES: usize = 8 * 4096;

fn main() {
    divan::main();
}

/// An engine on disk: beside the build, because /tmp is memory on many systems.
fn engine() -> (Engine, TempDir) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    (Engine::open(folder.path(), Role::Runner).unwrap(), folder)
}

fn new_operation() -> NewOperation {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id: OperationId = format!("op_probe_{:012}", NEXT.fetch_add(1, Ordering::Relaxed)).parse().unwrap();
    NewOperation {
        id,
        kind: Kind::Probe,
        spec: json!({"sleep_ms": 0}),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    }
}

async fn work(store: &SqliteStore, id: &OperationId) {
    let Claim::Run { attempt, .. } = store.claim(id, &BootId("bench".into()), LEASE).await.unwrap() else {
        panic!("{id} is nobody else's");
    };
    store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
}

/// Publishes what the outbox holds.
async fn relay(engine: &Engine) {
    let entries = engine.store.outbox(None, 1000).await.unwrap();
    let sequences: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    engine.broker.publish(entries.into_iter().map(|entry| entry.message).collect()).await.unwrap();
    engine.store.relayed(&sequences).await.unwrap();
}

async fn next_job(deliveries: &mut Box<dyn Deliveries>) -> OperationId {
    let delivery = deliveries.next().await.unwrap();
    let Message::Job { job, .. } = delivery.message else { panic!("a queue of jobs") };
    delivery.receipt.ack().await;
    job.operation
}

/// One job at a time: submit, outbox, queue, claim, finish.
#[divan::bench(sample_count = 1000)]
fn no_op_job(bencher: Bencher<'_, '_>) {
    let runtime = Runtime::new().unwrap();
    let (engine, _folder) = engine();
    let mut deliveries = runtime.block_on(engine.broker.consume(Queue::Jobs(Kind::Probe), 1)).unwrap();
    bencher.with_inputs(new_operation).bench_local_values(|new| {
        runtime.block_on(async {
            engine.store.submit(new).await.unwrap();
            relay(&engine).await;
            let id = next_job(&mut deliveries).await;
            work(&engine.store, &id).await;
        });
    });
}

/// So many jobs in flight: commits are shared.
#[divan::bench(args = [16, 64, 256], sample_count = 20)]
fn jobs_in_flight(bencher: Bencher<'_, '_>, in_flight: usize) {
    const JOBS: usize = 2560;
    let runtime = Runtime::new().unwrap();
    let (engine, _folder) = engine();
    bencher.counter(ItemsCount::new(JOBS)).bench_local(|| {
        runtime.block_on(async {
            let lanes = (0..in_flight).map(|_| tokio::spawn(lane(engine.store.clone(), JOBS / in_flight)));
            for lane in lanes.collect::<Vec<_>>() {
                lane.await.unwrap();
            }
        });
    });
}

async fn lane(store: Arc<SqliteStore>, jobs: usize) {
    for _ in 0..jobs {
        let new = new_operation();
        let id = new.id.clone();
        store.submit(new).await.unwrap();
        work(&store, &id).await;
    }
}

/// The yardstick: what the disk itself takes for one commit.
#[divan::bench(sample_count = 1000)]
fn sync_of_one_commit(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut log = File::create(folder.path().join("log")).unwrap();
    let commit = vec![7u8; COMMIT_BYTES];
    // Once written, so that the bench overwrites, as the engine's log does.
    (0..200).for_each(|_| log.write_all(&commit).unwrap());
    log.sync_all().unwrap();
    let mut n = 0;
    bencher.bench_local(|| {
        if n % 200 == 0 {
            log.rewind().unwrap();
        }
        n += 1;
        log.write_all(&commit).unwrap();
        log.sync_data().unwrap();
    });
}
