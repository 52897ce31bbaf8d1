//! RabbitMQ: version, protections really in force, and queues that nobody takes from.

use ktrdr_fabric::broker::Queue;
use ktrdr_fleet::amqp::QueueFacts;
use ktrdr_fleet::topology::{Administration, BrokerVersion, DEAD_LETTER_QUEUE, Difference, queue_name};

use super::super::fleet::{administration, broker, explain_broker, explain_topology};
use super::super::{FleetConfig, Part};
use super::Check;
use crate::AppError;
use crate::diagnosis::{About, Cause};

/// What only the administrator may see.
pub(super) async fn administered(fleet: &FleetConfig) -> Vec<Check> {
    let administration = match administration(fleet) {
        Ok(administration) => administration,
        Err(why) => return vec![Check::unreachable("rabbitmq", why)],
    };
    let version = match administration.version().await {
        Ok(version) => version,
        Err(why) => return vec![Check::unreachable("rabbitmq", explain_topology(why))],
    };
    let mut checks = vec![server(version)];
    checks.extend(version.map(consumer_timeout));
    checks.extend(topology(&administration, version.is_some()).await);
    checks
}

fn server(version: Option<BrokerVersion>) -> Check {
    match version {
        Some(version) => Check::ok("rabbitmq", format!("version {version}")),
        None => Check::warning(
            "rabbitmq",
            "its version and policies can not be seen",
            "set rabbitmq_management_url to have them checked",
        ),
    }
}

/// Never a warning: whether an older broker was told can not be seen from here, and where it was not, a job is delivered
/// twice and run once.
fn consumer_timeout(version: BrokerVersion) -> Check {
    match version.has_consumer_timeout() {
        true => Check::ok("consumer timeout", "set by the policies of the queues"),
        false => Check::ok(
            "consumer timeout",
            format!(
                "version {version} has one for the whole node; unless rabbitmq.conf says consumer_timeout = 22200000, \
                 a job over 30 min is delivered twice, and the second delivery finds it leased"
            ),
        ),
    }
}

async fn topology(administration: &Administration, all_is_visible: bool) -> Vec<Check> {
    match administration.diff().await {
        Err(why) => vec![Check::unreachable("topology", explain_topology(why))],
        Ok(differences) if differences.is_empty() => {
            let seen = if all_is_visible {
                "exchanges, queues, bindings, policies, users"
            } else {
                "exchanges, queues"
            };
            vec![Check::ok("topology", format!("as it should be: {seen}"))]
        }
        Ok(differences) => differences.iter().map(difference).collect(),
    }
}

fn difference(difference: &Difference) -> Check {
    Check::fault("topology", difference, difference.mend)
}

/// The queues, or why they can not be seen.
pub(super) async fn queues(fleet: &FleetConfig) -> Result<Vec<QueueFacts>, AppError> {
    broker(fleet, Part::looking("doctor")).await?.queues().await.map_err(explain_broker)
}

/// What a queue by that name is about; `None` of the dead letters.
pub(super) fn about(name: &str) -> Option<About> {
    let queue = Queue::all().into_iter().find(|queue| queue_name(*queue) == name)?;
    Some(match queue {
        Queue::Jobs(kind) => About::Queue(kind, None),
        Queue::Pinned(kind, class) => About::Queue(kind, Some(class)),
        Queue::OrchestratorEvents => About::Orchestrator,
    })
}

/// A queue with what stands before it.
pub(super) fn queue(queue: &QueueFacts, before: Option<&Cause>) -> Check {
    let name = queue.name.trim_start_matches("ktrdr.");
    let found = format!("{} waiting, {} consumers", queue.ready, queue.consumers);
    if queue.name == DEAD_LETTER_QUEUE {
        return match queue.ready {
            0 => Check::ok(name, "empty"),
            n => Check::warning(name, format!("{n} messages"), "look at them with `ktrdr dead-letters list`"),
        };
    }
    match (before, queue.ready, queue.consumers) {
        (Some(cause), ..) if cause.about() != About::Orchestrator => Check::of(name, cause, Some(&found)),
        (None, 1.., 0) => {
            Check::warning(name, found, "nobody takes them at present; `ktrdr workers list` shows who should")
        }
        _ => Check::ok(name, found),
    }
}
