//! What the operator wants to know of a store.

use std::collections::HashMap;

use redis::from_redis_value;

use super::call::Session;
use super::connection::RedisConnection;
use super::failure::words;
use super::opening::read_epoch;
use super::store::RedisStore;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::clock::unix_ms;
use ktrdr_fabric::epochs::RESTORE_FIRST;
use ktrdr_fabric::store::StoreError;

/// What the operator wants to know of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreFacts {
    /// Version of the server.
    pub version: String,
    /// What survives a restart.
    pub persistence: Persistence,
    /// What happens when its memory is full; `noeviction`, or the store would not have been opened.
    pub eviction: String,
    /// Memory in use, bytes.
    pub memory_bytes: u64,
    /// Memory it may use, bytes; `None` for all there is.
    pub memory_bytes_max: Option<u64>,
    /// Why the server takes no new work at present: its memory is full, or its log can not be written.
    pub refuses: Option<String>,
    /// What the store was called when we met; a change means that it was emptied.
    pub epoch: String,
    /// Whether the store is still the one we met.
    pub is_same_epoch: bool,
    /// Server clock minus our clock, milliseconds, give or take half a round trip. Leases use the server's alone.
    pub clock_skew_ms: i64,
    /// Since its start, seconds.
    pub uptime_s: u64,
}

/// What survives a restart of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing but an occasional snapshot.
    Snapshots,
    /// Everything in the append-only file.
    AppendOnly {
        /// When it reaches the disk; `None` where this user may not ask (the fleet's own may not).
        fsync: Option<Fsync>,
        /// Whether the last write of the file went well.
        is_healthy: bool,
    },
}

/// When the append-only file reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before anything is acknowledged.
    Always,
    /// Once a second: a power failure loses about a second.
    EverySecond,
    /// When the system likes.
    Never,
}

impl RedisStore {
    /// Asks the server about itself.
    ///
    /// # Errors
    /// When it can not be reached.
    pub async fn facts(&self) -> Result<StoreFacts, StoreError> {
        let connection = &self.session.connection;
        let info = Info::read(connection).await?;
        let epoch = read_epoch(connection, &self.session.prefix.key("epoch")).await?;
        Ok(StoreFacts {
            version: info.text("redis_version").to_owned(),
            persistence: persistence(connection, &info).await,
            eviction: info.text("maxmemory_policy").to_owned(),
            memory_bytes: info.number("used_memory"),
            memory_bytes_max: Some(info.number("maxmemory")).filter(|bytes| *bytes > 0),
            refuses: self.refusal().await,
            is_same_epoch: epoch.as_ref() == Some(&self.session.epoch),
            epoch: self.session.epoch.clone(),
            clock_skew_ms: clock_skew_ms(connection).await?,
            uptime_s: info.number("uptime_in_seconds"),
        })
    }

    /// Whether the store is still the one that was opened.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when it was emptied; otherwise that it can not be reached.
    pub async fn check_identity(&self) -> Result<(), StoreError> {
        let Session { connection, prefix, epoch, .. } = &self.session;
        let found = read_epoch(connection, &prefix.key("epoch")).await?;
        if found.as_ref() == Some(epoch) {
            return Ok(());
        }
        let now = found.map_or("is empty".to_owned(), |found| format!("holds another one, of epoch {found}"));
        let why = format!("Redis, prefix {}, {now}; it was {epoch}{RESTORE_FIRST}", prefix.name());
        Err(StoreError::Replaced(why.into()))
    }

    /// What the server says to a write that changes nothing: of a key that is never there.
    async fn refusal(&self) -> Option<String> {
        let Session { connection, prefix, .. } = &self.session;
        let mut write = redis::cmd("SET");
        write.arg(prefix.key("room")).arg("").arg("XX");
        let refused = connection.try_once(&write, None).await.err()?;
        matches!(refused.code(), Some("OOM" | "MISCONF")).then(|| words(&refused))
    }

    /// What the store calls itself.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.session.epoch
    }

    /// Where the server is, without its password.
    #[must_use]
    pub fn place(&self) -> String {
        format!("Redis at {}, prefix {}", self.session.connection.place(), self.session.prefix.name())
    }
}

async fn persistence(connection: &RedisConnection, info: &Info) -> Persistence {
    if info.text("aof_enabled") != "1" {
        return Persistence::Snapshots;
    }
    let asked = connection.try_once(redis::cmd("CONFIG").arg("GET").arg("appendfsync"), None).await;
    let answer: Option<Vec<String>> = asked.ok().and_then(|value| from_redis_value(value).ok());
    let fsync = match answer.as_deref() {
        Some([_, policy]) if policy == "always" => Some(Fsync::Always),
        Some([_, policy]) if policy == "everysec" => Some(Fsync::EverySecond),
        Some([_, policy]) if policy == "no" => Some(Fsync::Never),
        _ => None,
    };
    Persistence::AppendOnly { fsync, is_healthy: info.text("aof_last_write_status") == "ok" }
}

async fn clock_skew_ms(connection: &RedisConnection) -> Result<i64, StoreError> {
    let before = unix_ms();
    let time = connection.send(&redis::cmd("TIME")).await?;
    let after = unix_ms();
    let (seconds, micros): (i64, i64) = from_redis_value(time).map_err(unreadable)?;
    let server = seconds.saturating_mul(1000).saturating_add(micros / 1000);
    Ok(server.saturating_sub(before.midpoint(after)))
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt(Cause::because("the server's answer can not be read", error))
}

/// What `INFO` says.
pub(super) struct Info(HashMap<String, String>);

impl Info {
    pub(super) async fn read(connection: &RedisConnection) -> Result<Self, StoreError> {
        let text: String =
            from_redis_value(connection.send(&redis::cmd("INFO")).await?).map_err(unreadable)?;
        let fields = text.lines().filter_map(|line| line.trim().split_once(':'));
        Ok(Self(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// Major and minor version.
    pub(super) fn version(&self) -> Option<(u32, u32)> {
        let mut parts = self.text("redis_version").split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    }
}
