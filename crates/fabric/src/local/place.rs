//! Where a key lives on disk, and how a file gets there whole.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::whole::{self, sync_folder};
use crate::artifacts::Key;

/// The place of one key.
pub(super) struct Place {
    /// Canonical.
    root: PathBuf,
    path: PathBuf,
}

impl Place {
    pub(super) fn new(root: &Path, key: &Key) -> Self {
        Self { root: root.to_path_buf(), path: root.join(key.as_str()) }
    }

    /// The path with all links resolved; an error when it leaves the root.
    pub(super) fn existing(&self) -> io::Result<PathBuf> {
        let resolved = self.path.canonicalize()?;
        self.inside(&resolved).map(|()| resolved)
    }

    /// The folder of the key with all links resolved; `None` where there is nothing. Something else in its way, or a link that
    /// leads nowhere, is not nothing: what was there may only be out of reach.
    pub(super) fn existing_folder(&self) -> io::Result<Option<PathBuf>> {
        let mut folder = self.root.clone();
        for level in self.path.strip_prefix(&self.root).unwrap_or(&self.path) {
            let next = folder.join(level);
            folder = match (next.canonicalize(), next.is_symlink()) {
                (Err(e), false) if e.kind() == ErrorKind::NotFound => return Ok(None),
                (Err(e), true) if e.kind() == ErrorKind::NotFound => {
                    return Err(in_the_way(&next, "is a link that leads nowhere"));
                }
                (found, _) => found?,
            };
            self.inside(&folder)?;
            if !folder.is_dir() {
                return Err(in_the_way(&next, "is a file where a folder belongs: move it away"));
            }
        }
        Ok(Some(folder))
    }

    /// Writes the pieces, whole or not at all; `name_it` gives them their name.
    pub(super) fn write(
        &self,
        pieces: &[&[u8]],
        name_it: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = self.make_folder()?;
        let name = self.path.file_name().unwrap_or_default();
        whole::publish(&folder.join(name), pieces, name_it)
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
        let what = format!(
            "is out of reach: a link leads out of the workspace to {}. Links may lead to places in the workspace only: move the files \
             into it, mount their folder there (`mount --bind`), or use the folder that holds them as the workspace",
            resolved.display()
        );
        // Trying again would end the same way.
        Err(io::Error::new(ErrorKind::InvalidInput, what))
    }
}

/// It will not pass by itself.
fn in_the_way(path: &Path, what: &str) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        format!("can not be read: {} {what}, and restore what it stood for", path.display()),
    )
}
