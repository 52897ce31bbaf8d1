//! A second fleet, on servers of its own, is broken in every way that reaches beyond a process: queues that nobody works off, a full
//! disk, a full, slow or dead store, a blocked or dead broker. Faults that do not hide one another come together.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::fleet::{Fleet, hasty};
use super::gpu::Exporter;
use super::prometheus::Prometheus;
use crate::hostile::disk::Mount;
use crate::servers::Servers;
use crate::world::{World, wait_for};

/// As in the other test, with room for servers that start and stop.
const WITHIN: Duration = Duration::from_secs(60);

const ROLES: [&[&str]; 3] = [&["serve"], &["orchestrator"], &["worker", "training", "--slots", "1"]];
const ORCHESTRATOR: usize = 1;
const TRAINER: usize = 2;

/// More than may wait before an alert says that they become more.
const MANY: usize = 110;

/// What fires while they wait.
const WAITING: [&str; 5] =
    ["KtrdrQueueGrowing", "KtrdrQueueOld", "KtrdrOrchestratorAbsent", "KtrdrStoreNearlyFull", "KtrdrGpuIdle"];

#[test]
fn faults_of_servers_disks_and_queues_fire_their_alerts_and_clear() {
    let folder = TempDir::with_prefix("ktrdr-servers-").unwrap();
    let servers = Servers::start(folder.path().join("servers"), 1);
    let world = hasty(World::on_fleet_of(&servers));
    let mount = Mount::new(world.folder(), "size=64m");
    world.generate("GONE", "random-walk", 400, 1);
    world.generate("EURUSD", "planted-edge", 20_000, 3);
    world.example_of_epochs("long", 10_000);
    world.example_of_epochs("quick", 1);
    let (mut fleet, gpu) = (Fleet::start(world, &ROLES), Exporter::start());
    let addresses: Vec<String> = fleet.addresses.iter().chain([&gpu.address]).cloned().collect();
    let prometheus = Prometheus::scraping(&addresses);
    wait_for("everybody", || (prometheus.number("sum(up)") == Some(4.0)).then_some(()));
    if mount.is_some() {
        a_disk_without_room(&fleet, &prometheus);
    }
    queues_and_gpu(&mut fleet, &servers, &gpu, &prometheus);
    a_store_that_is_full_slow_and_gone(&fleet, &servers, &prometheus);
    a_broker_that_is_blocked_and_gone(&fleet, &servers, &prometheus);
}

fn train(fleet: &Fleet, strategy: &str, symbol: &str) {
    let asked = json!({ "strategy": { "name": strategy }, "symbols": [symbol] });
    let (status, answer) = fleet.post("/api/v1/trainings/start", &asked);
    assert_eq!(status, 202, "{answer}");
}

/// What is trained can not be stored, and each may try once.
fn a_disk_without_room(fleet: &Fleet, prometheus: &Prometheus) {
    let filler = fleet.world.path("filler");
    fill(&filler);
    (0..3).for_each(|_| train(fleet, "quick", "EURUSD"));
    prometheus.wait_until_fired(&["KtrdrDiskNearlyFull", "KtrdrAttemptsExhausted"], WITHIN);
    std::fs::remove_file(filler).unwrap();
    prometheus.wait_until_clear(&["KtrdrDiskNearlyFull", "KtrdrAttemptsExhausted"], WITHIN);
}

/// Writes until the disk has no room.
fn fill(file: &Path) {
    let (mut filler, chunk) = (File::create(file).unwrap(), vec![7; 1 << 16]);
    while filler.write_all(&chunk).is_ok() {}
}

fn queues_and_gpu(fleet: &mut Fleet, servers: &Servers, gpu: &Exporter, prometheus: &Prometheus) {
    fleet.drain(TRAINER);
    (0..MANY).for_each(|_| train(fleet, "quick", "GONE"));
    fleet.kill(ORCHESTRATOR);
    gpu.computes(1);
    let used: u64 = servers.redis_cli(&["INFO", "memory"]).lines().find_map(used).unwrap();
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", &(used * 11 / 10).to_string()]);
    prometheus.wait_until_fired(&WAITING, WITHIN);
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", "0"]);
    gpu.computes(90);
    fleet.play(ORCHESTRATOR, &[]);
    // Whatever waits fails, one after the other.
    std::fs::remove_file(fleet.world.path("data/GONE_1h.csv")).unwrap();
    fleet.play(TRAINER, &[]);
    prometheus.wait_until_fired(&["KtrdrFailureRate"], WITHIN);
    prometheus.wait_until_clear(&[&WAITING[..], &["KtrdrFailureRate"]].concat(), WITHIN);
}

fn used(line: &str) -> Option<u64> {
    line.strip_prefix("used_memory:")?.trim().parse().ok()
}

fn a_store_that_is_full_slow_and_gone(fleet: &Fleet, servers: &Servers, prometheus: &Prometheus) {
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", "1"]);
    prometheus.wait_until_fired(&["KtrdrStoreFull"], WITHIN);
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", "0"]);
    // What is submitted waits until a pause is over.
    prometheus.wait_until_fired_while(&["KtrdrStoreSlow"], WITHIN, || {
        servers.redis_cli(&["CLIENT", "PAUSE", "900", "WRITE"]);
        train(fleet, "long", "EURUSD");
    });
    servers.kill_redis();
    prometheus.wait_until_fired(&["KtrdrStoreUnreachable"], WITHIN);
    servers.start_redis();
    prometheus.wait_until_clear(&["KtrdrStoreFull", "KtrdrStoreSlow", "KtrdrStoreUnreachable"], WITHIN);
}

fn a_broker_that_is_blocked_and_gone(fleet: &Fleet, servers: &Servers, prometheus: &Prometheus) {
    servers.ctl(&["set_vm_memory_high_watermark", "0.000001"]);
    // Who publishes is told.
    train(fleet, "long", "EURUSD");
    prometheus.wait_until_fired(&["KtrdrBrokerBlocked"], WITHIN);
    servers.ctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]);
    servers.stop_broker();
    train(fleet, "long", "EURUSD");
    prometheus.wait_until_fired(&["KtrdrBrokerDown", "KtrdrOutboxLag"], WITHIN);
    servers.start_broker();
    prometheus.wait_until_clear(&["KtrdrBrokerBlocked", "KtrdrBrokerDown", "KtrdrOutboxLag"], WITHIN);
}
