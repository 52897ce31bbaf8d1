//! The HTTP API: where `up` and `serve` listen, and the tokens of callers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ktrdr_domain::scope::Scope;

/// Where the API is served where nothing else is said.
const USUAL_ADDRESS: &str = "127.0.0.1:8000";

/// Where the API is served, and how.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListenArguments {
    /// Serve the HTTP API here. This machine's own address needs no token; any other needs tokens, and TLS or --behind-proxy.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = USUAL_ADDRESS)]
    pub(crate) listen: Option<SocketAddr>,

    /// Certificate of the API, in PEM, with those between it and an authority. Read again when it changes.
    #[arg(long, value_name = "FILE", requires_all = ["listen", "tls_key"])]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// A proxy on the way speaks TLS, and only it can reach the address.
    #[arg(long, requires = "listen", conflicts_with = "tls_cert")]
    pub(crate) behind_proxy: bool,

    /// A name under which callers know the service; may be repeated.
    #[arg(long, value_name = "NAME", requires = "listen")]
    pub(crate) host: Vec<String>,

    /// Ask callers of this machine for a token too.
    #[arg(long, requires = "listen")]
    pub(crate) require_token: bool,
}

/// Where the figures of a process are, which serves no API.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct MetricsArguments {
    /// Tell Prometheus figures of this process here, at /metrics, such as 127.0.0.1:9464. Whoever reaches it may read them.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) listen: ListenArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token. It is shown once; only its hash is kept.
    Create {
        /// What it is good for: viewer reads, submit starts work, operator steers the fleet, admin hands out tokens.
        #[arg(long)]
        scope: Scope,

        /// How long it lasts, up to 366 days.
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = humantime::parse_duration)]
        expires: Duration,

        /// What it is called in rows and in the audit log; who makes it by default.
        #[arg(long)]
        name: Option<String>,
    },
    /// Tokens in force, without their secrets.
    List,
    /// End a token now, and every session with it.
    Revoke {
        /// Its id, from the list.
        id: String,

        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
}
