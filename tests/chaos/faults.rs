//! How each fault is done, from outside the fleet.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{EndStatus, Event, JobMessage, JobSpec, Kind, OperationSummary, Priority, Status};
use ktrdr_fabric::broker::{Broker, Message};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::arena::Arena;
use super::fault::Fault;
use super::fault_record::FaultRecord;
use super::jobs::PlannedJob;
use super::plan::{Plan, PlannedFault};
use super::poison_messages::{Foreign, PoisonPublisher};
use super::wire::LinkMode;
use crate::processes::Process;

/// As the fleet's servers are configured: longer than any job.
pub(crate) const PATIENT_CONSUMER_TIMEOUT_MS: u32 = 22_200_000;
/// Shorter than many a probe.
const IMPATIENT_CONSUMER_TIMEOUT_MS: u32 = 2_000;
/// How long foreign messages may take to be dead letters, whatever else happens.
const BURIED_WITHIN: Duration = Duration::from_secs(60);

/// Queues that may be emptied and deleted.
pub(crate) const QUEUES: [&str; 3] = ["ktrdr.jobs.probe", "ktrdr.jobs.probe.cpu", EVENTS];
pub(crate) const EVENTS: &str = "ktrdr.events.orchestrator";

/// One fault being done.
pub(crate) struct FaultInjector {
    arena: Arc<Arena>,
    plan: Arc<Plan>,
    planned: PlannedFault,
    dice: ChaCha8Rng,
    /// Shared by all faults of a run.
    foreign: Arc<Mutex<Foreign>>,
}

impl FaultInjector {
    pub(crate) fn new(
        arena: &Arc<Arena>,
        plan: &Arc<Plan>,
        planned: &PlannedFault,
        foreign: &Arc<Mutex<Foreign>>,
    ) -> Self {
        let (arena, plan, foreign) = (Arc::clone(arena), Arc::clone(plan), Arc::clone(foreign));
        let dice = ChaCha8Rng::seed_from_u64(planned.seed);
        Self { arena, plan, planned: planned.clone(), dice, foreign }
    }

    /// Does it, and undoes what does not undo itself. What it touched; nothing for faults that come with a job.
    pub(crate) async fn inject(mut self) -> Option<FaultRecord> {
        let arena = Arc::clone(&self.arena);
        Some(match self.planned.fault {
            Fault::KillWorker => self.kill(&arena.fleet.workers).await,
            Fault::FreezeWorker => self.freeze_worker().await,
            Fault::KillCoordinator => self.kill(&arena.fleet.coordinators).await,
            Fault::KillOrchestrator => self.kill(&arena.fleet.orchestrators).await,
            Fault::RestartBroker => self.restart_broker().await,
            Fault::LoseNode => self.lose_node().await,
            Fault::DeleteQueue => self.delete_queue().await,
            Fault::MemoryAlarm => self.memory_alarm().await,
            Fault::ConsumerTimeout => self.consumer_timeout().await,
            Fault::KillRedis => self.kill_redis().await,
            Fault::CutRedis => self.on_wires(|arena| arena.wires.redis.cut()).await,
            Fault::CutBroker => self.on_wires(|arena| arena.wires.cut_broker()).await,
            Fault::SlowWires => {
                let mode = LinkMode::Slow(Duration::from_millis(self.dice.random_range(20..300)));
                self.on_links(mode, true, true).await
            }
            Fault::SilentRedis => self.on_links(LinkMode::Silent, true, false).await,
            Fault::SilentBroker => self.on_links(LinkMode::Silent, false, true).await,
            Fault::Duplicates => self.duplicates().await,
            Fault::Purge => self.purge().await,
            Fault::Foreign => self.foreign().await,
            Fault::Poison | Fault::CrashOnce | Fault::Deaf | Fault::Cancel => return None,
        })
    }

    /// Everything that is pending or running.
    async fn active(&self) -> Vec<OperationSummary> {
        let mut rows = self.arena.rows(Status::Running).await;
        rows.extend(self.arena.rows(Status::Pending).await);
        rows
    }

    /// What runs in one process.
    async fn of_process(&self, pid: u32) -> Vec<OperationSummary> {
        let mut rows = self.arena.rows(Status::Running).await;
        let mark = format!("-{pid}-");
        rows.retain(|row| row.worker.as_ref().is_some_and(|boot| boot.contains(&mark)));
        rows
    }

    async fn kill(&self, among: &[Process]) -> FaultRecord {
        let process = &among[self.planned.victim % among.len()];
        let rows = match self.planned.fault {
            Fault::KillWorker => self.of_process(process.pid()).await,
            _ => self.active().await,
        };
        let record = FaultRecord::now(self.planned.fault, &rows);
        process.signal("KILL");
        record.over()
    }

    async fn freeze_worker(&mut self) -> FaultRecord {
        let longer = self.seconds(1.0..5.0);
        let workers = &self.arena.fleet.workers;
        let process = &workers[self.planned.victim % workers.len()];
        let pid = process.signal("STOP");
        // Read afterwards: what it holds now it holds as long as its lease.
        let rows = self.of_process(pid).await;
        let record = FaultRecord::now(self.planned.fault, &rows);
        sleep(self.plan.size.pace.lease + longer).await;
        process.signal("CONT");
        record.over()
    }

    async fn restart_broker(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        let (nodes, politely) = (self.plan.size.nodes, self.dice.random_bool(0.5));
        arena
            .aside(move |arena| {
                match politely {
                    true => arena.servers.stop_broker(),
                    false => (1..=nodes).for_each(|node| arena.servers.kill_node(node)),
                }
                arena.servers.start_broker();
                arena.servers.set_consumer_timeout_ms(PATIENT_CONSUMER_TIMEOUT_MS);
            })
            .await;
        record.over()
    }

