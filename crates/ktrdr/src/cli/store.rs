//! The store and what the workspace remembers of it: `store`.

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
    /// Remove rows of what ended longer ago than `[retention]` says, as coordinators do every hour. Says what would go; nothing goes
    /// unless --yes is given. What a counted look at data needs for its replay stays.
    Prune {
        /// Remove it.
        #[arg(long)]
        yes: bool,
    },
    /// Go on with the store that is there now, empty or another one. The rows and counted looks at data of the one
    /// before are given up, so research on each instrument waits until its windows are rolled; who did it, when and why is recorded.
    NewEpoch {
        /// Why, for whoever reads the record.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
