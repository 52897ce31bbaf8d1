//! What only the embedded engine promises: one runner per workspace, files that are ours, other processes noticed,
//! nothing acknowledged lost to kill -9.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod artifacts;
mod budget;
mod campaigns;
mod counts;
mod full;
mod kill;
mod ledger;
mod opening;
mod processes;
mod recovery;
mod registry;
#[path = "../../../fabric/tests/support/rows.rs"]
mod rows;

use std::path::Path;

use ktrdr_embedded::{Engine, Role};
use rows::{claim, id, leaf};

fn runner(folder: &Path) -> Engine {
    Engine::open(folder, Role::Runner).unwrap()
}

fn client(folder: &Path) -> Engine {
    Engine::open(folder, Role::Client).unwrap()
}
