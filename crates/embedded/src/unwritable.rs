//! A workspace that can not be written: copied to a disk that is read-only, or somebody else's. Its rows are read all the same.

use std::path::Path;

use tokio::sync::broadcast;

use super::database::{self, Reading};
use super::error::OpenError;
use super::store::{SqliteOptions, SqliteStore};
use super::writer::Writer;
use ktrdr_fabric::store::StoreError;

/// What to do about it.
const UNWRITABLE: &str =
    "the database may not be written: check that its folder exists, its owner and its mode";

/// How such a database is read. Where there is a log, somebody may be writing it, or died: SQLite reads both. Where there is none the
/// file is whole by itself, and nobody changes it: whoever writes makes a log first.
fn reading(path: &Path) -> Reading {
    match path.with_extension("db-wal").exists() {
        true => Reading::WithLog,
        false => Reading::FileAlone,
    }
}

impl SqliteStore {
    /// Opens a database that can not be written, to read.
    pub(super) fn open_unwritable(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let reading = reading(path);
        if !database::is_fit_to_read(path, reading, options.epoch.as_ref())? {
            let what = "is of an older version, and is brought to this one by whoever opens it where it may be written";
            return Err(OpenError::Unwritable { path: path.into(), what: what.into() });
        }
        let (hints, _) = broadcast::channel(1);
        let writer = Writer::refusing(StoreError::Files(UNWRITABLE.into()));
        let mut store = Self::assemble(path, options, writer, hints, reading)?;
        store.is_read_only = true;
        Ok(store)
    }
}
