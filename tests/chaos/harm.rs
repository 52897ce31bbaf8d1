//! A probe can do harm only where a worker was told to allow it.

use ktrdr_domain::job::{ChaosAction, ProbeSpec};
use ktrdr_domain::{JobSpec, Kind, OperationId, Priority};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{NewOperation, Store};

use crate::world::World;

/// Hands in a probe that kills its worker the first time; the row it ends with.
fn crash_once(settings: &str) -> serde_json::Value {
    let world = World::new();
    world.write("ktrdr.toml", settings);
    let spec = ProbeSpec { chaos: Some(ChaosAction::CrashUntil(1)), mark: true, ..ProbeSpec::default() };
    let id: OperationId = "op_probe_of_harm".parse().unwrap();
    let new = NewOperation {
        id: id.clone(),
        kind: Kind::Probe,
        spec: JobSpec::Probe(spec).to_value().unwrap(),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::open(world.folder(), Role::Client).unwrap();
        engine.store.submit(new).await.unwrap();
    });
    while !world.run(&["up", "--until-idle"]).status.success() {}
    world.operation(id.as_str())
}

#[test]
fn a_probe_that_would_harm_its_worker_is_refused() {
    let row = crash_once("");
    assert_eq!((&row["status"], &row["reason"]), (&"failed".into(), &"refused".into()), "{row}");
    assert!(row["error"].as_str().unwrap().contains("fleet.chaos_probes"), "{row}");
}

#[test]
fn a_worker_that_allows_it_is_killed_and_the_next_attempt_counts() {
    let row = crash_once("[fleet]\nchaos_probes = true\n");
    assert_eq!((&row["status"], &row["result"]["attempt"]), (&"completed".into(), &2.into()), "{row}");
}
