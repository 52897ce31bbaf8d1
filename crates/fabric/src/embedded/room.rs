//! How much more the database may grow.

use super::store::SqliteStore;
use crate::store::StoreError;

/// A disk with less room than this is full: a commit needs some pages of the log, and reading an index of it.
const DISK_BYTES_MIN: u64 = 1 << 20;

/// How much more the database may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What it has, bytes.
    pub bytes: u64,
    /// What it may have, bytes.
    pub bytes_max: u64,
    /// What its disk has left for us, bytes.
    pub disk_free: u64,
    /// What its disk has in all, bytes.
    pub disk_bytes: u64,
}

impl Room {
    /// Whether new work is refused, or soon will be.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.disk_free < DISK_BYTES_MIN || self.bytes + DISK_BYTES_MIN > self.bytes_max
    }
}

impl SqliteStore {
    /// How much more the database may grow.
    ///
    /// # Errors
    /// When file or disk can not be asked.
    pub fn room(&self) -> Result<Room, StoreError> {
        let path = self.place();
        let unknown = |e: &dyn std::fmt::Display| StoreError::Unavailable(format!("{path}: {e}"));
        let bytes = std::fs::metadata(&path).map_err(|e| unknown(&e))?.len();
        let disk = rustix::fs::statvfs(path.as_str()).map_err(|e| unknown(&e))?;
        let in_bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let (disk_free, disk_bytes) = (in_bytes(disk.f_bavail), in_bytes(disk.f_blocks));
        Ok(Room { bytes, bytes_max: self.bytes_max, disk_free, disk_bytes })
    }
}
