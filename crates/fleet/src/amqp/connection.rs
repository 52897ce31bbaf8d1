//! One connection to the broker, rebuilt by the next call that needs it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::Notify;
use tracing::info;

use super::address::AmqpUrl;
use super::failure::{TIMEOUT, within};
use super::transport;
use super::trust::Trust;
use ktrdr_fabric::broker::BrokerError;

/// Within the broker's advice of 5 to 20: fewer seconds give false alarms, more hide a dead peer.
const HEARTBEAT_S: u16 = 15;

/// Longest name of a connection shown by the broker.
const NAME_BYTES_MAX: usize = 200;

/// A connection, or the wish for one.
pub(crate) struct AmqpConnection {
    url: AmqpUrl,
    /// Shown in the broker's list of connections.
    name: String,
    trust: Trust,
    current: Mutex<Option<Arc<Connection>>>,
    /// Held while connecting, so that one caller connects and the others wait for it.
    connecting: tokio::sync::Mutex<()>,
    /// Rung whenever a connection was made.
    made: Notify,
}

impl AmqpConnection {
    /// # Errors
    /// When a way there is not trusted.
    pub(crate) fn new(url: AmqpUrl, name: &str, trust: Trust) -> Result<Self, BrokerError> {
        for node in url.nodes() {
            trust.check(node.scheme == AMQPScheme::AMQPS, &node.authority.host)?;
        }
        let name = name.chars().take(NAME_BYTES_MAX).collect();
        let (current, connecting) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self { url, name, trust, current, connecting, made: Notify::new() })
    }

    /// A new channel, on a new connection where the old one is gone.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        let connection = self.connection().await?;
        let channel = within("open a channel", connection.create_channel()).await;
        if channel.is_err() && !connection.status().blocked() {
            self.forget();
        }
        channel
    }

    /// Connects where there is no connection.
    pub(super) async fn reach(&self) -> Result<(), BrokerError> {
        self.connection().await.map(|_| ())
    }

    /// Until a connection is made, from now on.
    pub(super) async fn made(&self) {
        self.made.notified().await;
    }

    /// Whether the broker takes nothing from us at present: it is low on memory or disk.
    pub(super) fn is_blocked(&self) -> bool {
        self.current().as_ref().is_some_and(|connection| connection.status().blocked())
    }

    pub(super) fn is_connected(&self) -> bool {
        self.current().as_ref().is_some_and(|connection| connection.status().connected())
    }

    /// Gives the connection up: it does not answer.
    pub(super) fn forget(&self) {
        *self.current() = None;
    }

    async fn connection(&self) -> Result<Arc<Connection>, BrokerError> {
        let _one_at_a_time = self.connecting.lock().await;
        let current = self.current().clone();
        if let Some(connection) = current.filter(|connection| connection.status().connected()) {
            return Ok(connection);
        }
        let connection = Arc::new(self.connect().await?);
        info!(broker = %self.url, name = self.name, "connected to the broker");
        *self.current() = Some(Arc::clone(&connection));
        self.made.notify_waiters();
        Ok(connection)
    }

    /// The first node that takes us; the last one's refusal otherwise.
    async fn connect(&self) -> Result<Connection, BrokerError> {
        let mut refusal = BrokerError::Unavailable("its URL names no node".into());
        for node in self.url.nodes() {
            match self.connect_to(node).await {
                Ok(connection) => return Ok(connection),
                Err(why) => {
                    info!(host = node.authority.host, port = node.authority.port, %why, "no connection");
                    refusal = why;
                }
            }
        }
        Err(refusal)
    }

    async fn connect_to(&self, node: &AMQPUri) -> Result<Connection, BrokerError> {
        let mut node = node.clone();
        node.query.heartbeat = Some(HEARTBEAT_S);
        node.query.connection_timeout = Some(TIMEOUT.as_millis() as u64);
        let doing = format!("connect to {}:{}", node.authority.host, node.authority.port);
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        within(&doing, transport::connect(node, properties, self.trust.ca_pem.clone())).await
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Connection>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
