//! One file of the cache: what it is of, and whether it is still whole.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use ktrdr_domain::Sha256;
use serde::{Deserialize, Serialize};

use ktrdr_fabric::artifacts::BYTES_MAX;
use ktrdr_fabric::local::regular;

/// Longest first line, in bytes: place, key and tag are shorter.
const LABEL_BYTES_MAX: u64 = 8 << 10;

/// The first line of a file; the artefact follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    /// Place and key.
    pub(super) of: String,
    /// What the storage calls this content.
    pub(super) e_tag: String,
    pub(super) sha256: Sha256,
}

impl Label {
    pub(super) fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// A file that is what its label says.
pub(super) struct Entry {
    pub(super) e_tag: String,
    pub(super) bytes: Vec<u8>,
}

/// Reads a file; an error when it is damaged, or of something else.
pub(super) fn read(path: &Path, of: &str) -> io::Result<Entry> {
    let mut file = BufReader::new(regular::open(path)?);
    let mut line = Vec::new();
    file.by_ref().take(LABEL_BYTES_MAX).read_until(b'\n', &mut line)?;
    let label: Label = serde_json::from_slice(&line)?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if label.of != of || label.sha256 != Sha256::of(&bytes) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "is damaged"));
    }
    Ok(Entry { e_tag: label.e_tag, bytes })
}
