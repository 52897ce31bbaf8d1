//! Artefacts in a folder. A file appears whole or not at all, and what was acknowledged survives a power loss.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::place::Place;
use super::{entries, leftovers, regular, whole};
use crate::artifacts::{ArtifactError, Artifacts, BYTES_MAX, Disk, Entry, Key, Stamp, Unfinished};

/// How long a file system may take to answer at all: a folder of a network that hangs answers never.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How long who asks after the room on its disk waits.
const DISK_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The slowest reading and writing that is waited for, in bytes per second.
const SLOWEST: u64 = 1 << 20;

/// The artefacts below one folder. Symbolic links are followed while they stay inside it.
#[derive(Debug, Clone)]
pub struct LocalArtifacts {
    /// Canonical.
    root: PathBuf,
}

impl LocalArtifacts {
    /// The artefacts below `folder`, which must exist.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { root: folder.canonicalize()? })
    }

    /// Removes the unfinished files of writers that died. Failing is harmless: nothing reads them.
    pub fn remove_leftovers(&self) {
        leftovers::remove(&self.root);
    }

    /// Runs work on files of so many bytes away from the async threads. A thread that the file system does not let go is
    /// left behind.
    async fn apart<T: Send + 'static>(
        &self,
        key: &Key,
        bytes: u64,
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let place = Place::new(&self.root, key);
        let limit = ANSWERS_WITHIN + Duration::from_secs(bytes / SLOWEST);
        answer_within(limit, move || work(&place)).await.map_err(|e| self.explain(key, &e))
    }

    fn explain(&self, key: &Key, error: &io::Error) -> ArtifactError {
        let (key, place) = (key.clone(), self.place());
        match error.kind() {
            ErrorKind::NotFound => ArtifactError::NotFound { key, place },
            ErrorKind::AlreadyExists => ArtifactError::Exists(key),
            ErrorKind::StorageFull => ArtifactError::Io {
                key,
                place,
                what: "the disk is full: free some space and try again".into(),
            },
            _ if regular::is_unreadable(error) => {
                ArtifactError::Unreadable { key, place, what: error.to_string() }
            }
            _ => ArtifactError::Io { key, place, what: error.to_string() },
        }
    }
}

#[async_trait]
impl Artifacts for LocalArtifacts {
    async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError> {
        let open = |place: &Place| {
            let file = regular::open(&place.existing()?)?;
            let length = regular::within(file.metadata()?.len(), BYTES_MAX)?;
            Ok((file, length))
        };
        let (file, length) = self.apart(key, 0, open).await?;
        self.apart(key, length, |_| regular::read_all(file, BYTES_MAX)).await
    }

    async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        let (bytes, length) = (bytes.to_vec(), bytes.len() as u64);
        self.apart(key, length, move |place| {
            regular::within(length, BYTES_MAX)?;
            place.write(&[&bytes], |part, whole| fs::rename(part, whole))
        })
        .await
    }

    async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        let (bytes, length) = (bytes.to_vec(), bytes.len() as u64);
        self.apart(key, length, move |place| {
            regular::within(length, BYTES_MAX)?;
            place.write(&[&bytes], whole::link)
        })
        .await
    }

    async fn stamp(&self, key: &Key) -> Option<Stamp> {
        let now = SystemTime::now();
        let look = move |place: &Place| Ok(Stamp::of(&fs::metadata(place.existing()?)?, now));
        self.apart(key, 0, look).await.ok().flatten()
    }

    async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError> {
        let prefix = folder.clone();
        self.apart(folder, 0, move |place| keys_below(place, &prefix)).await
    }

    async fn entries(&self, folder: &Key) -> Result<Vec<Entry>, ArtifactError> {
        let (root, below) = (self.root.clone(), folder.clone());
        self.apart(folder, 0, move |_| entries::below(&root, &below)).await
    }

    async fn remove(&self, key: &Key) -> Result<(), ArtifactError> {
        let (root, removed) = (self.root.clone(), key.clone());
        self.apart(key, 0, move |_| entries::remove(&root, &removed)).await
    }

    /// A folder that does not answer has none that could be seen.
    async fn unfinished(&self) -> Vec<Unfinished> {
        let root = self.root.clone();
        answer_within(ANSWERS_WITHIN, move || Ok(leftovers::abandoned(&root))).await.unwrap_or_default()
    }

    /// Failing is harmless: nothing reads them.
    async fn remove_unfinished(&self, files: &[Unfinished]) {
        let (root, files) = (self.root.clone(), files.to_vec());
        let remove = move || {
            let still = leftovers::abandoned(&root).into_iter().filter(|part| files.contains(part));
            still.for_each(|part| drop(fs::remove_file(root.join(part.path))));
            Ok(())
        };
        let _ = answer_within(ANSWERS_WITHIN, remove).await;
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }

    /// A folder that does not answer at once is no matter of its room.
    async fn disk(&self) -> Option<Disk> {
        let root = self.root.clone();
        answer_within(DISK_ANSWERS_WITHIN, move || Disk::of(&root)).await.ok()
    }
}

/// What file work answers, if it does so in time.
async fn answer_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await;
    done.map(|done| done.unwrap_or_else(|e| Err(io::Error::other(e)))).unwrap_or_else(|_| {
        let what = format!(
            "the file system gave no answer within {} s: is it a folder of a network that is out of reach?",
            limit.as_secs()
        );
        Err(io::Error::new(ErrorKind::TimedOut, what))
    })
}

/// Files whose path is a key; everything else in a workspace (hidden files, unfinished ones) is none of ours.
fn keys_below(place: &Place, folder: &Key) -> io::Result<Vec<Key>> {
    let Some(start) = place.existing_folder()? else { return Ok(Vec::new()) };
    let mut keys = Vec::new();
    let mut open = vec![(start, folder.clone())];
    while let Some((path, prefix)) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(key) = name.to_str().and_then(|name| format!("{prefix}/{name}").parse::<Key>().ok())
            else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push((entry.path(), key));
            } else if kind.is_file() {
                keys.push(key);
            }
        }
    }
    keys.sort_unstable();
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_system_that_never_answers_is_given_up_and_its_thread_left_behind() {
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let never = move || blocked.recv().map_err(io::Error::other);
        let given_up = answer_within(Duration::from_millis(20), never).await.unwrap_err();
        assert_eq!(given_up.kind(), ErrorKind::TimedOut);
        assert!(given_up.to_string().contains("no answer"), "{given_up}");
        drop(release);
        assert_eq!(answer_within(ANSWERS_WITHIN, || Ok(7)).await.unwrap(), 7);
    }
}
