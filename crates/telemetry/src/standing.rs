//! How the fleet stands: told by one process for all, from counters that the store keeps anyway.

use std::sync::atomic::AtomicU64;

use ktrdr_domain::Kind;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::labels::OfKind;

/// How the fleet stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Every kind of job.
    pub queues: Vec<QueueStanding>,
    /// Processes heard of lately, by what they do.
    pub processes: Vec<(Role, u64)>,
    /// Operations that were given up and not dismissed.
    pub dead_letters: u64,
    /// Entries of the outbox.
    pub outbox: u64,
    /// For how long its oldest entry has been seen there, in seconds.
    pub outbox_lag_s: f64,
    /// What was paid and set aside today, in dollars.
    pub spent_today: f64,
    /// What may still be spent today, in dollars; `None`: as much as one likes.
    pub left_today: Option<f64>,
    /// Schedules whose last night needs somebody to look at it.
    pub schedule_troubles: u64,
    /// Free bytes where this process keeps its files.
    pub free_bytes: Option<u64>,
}

/// One kind of job.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStanding {
    /// The kind.
    pub kind: Kind,
    /// How many wait.
    pub ready: u64,
    /// How many run.
    pub running: u64,
    /// For how long the oldest has waited, in seconds; 0 where none does.
    pub oldest_age_s: f64,
    /// Workers that take them.
    pub workers: u64,
    /// How many those run at once.
    pub slots: u64,
    /// Whether nobody takes any until they are resumed.
    pub paused: bool,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Up,
    /// Relays and keeps schedules.
    Coordinator,
    /// Moves cycles.
    Orchestrator,
    /// Takes jobs.
    Worker,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Up, Self::Coordinator, Self::Orchestrator, Self::Worker];

    /// As processes say it of themselves.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Coordinator => "coordinator",
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRole {
    role: &'static str,
}

/// Of what there is one of, or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Unlabelled {}

type ByKind<N = i64, A = std::sync::atomic::AtomicI64> = Family<OfKind, Gauge<N, A>>;
type Real = Gauge<f64, AtomicU64>;

pub(crate) struct Gauges {
    ready: ByKind,
    running: ByKind,
    oldest: ByKind<f64, AtomicU64>,
    workers: ByKind,
    slots: ByKind,
    paused: ByKind,
    processes: Family<OfRole, Gauge>,
    dead_letters: Gauge,
    outbox: Gauge,
    outbox_lag: Real,
    spent_today: Real,
    /// Absent where there is no limit.
    left_today: Family<Unlabelled, Real>,
    schedule_troubles: Gauge,
    free_bytes: Family<Unlabelled, Gauge>,
}

impl Gauges {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            ready: Family::default(),
            running: Family::default(),
            oldest: Family::default(),
            workers: Family::default(),
            slots: Family::default(),
            paused: Family::default(),
            processes: Family::default(),
            dead_letters: Gauge::default(),
            outbox: Gauge::default(),
            outbox_lag: Gauge::default(),
            spent_today: Gauge::default(),
            left_today: Family::default(),
            schedule_troubles: Gauge::default(),
            free_bytes: Family::default(),
        };
        gauges.register_queues(registry);
        registry.register("ktrdr_processes", "Processes heard of lately", gauges.processes.clone());
        registry.register("ktrdr_dead_letters", "Operations that were given up", gauges.dead_letters.clone());
        registry.register(
            "ktrdr_outbox",
            "Messages that the broker does not have yet",
            gauges.outbox.clone(),
        );
        registry.register(
            "ktrdr_outbox_lag_seconds",
            "For how long the oldest message has been seen in the outbox",
            gauges.outbox_lag.clone(),
        );
        registry.register(
            "agent_budget_spent_today",
            "Dollars paid and set aside today",
            gauges.spent_today.clone(),
        );
        registry.register(
            "agent_budget_left_today",
            "Dollars that may still be spent today; absent without a limit",
            gauges.left_today.clone(),
        );
        registry.register(
            "ktrdr_schedule_troubles",
            "Schedules whose last night somebody should look at",
            gauges.schedule_troubles.clone(),
        );
        registry.register("ktrdr_free_bytes", "Room on the disk of this process", gauges.free_bytes.clone());
        gauges
    }

    fn register_queues(&self, registry: &mut Registry) {
        registry.register("ktrdr_queue_ready", "Jobs that wait", self.ready.clone());
        registry.register("ktrdr_ops_inflight", "Jobs that run", self.running.clone());
        registry.register(
            "ktrdr_queue_oldest_age_seconds",
            "How long the oldest job has waited",
            self.oldest.clone(),
        );
        registry.register("ktrdr_queue_workers", "Workers that take jobs of a kind", self.workers.clone());
        registry.register("ktrdr_queue_slots", "Jobs of a kind that run at once", self.slots.clone());
        registry.register("ktrdr_queue_paused", "Whether a queue is paused", self.paused.clone());
    }

    pub(crate) fn set(&self, standing: &Standing) {
        for queue in &standing.queues {
            let kind = OfKind::from(queue.kind);
            self.ready.get_or_create(&kind).set(whole(queue.ready));
            self.running.get_or_create(&kind).set(whole(queue.running));
            self.oldest.get_or_create(&kind).set(queue.oldest_age_s);
            self.workers.get_or_create(&kind).set(whole(queue.workers));
            self.slots.get_or_create(&kind).set(whole(queue.slots));
            self.paused.get_or_create(&kind).set(i64::from(queue.paused));
        }
        for (role, count) in &standing.processes {
            self.processes.get_or_create(&OfRole { role: role.as_str() }).set(whole(*count));
        }
        self.dead_letters.set(whole(standing.dead_letters));
        self.outbox.set(whole(standing.outbox));
        self.outbox_lag.set(standing.outbox_lag_s);
        self.spent_today.set(standing.spent_today);
        self.schedule_troubles.set(whole(standing.schedule_troubles));
        self.left_today.clear();
        standing.left_today.iter().for_each(|left| {
            self.left_today.get_or_create(&Unlabelled {}).set(*left);
        });
        self.free_bytes.clear();
        standing.free_bytes.iter().for_each(|bytes| {
            self.free_bytes.get_or_create(&Unlabelled {}).set(whole(*bytes));
        });
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
