//! Where the artefacts of a fleet are.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;

use ktrdr_fabric::artifacts::Key;

/// `file:///shared/folder`, or `s3://bucket/prefix`. Holds no secret: who we are comes from the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct ArtifactsUrl(pub(super) Location);

/// A parsed URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    Folder(PathBuf),
    Bucket { bucket: String, prefix: Option<Key> },
}

/// Text that is no URL of artefacts. The text itself is not repeated: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not a URL of this kind.
    #[error("the artifacts URL can not be read: expected file:///shared/folder or s3://bucket/prefix")]
    Unreadable,
    /// Holds more than a place.
    #[error(
        "the artifacts URL holds a user, password, port or query: expected s3://bucket/prefix, with credentials in \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and another server than Amazon's in AWS_ENDPOINT_URL_S3"
    )]
    NotOnlyAPlace,
    /// No storage has such a bucket.
    #[error(
        "the artifacts URL names no bucket: expected s3://bucket, of 3 to 63 lower-case letters, digits, '.' and '-'"
    )]
    Bucket,
    /// Keys below it could not be written.
    #[error(
        "the artifacts URL has a prefix that is no key: use letters, digits, '.', '_', '-' joined by '/'"
    )]
    Prefix,
}

impl FromStr for ArtifactsUrl {
    type Err = BadUrl;
    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let url: Url = text.trim().parse().map_err(|_| BadUrl::Unreadable)?;
        let more = [url.password(), url.query(), url.fragment()].iter().any(Option::is_some);
        if more || !url.username().is_empty() || url.port().is_some() {
            return Err(BadUrl::NotOnlyAPlace);
        }
        match url.scheme() {
            "file" => url.to_file_path().map(Location::Folder).map_err(|()| BadUrl::Unreadable),
            "s3" => bucket(&url),
            _ => Err(BadUrl::Unreadable),
        }
        .map(Self)
    }
}

fn bucket(url: &Url) -> Result<Location, BadUrl> {
    let bucket = url.host_str().unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(allowed) {
        return Err(BadUrl::Bucket);
    }
    let prefix = match url.path().trim_matches('/') {
        "" => None,
        text => Some(text.parse().map_err(|_| BadUrl::Prefix)?),
    };
    Ok(Location::Bucket { bucket: bucket.to_owned(), prefix })
}

impl fmt::Display for ArtifactsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Location::Folder(folder) => write!(f, "file://{}", folder.display()),
            Location::Bucket { bucket, prefix: None } => write!(f, "s3://{bucket}"),
            Location::Bucket { bucket, prefix: Some(prefix) } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl fmt::Debug for ArtifactsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactsUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_folder_or_a_bucket_with_a_prefix() {
        for (text, shown) in [
            ("file:///srv/ktrdr", "file:///srv/ktrdr"),
            ("file://localhost/srv/my%20fleet", "file:///srv/my fleet"),
            ("s3://research", "s3://research"),
            ("s3://research/", "s3://research"),
            (" s3://my.research-1/fleet/a/ ", "s3://my.research-1/fleet/a"),
        ] {
            let url: ArtifactsUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("ArtifactsUrl({shown})"));
        }
    }

    #[test]
    fn what_is_no_place_is_refused_and_not_repeated() {
        for (text, why) in [
            ("canary", BadUrl::Unreadable),
            ("", BadUrl::Unreadable),
            ("/srv/canary", BadUrl::Unreadable),
            ("https://canary/bucket", BadUrl::Unreadable),
            ("file://elsewhere/canary", BadUrl::Unreadable),
            ("s3://key:canary@research", BadUrl::NotOnlyAPlace),
            ("s3://canary@research", BadUrl::NotOnlyAPlace),
            ("s3://research:9000/x", BadUrl::NotOnlyAPlace),
            ("s3://research/x?secret=canary", BadUrl::NotOnlyAPlace),
            ("s3://", BadUrl::Bucket),
            ("s3://Research", BadUrl::Bucket),
            ("s3://ab", BadUrl::Bucket),
            ("s3://[::1]/x", BadUrl::Bucket),
            ("s3://research/a//b", BadUrl::Prefix),
            ("s3://research/%2e%2e/b%20c", BadUrl::Prefix),
        ] {
            assert_eq!(text.parse::<ArtifactsUrl>().unwrap_err(), why, "{text}");
            assert!(!why.to_string().contains("canary"));
        }
    }
}
