//! The research cycle: its table of (phase, end), and whole cycles over the embedded engine.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod closing;
mod evolution;
mod fixture;
mod fleet;
mod given;
mod resume;
mod specs;
mod table;
mod turn;
mod world;
