//! What the workspace remembers of its store: `store`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    #[command(subcommand)]
    pub(crate) verb: StoreVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Every store that this workspace has worked with, the one in force last.
    Epochs,
    /// Go on with the store that is there now, empty or another one. The rows and counted looks at data of the one
    /// before are given up; who did it, when and why is recorded.
    NewEpoch {
        /// Why, for whoever reads the record.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