    async fn lose_node(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        let node = 1 + self.planned.victim % self.plan.size.nodes;
        arena.aside(move |arena| arena.servers.kill_node(node)).await;
        sleep(self.seconds(2.0..15.0)).await;
        arena
            .aside(|arena| {
                arena.servers.start_broker();
                arena.servers.set_consumer_timeout_ms(PATIENT_CONSUMER_TIMEOUT_MS);
            })
            .await;
        record.over()
    }

    async fn delete_queue(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        let queue = self.queue();
        self.foreign.lock().await.excuse(queue);
        arena.aside(move |arena| arena.servers.delete(queue)).await;
        sleep(self.seconds(0.0..3.0)).await;
        arena.aside(Arena::apply_topology).await;
        record.over()
    }

    async fn memory_alarm(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        arena.aside(|arena| arena.servers.ctl(&["set_vm_memory_high_watermark", "0.000001"])).await;
        sleep(self.seconds(2.0..8.0)).await;
        arena.aside(|arena| arena.servers.ctl(&["set_vm_memory_high_watermark", "absolute", "1GB"])).await;
        record.over()
    }

    async fn consumer_timeout(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let set = async |timeout_ms| {
            arena.aside(move |arena| arena.servers.set_consumer_timeout_ms(timeout_ms)).await;
            // Channels keep the timeout they began with.
            arena.wires.cut_broker();
        };
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        set(IMPATIENT_CONSUMER_TIMEOUT_MS).await;
        sleep(self.seconds(10.0..18.0)).await;
        set(PATIENT_CONSUMER_TIMEOUT_MS).await;
        record.over()
    }

    async fn kill_redis(&mut self) -> FaultRecord {
        let (rows, down) = (self.active().await, self.seconds(0.0..4.0));
        let _nobody_looks = self.arena.redis.write().await;
        let record = FaultRecord::now(self.planned.fault, &rows);
        self.arena
            .aside(move |arena| {
                arena.servers.kill_redis();
                std::thread::sleep(down);
                arena.servers.start_redis();
            })
            .await;
        record.over()
    }

    async fn on_wires(&self, tamper: impl FnOnce(&Arena)) -> FaultRecord {
        let record = FaultRecord::now(self.planned.fault, &self.active().await);
        tamper(&self.arena);
        record.over()
    }

    async fn on_links(&mut self, mode: LinkMode, redis: bool, broker: bool) -> FaultRecord {
        let (record, lasts) =
            (FaultRecord::now(self.planned.fault, &self.active().await), self.seconds(2.0..10.0));
        let set = |mode| {
            if redis {
                self.arena.wires.redis.set(mode);
            }
            if broker {
                self.arena.wires.set_broker(mode);
            }
        };
        set(mode);
        sleep(lasts).await;
        set(LinkMode::Open);
        record.over()
    }

    /// Copies of what is on its way and of what is long over.
    async fn duplicates(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let mut rows = Vec::new();
        let mut copies = Vec::new();
        for job in (0..20).map(|_| self.any_job()).collect::<Vec<_>>() {
            // A message without a row is another matter.
            if let Some(row) = arena.row(&job.id).await {
                rows.push(row.summary);
                copies.extend([job_message(&job), event_message(&job)]);
            }
        }
        let record = FaultRecord::now(self.planned.fault, &rows);
        let url = arena.servers.admin_url().parse().unwrap();
        let us = AmqpSettings::new(url, "chaos", BootId("chaos-0-0".into()), Vec::new());
        let us = AmqpSettings { fleet: None, ..us };
        let broker = AmqpBroker::connect(us).await.unwrap();
        broker.publish(copies).await.unwrap();
        record.over()
    }

    fn any_job(&mut self) -> PlannedJob {
        self.plan.jobs[self.dice.random_range(0..self.plan.jobs.len())].clone()
    }

    async fn purge(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &arena.rows(Status::Pending).await);
        let queue = self.queue();
        self.foreign.lock().await.excuse(queue);
        arena.aside(move |arena| arena.servers.purge(queue)).await;
        record.over()
    }

    async fn foreign(&mut self) -> FaultRecord {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let record = FaultRecord::now(self.planned.fault, &[]);
        let publisher = PoisonPublisher::connect(arena.servers.admin_url()).await;
        let foreign = Arc::clone(&self.foreign);
        let mut foreign = foreign.lock().await;
        publisher.send(&format!("{:x}", self.planned.seed), &mut self.dice, &mut foreign).await;
        publisher.collect(&mut foreign, BURIED_WITHIN).await;
        record.over()
    }

    fn queue(&mut self) -> &'static str {
        QUEUES[self.dice.random_range(0..QUEUES.len())]
    }

    fn seconds(&mut self, range: std::ops::Range<f64>) -> Duration {
        Duration::from_secs_f64(self.dice.random_range(range))
    }
}

fn job_message(job: &PlannedJob) -> Message {
    let spec = JobSpec::Probe(job.spec()).to_value().unwrap();
    let operation = job.id.clone();
    let job = JobMessage { schema: SCHEMA, operation, kind: Kind::Probe, root: None, spec };
    Message::Job { priority: Priority::Normal, job }
}

fn event_message(job: &PlannedJob) -> Message {
    let (operation, kind, status) = (job.id.clone(), Kind::Probe, EndStatus::Completed);
    Message::Event(Event { operation, kind, root: None, status, fence: 1, again: false })
}
