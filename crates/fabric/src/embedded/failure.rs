//! What SQLite says, in the words of the store.

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// What to do about a full disk.
pub(super) const NO_ROOM: &str =
    "no room on the disk, or in the database: free some space and try again; nothing was lost";

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::SqliteFailure(failure, _) => failure.code,
            // Everything else is a row that can not be read as what it should be.
            other => return Self::Corrupt(other.to_string()),
        };
        match code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation => {
                Self::Corrupt(error.to_string())
            }
            ErrorCode::DiskFull => Self::Full(NO_ROOM.into()),
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => Self::Files(
                "the database may not be written: check that its folder exists, its owner and its mode"
                    .into(),
            ),
            ErrorCode::SystemIoFailure => Self::Files(error.to_string()),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                Self::Unavailable("another process kept the database busy; try again".into())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
