//! Files that appear whole or not at all: written beside their place under a name that nobody reads, synced, then given
//! their name.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::leftovers::part_name;

/// Writes a file that is not there yet.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] where there is one; otherwise what the system says. Nothing half-written is left.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    publish(path, &[bytes], link)
}

/// Writes a file from its pieces, in the place of one that may be there.
///
/// # Errors
/// What the system says. The file is then as it was.
pub fn replace(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    publish(path, pieces, |part, whole| fs::rename(part, whole))
}

/// Writes the pieces and gives them their name with `name_it`, such as [`link`] or [`fs::rename`].
pub(super) fn publish(
    path: &Path,
    pieces: &[&[u8]],
    name_it: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "has no file name"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = Part::create(folder)?;
    let written = part.fill(pieces).and_then(|()| name_it(&part.path, &folder.join(name)));
    if written.is_err() {
        // Whatever is left of it is an unfinished file that nobody reads.
        let _ = fs::remove_file(&part.path);
    }
    written.and_then(|()| sync_folder(folder))
}

/// Gives a file its name, unless that is taken: a rename would replace.
pub(super) fn link(part: &Path, whole: &Path) -> io::Result<()> {
    fs::hard_link(part, whole).and_then(|()| fs::remove_file(part))
}

/// An unfinished file. It is locked as long as somebody writes it: the system frees the lock when that process dies.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn create(folder: &Path) -> io::Result<Self> {
        loop {
            let path = folder.join(part_name());
            let file = File::create_new(&path)?;
            // Where the file system knows no locks, its age says whether it is abandoned.
            let _ = file.lock();
            // Between the two, it may have been taken for the file of a dead writer.
            if file.metadata()?.nlink() > 0 {
                return Ok(Self { path, file });
            }
        }
    }

    fn fill(&mut self, pieces: &[&[u8]]) -> io::Result<()> {
        pieces.iter().try_for_each(|piece| self.file.write_all(piece))?;
        self.file.sync_all()
    }
}

/// Makes a new name durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
