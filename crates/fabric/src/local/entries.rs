//! What lies in a folder, and removing some of it. No link is followed on the way: what lies behind one is somebody else's.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::artifacts::{Entry, Key};

/// Files below a folder whose path is a key, sorted by it.
pub(super) fn below(root: &Path, folder: &Key) -> io::Result<Vec<Entry>> {
    let Some(start) = real_folder(root, folder.as_str())? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut open = vec![(start, folder.clone())];
    while let Some((path, prefix)) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let name = entry.file_name();
            let key = name.to_str().and_then(|name| format!("{prefix}/{name}").parse::<Key>().ok());
            let Some(key) = key else { continue };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push((entry.path(), key));
            } else if kind.is_file() {
                let facts = entry.metadata()?;
                found.push(Entry { key, bytes: facts.len(), written_at_ms: written_at_ms(&facts) });
            }
        }
    }
    found.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    Ok(found)
}

/// Removes a file, and the folders that are empty then; the first level stays.
pub(super) fn remove(root: &Path, key: &Key) -> io::Result<()> {
    let path = root.join(key.as_str());
    let folder = key.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    let removed = match real_folder(root, folder)? {
        Some(_) if fs::symlink_metadata(&path).is_ok_and(|facts| !facts.is_file()) => {
            return Err(not_ours(&path));
        }
        Some(_) => fs::remove_file(&path),
        None => return Ok(()),
    };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let above = path.ancestors().skip(1).take(folder.split('/').count().saturating_sub(1));
    // One that is not empty is kept by the system itself.
    let _ = above.map(fs::remove_dir).take_while(Result::is_ok).count();
    Ok(())
}

/// A folder that is reached without any link; `None` where there is nothing.
fn real_folder(root: &Path, folder: &str) -> io::Result<Option<PathBuf>> {
    let mut path = root.to_path_buf();
    for level in folder.split('/').filter(|level| !level.is_empty()) {
        path.push(level);
        match fs::symlink_metadata(&path) {
            Ok(facts) if facts.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        }
    }
    Ok(Some(path))
}

fn not_ours(path: &Path) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("{} is no file of ours, and stays", path.display()))
}

/// When a file was written, Unix milliseconds.
pub(super) fn written_at_ms(facts: &Metadata) -> i64 {
    facts.mtime().saturating_mul(1000).saturating_add(facts.mtime_nsec() / 1_000_000)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn links_and_what_lies_behind_them_are_neither_told_nor_removed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path();
        fs::create_dir_all(root.join("models/a/1h_v1")).unwrap();
        fs::write(root.join("models/a/1h_v1/manifest.json"), "{}").unwrap();
        fs::write(outside.path().join("theirs.json"), "{}").unwrap();
        symlink(outside.path(), root.join("models/b")).unwrap();
        symlink(outside.path().join("theirs.json"), root.join("models/a/link.json")).unwrap();
        symlink(outside.path(), root.join("imports")).unwrap();
        let told: Vec<Key> =
            below(root, &key("models")).unwrap().into_iter().map(|entry| entry.key).collect();
        assert_eq!(told, [key("models/a/1h_v1/manifest.json")]);
        assert_eq!(below(root, &key("imports")).unwrap(), []);
        remove(root, &key("imports/theirs.json")).unwrap();
        remove(root, &key("models/b/theirs.json")).unwrap();
        assert!(remove(root, &key("models/a/link.json")).is_err());
        assert!(outside.path().join("theirs.json").exists());
        remove(root, &key("models/a/1h_v1/manifest.json")).unwrap();
        remove(root, &key("models/a/1h_v1/manifest.json")).unwrap();
        assert!(
            !root.join("models/a/1h_v1").exists() && root.join("models/a").exists(),
            "a link is left in it"
        );
    }
}
