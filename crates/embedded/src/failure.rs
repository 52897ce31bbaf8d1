//! What SQLite says, in the words of the store.

use rusqlite::{Error, ErrorCode};

use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::StoreError;

/// What to do about a full disk.
pub(super) const NO_ROOM: &str =
    "no room on the disk, or in the database: free some space and try again; nothing was lost";

/// What SQLite said. Beneath it there is only its code, which says the same again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct SqliteError(pub(super) Error);

/// What a transition or a query failed with: SQLite's error, told as the store's, or the store's own.
pub(super) struct Failure(StoreError);

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl Failure {
    /// A row that says what no row can say.
    pub(super) fn corrupt(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(StoreError::Corrupt(Cause::of(what)))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(explain(error))
    }
}

/// SQLite's error in the words of the store.
fn explain(error: Error) -> StoreError {
    let code = match &error {
        Error::SqliteFailure(failure, _) => failure.code,
        // Everything else is a row that can not be read as what it should be.
        _ => return StoreError::Corrupt(Cause::of(error)),
    };
    let error = SqliteError(error);
    match code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation => {
            StoreError::Corrupt(Cause::of(error))
        }
        ErrorCode::DiskFull => StoreError::Full(Cause::meaning(NO_ROOM, error)),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            StoreError::Files(Cause::meaning(
                "the database may not be written: check that its folder exists, its owner and its mode",
                error,
            ))
        }
        ErrorCode::SystemIoFailure => StoreError::Files(Cause::of(error)),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Unavailable(Cause::meaning(
            "another process kept the database busy; try again",
            error,
        )),
        _ => StoreError::Unavailable(Cause::of(error)),
    }
}
