//! The HTTP API through the real binary: what programs ask, page by page and as it happens, on each engine.

mod access;
mod attacks;
mod client;
mod description;
mod events;
mod lists;
mod metrics;
mod schedules;
mod work;
