//! One connection to the server, rebuilt by the call that needs it. Calls that are safe to repeat are repeated.
//!
//! The connection is shared: calls of many tasks travel together, and the server writes one log entry to disk for all
//! that arrived together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use super::failure::{failure, is_broken, is_transient};
use super::script::Named;
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::store::StoreError;

/// How often a call is made before its caller learns that it failed.
const TRIES: u32 = 3;

/// The caller waits meanwhile.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(80), most: Duration::from_millis(160) };

/// Calls that may wait to be written out together.
const WAITING_MAX: usize = 512;

pub(super) struct RedisConnection {
    client: Client,
    place: String,
    config: AsyncConnectionConfig,
    current: Mutex<Current>,
    /// Held while connecting, so that one caller connects and the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

/// The connection, and how many there were before it.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    generation: u64,
}

impl RedisConnection {
    pub(super) fn new(client: Client, place: String, timeout: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_pipeline_buffer_size(WAITING_MAX);
        Self { client, place, config, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// Host and port.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Sends a command that may be repeated without harm.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, StoreError> {
        self.send_with(command, None).await
    }

    /// Calls a script, telling the server its text if it does not know it (any more).
    pub(super) async fn call(&self, command: &Cmd, script: &Named) -> Result<Value, StoreError> {
        self.send_with(command, Some(script)).await
    }

    async fn send_with(&self, command: &Cmd, script: Option<&Named>) -> Result<Value, StoreError> {
        let mut attempt = 1;
        loop {
            match self.try_once(command, script).await {
                Err(error) if attempt < TRIES && is_transient(&error) => {
                    tokio::time::sleep(BACKOFF.after(attempt)).await;
                    attempt += 1;
                }
                answer => return answer.map_err(|error| failure(&self.place, error)),
            }
        }
    }

    /// One attempt, for commands that the caller may want to fail.
    pub(super) async fn try_once(&self, command: &Cmd, script: Option<&Named>) -> RedisResult<Value> {
        let (mut connection, generation) = self.connection().await?;
        let mut answer = command.query_async(&mut connection).await;
        if let (Err(error), Some(named)) = (&answer, script)
            && error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
        {
            named.script.load_async(&mut connection).await?;
            answer = command.query_async(&mut connection).await;
        }
        if answer.as_ref().is_err_and(is_broken) {
            self.forget(generation);
        }
        answer
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        if let Some(connection) = self.connected() {
            return Ok(connection);
        }
        let _one_connects = self.connecting.lock().await;
        if let Some(connection) = self.connected() {
            return Ok(connection);
        }
        let connection = self.client.get_multiplexed_async_connection_with_config(&self.config).await?;
        let mut current = self.current();
        current.connection = Some(connection.clone());
        current.generation += 1;
        Ok((connection, current.generation))
    }

    fn connected(&self) -> Option<(MultiplexedConnection, u64)> {
        let current = self.current();
        current.connection.clone().map(|connection| (connection, current.generation))
    }

    /// Gives a connection up, unless another call has done so before.
    fn forget(&self, generation: u64) {
        let mut current = self.current();
        if current.generation == generation {
            current.connection = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
