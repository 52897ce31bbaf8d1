//! What the scripts of the fleet's store cost: `cargo bench -p ktrdr-fabric --bench redis`. Starts a private server that
//! writes everything to disk before it answers; `KTRDR_BENCH_FSYNC=everysec` for the other common setting.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/redis/server.rs"]
mod server;

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ktrdr_domain::{Kind, OperationId, Phase, Priority};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::{
    Attempt, BootId, Claim, Filter, Finish, NewChild, NewOperation, NewRoot, OperationReader, Pace,
    Stopwatch, Store,
};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};
use serde_json::json;
use server::RedisServer;

/// Calls of each sort, one after another.
const CALLS: usize = 2000;

/// Jobs at once, and of how many in all.
const AT_ONCE: [usize; 3] = [1, 32, 256];
const JOBS: usize = 8192;

const LEASE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let fsync = env::var("KTRDR_BENCH_FSYNC").unwrap_or_else(|_| "always".into());
    let server = RedisServer::start(&[("appendfsync", &fsync)]);
    let store = Arc::new(RedisStore::open(RedisOptions::new(server.url().parse().unwrap())).await.unwrap());
    println!("appendfsync {fsync}");
    one_after_another(&server, &store).await;
    for at_once in AT_ONCE {
        at_once_jobs(&store, at_once).await;
    }
    publish_again(&store).await;
    pages(&store).await;
    campaign(&store).await;
}

/// What waits in a queue that lost everything, in steps as the sweeper makes them.
async fn publish_again(store: &RedisStore) {
    const STEP: u32 = 500;
    for n in 0..10 * STEP {
        store.submit(leaf(format!("op_lost_{n}").parse().unwrap())).await.unwrap();
    }
    loop {
        let outbox = store.outbox(None, 1000).await.unwrap();
        if outbox.is_empty() {
            break;
        }
        store.relayed(&outbox.iter().map(|entry| entry.sequence).collect::<Vec<_>>()).await.unwrap();
    }
    let started = Instant::now();
    while store.publish_again(Queue::Jobs(Kind::Probe), Duration::ZERO, STEP).await.unwrap() > 0 {}
    println!("{STEP} messages written again: {} us", started.elapsed().as_micros() / 11);
}

/// An early and a late page of everything there is.
async fn pages(store: &RedisStore) {
    let rows = store.list(&Filter { limit: 1, ..Filter::default() }).await.unwrap().total;
    for offset in [0, rows / 2, rows - 50] {
        let started = Instant::now();
        store.list(&Filter { offset, limit: 50, ..Filter::default() }).await.unwrap();
        println!("50 rows of {rows} from row {offset}: {} us", started.elapsed().as_micros());
    }
}

/// The largest campaign, one cycle in flight.
async fn campaign(store: &RedisStore) {
    let root = |n| {
        let id: OperationId = format!("op_campaign_{n}").parse().unwrap();
        let spec = json!({"strategy": "x".repeat(1000)});
        let kind = Kind::AgentDesign;
        let first = NewChild {
            id: id.child(kind, 1),
            kind,
            spec: spec.clone(),
            tries_max: 3,
            priority: Priority::Normal,
        };
        NewRoot {
            kind: Kind::AgentResearch,
            id,
            campaign: "bench".parse().unwrap(),
            spec,
            phase: Phase::Designing,
            first,
        }
    };
    let roots: Vec<NewRoot> = (0..10_000).map(root).collect();
    let started = Instant::now();
    store.submit_roots(roots, Pace::free(1)).await.unwrap();
    println!("a campaign of 10000 cycles: {} ms", started.elapsed().as_millis());
}

/// Microseconds per call as the caller sees it, and as the server counts the script.
async fn one_after_another(server: &RedisServer, store: &RedisStore) {
    let ids: Vec<OperationId> = (0..CALLS).map(|n| format!("op_seq_{n}").parse().unwrap()).collect();
    let boot = BootId("bench".into());
    measure(server, "submit", &ids, async |id| {
        store.submit(leaf(id.clone())).await.unwrap();
    })
    .await;
    measure(server, "claim", &ids, async |id| {
        store.claim(id, &boot, LEASE).await.unwrap();
    })
    .await;
    let attempt = |id: &OperationId| Attempt {
        id: id.clone(),
        fence: 1,
        boot: boot.clone(),
        since: Stopwatch::start(),
    };
    measure(server, "beat", &ids, async |id| {
        store.beat(&attempt(id), LEASE, None).await.unwrap();
    })
    .await;
    measure(server, "finish", &ids, async |id| {
        store.finish(&attempt(id), Finish::Completed(json!({}))).await.unwrap();
    })
    .await;
}

async fn measure(server: &RedisServer, name: &str, ids: &[OperationId], call: impl AsyncFn(&OperationId)) {
    let mut admin = server.admin();
    redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut admin).unwrap();
    let mut took = Vec::with_capacity(ids.len());
    for id in ids {
        let started = Instant::now();
        call(id).await;
        took.push(started.elapsed());
    }
    took.sort_unstable();
    let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut admin).unwrap();
    let script = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
    let script = script.split(',').find_map(|part| part.strip_prefix("usec_per_call=")).unwrap_or("?");
    let (median, p99) = (took[took.len() / 2].as_micros(), took[took.len() * 99 / 100].as_micros());
    println!("{name:>8}: median {median} us, p99 {p99} us, script alone {script} us");
}

/// Submit, claim and finish of each job, many jobs at once.
async fn at_once_jobs(store: &Arc<RedisStore>, at_once: usize) {
    let jobs = if at_once == 1 { JOBS / 8 } else { JOBS };
    let started = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|task| tokio::spawn(work(store.clone(), format!("op_{at_once}_{task}"), jobs / at_once)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let per_second = jobs as f64 / started.elapsed().as_secs_f64();
    println!("{at_once:>4} at once: {per_second:.0} jobs/s (submit, claim, finish)");
}

async fn work(store: Arc<RedisStore>, name: String, jobs: usize) {
    let boot = BootId(name.clone());
    for n in 0..jobs {
        let id: OperationId = format!("{name}_{n}").parse().unwrap();
        store.submit(leaf(id.clone())).await.unwrap();
        let Claim::Run { attempt, .. } = store.claim(&id, &boot, LEASE).await.unwrap() else {
            panic!("{id}")
        };
        store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    }
}

fn leaf(id: OperationId) -> NewOperation {
    NewOperation {
        id,
        kind: Kind::Probe,
        spec: json!({"sleep_ms": 0}),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    }
}
