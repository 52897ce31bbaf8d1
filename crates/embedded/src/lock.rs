//! The process lock: one process runs jobs on a workspace. The system frees it when that process dies, however.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::database::FILE_NAME;
use super::error::{Holder, OpenError};
use ktrdr_fabric::clock;
use ktrdr_fabric::local::regular;
use ktrdr_fabric::process::host_name;

/// Longest lock file read back, in bytes: it is one line.
const LINE_BYTES_MAX: u64 = 1024;

/// How often, and for how long each, a lock is given the chance to have been a mere look.
const LOOKS_MAX: u32 = 4;
const LOOK_TAKES: Duration = Duration::from_millis(2);

/// Held as long as this lives. The file stays: removing it would race with the next holder.
#[derive(Debug)]
pub(super) struct ProcessLock {
    _file: File,
}

impl ProcessLock {
    /// Takes the lock and writes who holds it.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = &lock_path(folder);
        let failed = |e: std::io::Error| OpenError::io(path, e);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match try_patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held { path: path.into(), holder: read_holder(&mut file) });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        introduce(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Who runs jobs on a workspace now; `None` when nobody does, or the folder is no workspace.
#[must_use]
pub fn holder(folder: &Path) -> Option<Holder> {
    let mut file = regular::open(&lock_path(folder)).ok()?;
    // Looking takes the lock for a moment, shared with others who look; it is freed with the file.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read_holder(&mut file))
}

/// The lock file of a workspace.
pub(super) fn lock_path(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE_NAME}.lock"))
}

/// Tries a few times: somebody who only looks ([`holder`]) holds the lock for microseconds.
fn try_patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOOKS_MAX {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK_TAKES),
            done => return done,
        }
    }
    file.try_lock()
}

fn introduce(file: &mut File) -> std::io::Result<()> {
    let since = clock::now();
    let line = format!("pid {} host {} since {since} role up\n", std::process::id(), host_name());
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(line.as_bytes())
}

/// Reads `pid N host H since T role R`; whatever is missing stays unknown.
fn read_holder(file: &mut File) -> Holder {
    let mut line = String::new();
    // An unreadable line names nobody; the lock is held all the same.
    let _ = file.take(LINE_BYTES_MAX).read_to_string(&mut line);
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |name: &str| words.windows(2).find(|pair| pair[0] == name).map(|pair| pair[1].to_owned());
    Holder { pid: after("pid").and_then(|pid| pid.parse().ok()), host: after("host"), since: after("since") }
}
