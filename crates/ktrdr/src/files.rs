//! Files that a user names.

use std::io::ErrorKind;
use std::path::Path;

use ktrdr_fabric::local::regular;

use crate::exit::{CliError, Kind};

/// Reads a file, up to a size.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, CliError> {
    regular::read(path, bytes_max).map_err(|e| {
        let kind = match e.kind() {
            ErrorKind::NotFound => Kind::NotFound,
            ErrorKind::InvalidInput | ErrorKind::FileTooLarge => Kind::InvalidInput,
            _ => Kind::Files,
        };
        CliError::new(kind, format!("{}: {e}", path.display()))
    })
}
