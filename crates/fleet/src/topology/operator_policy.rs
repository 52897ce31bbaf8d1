//! Policies of the broker's operator: they act on top of ours, and ours do not show it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{BrokerVersion, Difference, Topology};

/// What a listing of queues has to tell for this.
pub(super) const COLUMNS: &str = "columns=name,operator_policy,effective_policy_definition";

/// The operator's policies under which queues of ours do not have what our own say, and what they have instead.
pub(super) fn differences(topology: &Topology, version: BrokerVersion, found: &Value) -> Vec<Difference> {
    let mut changes: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for queue in &topology.queues {
        let Some(found) = super::administration::named(found, &queue.name) else { continue };
        let Some(operators) = found["operator_policy"].as_str().filter(|name| !name.is_empty()) else {
            continue;
        };
        let ours = topology.policy_of(queue).map(|policy| policy.definition(version)).unwrap_or_default();
        let changed = changed(&ours, found["effective_policy_definition"].as_object());
        if !changed.is_empty() {
            changes.entry((operators.to_owned(), changed.join(", "))).or_default().push(&queue.name);
        }
    }
    let difference = |((name, changed), queues): ((String, String), Vec<&str>)| Difference {
        subject: format!("operator policy {name}"),
        trouble: format!("overrides ours on {}: {changed}", queues.join(", ")),
        mend: "the broker's operator set it: `rabbitmqctl list_operator_policies -p VHOST` shows it, `rabbitmqctl clear_operator_policy -p VHOST NAME` removes it",
    };
    changes.into_iter().map(difference).collect()
}

/// `max-length is 5 instead of 1000000`
fn changed(ours: &Map<String, Value>, effective: Option<&Map<String, Value>>) -> Vec<String> {
    let effective = effective.into_iter().flatten().filter(|(key, value)| ours.get(*key) != Some(*value));
    let words = |(key, value): (&String, &Value)| match ours.get(key) {
        Some(ours) => format!("{key} is {value} instead of {ours}"),
        None => format!("{key} is {value}, and ours leave it alone"),
    };
    effective.map(words).collect()
}
