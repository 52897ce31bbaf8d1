//! End-to-end tests: one module per promise, each driving the real binary in a world of its own.

// A skipped test says so, and a measured figure is shown.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod acceptance;
mod advice;
mod answers;
mod api;
mod approvals;
mod attack;
mod batches;
mod budget;
mod campaign;
mod campaigns;
mod cancel;
mod chaos;
mod claude;
mod collector;
mod containers;
mod contamination;
mod crash;
mod dashboard;
mod docs;
mod epochs;
mod evidence;
mod evolution;
mod faces;
mod first_hour;
mod first_light;
mod fleet;
mod full;
mod fuzz;
mod generations;
mod hostile;
mod impatience;
mod import;
mod judge;
mod kills;
mod leaks;
mod logs;
mod mcp;
mod memory;
mod observe;
mod payments;
mod processes;
mod providers;
mod redis;
mod remote;
mod repetition;
mod reports;
mod retention;
mod retry;
mod running;
mod schedules;
mod secrets;
mod servers;
mod signals;
mod three_am;
mod tidy;
mod traces;
mod trials;
mod trigger;
mod verdicts;
mod windows;
#[macro_use]
mod world;
mod zeros;
