//! How each fault is done, from outside the fleet.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{EndStatus, Event, JobMessage, JobSpec, Kind, Operation, Status};
use ktrdr_fabric::broker::{Broker, Message};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::arena::Arena;
use super::fault::Fault;
use super::injury::Injury;
use super::letters::{Foreign, Letters};
use super::orders::Order;
use super::plan::{Plan, Strike};
use super::wire::Mood;
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
pub(crate) struct Striker {
    arena: Arc<Arena>,
    plan: Arc<Plan>,
    strike: Strike,
    dice: ChaCha8Rng,
    /// Shared by all strikes of a run.
    foreign: Arc<Mutex<Foreign>>,
}

impl Striker {
    pub(crate) fn new(
        arena: &Arc<Arena>,
        plan: &Arc<Plan>,
        strike: &Strike,
        foreign: &Arc<Mutex<Foreign>>,
    ) -> Self {
        let (arena, plan, foreign) = (Arc::clone(arena), Arc::clone(plan), Arc::clone(foreign));
        let dice = ChaCha8Rng::seed_from_u64(strike.seed);
        Self { arena, plan, strike: strike.clone(), dice, foreign }
    }

    /// Does it, and undoes what does not undo itself. What it touched; nothing for faults that come with a job.
    pub(crate) async fn strike(mut self) -> Option<Injury> {
        let arena = Arc::clone(&self.arena);
        Some(match self.strike.fault {
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
                let mood = Mood::Slow(Duration::from_millis(self.dice.random_range(20..300)));
                self.mood(mood, true, true).await
            }
            Fault::SilentRedis => self.mood(Mood::Silent, true, false).await,
            Fault::SilentBroker => self.mood(Mood::Silent, false, true).await,
            Fault::Duplicates => self.duplicates().await,
            Fault::Purge => self.purge().await,
            Fault::Foreign => self.foreign().await,
            Fault::Poison | Fault::CrashOnce | Fault::Deaf | Fault::Cancel => return None,
        })
    }

    /// Everything that is pending or running.
    async fn active(&self) -> Vec<Operation> {
        let mut rows = self.arena.rows(Status::Running).await;
        rows.extend(self.arena.rows(Status::Pending).await);
        rows
    }

    /// What runs in one process.
    async fn of_process(&self, pid: u32) -> Vec<Operation> {
        let mut rows = self.arena.rows(Status::Running).await;
        let mark = format!("-{pid}-");
        rows.retain(|row| row.worker.as_ref().is_some_and(|boot| boot.contains(&mark)));
        rows
    }

    async fn kill(&self, among: &[Process]) -> Injury {
        let process = &among[self.strike.victim % among.len()];
        let rows = match self.strike.fault {
            Fault::KillWorker => self.of_process(process.pid()).await,
            _ => self.active().await,
        };
        let injury = Injury::now(self.strike.fault, &rows);
        process.signal("KILL");
        injury.over()
    }

    async fn freeze_worker(&mut self) -> Injury {
        let longer = self.seconds(1.0..5.0);
        let workers = &self.arena.fleet.workers;
        let process = &workers[self.strike.victim % workers.len()];
        let pid = process.signal("STOP");
        // Read afterwards: what it holds now it holds as long as its lease.
        let rows = self.of_process(pid).await;
        let injury = Injury::now(self.strike.fault, &rows);
        sleep(self.plan.size.pace.lease + longer).await;
        process.signal("CONT");
        injury.over()
    }

    async fn restart_broker(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &self.active().await);
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
        injury.over()
    }

    async fn lose_node(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &self.active().await);
        let node = 1 + self.strike.victim % self.plan.size.nodes;
        arena.aside(move |arena| arena.servers.kill_node(node)).await;
        sleep(self.seconds(2.0..15.0)).await;
        arena
            .aside(|arena| {
                arena.servers.start_broker();
                arena.servers.set_consumer_timeout_ms(PATIENT_CONSUMER_TIMEOUT_MS);
            })
            .await;
        injury.over()
    }

    async fn delete_queue(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &self.active().await);
        let queue = self.queue();
        self.foreign.lock().await.excuse(queue);
        arena.aside(move |arena| arena.servers.delete(queue)).await;
        sleep(self.seconds(0.0..3.0)).await;
        arena.aside(Arena::apply_topology).await;
        injury.over()
    }

    async fn memory_alarm(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &self.active().await);
        arena.aside(|arena| arena.servers.ctl(&["set_vm_memory_high_watermark", "0.000001"])).await;
        sleep(self.seconds(2.0..8.0)).await;
        arena.aside(|arena| arena.servers.ctl(&["set_vm_memory_high_watermark", "absolute", "1GB"])).await;
        injury.over()
    }

    async fn consumer_timeout(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let set = async |timeout_ms| {
            arena.aside(move |arena| arena.servers.set_consumer_timeout_ms(timeout_ms)).await;
            // Channels keep the timeout they began with.
            arena.wires.cut_broker();
        };
        let injury = Injury::now(self.strike.fault, &self.active().await);
        set(IMPATIENT_CONSUMER_TIMEOUT_MS).await;
        sleep(self.seconds(10.0..18.0)).await;
        set(PATIENT_CONSUMER_TIMEOUT_MS).await;
        injury.over()
    }

    async fn kill_redis(&mut self) -> Injury {
        let (rows, down) = (self.active().await, self.seconds(0.0..4.0));
        let _nobody_looks = self.arena.redis.write().await;
        let injury = Injury::now(self.strike.fault, &rows);
        self.arena
            .aside(move |arena| {
                arena.servers.kill_redis();
                std::thread::sleep(down);
                arena.servers.start_redis();
            })
            .await;
        injury.over()
    }

    async fn on_wires(&self, tamper: impl FnOnce(&Arena)) -> Injury {
        let injury = Injury::now(self.strike.fault, &self.active().await);
        tamper(&self.arena);
        injury.over()
    }

    async fn mood(&mut self, mood: Mood, redis: bool, broker: bool) -> Injury {
        let (injury, lasts) = (Injury::now(self.strike.fault, &self.active().await), self.seconds(2.0..10.0));
        let set = |mood| {
            if redis {
                self.arena.wires.redis.set(mood);
            }
            if broker {
                self.arena.wires.set_broker(mood);
            }
        };
        set(mood);
        sleep(lasts).await;
        set(Mood::Open);
        injury.over()
    }

    /// Copies of what is on its way and of what is long over.
    async fn duplicates(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let mut rows = Vec::new();
        let mut copies = Vec::new();
        for order in (0..20).map(|_| self.any_order()).collect::<Vec<_>>() {
            // A message without a row is another matter.
            if let Some(row) = arena.row(&order.id).await {
                rows.push(row);
                copies.extend([job(&order), event(&order)]);
            }
        }
        let injury = Injury::now(self.strike.fault, &rows);
        let url = arena.servers.admin_url().parse().unwrap();
        let us = AmqpSettings::new(url, "chaos", BootId("chaos-0-0".into()), Vec::new());
        let us = AmqpSettings { fleet: None, ..us };
        let broker = AmqpBroker::connect(us).await.unwrap();
        broker.publish(copies).await.unwrap();
        injury.over()
    }

    fn any_order(&mut self) -> Order {
        self.plan.orders[self.dice.random_range(0..self.plan.orders.len())].clone()
    }

    async fn purge(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &arena.rows(Status::Pending).await);
        let queue = self.queue();
        self.foreign.lock().await.excuse(queue);
        arena.aside(move |arena| arena.servers.purge(queue)).await;
        injury.over()
    }

    async fn foreign(&mut self) -> Injury {
        let arena = Arc::clone(&self.arena);
        let _alone = arena.broker.lock().await;
        let injury = Injury::now(self.strike.fault, &[]);
        let letters = Letters::connect(arena.servers.admin_url()).await;
        let foreign = Arc::clone(&self.foreign);
        let mut foreign = foreign.lock().await;
        letters.send(&format!("{:x}", self.strike.seed), &mut self.dice, &mut foreign).await;
        letters.collect(&mut foreign, BURIED_WITHIN).await;
        injury.over()
    }

    fn queue(&mut self) -> &'static str {
        QUEUES[self.dice.random_range(0..QUEUES.len())]
    }

    fn seconds(&mut self, range: std::ops::Range<f64>) -> Duration {
        Duration::from_secs_f64(self.dice.random_range(range))
    }
}

fn job(order: &Order) -> Message {
    let spec = JobSpec::Probe(order.spec()).to_value().unwrap();
    let operation = order.id.clone();
    let job = JobMessage { schema: SCHEMA, operation, kind: Kind::Probe, root: None, spec };
    Message::Job { priority: 4, job }
}

fn event(order: &Order) -> Message {
    let (operation, kind, status) = (order.id.clone(), Kind::Probe, EndStatus::Completed);
    Message::Event(Event { operation, kind, root: None, status, fence: 1, again: false })
}
