//! Calling scripts: the session every call belongs to.

use std::sync::atomic::{AtomicU64, Ordering};

use redis::{Cmd, ToRedisArgs, Value};

use super::answer::Answer;
use super::connection::RedisConnection;
use super::script::{Named, Scripts};
use super::url::Prefix;
use ktrdr_fabric::random::random;
use ktrdr_fabric::store::StoreError;

/// What lasts from opening a store to dropping it.
pub(super) struct Session {
    pub(super) connection: RedisConnection,
    pub(super) scripts: Scripts,
    pub(super) prefix: Prefix,
    /// What the server called itself when we met. Another epoch is another, empty store.
    pub(super) epoch: String,
    calls: Calls,
}

impl Session {
    pub(super) fn new(connection: RedisConnection, scripts: Scripts, prefix: Prefix, epoch: String) -> Self {
        Self { connection, scripts, prefix, epoch, calls: Calls::default() }
    }

    /// Begins a call.
    pub(super) fn call<'s>(&'s self, script: &'s Named) -> Call<'s> {
        let mut command = redis::cmd("EVALSHA");
        command.arg(script.script.get_hash()).arg(1).arg(self.prefix.as_str()).arg(&self.epoch);
        Call { connection: &self.connection, script, command }
    }

    /// Begins a call that creates something: its first argument tells its repetition from somebody else's call, so that
    /// the repetition gets the answer that was lost.
    pub(super) fn call_once<'s>(&'s self, script: &'s Named) -> Call<'s> {
        self.call(script).arg(self.calls.next())
    }
}

/// A call being put together.
pub(super) struct Call<'s> {
    connection: &'s RedisConnection,
    script: &'s Named,
    command: Cmd,
}

impl Call<'_> {
    pub(super) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.command.arg(value);
        self
    }

    /// An argument that may be left out, as the last one.
    pub(super) fn optional(self, value: Option<impl ToRedisArgs>) -> Self {
        match value {
            Some(value) => self.arg(value),
            None => self,
        }
    }

    /// An argument that may be left out, with its name before it.
    pub(super) fn named(self, name: &str, value: Option<impl ToRedisArgs>) -> Self {
        match value {
            Some(value) => self.arg(name).arg(value),
            None => self,
        }
    }

    /// Calls, and gives back whatever came.
    pub(super) async fn value(self) -> Result<Value, StoreError> {
        self.connection.call(&self.command, self.script).await
    }

    /// Calls.
    pub(super) async fn answer(self) -> Result<Answer, StoreError> {
        let name = self.script.name;
        Answer::new(name, self.value().await?)
    }
}

/// Names for calls: no two calls of any process share one.
struct Calls {
    process: u64,
    next: AtomicU64,
}

impl Default for Calls {
    fn default() -> Self {
        Self { process: random(), next: AtomicU64::new(0) }
    }
}

impl Calls {
    fn next(&self) -> String {
        format!("{:x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
