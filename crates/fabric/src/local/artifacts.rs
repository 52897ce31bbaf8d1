//! Artefacts in a folder. A file appears whole or not at all, and what was acknowledged survives a power loss.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::leftovers;
use super::place::Place;
use crate::artifacts::{ArtifactError, Artifacts, BYTES_MAX, Key};

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
    pub(crate) fn remove_leftovers(&self) {
        leftovers::remove(&self.root);
    }

    /// Runs file work away from the async threads.
    async fn apart<T: Send + 'static>(
        &self,
        key: &Key,
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let place = Place::new(&self.root, key);
        let done = tokio::task::spawn_blocking(move || work(&place)).await;
        done.unwrap_or_else(|e| Err(io::Error::other(e))).map_err(|e| self.explain(key, &e))
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
            _ => ArtifactError::Io { key, place, what: error.to_string() },
        }
    }
}

#[async_trait]
impl Artifacts for LocalArtifacts {
    async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError> {
        self.apart(key, |place| read(&place.existing()?)).await
    }

    async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        let bytes = bytes.to_vec();
        self.apart(key, move |place| {
            place.write(&[&within_limit(bytes)?], |part, whole| fs::rename(part, whole))
        })
        .await
    }

    async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
        let bytes = bytes.to_vec();
        // A hard link fails where a rename would replace.
        let link =
            |part: &Path, whole: &Path| fs::hard_link(part, whole).and_then(|()| fs::remove_file(part));
        self.apart(key, move |place| place.write(&[&within_limit(bytes)?], link)).await
    }

    async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError> {
        let prefix = folder.clone();
        self.apart(folder, move |place| keys_below(place, &prefix)).await
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }
}

fn within_limit(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 <= BYTES_MAX { Ok(bytes) } else { Err(too_large()) }
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("larger than {BYTES_MAX} bytes"))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "is no file"));
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    within_limit(bytes)
}

/// Files whose path is a key; everything else in a workspace (hidden files, unfinished ones) is none of ours.
fn keys_below(place: &Place, folder: &Key) -> io::Result<Vec<Key>> {
    let start = match place.existing() {
        Ok(start) => start,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
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
