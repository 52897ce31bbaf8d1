//! Why an engine could not be opened.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::failure::{NO_ROOM, SqliteError};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::epochs::Stranger;
use ktrdr_fabric::store::StoreError;

/// Why an engine could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process runs jobs on this workspace.
    #[error("{path} is in use by {holder}: stop that process, or use this one as its client")]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the holder says about itself: `pid 123 host box since 2026-11-21T02:55:13Z role up`.
        holder: Holder,
    },
    /// The file is no database, or one of another program.
    #[error("{path} is not a ktrdr database: move it away or choose another workspace")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer ktrdr.
    #[error("{path} has version {found}, this ktrdr knows up to {known}: use the newer ktrdr")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest this program knows.
        known: i32,
    },
    /// The file is damaged.
    #[error("{path} is damaged ({what}): restore a copy")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        what: Cause,
    },
    /// The file is not the one that is remembered, or there is none.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// There is no room for it: the disk is full.
    #[error("{path}: {what}")]
    Full {
        /// Folder or file.
        path: PathBuf,
        /// What the system said, and what to do.
        #[source]
        what: Cause,
    },
    /// It may not be written: its disk, its folder or its own mode says so.
    #[error("{path}: {what}")]
    Unwritable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said, and what to do.
        #[source]
        what: Cause,
    },
    /// Reading or writing failed: no such folder, no permission.
    #[error("{path}: {what}")]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// What the system said, and what to do.
        #[source]
        what: Cause,
    },
}

/// Who holds a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, if it said so.
    pub pid: Option<u32>,
    /// Its computer.
    pub host: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "pid {pid}")?,
            None => f.write_str("another process")?,
        }
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        self.since.as_ref().map_or(Ok(()), |since| write!(f, " since {since}"))
    }
}

impl OpenError {
    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        let path = path.into();
        match error.kind() {
            ErrorKind::StorageFull => Self::Full { path, what: Cause::meaning(NO_ROOM, error) },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::Unwritable { path, what: Cause::of(error) }
            }
            _ => Self::Io { path, what: Cause::of(error) },
        }
    }

    pub(super) fn from_store(path: &Path, error: StoreError) -> Self {
        let path = path.into();
        match error {
            StoreError::Corrupt(what) => Self::Corrupt { path, what },
            StoreError::Full(what) => Self::Full { path, what },
            other => Self::Io { path, what: Cause::of(other) },
        }
    }

    pub(super) fn from_sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let (code, error) = (error.sqlite_error_code(), SqliteError(error));
        let what = match code {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                return Self::Corrupt { path: path.into(), what: Cause::of(error) };
            }
            Some(ErrorCode::DiskFull) => {
                return Self::Full { path: path.into(), what: Cause::meaning(NO_ROOM, error) };
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                let next =
                    "may not be opened for writing: check that its folder exists, its owner and its mode";
                return Self::Unwritable { path: path.into(), what: Cause::meaning(next, error) };
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Cause::meaning("another process keeps it busy: try again", error)
            }
            Some(ErrorCode::SystemIoFailure) => {
                Cause::meaning(format!("{error}: is its disk full, or broken?"), error)
            }
            _ => Cause::of(error),
        };
        Self::Io { path: path.into(), what }
    }
}
