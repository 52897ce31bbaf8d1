//! What a policy says to which version of the broker.
//!
//! A key that a broker does not know makes the whole policy invalid there, and at boot it may be dropped without a
//! word: no dead letters, no delivery limit. So each version gets the keys it knows.

use serde_json::{Map, Value, json};

use super::{BrokerVersion, Policy};

/// Over policies that others may have set; the highest one acts alone.
pub(super) const PRIORITY: i64 = 10;

impl Policy {
    /// The definition that a broker of this version understands.
    #[must_use]
    pub fn definition(&self, version: BrokerVersion) -> Map<String, Value> {
        let mut says = Map::new();
        if self.delivery_limit >= 0 || version.limits_deliveries_by_default() {
            says.insert("delivery-limit".into(), json!(self.delivery_limit));
        }
        if let Some(exchange) = &self.dead_letter_exchange {
            says.insert("dead-letter-exchange".into(), json!(exchange));
            says.insert("dead-letter-strategy".into(), json!("at-least-once"));
        }
        says.insert("overflow".into(), json!("reject-publish"));
        says.insert("max-length".into(), json!(self.max_length));
        if let Some(bytes) = self.max_length_bytes {
            says.insert("max-length-bytes".into(), json!(bytes));
        }
        if let Some(timeout) = self.consumer_timeout.filter(|_| version.has_consumer_timeout()) {
            says.insert("consumer-timeout".into(), json!(timeout.as_millis() as u64));
        }
        says
    }

    /// The policy as the management interface and definition files hold it.
    pub(super) fn body(&self, version: BrokerVersion) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("pattern".into(), json!(self.pattern));
        body.insert("apply-to".into(), json!("queues"));
        body.insert("priority".into(), json!(PRIORITY));
        body.insert("definition".into(), Value::Object(self.definition(version)));
        body
    }

    /// The command that sets it by hand, where there is no management interface.
    #[must_use]
    pub fn command(&self, vhost: &str, version: BrokerVersion) -> String {
        let definition = Value::Object(self.definition(version));
        let Self { name, pattern, .. } = self;
        format!(
            "rabbitmqctl set_policy -p '{vhost}' --apply-to queues --priority {PRIORITY} {name} '{pattern}' '{definition}'"
        )
    }
}
