//! Redis: what survives, what is thrown away, and whose clock is right.

use ktrdr_fabric::fleet::redis::{Fsync, Persistence, StoreFacts};

use super::checks::Check;
use crate::connect;
use crate::settings::Settings;

/// Clocks further apart than this confuse people who compare logs; leases use the server's clock alone.
const SKEW_MS_MAX: i64 = 1000;

pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let store = match connect::store(settings, &[]).await {
        Ok(store) => store,
        Err(why) => return vec![Check::unreachable("redis", &why)],
    };
    match store.facts().await {
        Ok(facts) => {
            vec![
                server(&facts),
                persistence(&facts.persistence),
                memory(&facts),
                epoch(&facts),
                clock(&facts),
            ]
        }
        Err(why) => vec![Check::unreachable("redis", &why.into())],
    }
}

fn server(facts: &StoreFacts) -> Check {
    Check::ok("redis", format!("version {}, up for {} s", facts.version, facts.uptime_s))
}

fn persistence(persistence: &Persistence) -> Check {
    let set = "set appendonly yes and appendfsync always in redis.conf";
    match persistence {
        Persistence::Snapshots => {
            Check::fault("redis persistence", "no append-only file: a restart loses rows", set)
        }
        Persistence::AppendOnly { is_healthy: false, .. } => Check::fault(
            "redis persistence",
            "the last write to disk failed",
            "look at the server's disk and log",
        ),
        Persistence::AppendOnly { fsync: Some(Fsync::Always), .. } => {
            Check::ok("redis persistence", "append-only file, on disk before it is acknowledged")
        }
        Persistence::AppendOnly { fsync: Some(Fsync::EverySecond), .. } => Check::warning(
            "redis persistence",
            "append-only file, on disk once a second: a power failure loses \
                           that second",
            set,
        ),
        Persistence::AppendOnly { fsync: Some(Fsync::Never), .. } => {
            Check::fault("redis persistence", "append-only file, on disk when the system likes", set)
        }
        Persistence::AppendOnly { fsync: None, .. } => {
            Check::ok("redis persistence", "append-only file; this user may not ask when it reaches the disk")
        }
    }
}

fn memory(facts: &StoreFacts) -> Check {
    let used = format!("{:.1} MB used", facts.memory_bytes as f64 / 1e6);
    match facts.memory_bytes_max {
        Some(max) if facts.memory_bytes > max / 10 * 8 => {
            let found = format!("{used} of {:.1} MB, {}", max as f64 / 1e6, facts.eviction);
            Check::warning("redis memory", found, "full memory refuses new work: raise maxmemory")
        }
        Some(max) => {
            Check::ok("redis memory", format!("{used} of {:.1} MB, {}", max as f64 / 1e6, facts.eviction))
        }
        None => Check::ok("redis memory", format!("{used}, no limit set, {}", facts.eviction)),
    }
}

fn epoch(facts: &StoreFacts) -> Check {
    match facts.is_same_epoch {
        true => Check::ok("redis epoch", &facts.epoch),
        false => Check::fault("redis epoch", "changed: the store was emptied", "restore it from its backup"),
    }
}

fn clock(facts: &StoreFacts) -> Check {
    let skew = facts.clock_skew_ms;
    let found = format!("the server's is {skew} ms ahead of this machine's");
    match skew.abs() {
        0..=SKEW_MS_MAX => Check::ok("clocks", found),
        _ => Check::warning(
            "clocks",
            found,
            "run a time service on both; leases are safe, they use the server's",
        ),
    }
}
