//! The HTTP API: where `up` and `serve` listen, and the tokens of callers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ktrdr_api::Listening;
use ktrdr_domain::scope::Scope;

use crate::exit::{CliError, Kind};
use crate::settings::ApiSettings;

/// Where the API is served where nothing else is said.
const USUAL_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// Where the API is served, and how: each comes before what `[api]` of the configuration says.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListenArguments {
    /// Serve the HTTP API here, or where the configuration says, or at 127.0.0.1:8000. This machine's own address needs no token;
    /// any other needs tokens, and TLS or --behind-proxy.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<Option<SocketAddr>>,

    /// Certificate of the API, in PEM, with those between it and an authority. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Its private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// A proxy on the way speaks TLS, and only it can reach the address.
    #[arg(long, conflicts_with = "tls_cert")]
    behind_proxy: bool,

    /// A name under which callers know the service; may be repeated.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// Ask callers of this machine for a token too.
    #[arg(long)]
    require_token: bool,
}

impl ListenArguments {
    /// Where to listen, if anywhere, with what is configured where nothing is said here.
    pub(crate) fn listening(&self, configured: &ApiSettings) -> Result<Option<Listening>, CliError> {
        let usage = |what: String| CliError::new(Kind::Usage, what);
        let both = self.over(configured.clone());
        both.check().map_err(usage)?;
        if both.listen.is_none() && self.says_how() {
            let message = "this says how the API is served, and nothing says where: add --listen, or set listen in [api]";
            return Err(usage(message.to_owned()));
        }
        Ok(both.listening())
    }

    fn over(&self, configured: ApiSettings) -> ApiSettings {
        let listen = self.listen.map(|address| address.or(configured.listen).unwrap_or(USUAL_ADDRESS));
        let hosts = if self.host.is_empty() { configured.hosts } else { self.host.clone() };
        ApiSettings {
            listen: listen.or(configured.listen),
            tls_cert: self.tls_cert.clone().or(configured.tls_cert),
            tls_key: self.tls_key.clone().or(configured.tls_key),
            behind_proxy: self.behind_proxy || configured.behind_proxy,
            hosts,
            require_token: self.require_token || configured.require_token,
            requests_per_s: configured.requests_per_s,
        }
    }

    fn says_how(&self) -> bool {
        self.tls_cert.is_some() || self.behind_proxy || !self.host.is_empty() || self.require_token
    }
}

/// Where the figures of a process are, beside those of its API if it serves one.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct MetricsArguments {
    /// Tell Prometheus figures of this process here, at /metrics, such as 127.0.0.1:9464. Whoever reaches it may read them.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) metrics: Option<SocketAddr>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("expected an address and a port in numbers, such as {USUAL_ADDRESS}"))
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) listen: ListenArguments,

    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,
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
