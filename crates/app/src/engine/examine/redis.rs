//! Redis: what survives, and whose clock is right.

use ktrdr_fleet::redis::{Fsync, Persistence, StoreFacts};

use super::Check;

/// Clocks further apart than this confuse people who compare logs; leases use the server's clock alone.
const SKEW_MS_MAX: i64 = 1000;

pub(in crate::engine) fn checks(facts: &StoreFacts) -> Vec<Check> {
    vec![server(facts), persistence(&facts.persistence), clock(facts)]
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
