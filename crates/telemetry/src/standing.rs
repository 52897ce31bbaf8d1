//! How the fleet stands: told by one process for all, from counters that the store keeps anyway.

use std::sync::atomic::{AtomicI64, AtomicU64};

use ktrdr_domain::Kind;
use ktrdr_fabric::clock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::labels::{OfKind, Unlabelled, tell};

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
    /// What may stand in the way of work.
    pub obstacles: Vec<Obstacle>,
}

/// What may stand in the way of work, as `ktrdr doctor` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Obstacle {
    /// Its word, of a closed set.
    pub why: &'static str,
    /// The kind of job that it is about, if it is about one.
    pub kind: Option<Kind>,
    /// Whether it does.
    pub is_there: bool,
}

/// One kind of job.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStanding {
    /// The kind.
    pub kind: Kind,
    /// How many wait.
    pub ready: u64,
    /// How many of these wait for the time of their next attempt.
    pub delayed: u64,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfObstacle {
    why: &'static str,
    /// Empty where it is about none: to Prometheus there is no such label then.
    kind: &'static str,
}

type ByKind<N = i64, A = AtomicI64> = Family<OfKind, Gauge<N, A>>;

/// Absent until somebody has looked, and where there is nothing to tell.
type Whole = Family<Unlabelled, Gauge>;
type Real = Family<Unlabelled, Gauge<f64, AtomicU64>>;

#[derive(Default)]
pub(crate) struct Gauges {
    ready: ByKind,
    delayed: ByKind,
    running: ByKind,
    oldest: ByKind<f64, AtomicU64>,
    workers: ByKind,
    slots: ByKind,
    paused: ByKind,
    processes: Family<OfRole, Gauge>,
    dead_letters: Whole,
    outbox: Whole,
    outbox_lag: Real,
    spent_today: Real,
    left_today: Real,
    schedule_troubles: Whole,
    free_bytes: Whole,
    obstacles: Family<OfObstacle, Gauge>,
    looked_at: Real,
}

impl Gauges {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        gauges.register_queues(registry);
        gauges.register_rest(registry);
        gauges
    }

    fn register_queues(&self, registry: &mut Registry) {
        registry.register("ktrdr_queue_ready", "Jobs that wait", self.ready.clone());
        registry.register(
            "ktrdr_queue_delayed",
            "Of the jobs that wait, those that wait for the time of their next attempt",
            self.delayed.clone(),
        );
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

    fn register_rest(&self, registry: &mut Registry) {
        let mut whole = |name, help, gauge: &Whole| registry.register(name, help, gauge.clone());
        whole("ktrdr_dead_letters", "Operations that were given up", &self.dead_letters);
        whole("ktrdr_outbox", "Messages that the broker does not have yet", &self.outbox);
        whole(
            "ktrdr_schedule_troubles",
            "Schedules whose last night somebody should look at",
            &self.schedule_troubles,
        );
        whole("ktrdr_free_bytes", "Room on the disk of this process", &self.free_bytes);
        let mut real = |name, help, gauge: &Real| registry.register(name, help, gauge.clone());
        real(
            "ktrdr_outbox_lag_seconds",
            "For how long the oldest message has been seen in the outbox",
            &self.outbox_lag,
        );
        real("agent_budget_spent_today", "Dollars paid and set aside today", &self.spent_today);
        real(
            "agent_budget_left_today",
            "Dollars that may still be spent today; absent without a limit",
            &self.left_today,
        );
        real("ktrdr_looked_at_seconds", "When the fleet was seen last, Unix seconds", &self.looked_at);
        registry.register("ktrdr_processes", "Processes heard of lately", self.processes.clone());
        registry.register(
            "ktrdr_obstacle",
            "Whether something stands in the way of work, by the word of `ktrdr doctor`",
            self.obstacles.clone(),
        );
    }

    pub(crate) fn set(&self, standing: &Standing) {
        for queue in &standing.queues {
            let kind = OfKind::from(queue.kind);
            self.ready.get_or_create(&kind).set(whole(queue.ready));
            self.delayed.get_or_create(&kind).set(whole(queue.delayed));
            self.running.get_or_create(&kind).set(whole(queue.running));
            self.oldest.get_or_create(&kind).set(queue.oldest_age_s);
            self.workers.get_or_create(&kind).set(whole(queue.workers));
            self.slots.get_or_create(&kind).set(whole(queue.slots));
            self.paused.get_or_create(&kind).set(i64::from(queue.paused));
        }
        for (role, count) in &standing.processes {
            self.processes.get_or_create(&OfRole { role: role.as_str() }).set(whole(*count));
        }
        self.obstacles.clear();
        for obstacle in &standing.obstacles {
            let labels = OfObstacle { why: obstacle.why, kind: obstacle.kind.map_or("", Kind::as_str) };
            self.obstacles.get_or_create(&labels).set(obstacle.is_there.into());
        }
        for (gauge, count) in [
            (&self.dead_letters, Some(standing.dead_letters)),
            (&self.outbox, Some(standing.outbox)),
            (&self.schedule_troubles, Some(standing.schedule_troubles)),
            (&self.free_bytes, standing.free_bytes),
        ] {
            tell(gauge, count.map(whole));
        }
        for (gauge, amount) in [
            (&self.outbox_lag, Some(standing.outbox_lag_s)),
            (&self.spent_today, Some(standing.spent_today)),
            (&self.left_today, standing.left_today),
            (&self.looked_at, Some(clock::since_1970().as_secs_f64())),
        ] {
            tell(gauge, amount);
        }
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
