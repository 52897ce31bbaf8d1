//! The HTTP API through the real binary: what programs ask, page by page and as it happens, on each engine.

mod access;
mod attacks;
pub(crate) mod client;
mod description;
mod events;
mod lists;
mod schedules;
mod work;
