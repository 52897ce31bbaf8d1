//! Opening artefacts: what must be right before the first call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};
use reqwest::Url;

use super::bucket::S3Artifacts;
use super::cache::Cache;
use super::cached::CachedArtifacts;
use super::failure::deepest_cause;
use super::options::ArtifactOptions;
use super::url::{ArtifactsUrl, Location};
use ktrdr_fabric::artifacts::{Artifacts, Key};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::local::LocalArtifacts;

/// Longest wait for a connection: storage accepts in milliseconds, or it is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a read is repeated: enough for a server that restarts.
const RETRIES_MAX: usize = 4;

/// How long a read is repeated; what was signed is valid for longer.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);

/// Why artefacts could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The shared folder can not be used.
    #[error("the artifacts folder {} can not be used: {what}; is it mounted?", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        what: Cause,
    },
    /// The cache can not be used.
    #[error("the artifacts cache {} can not be used: {what}", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        what: Cause,
    },
    /// Artefacts would travel unencrypted.
    #[error(
        "the way to {host} is not encrypted: use https:// in AWS_ENDPOINT_URL_S3, or set allow_plaintext = true where \
         nobody listens"
    )]
    Plaintext {
        /// The machine.
        host: String,
    },
    /// A setting can not be used.
    #[error("{place} can not be opened: {what}")]
    Setting {
        /// The bucket.
        place: String,
        /// What is wrong with which setting.
        what: String,
    },
}

/// Opens artefacts. Nothing is sent yet: a bucket that can not be reached is noticed by the first call.
///
/// # Errors
/// [`OpenError`]: what is wrong, and what to do. No secret is ever repeated.
pub fn open(url: &ArtifactsUrl, options: &ArtifactOptions) -> Result<Arc<dyn Artifacts>, OpenError> {
    let (bucket, prefix) = match &url.0 {
        Location::Bucket { bucket, prefix } => (bucket, prefix),
        Location::Folder(folder) => {
            let refused =
                |e: std::io::Error| OpenError::Folder { folder: folder.clone(), what: Cause::of(e) };
            let artifacts = LocalArtifacts::open(folder).map_err(refused)?;
            artifacts.remove_leftovers();
            return Ok(Arc::new(artifacts));
        }
    };
    let remote = open_bucket(url, bucket, prefix.clone(), options)?;
    let Some(settings) = &options.cache else { return Ok(Arc::new(remote)) };
    let cache = Cache::open(settings)
        .map_err(|e| OpenError::Cache { folder: settings.folder.clone(), what: Cause::of(e) })?;
    Ok(Arc::new(CachedArtifacts::new(remote, cache)))
}

fn open_bucket(
    url: &ArtifactsUrl,
    bucket: &str,
    prefix: Option<Key>,
    options: &ArtifactOptions,
) -> Result<S3Artifacts, OpenError> {
    let refused = |what: String| OpenError::Setting { place: url.to_string(), what };
    let builder = builder(bucket, options);
    let endpoint = endpoint(&builder).map_err(refused)?;
    let plain = endpoint.as_ref().filter(|e| e.scheme() == "http").and_then(Url::host_str);
    if let Some(host) = plain.filter(|host| !options.trust.allows(false, host)) {
        return Err(OpenError::Plaintext { host: host.to_owned() });
    }
    let client = client_options(options).map_err(refused)?.with_allow_http(plain.is_some());
    // An upload is silent until its end, and only we know whether it may be repeated: its limits are in `upload`.
    let once = build(&builder, client.clone(), 0).map_err(refused)?;
    let patient = build(&builder, client.with_read_timeout(options.timeout), RETRIES_MAX).map_err(refused)?;
    let place = match endpoint {
        Some(endpoint) => format!("{url} at {}", endpoint.origin().ascii_serialization()),
        None => url.to_string(),
    };
    Ok(S3Artifacts::new(patient, once, prefix, place, options.timeout))
}

fn builder(bucket: &str, options: &ArtifactOptions) -> AmazonS3Builder {
    let keys =
        options.aws.iter().filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)));
    let builder = keys.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
    // Not every storage knows how to remove many at once, and each can remove one.
    let builder = builder.with_disable_bulk_delete(true);
    // Without conditions two writers could both create one artefact.
    builder.with_bucket_name(bucket).with_conditional_put(S3ConditionalPut::ETagMatch)
}

fn build(builder: &AmazonS3Builder, client: ClientOptions, retries_max: usize) -> Result<AmazonS3, String> {
    // Whoever chose before us is right too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig {
        max_retries: retries_max,
        retry_timeout: RETRY_TIMEOUT,
        backoff: BackoffConfig { max_backoff: CONNECT_TIMEOUT, ..BackoffConfig::default() },
    };
    let built = builder.clone().with_client_options(client).with_retry(retry).build();
    built.map_err(|e| {
        format!("{}; correct the AWS_… variables, or the authority's certificate", deepest_cause(&e))
    })
}

/// Another server than Amazon's. Its text is not repeated: it may hold a password.
fn endpoint(builder: &AmazonS3Builder) -> Result<Option<Url>, String> {
    let of_s3 = builder.get_config_value(&AmazonS3ConfigKey::S3Endpoint);
    let Some(text) = of_s3.or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint)) else {
        return Ok(None);
    };
    let fine = |url: &Url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        bare && ["http", "https"].contains(&url.scheme())
    };
    match text.parse().ok().filter(fine) {
        None => {
            Err("AWS_ENDPOINT_URL_S3 can not be read: expected https://host:port, without user".to_owned())
        }
        url => Ok(url),
    }
}

fn client_options(options: &ArtifactOptions) -> Result<ClientOptions, String> {
    let client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT_TIMEOUT.min(options.timeout));
    let Some(pem) = &options.trust.ca_pem else { return Ok(client) };
    let authorities = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|e| deepest_cause(&e))?;
    if authorities.is_empty() {
        return Err("the authority's file holds no certificate in PEM".to_owned());
    }
    Ok(authorities.into_iter().fold(client, ClientOptions::with_root_certificate))
}
