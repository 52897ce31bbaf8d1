//! Whose virtual host it is. Two fleets on one would take each other's messages, whose rows they do not have.
//!
//! AMQP compares one argument when an exchange is declared again: its alternate. So the exchange `ktrdr.fleet` names, as
//! its alternate, the one fleet that the virtual host belongs to: whoever declares it for another one is refused by the
//! broker itself. Roles, which declare nothing, look for the exchange that it names.

use lapin::options::ExchangeDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use serde_json::{Value, json};

use super::{Difference, TopologyError};
use crate::amqp::{AmqpConnection, within};
use ktrdr_fabric::broker::BrokerError;
use ktrdr_fabric::cause::Cause;

/// Names the owner.
const OWNER: &str = "ktrdr.fleet";

/// The exchange that stands for one fleet. Nothing is published there.
pub(crate) fn mark(fleet: &str) -> String {
    format!("{OWNER}.{fleet}")
}

/// Makes a virtual host a fleet's own; the names of what is declared.
pub(super) async fn take(
    connection: &AmqpConnection,
    vhost: &str,
    fleet: &str,
) -> Result<Vec<String>, TopologyError> {
    let mark = mark(fleet);
    let mut arguments = FieldTable::default();
    arguments.insert("alternate-exchange".into(), AMQPValue::LongString(mark.as_str().into()));
    match declare(&connection.channel().await?, OWNER, arguments, false).await {
        Err(BrokerError::Topology(why)) if why.contains("alternate-exchange") => {
            return Err(TopologyError::Owned {
                vhost: vhost.into(),
                fleet: fleet.into(),
                why: why.to_string(),
            });
        }
        declared => declared?,
    }
    declare(&connection.channel().await?, &mark, FieldTable::default(), false).await?;
    Ok(vec![format!("exchange {OWNER}"), format!("exchange {mark}")])
}

/// Whether a virtual host is this fleet's.
pub(crate) async fn check(channel: &Channel, vhost: &str, fleet: &str) -> Result<(), BrokerError> {
    declare(channel, &mark(fleet), FieldTable::default(), true).await.map_err(|error| match error {
        BrokerError::Topology(why) => BrokerError::Topology(Cause::because(format!(
            "the virtual host {vhost} is not that of the fleet {fleet:?} (KTRDR_PREFIX): another one has it, whose \
             messages this one would take, or it was set up by an older version. Use a virtual host for each fleet, or run \
             `ktrdr topology apply`"
        ), why)),
        unavailable @ BrokerError::Unavailable(_) => unavailable,
    })
}

/// What an administrator sees of it.
pub(super) fn difference(
    fleet: &str,
    owner: Option<&Value>,
    mark_found: Option<&Value>,
) -> Option<Difference> {
    let subject = format!("exchange {OWNER}");
    let Some(owner) = owner else { return Some(Difference::missing(subject)) };
    let there = &owner["arguments"]["alternate-exchange"];
    if *there != json!(mark(fleet)) {
        let trouble = format!("says that the virtual host belongs to {there}, and not to {:?}", mark(fleet));
        return Some(Difference { subject, trouble, mend: "use a virtual host for each fleet" });
    }
    mark_found.is_none().then(|| Difference::missing(format!("exchange {}", mark(fleet))))
}

/// Both as the broker's import holds them.
pub(super) fn definitions(fleet: &str) -> [Value; 2] {
    let exchange = |name: &str, arguments: Value| {
        json!({
            "name": name, "type": "fanout",
            "durable": true, "auto_delete": false, "internal": false, "arguments": arguments,
        })
    };
    let mark = mark(fleet);
    [exchange(OWNER, json!({"alternate-exchange": mark})), exchange(&mark, json!({}))]
}

async fn declare(
    channel: &Channel,
    name: &str,
    arguments: FieldTable,
    passive: bool,
) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions { passive, durable: true, ..Default::default() };
    let declared = channel.exchange_declare(name.into(), ExchangeKind::Fanout, options, arguments);
    within(&format!("{} exchange {name}", if passive { "find" } else { "declare" }), declared).await
}
