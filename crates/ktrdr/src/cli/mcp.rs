//! `ktrdr mcp`

use clap::Args;
use ktrdr_domain::scope::Scope;
use ktrdr_mcp::Access;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct McpArguments {
    /// Also offer tools that start and stop work: cycles, campaigns, trainings, nights of schedules, cancels.
    #[arg(long)]
    pub(crate) allow_write: bool,

    /// And tools that make, pause, resume and delete schedules.
    #[arg(long, requires = "allow_write")]
    pub(crate) allow_schedules: bool,

    /// Show figures of exams. A model that has seen them has looked at the exam: what it designs from then on is judged too kindly.
    #[arg(long)]
    pub(crate) show_exam: bool,
}

impl From<McpArguments> for Access {
    fn from(typed: McpArguments) -> Self {
        let scope = match (typed.allow_write, typed.allow_schedules) {
            (_, true) => Scope::Operator,
            (true, false) => Scope::Submit,
            (false, false) => Scope::Viewer,
        };
        Self { scope, show_exam: typed.show_exam }
    }
}
