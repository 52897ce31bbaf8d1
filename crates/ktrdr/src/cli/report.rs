//! `ktrdr report …`

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use ktrdr_app::reports::Subject;

use crate::reference::Reference;

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// A backtest, a training or a cycle by its id, a campaign by its name, or @last for the newest backtest; several backtests or
    /// trainings (up to 20) side by side.
    #[arg(required = true, value_name = "OPERATION|CAMPAIGN", num_args = 1..=20)]
    pub(crate) subjects: Vec<Wanted>,

    /// html: one file that needs nothing else. md and json are written to stdout.
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,

    /// Write it here, in the place of a file that may be there; html goes to `reports/` of the workspace by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,

    /// Show it in the browser of this desktop.
    #[arg(long)]
    pub(crate) open: bool,
}

/// What a report is on.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// The newest backtest.
    Last,
    /// What is named.
    Named(Subject),
}

impl FromStr for Wanted {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(Reference::Last) => Ok(Self::Last),
            _ => text.parse().map(Self::Named),
        }
    }
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A page.
    Html,
    /// Text.
    Md,
    /// Every figure.
    Json,
}
