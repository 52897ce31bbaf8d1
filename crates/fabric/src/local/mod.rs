//! Artefacts in folders: a workspace, or a folder that the machines of a fleet share.
//!
//! | file | idea |
//! |---|---|
//! | `artifacts` | [`LocalArtifacts`]: files that appear whole or not at all |
//! | `place` | where a key lives on disk |
//! | [`regular`] | the one door to files from outside |
//! | [`whole`] | how a file gets its name once it is written |
//! | `entries` | what lies in a folder, and removing some of it |
//! | `leftovers` | unfinished files of writers that died |

mod artifacts;
mod entries;
mod leftovers;
mod place;
pub mod regular;
pub mod whole;

pub use artifacts::LocalArtifacts;
