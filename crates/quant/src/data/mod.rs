//! Everything between a file and a series that can be trusted:
//!
//! | need | module |
//! |---|---|
//! | read and write the project's own CSV layout | [`csv`] |
//! | read what other programs write | [`import`] |
//! | what was refused, and on which line | [`fault`] |
//! | gaps, spikes, stale stretches | [`health`] |
//! | periods per year | [`calendar`] |
//! | longer bars of shorter ones | [`resample`] |
//! | synthetic bars with known properties | [`generate`] |

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
mod problem;
pub mod resample;
mod zone;
