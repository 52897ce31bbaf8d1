//! Whether the database is the one it should be: the one its workspace remembers when it is opened, and the same file
//! for as long as it is open.
//!
//! A file that is removed under an open connection lives on without a name: everything would be accepted and lost. So
//! whoever keeps a store open asks now and then, and can save what the nameless file holds.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use super::database::{self, Reading};
use super::error::OpenError;
use super::failure::Failure;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::epochs::Stranger;
use ktrdr_fabric::store::StoreError;

/// Refuses a file that is missing or empty although an epoch is remembered, before SQLite would make a new one of it
/// and remove the log beside it.
pub(super) fn check_there(path: &Path, expected: Option<&String>) -> Result<(), OpenError> {
    let Some(expected) = expected else { return Ok(()) };
    match fs::metadata(path) {
        Ok(file) if file.len() > 0 => Ok(()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(OpenError::io(path, e)),
        Ok(_) | Err(_) => Err(stranger(path, None, expected)),
    }
}

/// Refuses a database of another epoch, before it is brought to this version.
pub(super) fn check_epoch(db: &Connection, path: &Path, expected: Option<&String>) -> Result<(), OpenError> {
    let Some(expected) = expected else { return Ok(()) };
    let found = match has_epoch(db).map_err(|e| OpenError::from_sqlite(path, e))? {
        true => epoch(db).map_err(|e| OpenError::from_sqlite(path, e))?,
        false => "none yet: an older copy".to_owned(),
    };
    if found == *expected { Ok(()) } else { Err(stranger(path, Some(found), expected)) }
}

fn stranger(path: &Path, found: Option<String>, expected: &str) -> OpenError {
    let place = path.display().to_string();
    OpenError::Stranger(Stranger { place, found, expected: expected.to_owned() })
}

fn has_epoch(db: &Connection) -> rusqlite::Result<bool> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'epoch'";
    Ok(db.query_row(table, (), |_| Ok(())).optional()?.is_some())
}

fn epoch(db: &Connection) -> rusqlite::Result<String> {
    db.query_row("SELECT epoch FROM epoch", (), |row| row.get(0))
}

/// The file that was opened.
pub(super) struct Identity {
    path: PathBuf,
    file: (u64, u64),
    epoch: String,
    /// Reads the file whatever became of its name.
    keeper: Mutex<Connection>,
}

impl Identity {
    /// Of the database at `path`, which is open and up to date.
    pub(super) fn of(path: &Path, reading: Reading) -> Result<Self, OpenError> {
        let keeper = database::open_reader(path, reading).map_err(|e| OpenError::from_sqlite(path, e))?;
        // Reading opens the log, too.
        let epoch = epoch(&keeper).map_err(|e| OpenError::from_sqlite(path, e))?;
        let file = inode(&fs::metadata(path).map_err(|e| OpenError::io(path, e))?);
        Ok(Self { path: path.to_owned(), file, epoch, keeper: Mutex::new(keeper) })
    }

    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Only asks for the file's facts: opening and closing it here would free SQLite's locks.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let what = match fs::metadata(&self.path) {
            Ok(found) if inode(&found) != self.file => "was replaced",
            Ok(found) if found.len() == 0 => "was emptied",
            Err(e) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&e.kind()) => {
                "was deleted or moved"
            }
            // A file that can not be looked at now may be there all the same.
            Ok(_) | Err(_) => return Ok(()),
        };
        Err(StoreError::Replaced(format!("{} {what} while it was in use", self.path.display()).into()))
    }

    /// Writes what the file holds beside the place where it was.
    pub(super) fn rescue(&self, name: &str) -> Result<PathBuf, StoreError> {
        let copy = self.path.with_file_name(name);
        let text = copy.to_str().ok_or_else(|| StoreError::Invalid("the folder's name is no text".into()))?;
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        keeper.execute("VACUUM INTO ?1", [text]).map_err(Failure::from)?;
        let synced = fs::File::open(&copy).and_then(|file| file.sync_all());
        synced.map_err(|e| StoreError::Unavailable(Cause::because(copy.display(), e)))?;
        Ok(copy)
    }
}

fn inode(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
