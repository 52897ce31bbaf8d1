//! Files of this machine. The least recently used go first; damaged ones are dropped; processes may share the folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ktrdr_domain::Sha256;

use super::entry::{self, Entry, Label};
use super::options::CacheSettings;
use ktrdr_fabric::local::{LocalArtifacts, whole};

/// What is kept on this machine. The time a file was last used is its time of modification.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    /// Canonical.
    folder: PathBuf,
    bytes_max: u64,
}

/// A file that may have to go.
struct Candidate {
    used: SystemTime,
    path: PathBuf,
    bytes: u64,
}

impl Cache {
    pub(super) fn open(settings: &CacheSettings) -> io::Result<Self> {
        fs::create_dir_all(&settings.folder)?;
        let folder = settings.folder.canonicalize()?;
        LocalArtifacts::open(&folder)?.remove_leftovers();
        Ok(Self { folder, bytes_max: settings.bytes_max })
    }

    /// What is kept of an artefact.
    pub(super) fn find(&self, of: &str) -> Option<Entry> {
        let path = self.folder.join(name(of));
        match entry::read(&path, of) {
            Ok(entry) => {
                // At worst it goes earlier than it should.
                let _ = touch(&path);
                Some(entry)
            }
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => {
                tracing::warn!(file = %path.display(), error = %e, "a cached artefact can not be used, and is dropped");
                self.forget(of);
                None
            }
        }
    }

    /// Keeps an artefact, making room for it; one larger than the cache is not kept.
    pub(super) fn keep(&self, label: &Label, bytes: &[u8]) -> io::Result<()> {
        let line = label.line()?;
        let needed = (line.len() + bytes.len()) as u64;
        self.forget(&label.of);
        if needed > self.bytes_max {
            return Ok(());
        }
        self.make_room(needed)?;
        let path = self.folder.join(name(&label.of));
        whole::replace(&path, &[&line, bytes])?;
        touch(&path)
    }

    pub(super) fn forget(&self, of: &str) {
        // Not there, or another process was faster, or it is replaced and evicted in its time.
        let _ = fs::remove_file(self.folder.join(name(of)));
    }

    fn make_room(&self, needed: u64) -> io::Result<()> {
        let mut kept = self.candidates()?;
        kept.sort_unstable_by_key(|file| file.used);
        let mut total = kept.iter().fold(needed, |total, file| total.saturating_add(file.bytes));
        for file in kept {
            if total <= self.bytes_max {
                break;
            }
            match fs::remove_file(&file.path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
                _ => total -= file.bytes,
            }
        }
        Ok(())
    }

    fn candidates(&self) -> io::Result<Vec<Candidate>> {
        let mut found = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            // Files of others are none of ours; files that go meanwhile are no candidates.
            let ours = file.file_name().to_str().is_some_and(|name| name.parse::<Sha256>().is_ok());
            if let Some(facts) = file.metadata().ok().filter(|facts| ours && facts.is_file()) {
                found.push(Candidate { used: facts.modified()?, path: file.path(), bytes: facts.len() });
            }
        }
        Ok(found)
    }
}

fn name(of: &str) -> String {
    Sha256::of(of.as_bytes()).to_string()
}

fn touch(path: &Path) -> io::Result<()> {
    File::open(path)?.set_modified(SystemTime::now())
}
