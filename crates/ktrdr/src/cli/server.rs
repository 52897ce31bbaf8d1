//! A server that answers in place of the workspace.

use std::path::PathBuf;

use clap::Args;

/// Heading of these options.
const ELSEWHERE: &str = "A fleet elsewhere";

/// Which server is asked, and how it is shown who asks.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServerArguments {
    /// Ask this server (https://fleet:8000) instead of a workspace here.
    #[arg(long, global = true, env = "KTRDR_SERVER", hide_env_values = true, value_name = "URL", help_heading = ELSEWHERE)]
    pub(crate) server: Option<String>,

    /// File with the token that it is shown; otherwise KTRDR_TOKEN.
    #[arg(long, global = true, env = "KTRDR_TOKEN_FILE", hide_env_values = true, value_name = "FILE", help_heading = ELSEWHERE)]
    pub(crate) token_file: Option<PathBuf>,

    /// Authority of its certificate, in PEM; otherwise those of the system.
    #[arg(long, global = true, env = "KTRDR_SERVER_CA", hide_env_values = true, value_name = "FILE", help_heading = ELSEWHERE)]
    pub(crate) server_ca: Option<PathBuf>,
}

impl ServerArguments {
    /// The server that is asked, if any.
    pub(crate) fn address(&self) -> Option<&str> {
        self.server.as_deref().map(str::trim).filter(|address| !address.is_empty())
    }
}
