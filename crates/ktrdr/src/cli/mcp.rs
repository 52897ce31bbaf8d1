//! `ktrdr mcp`

use clap::Args;
use ktrdr_mcp::Access;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct McpArguments {
    /// Also offer tools that start and stop work: cycles, campaigns, trainings, cancels.
    #[arg(long)]
    pub(crate) allow_write: bool,

    /// Show figures of exams. A model that has seen them has looked at the exam: what it designs from then on is judged too kindly.
    #[arg(long)]
    pub(crate) show_exam: bool,
}

impl From<McpArguments> for Access {
    fn from(typed: McpArguments) -> Self {
        Self { allow_write: typed.allow_write, show_exam: typed.show_exam }
    }
}
