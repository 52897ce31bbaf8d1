//! The topology in the broker's own import format, for a broker that reads it when it starts.

use ktrdr_fabric::random::random;
use serde_json::{Value, json};

use super::user::password_hash;
use super::{BrokerVersion, Exchange, Passwords, Policy, QueueRow, Topology, User, owner};

impl Topology {
    /// What a broker of this version imports for one fleet: virtual host, exchanges, queues, bindings, policies, and those users
    /// whose password is known. It holds password hashes: keep it private, and do not commit it.
    #[must_use]
    pub fn definitions(
        &self,
        version: BrokerVersion,
        vhost: &str,
        fleet: &str,
        passwords: &Passwords,
    ) -> Value {
        let users: Vec<_> = self.users().into_iter().filter(|user| passwords.of(user).is_some()).collect();
        let in_vhost = |body: Value| with(body, "vhost", vhost);
        let policy = |policy: &Policy| {
            let body = with(Value::Object(policy.body(version)), "name", &policy.name);
            in_vhost(body)
        };
        let exchanges = self.exchanges.iter().map(exchange).chain(owner::definitions(fleet));
        let permission = |user: &User| in_vhost(with(user.permissions(), "user", &user.name));
        json!({
            "vhosts": [{"name": vhost}],
            "users": users.iter().map(|user| user_entry(user, passwords)).collect::<Vec<_>>(),
            "permissions": users.iter().map(permission).collect::<Vec<_>>(),
            "exchanges": exchanges.map(in_vhost).collect::<Vec<_>>(),
            "queues": self.queues.iter().map(|q| in_vhost(queue(q))).collect::<Vec<_>>(),
            "bindings": self.queues.iter().map(|q| in_vhost(binding(q))).collect::<Vec<_>>(),
            "policies": self.policies.iter().map(policy).collect::<Vec<_>>(),
        })
    }
}

fn with(mut body: Value, key: &str, value: &str) -> Value {
    body[key] = json!(value);
    body
}

fn exchange(exchange: &Exchange) -> Value {
    json!({
        "name": exchange.name, "type": exchange.kind.as_str(),
        "durable": true, "auto_delete": false, "internal": false, "arguments": {},
    })
}

fn queue(queue: &QueueRow) -> Value {
    json!({
        "name": queue.name, "durable": true, "auto_delete": false, "arguments": {"x-queue-type": "quorum"},
    })
}

fn binding(queue: &QueueRow) -> Value {
    json!({
        "source": queue.exchange(), "destination": queue.name, "destination_type": "queue",
        "routing_key": queue.binding(), "arguments": {},
    })
}

fn user_entry(user: &User, passwords: &Passwords) -> Value {
    let salt = (random() as u32).to_be_bytes();
    let password = passwords.of(user).unwrap_or_default();
    let tags: Vec<_> = user.tags.split(',').filter(|tag| !tag.is_empty()).collect();
    json!({
        "name": user.name, "tags": tags,
        "password_hash": password_hash(password, salt),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
    })
}
