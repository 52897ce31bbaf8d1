//! The HTTP API through the real binary: what programs ask, page by page and as it happens, on each engine.

mod access;
mod answers;
mod attacks;
mod audit;
mod certificates;
pub(crate) mod client;
mod conformance;
mod description;
pub(crate) mod events;
mod keys;
mod lists;
mod metrics;
mod misfits;
mod schedules;
mod work;
