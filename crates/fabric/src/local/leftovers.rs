//! Unfinished files: how they are named, and how those of dead writers are removed.

use std::fs::{self, DirEntry, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use ktrdr_domain::Sha256;

use super::entries::written_at_ms;
use super::regular;
use crate::artifacts::{Key, Unfinished};
use crate::process::host_name;
use crate::random::random;

/// The leading dot keeps them from being keys, so that nothing lists or reads them.
const PREFIX: &str = ".ktrdr-part-";

/// An unfinished file this old has no writer any more, even one on another machine, whose locks may not be seen here.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Most folder entries looked at: a workspace in a large folder must not delay the start.
const ENTRIES_MAX: usize = 100_000;

/// The name of a new unfinished file. Processes of other machines may write into the same folder, under the same
/// process id.
pub(super) fn part_name() -> String {
    format!("{}{:016x}{:016x}", prefix_of_this_machine(), random(), random())
}

/// What the names of this machine's unfinished files begin with.
fn prefix_of_this_machine() -> String {
    let host = Sha256::of(host_name().as_bytes()).to_string();
    format!("{PREFIX}{}-", &host[..8])
}

/// Removes abandoned unfinished files below a folder.
pub(super) fn remove(root: &Path) {
    for part in abandoned(root) {
        // Failing is harmless: the next start tries again.
        let _ = fs::remove_file(root.join(part.path));
    }
}

/// Abandoned unfinished files below a folder, wherever a key could have put them. No link is followed.
pub(super) fn abandoned(root: &Path) -> Vec<Unfinished> {
    let ours = prefix_of_this_machine();
    let mut open = vec![(root.to_path_buf(), 0)];
    let (mut looked_at, mut found) = (0, Vec::new());
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            looked_at += 1;
            if looked_at > ENTRIES_MAX {
                return found;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth + 1 < Key::DEPTH_MAX && !name.starts_with('.') {
                open.push((entry.path(), depth + 1));
            } else if kind.is_file()
                && name.starts_with(PREFIX)
                && is_abandoned(&entry.path(), name.starts_with(&ours))
            {
                found.extend(described(root, &entry));
            }
        }
    }
    found
}

fn described(root: &Path, part: &DirEntry) -> Option<Unfinished> {
    let (facts, path) = (part.metadata().ok()?, part.path());
    let path = path.strip_prefix(root).ok()?.to_path_buf();
    Some(Unfinished { path, bytes: facts.len(), written_at_ms: written_at_ms(&facts) })
}

/// Whether nobody writes a file any more. Its writer holds a lock on it; that a machine's own locks are seen is certain.
fn is_abandoned(part: &Path, is_ours: bool) -> bool {
    let Ok(file) = regular::open(part) else { return false };
    match file.try_lock() {
        Ok(()) => is_ours || is_old(&file),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => is_old(&file),
    }
}

fn is_old(file: &File) -> bool {
    let age = file.metadata().and_then(|facts| facts.modified()).ok().and_then(|t| t.elapsed().ok());
    age.is_some_and(|age| age >= ABANDONED_AFTER)
}
