//! Take, claim, run with heartbeat, record, acknowledge. Knows no kind of job: kinds register as [`Handler`]s.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod handler;
pub mod progress;
pub mod stop;

pub use handler::{Handler, Job, Outcome};
pub use progress::ProgressCell;
pub use stop::{StopReason, StopToken};
