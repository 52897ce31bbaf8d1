//! Bindings that are none of ours: they lead messages into our queues, or copies of ours elsewhere.

use serde_json::Value;

use super::{Difference, QueueRow, Topology};

/// One of them, as the management interface names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) source: String,
    pub(super) destination: String,
    /// `queue` or `exchange`.
    destination_type: String,
    routing_key: String,
    /// The last part of its path.
    properties_key: String,
}

/// Every binding of a virtual host that touches a queue or an exchange of ours, and is not in the topology.
pub(super) fn foreign(topology: &Topology, all: &Value) -> Vec<Foreign> {
    let read = |binding: &Value| {
        let text = |name: &str| binding[name].as_str().unwrap_or_default().to_owned();
        Foreign {
            source: text("source"),
            destination: text("destination"),
            destination_type: text("destination_type"),
            routing_key: text("routing_key"),
            properties_key: text("properties_key"),
        }
    };
    let bindings = all.as_array().into_iter().flatten().map(read);
    bindings.filter(|binding| binding.touches(topology) && !binding.is_of(topology)).collect()
}

impl Foreign {
    /// Every queue is bound to the exchange without a name, by its own name; nobody can change that.
    fn touches(&self, topology: &Topology) -> bool {
        let is_ours = |name: &str| {
            topology.queues.iter().any(|q| q.name == name)
                || topology.exchanges.iter().any(|e| e.name == name)
        };
        !self.source.is_empty() && (is_ours(&self.source) || is_ours(&self.destination))
    }

    fn is_of(&self, topology: &Topology) -> bool {
        let is_it = |queue: &QueueRow| {
            queue.name == self.destination
                && queue.exchange() == self.source
                && queue.binding() == self.routing_key
        };
        self.destination_type == "queue" && topology.queues.iter().any(is_it)
    }

    pub(super) fn difference(&self) -> Difference {
        let Self { source, destination, routing_key, .. } = self;
        Difference {
            subject: format!("binding of {destination} to {source} with {routing_key:?}"),
            trouble: "is none of ours: what is published there arrives here, too".into(),
            mend: "`ktrdr topology apply --remove-foreign-bindings` removes it",
        }
    }

    /// Its place at the management interface.
    pub(super) fn path<'a>(&'a self, vhost: &'a str) -> [&'a str; 7] {
        let to = if self.destination_type == "exchange" { "e" } else { "q" };
        ["bindings", vhost, "e", &self.source, to, &self.destination, &self.properties_key]
    }
}
