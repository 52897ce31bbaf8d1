//! Where a broker is not what the topology asks for.

use std::fmt;

use serde_json::{Value, json};

use super::{BrokerVersion, Exchange, Policy, QueueRow, User};

/// One thing that is missing or otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which thing, such as `queue ktrdr.jobs.training`.
    pub subject: String,
    /// What is wrong with it.
    pub trouble: String,
    /// What to do about it.
    pub mend: &'static str,
}

/// What mends most of them.
const APPLY: &str = "run `ktrdr topology apply`";

impl Difference {
    pub(super) fn missing(subject: String) -> Self {
        Self { subject, trouble: "is missing".into(), mend: APPLY }
    }

    fn between(subject: String, here: &Value, there: &Value) -> Option<Self> {
        let trouble = || format!("should be {here} and is {there}");
        (here != there).then(|| Self { subject, trouble: trouble(), mend: APPLY })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.trouble)
    }
}

/// `found`: what the management interface says, like everywhere below.
pub(super) fn of_exchange(exchange: &Exchange, found: Option<&Value>) -> Option<Difference> {
    let subject = format!("exchange {}", exchange.name);
    let Some(found) = found else { return Some(Difference::missing(subject)) };
    let here = json!({"type": exchange.kind.as_str(), "durable": true});
    Difference::between(subject, &here, &json!({"type": found["type"], "durable": found["durable"]}))
}

pub(super) fn of_queue(queue: &QueueRow, found: Option<&Value>) -> Option<Difference> {
    let subject = format!("queue {}", queue.name);
    let Some(found) = found else { return Some(Difference::missing(subject)) };
    let here = json!({"type": "quorum", "durable": true});
    let there = json!({"type": found["arguments"]["x-queue-type"], "durable": found["durable"]});
    Difference::between(subject, &here, &there)
}

/// Whether the queue is under its policy; what the policy says is another question.
pub(super) fn of_policy(queue: &QueueRow, policy: &Policy, found: &Value) -> Option<Difference> {
    Difference::between(format!("policy of queue {}", queue.name), &json!(policy.name), &found["policy"])
}

pub(super) fn of_policy_text(
    policy: &Policy,
    version: BrokerVersion,
    found: Option<&Value>,
) -> Option<Difference> {
    let subject = format!("policy {}", policy.name);
    let Some(found) = found else { return Some(Difference::missing(subject)) };
    let parts = ["pattern", "apply-to", "priority", "definition"];
    let there = parts.iter().map(|part| ((*part).to_owned(), found[*part].clone())).collect();
    Difference::between(subject, &Value::Object(policy.body(version)), &Value::Object(there))
}

pub(super) fn of_binding(queue: &QueueRow, bindings: &Value) -> Option<Difference> {
    let found = bindings.as_array().is_some_and(|b| b.iter().any(|b| b["routing_key"] == queue.binding()));
    let subject = || format!("binding of {} to {} with {:?}", queue.name, queue.exchange(), queue.binding());
    (!found).then(|| Difference::missing(subject()))
}

pub(super) fn of_rights(user: &User, found: &Value) -> Option<Difference> {
    let there = json!({"configure": found["configure"], "write": found["write"], "read": found["read"]});
    Difference::between(format!("rights of user {}", user.name), &user.permissions(), &there)
}
