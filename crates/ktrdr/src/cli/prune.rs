//! Files that nobody needs any more: `prune`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use ktrdr_app::prune::{FilePruneRequest, Sort};

#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// Only what was written so long ago, such as 36h or 30d; one hour at least.
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = humantime::parse_duration)]
    pub(crate) older_than: Duration,

    /// Only these sorts, with commas between.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SORTS")]
    pub(crate) only: Vec<Meant>,

    /// Remove it.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// A sort of files, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meant(Sort);

impl ValueEnum for Meant {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Meant; Sort::ALL.len()] = [
            Meant(Sort::Imports),
            Meant(Sort::Signals),
            Meant(Sort::Models),
            Meant(Sort::Reports),
            Meant(Sort::Pages),
            Meant(Sort::Unfinished),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.0.as_str().into())
    }
}

impl From<&PruneArguments> for FilePruneRequest {
    fn from(typed: &PruneArguments) -> Self {
        Self { older_than: typed.older_than, only: typed.only.iter().map(|meant| meant.0).collect() }
    }
}
