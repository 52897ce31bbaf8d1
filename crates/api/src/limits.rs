//! The sizes, rates and times of everything that comes in.

use std::time::Duration;

/// Largest JSON body, in bytes.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;

/// Largest file, in bytes: bars and target positions. Larger ones are imported where the workspace is.
pub(crate) const FILE_BYTES_MAX: usize = 64 << 20;

/// Files that are taken at a time: each is held in memory.
pub(crate) const FILES_AT_A_TIME: usize = 2;

/// Largest head of a request, in bytes, and most headers of one.
pub(crate) const HEAD_BYTES_MAX: usize = 32 << 10;
pub(crate) const HEADERS_MAX: usize = 64;

/// How long the head of a request may take, and how long a connection may be idle.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a body may take, and how long a request may be worked on before its caller is told so.
pub(crate) const BODY_TIME_MAX: Duration = Duration::from_secs(30);
pub(crate) const WORK_TIME_MAX: Duration = Duration::from_secs(60);

/// Connections at a time; whoever comes later waits to be let in. Where this process may open few files there are fewer: half
/// of them are its own.
const CONNECTIONS_MAX: usize = 4096;

pub(crate) fn connections_max() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    CONNECTIONS_MAX.min(files / 2).max(1)
}

/// What of a body that was refused for its size is still taken from the wire, and for how long, so that its sender hears
/// why: a connection that is closed under a sender loses the answer, too.
pub(crate) const REFUSED_BYTES_MAX: usize = 4 << 20;
pub(crate) const REFUSED_TIME_MAX: Duration = Duration::from_secs(2);

/// Requests a second of one caller where nothing else is configured, and how many times as many may come at once.
pub const REQUESTS_PER_S: u32 = 1000;
pub(crate) const AT_ONCE: f64 = 2.0;

/// Wrong credentials per second of one address, and how many may come at once.
pub(crate) const WRONG_PER_S: f64 = 0.2;
pub(crate) const WRONG_AT_ONCE: f64 = 20.0;

/// Addresses whose refusals of a minute are each on record; those of others are counted together.
pub(crate) const REFUSED_ADDRESSES_MAX: usize = 30;

/// Callers whose rates are remembered at a time.
pub(crate) const CALLERS_MAX: usize = 10_000;

/// Entries of a list where none are asked for.
pub(crate) const ENTRIES: u32 = 50;

/// Silence after which a stream says that it is alive, and looks whether its token still is.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
