//! Artefacts: bars, models, strategies and reports, by key. A key is a relative path of safe components, such as
//! `models/fx_pullback/1h_v1/model.safetensors`; an artefact is written whole or not at all.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ktrdr_domain::Sha256;
use ktrdr_domain::excerpt::excerpt;

/// Largest artefact read or written, in bytes: bars of decades of seconds are about half of it.
pub const BYTES_MAX: u64 = 4 << 30;

/// Where an artefact is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an artefact key: use components of letters, digits, '.', '_', '-' joined by '/'")]
pub struct BadKey(pub String);

impl Key {
    /// Most components of a key.
    pub const DEPTH_MAX: usize = 8;
    /// Longest key in bytes.
    pub const LENGTH_MAX: usize = 400;

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let component_is_safe = |c: &str| {
            !c.is_empty()
                && !c.starts_with('.')
                && c.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let fine = text.len() <= Self::LENGTH_MAX
            && text.split('/').count() <= Self::DEPTH_MAX
            && text.split('/').all(component_is_safe);
        if fine { Ok(Self(text.to_owned())) } else { Err(BadKey(excerpt(text))) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an artefact could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Nothing there. Says where it was looked for.
    #[error("{key} was not found (looked in {place})")]
    NotFound {
        /// The key.
        key: Key,
        /// Folder or bucket, for people.
        place: String,
    },
    /// Something else is there than was asked for.
    #[error(
        "{key} has sha256 {found}, expected {expected}: it was changed since; submit again with the data as it is now"
    )]
    WrongHash {
        /// The key.
        key: Key,
        /// What is there.
        found: Sha256,
        /// What was pinned.
        expected: Sha256,
    },
    /// Already there, and it may not be replaced.
    #[error("{0} exists already")]
    Exists(Key),
    /// Reading or writing failed: disk full, no permission, connection.
    #[error("{key} in {place}: {what}")]
    Io {
        /// The key.
        key: Key,
        /// Folder or bucket, for people.
        place: String,
        /// What the system said.
        what: String,
    },
    /// There is something that is never read: a pipe, a device, a folder, or more than [`BYTES_MAX`].
    #[error("{key} in {place} {what}")]
    Unreadable {
        /// The key.
        key: Key,
        /// Folder or bucket, for people.
        place: String,
        /// What it is.
        what: String,
    },
    /// Not a key.
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// The artefacts of a workspace.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Reads a whole artefact.
    async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError>;
    /// Writes a whole artefact, replacing what was there. After this returns it survives a crash.
    async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError>;
    /// Writes a whole artefact unless there is one: [`ArtifactError::Exists`].
    async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError>;
    /// What is known of an artefact without reading it; `None` where that would not tell a later change.
    async fn stamp(&self, _key: &Key) -> Option<Stamp> {
        None
    }
    /// Keys of all artefacts under a folder key, sorted; empty when there is no such folder.
    async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError>;
    /// The same with what is known of each without reading it, for who looks what may go. Links are neither followed nor told of,
    /// not even where the folder is one.
    async fn entries(&self, folder: &Key) -> Result<Vec<Entry>, ArtifactError>;
    /// Removes an artefact, and the folders that are empty then; what is gone already is no error. What lies behind a link is none
    /// of ours, and stays.
    async fn remove(&self, key: &Key) -> Result<(), ArtifactError>;
    /// What writers left unfinished who died. Nothing reads it.
    async fn unfinished(&self) -> Vec<Unfinished> {
        Vec::new()
    }
    /// Removes such files, those that are still what they were.
    async fn remove_unfinished(&self, _files: &[Unfinished]) {}
    /// Where this is, for people: a folder or a bucket.
    fn place(&self) -> String;
    /// The room on its disk; `None` of what has no disk that could be seen, such as a bucket.
    async fn disk(&self) -> Option<Disk> {
        None
    }
}

/// An artefact as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// How long it is.
    pub bytes: u64,
    /// When it was written, Unix milliseconds, by the clock of where it is.
    pub written_at_ms: i64,
}

/// A file that was never finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Where it is, below the place of all artefacts.
    pub path: std::path::PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// When it was written to last, Unix milliseconds.
    pub written_at_ms: i64,
}

/// What tells one state of an artefact from another: as long as it is the same, so are the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Which file of which disk.
    file: (u64, u64),
    bytes: u64,
    /// When it was written to, and when anything about it changed: seconds and nanoseconds.
    times: [(i64, i64); 2],
}

/// A file system's clock ticks in steps: what changed this shortly ago may change again within the same one.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

impl Stamp {
    /// Of a file; `None` of one that changed just now, or after `now`.
    #[must_use]
    pub fn of(file: &std::fs::Metadata, now: SystemTime) -> Option<Self> {
        let changed = u64::try_from(file.ctime()).ok().map(Duration::from_secs)?;
        let settled = UNIX_EPOCH + changed + SETTLED_AFTER;
        (settled < now).then(|| Self {
            file: (file.dev(), file.ino()),
            bytes: file.len(),
            times: [(file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec())],
        })
    }
}

/// The room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// What is left for us, bytes.
    pub free: u64,
    /// What there is in all, bytes.
    pub bytes: u64,
}

impl Disk {
    /// The disk that a path lies on.
    ///
    /// # Errors
    /// When it can not be asked.
    pub fn of(path: &std::path::Path) -> std::io::Result<Self> {
        let disk = rustix::fs::statvfs(path)?;
        let in_bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Ok(Self { free: in_bytes(disk.f_bavail), bytes: in_bytes(disk.f_blocks) })
    }

    /// Whether so little is left that somebody should free some: under 2 % of it, and under 10 GB.
    #[must_use]
    pub fn is_scarce(self) -> bool {
        self.free < (self.bytes / 50).min(SCARCE_BYTES_MAX)
    }
}

/// Of a large disk this much is room enough.
const SCARCE_BYTES_MAX: u64 = 10_000_000_000;

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_never_leaves_the_folder_it_is_joined_to(text in r"[a-z./\\\-_A-Z0-9 \x00é]{0,40}") {
            if let Ok(key) = text.parse::<Key>() {
                let mut components = Path::new(key.as_str()).components();
                prop_assert!(components.all(|c| matches!(c, Component::Normal(_))), "{text:?}");
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
