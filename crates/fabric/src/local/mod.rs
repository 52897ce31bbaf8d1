//! Artefacts in folders: a workspace, or a folder that the machines of a fleet share.
//!
//! | file | idea |
//! |---|---|
//! | `artifacts` | [`LocalArtifacts`]: files that appear whole or not at all |
//! | `place` | where a key lives on disk, and how a file gets there whole |
//! | `leftovers` | unfinished files of writers that died |

mod artifacts;
pub(crate) mod leftovers;
pub(crate) mod place;

pub use artifacts::LocalArtifacts;
