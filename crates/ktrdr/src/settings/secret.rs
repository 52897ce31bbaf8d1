//! Addresses from files, as containers hand secrets over.

use std::path::Path;

use ktrdr_app::engine::Secret;
use ktrdr_fabric::local::regular;

/// Longest file that holds an address.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// Reads a secret from a file.
pub(super) fn from_file(path: &Path) -> Result<Secret, String> {
    let refuse = |why: String| format!("{}: {why}", path.display());
    let bytes = regular::read(path, FILE_BYTES_MAX).map_err(|e| refuse(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8 text".into()))?;
    Ok(Secret::from(text.trim().to_owned()))
}
