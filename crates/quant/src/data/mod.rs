//! Everything between a file and a series that can be trusted:
//!
//! | need | module |
//! |---|---|
//! | read and write the project's own CSV layout | [`csv`](crate::data::csv) |
//! | read what other programs write | [`import`](crate::data::import) |
//! | what was refused, and on which line | [`fault`](crate::data::fault) |
//! | gaps, spikes, stale stretches | [`health`](crate::data::health) |
//! | periods per year | [`calendar`](crate::data::calendar) |
//! | synthetic bars with known properties | [`generate`](crate::data::generate) |

pub mod calendar;
pub mod csv;
mod date;
pub mod fault;
pub mod generate;
pub mod health;
mod holiday;
pub mod import;
mod intake;
mod lines;
