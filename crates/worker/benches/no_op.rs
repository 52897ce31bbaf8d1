//! No-op jobs per second, and how long a cancel takes, through relay, worker and the embedded engine with every
//! commit on disk.
//!
//! `cargo bench -p ktrdr-worker --bench no_op -- [jobs] [slots]`

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ktrdr_domain::{Kind, OperationId, Priority, Status, Timestamp};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{NewOperation, OperationReader, Store, StoreError};
use ktrdr_worker::{
    Handler, Identity, Job, KindConfig, Outcome, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig,
};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

struct NoOp(AtomicUsize);

impl Handler for NoOp {
    fn kind(&self) -> Kind {
        Kind::Probe
    }
    fn run(&self, _: &Job) -> Outcome {
        self.0.fetch_add(1, Ordering::Relaxed);
        Outcome::Completed(Value::Null)
    }
}

/// Asks its stop token every 100 µs, as a backtest does every hundred bars.
struct Patient;

impl Handler for Patient {
    fn kind(&self) -> Kind {
        Kind::DataLoad
    }
    fn run(&self, job: &Job) -> Outcome {
        while !job.stop.is_stopped() {
            std::thread::sleep(Duration::from_micros(100));
        }
        Outcome::Stopped
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u32> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let jobs = numbers.first().copied().unwrap_or(20_000);
    let slots = numbers.get(1).map_or(64, |n| *n as u16);
    let folder = tempfile::tempdir()?;
    let engine = Engine::open(folder.path(), Role::Runner)?;
    let mut out = std::io::stdout();

    let started = Instant::now();
    submit(&engine, jobs).await?;
    writeln!(out, "submit: {:.0}/s", rate(jobs, started))?;

    let stop = CancellationToken::new();
    let started = Instant::now();
    let relay = tokio::spawn(Relay::new(engine.store.clone(), engine.broker.clone()).run(stop.clone()));
    let config = WorkerConfig {
        kinds: vec![KindConfig::new(Kind::Probe, slots), KindConfig::new(Kind::DataLoad, 1)],
        ..WorkerConfig::default()
    };
    let handlers: Vec<Arc<dyn Handler>> = vec![Arc::new(NoOp(AtomicUsize::new(0))), Arc::new(Patient)];
    let identity = Identity::of_this_process("bench", "cpu");
    let (store, broker) = (engine.store.clone(), engine.broker.clone());
    // Nobody dies here: its sweeper never runs.
    let trigger = Sweeper::new(store.clone(), SweeperConfig::default()).trigger();
    let worker = Worker::new(store, broker, engine.store.clone(), handlers, identity, config, trigger)?;
    let worker = tokio::spawn(worker.run(stop.clone(), CancellationToken::new()));
    let active = ktrdr_fabric::store::Filter { active: true, limit: 1, ..Default::default() };
    while engine.store.list(&active).await?.total > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    writeln!(out, "claim → run → finish → ack, {slots} slots: {:.0}/s", rate(jobs, started))?;
    let waits_ms = cancels(&engine, 200).await?;
    let quantile = |q: usize| waits_ms[(waits_ms.len() - 1) * q / 100];
    writeln!(out, "cancel → row says cancelled: p50 {:.1} ms, p99 {:.1} ms", quantile(50), quantile(99))?;
    stop.cancel();
    worker.await?;
    relay.await?;
    Ok(())
}

/// From 64 clients at once, as a busy afternoon would.
async fn submit(engine: &Engine, jobs: u32) -> Result<(), Box<dyn std::error::Error>> {
    let mut clients = JoinSet::new();
    for client in 0..64 {
        let store = engine.store.clone();
        clients.spawn(async move {
            for n in (client..jobs).step_by(64) {
                let id = OperationId::new(Kind::Probe, Timestamp(0), n);
                let (kind, spec) = (Kind::Probe, serde_json::json!({}));
                let new = NewOperation {
                    id,
                    kind,
                    spec,
                    tries_max: 3,
                    priority: Priority::Normal,
                    idempotency_key: None,
                };
                store.submit(new).await?;
            }
            Ok::<(), StoreError>(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(())
}

/// Milliseconds from the request to the row's end, sorted.
async fn cancels(engine: &Engine, count: u32) -> Result<Vec<f64>, StoreError> {
    let mut waits_ms = Vec::new();
    for n in 0..count {
        let id = OperationId::new(Kind::DataLoad, Timestamp(0), n);
        let (kind, spec) = (Kind::DataLoad, serde_json::json!({}));
        let new = NewOperation {
            id: id.clone(),
            kind,
            spec,
            tries_max: 3,
            priority: Priority::Normal,
            idempotency_key: None,
        };
        engine.store.submit(new).await?;
        until(engine, &id, |status| status == Status::Running).await?;
        let asked = Instant::now();
        engine.store.cancel(&id, "bench", "measuring").await?;
        until(engine, &id, Status::is_terminal).await?;
        waits_ms.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    waits_ms.sort_by(f64::total_cmp);
    Ok(waits_ms)
}

async fn until(engine: &Engine, id: &OperationId, is: impl Fn(Status) -> bool) -> Result<(), StoreError> {
    let mut hints = engine.store.hints();
    while !engine.store.get(id).await?.is_some_and(|row| is(row.status)) {
        // Lagging is as good as being told.
        let _ = hints.recv().await;
    }
    Ok(())
}

fn rate(jobs: u32, since: Instant) -> f64 {
    f64::from(jobs) / since.elapsed().as_secs_f64()
}
