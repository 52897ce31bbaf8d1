//! Where a key lives on disk, and how a file gets there whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::leftovers::part_name;
use crate::artifacts::Key;

/// The place of one key.
pub(crate) struct Place {
    /// Canonical.
    root: PathBuf,
    path: PathBuf,
}

impl Place {
    pub(crate) fn new(root: &Path, key: &Key) -> Self {
        Self { root: root.to_path_buf(), path: root.join(key.as_str()) }
    }

    /// The path with all links resolved; an error when it leaves the root.
    pub(crate) fn existing(&self) -> io::Result<PathBuf> {
        let resolved = self.path.canonicalize()?;
        self.inside(&resolved).map(|()| resolved)
    }

    /// Writes the pieces to a file beside its place, syncs it, moves it there with `publish`, and syncs the folder.
    pub(crate) fn write(
        &self,
        pieces: &[&[u8]],
        publish: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = self.make_folder()?;
        let name = self
            .path
            .file_name()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "has no file name"))?;
        let part = folder.join(part_name());
        let written = write_synced(&part, pieces).and_then(|()| publish(&part, &folder.join(name)));
        if written.is_err() {
            // Whatever is left of it is an unfinished file that nobody reads.
            let _ = fs::remove_file(&part);
        }
        written.and_then(|()| sync_folder(&folder))
    }

    /// Makes the folder of the key, level by level, refusing to leave the root; each new level is synced.
    fn make_folder(&self) -> io::Result<PathBuf> {
        let mut folder = self.root.clone();
        let levels = self.path.strip_prefix(&self.root).ok().and_then(Path::parent).unwrap_or(Path::new(""));
        for level in levels {
            let next = folder.join(level);
            match fs::create_dir(&next) {
                Ok(()) => sync_folder(&folder)?,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
            folder = next.canonicalize()?;
            self.inside(&folder)?;
            if !folder.is_dir() {
                return Err(io::Error::new(
                    ErrorKind::NotADirectory,
                    format!("{} is no folder", folder.display()),
                ));
            }
        }
        Ok(folder)
    }

    fn inside(&self, resolved: &Path) -> io::Result<()> {
        if resolved.starts_with(&self.root) {
            return Ok(());
        }
        let what = format!("a link leads out of the workspace to {}", resolved.display());
        Err(io::Error::new(ErrorKind::PermissionDenied, what))
    }
}

fn write_synced(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    file.sync_all()
}

/// Makes a new name durable. Only Unix lets a folder be synced; elsewhere the file system's journal has to do.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
