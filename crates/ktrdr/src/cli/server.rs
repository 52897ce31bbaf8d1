//! A server that answers in place of the workspace.

use std::path::PathBuf;

use clap::Args;

/// Heading of these options.
const ELSEWHERE: &str = "A fleet elsewhere";

/// Which server is asked, and how it is shown who asks.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServerArguments {
    /// Ask the HTTP API of this server, such as https://fleet:8000, instead of a workspace here.
    #[arg(long, global = true, env = "KTRDR_SERVER", hide_env_values = true, value_name = "URL", help_heading = ELSEWHERE)]
    pub(crate) server: Option<String>,

    /// File that holds the token which it is shown; otherwise KTRDR_TOKEN holds it.
    #[arg(long, global = true, env = "KTRDR_TOKEN_FILE", hide_env_values = true, value_name = "FILE", help_heading = ELSEWHERE)]
    pub(crate) token_file: Option<PathBuf>,

    /// Certificate of the authority that signed the server's, in PEM; those that the system trusts otherwise.
    #[arg(long, global = true, env = "KTRDR_SERVER_CA", hide_env_values = true, value_name = "FILE", help_heading = ELSEWHERE)]
    pub(crate) server_ca: Option<PathBuf>,
}

impl ServerArguments {
    /// The server that is asked, if any.
    pub(crate) fn address(&self) -> Option<&str> {
        self.server.as_deref().map(str::trim).filter(|address| !address.is_empty())
    }
}
