//! How much more the database may grow.

use std::path::Path;

use tokio::sync::broadcast;

use super::database::{self, Reading};
use super::error::OpenError;
use super::failure::NO_ROOM;
use super::store::{SqliteOptions, SqliteStore};
use super::writer::Writer;
use ktrdr_fabric::artifacts::Disk;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::StoreError;

/// A disk with less room than this is full: a commit needs some pages of the log, and reading an index of it.
const DISK_BYTES_MIN: u64 = 1 << 20;

/// How much more the database may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What it has, bytes.
    pub bytes: u64,
    /// What it may have, bytes.
    pub bytes_max: u64,
    /// What its disk has.
    pub disk: Disk,
}

impl Room {
    /// Whether new work is refused, or soon will be.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.disk.free < DISK_BYTES_MIN || self.bytes + DISK_BYTES_MIN > self.bytes_max
    }
}

/// Whether a database lies on a full disk and nobody has left a log: it is then whole by itself, and can be read without
/// the index that readers and writers share, for which there is no room.
pub(super) fn is_whole_without_room(path: &Path) -> bool {
    let has_log = || std::fs::metadata(path.with_extension("db-wal")).is_ok_and(|log| log.len() > 0);
    Disk::of(path).is_ok_and(|disk| disk.free < DISK_BYTES_MIN) && !has_log()
}

impl SqliteStore {
    /// Opens a database that is whole without room, to read.
    pub(super) fn open_without_room(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        if !database::is_fit_to_read(path, Reading::FileAlone, options.epoch.as_ref())? {
            let what = "the disk is full, and a database that is new or of an older version needs room: free some space and try again";
            return Err(OpenError::Full { path: path.into(), what: what.into() });
        }
        let (hints, _) = broadcast::channel(1);
        let writer = Writer::refusing(StoreError::Full(NO_ROOM.into()));
        Self::assemble(path, options, writer, hints, Reading::FileAlone)
    }

    /// How much more the database may grow.
    ///
    /// # Errors
    /// When file or disk can not be asked.
    pub fn room(&self) -> Result<Room, StoreError> {
        let path = self.place();
        let unknown = |e: std::io::Error| StoreError::Unavailable(Cause::because(&path, e));
        let bytes = std::fs::metadata(&path).map_err(unknown)?.len();
        let disk = Disk::of(Path::new(&path)).map_err(unknown)?;
        Ok(Room { bytes, bytes_max: self.bytes_max, disk })
    }
}
