//! Addresses and tokens from files, as containers hand secrets over.

use std::path::Path;

use ktrdr_app::engine::Secret;
use ktrdr_fabric::local::regular;

use super::text;

/// Longest file that holds an address.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// Reads a secret from a file.
pub(super) fn from_file(path: &Path) -> Result<Secret, String> {
    let refuse = |why: String| format!("{}: {why}", path.display());
    let bytes = regular::read(path, FILE_BYTES_MAX).map_err(|e| refuse(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8 text".into()))?;
    Ok(Secret::from(text.trim().to_owned()))
}

/// The token that a server is shown: out of a file that was named, or of `KTRDR_TOKEN`.
pub(crate) fn token(file: Option<&Path>) -> Result<Option<Secret>, String> {
    const VARIABLE: &str = "KTRDR_TOKEN";
    if let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) {
        return from_file(file).map(Some).map_err(|why| format!("the token: {why}"));
    }
    let Some(value) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let token = text(VARIABLE, &value).map_err(|why| why.message)?;
    Ok(Some(token.trim().to_owned()).filter(|token| !token.is_empty()).map(Secret::from))
}
