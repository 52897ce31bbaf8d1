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
            mend: "`ktrdr topology apply --remove-foreign-bindings` removes it, or says what that takes",
        }
    }

    /// The command after which these may be removed: whoever unbinds must be allowed to write to the one end and to read
    /// from the other. Beside them it allows what `topology apply` allowed.
    pub(super) fn command_to_allow(left: &[Self], vhost: &str, user: &str) -> String {
        let allowed = |end: fn(&Self) -> &String| {
            let mut names: Vec<String> =
                left.iter().map(|binding| format!("{}$", literal(end(binding)))).collect();
            names.sort_unstable();
            names.dedup();
            format!(r"^(ktrdr\.|{})", names.join("|"))
        };
        let (write, read) = (allowed(|binding| &binding.destination), allowed(|binding| &binding.source));
        let words = [vhost, user, r"^ktrdr\.", &write, &read].map(quoted);
        format!("rabbitmqctl set_permissions -p {}", words.join(" "))
    }

    /// Its place at the management interface.
    pub(super) fn path<'a>(&'a self, vhost: &'a str) -> [&'a str; 7] {
        let to = if self.destination_type == "exchange" { "e" } else { "q" };
        ["bindings", vhost, "e", &self.source, to, &self.destination, &self.properties_key]
    }
}

/// A name as a pattern that nothing else matches.
fn literal(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
    name.chars().flat_map(|c| (!is_plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

/// A word of a shell's command, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_are_words_of_a_pattern_and_of_a_shell() {
        let left =
            [("amq.topic", "ktrdr.events.orchestrator"), ("ktrdr.events", "it's $(id)|x")].map(|(s, d)| {
                let text = |text: &str| text.to_owned();
                let destination_type = text("queue");
                Foreign {
                    source: text(s),
                    destination: text(d),
                    destination_type,
                    routing_key: text("#"),
                    properties_key: text("%23"),
                }
            });
        assert_eq!(
            Foreign::command_to_allow(&left, "a/b", "admin"),
            r"rabbitmqctl set_permissions -p 'a/b' 'admin' '^ktrdr\.' '^(ktrdr\.|it\'\''s \$\(id\)\|x$|ktrdr\.events\.orchestrator$)' '^(ktrdr\.|amq\.topic$|ktrdr\.events$)'"
        );
    }
}
