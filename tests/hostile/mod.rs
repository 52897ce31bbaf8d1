//! Whatever comes from outside may be wrong or meant badly: it is refused by name, place and remedy, with the exit
//! code of its kind, and afterwards good work succeeds.

mod bars;
pub(crate) mod disk;
mod files;
mod models;
mod names;
mod store;
mod strategies;
