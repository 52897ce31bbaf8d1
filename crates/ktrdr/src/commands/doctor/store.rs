//! The store: what survives, what is thrown away, whether there is room, which epoch it is, and whose clock is right.

use ktrdr_fabric::epochs::Epoch;
use ktrdr_fleet::redis::{Fsync, Persistence, StoreFacts};

use super::checks::Check;
use crate::exit::{CliError, Kind};
use crate::identity::Opened;
use crate::workspace::Workspace;

/// Clocks further apart than this confuse people who compare logs; leases use the server's clock alone.
const SKEW_MS_MAX: i64 = 1000;

/// Of a fleet. Why a workspace could not be opened is said here.
pub(super) async fn checks(opened: Result<&Workspace, &CliError>) -> Vec<Check> {
    let workspace = match opened {
        Ok(workspace) => workspace,
        Err(why) => {
            let what = match why.kind {
                Kind::StoreLost => "epoch",
                Kind::Files => "artifacts",
                _ => "redis",
            };
            return vec![Check::unreachable(what, why)];
        }
    };
    let Opened::Redis(store) = &workspace.identity().store else { return Vec::new() };
    let mut checks = match store.facts().await {
        Ok(facts) => vec![server(&facts), persistence(&facts.persistence), clock(&facts)],
        Err(why) => return vec![Check::unreachable("redis", &why.into())],
    };
    checks.push(room(workspace).await.unwrap_or_else(|why| Check::unreachable("room", &why)));
    checks.push(epoch(workspace).await.unwrap_or_else(|why| Check::unreachable("epoch", &why)));
    checks
}

/// Whether the store takes new work.
pub(super) async fn room(workspace: &Workspace) -> Result<Check, CliError> {
    let room = workspace.identity().room().await?;
    Ok(match (room.refuses, room.is_scarce) {
        (true, _) => Check::fault("room", format!("full: {}", room.figures), room.action),
        (false, true) => Check::warning("room", room.figures, room.action),
        (false, false) => Check::ok("room", room.figures),
    })
}

/// Which epoch it is, and how many there were before.
pub(super) async fn epoch(workspace: &Workspace) -> Result<Check, CliError> {
    let all = workspace.identity().epochs.all().await?;
    let Some(Epoch { epoch, since, by, reason, .. }) = all.last() else {
        let (epoch, _) = workspace.identity().names();
        let found = format!("{epoch}, which {} does not remember", workspace.identity().epochs.place());
        return Ok(Check::warning("epoch", found, "see that the folder may be written, then start any role"));
    };
    let begun = match reason {
        Some(reason) => format!("; number {}, begun by {by} because: {reason}", all.len()),
        None => String::new(),
    };
    Ok(Check::ok("epoch", format!("{epoch} since {since}{begun}")))
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
