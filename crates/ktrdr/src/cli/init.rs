//! `ktrdr init`

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The folder; made where it is not there. The workspace's otherwise.
    pub(crate) folder: Option<PathBuf>,
}
