//! How artefacts are opened.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::amqp::Trust;

/// How artefacts are opened. By default: without credentials and without a cache, over encrypted ways only.
#[derive(Debug, Clone)]
pub struct ArtifactOptions {
    /// Who we are at the storage, and where it is.
    pub aws: AwsVariables,
    /// Where artefacts of a bucket are kept on this machine. A shared folder is read where it is.
    pub cache: Option<CacheSettings>,
    /// Whom the way to the storage is trusted to.
    pub trust: Trust,
    /// Longest silence of the storage before a call is repeated or given up.
    pub timeout: Duration,
}

impl Default for ArtifactOptions {
    /// Thirty seconds of silence are far above what storage takes to answer.
    fn default() -> Self {
        let (aws, trust) = (AwsVariables::default(), Trust::default());
        Self { aws, cache: None, trust, timeout: Duration::from_secs(30) }
    }
}

/// A folder of this machine that keeps what was fetched. Processes may share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Where; created when missing.
    pub folder: PathBuf,
    /// Most bytes kept; the least recently used artefacts go first, and one larger than this is not kept.
    pub bytes_max: u64,
}

/// The variables that begin with `AWS_`, as every client of S3 takes them: `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
/// `AWS_VIRTUAL_HOSTED_STYLE_REQUEST`, roles by web identity, container or instance. Shown without values.
#[derive(Debug, Clone, Default)]
pub struct AwsVariables(BTreeMap<String, SecretString>);

impl AwsVariables {
    /// Those of this process.
    #[must_use]
    pub fn from_env() -> Self {
        std::env::vars_os()
            .filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)))
            .collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose_secret()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for AwsVariables {
    /// Other variables, and empty ones, are left out.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let wanted = variables.filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty());
        Self(wanted.map(|(name, value)| (name, value.into())).collect())
    }
}
