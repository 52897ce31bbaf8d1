//! The one door to files from outside: regular files of a bounded size, which never keep their reader waiting for somebody
//! who writes.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a file for reading. Whatever is no regular file is refused by what it is: a pipe without a writer would be waited
/// for without end. It is looked at before it is opened, since opening a device may set it going, and after, since it may
/// have been exchanged in between.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for what is no regular file; otherwise what the system says.
pub fn open(path: &Path) -> io::Result<File> {
    refuse_irregular(std::fs::metadata(path)?.file_type())?;
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    refuse_irregular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole file of at most `bytes_max`. Its size is asked before its bytes: what is too large costs no memory.
///
/// # Errors
/// As [`open`]; [`ErrorKind::FileTooLarge`] for what is larger.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_all(open(path)?, bytes_max)
}

/// The same of a file that is open.
pub(super) fn read_all(file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let length = within(file.metadata()?.len(), bytes_max)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).map_err(io::Error::other)?)?;
    // It may have grown since.
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    within(bytes.len() as u64, bytes_max)?;
    Ok(bytes)
}

/// A length that is allowed.
pub(super) fn within(length: u64, bytes_max: u64) -> io::Result<u64> {
    if length <= bytes_max {
        return Ok(length);
    }
    let most = if bytes_max < 10 << 20 {
        format!("{} KiB", bytes_max >> 10)
    } else {
        format!("{} MiB", bytes_max >> 20)
    };
    let what = format!("has {length} bytes and is larger than {most}, the most that is read");
    Err(io::Error::new(ErrorKind::FileTooLarge, what))
}

/// Whether the file itself is to blame, so that trying again would end the same way: it is no regular file, or too large.
pub(super) fn is_unreadable(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
        && matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge)
}

fn refuse_irregular(kind: FileType) -> io::Result<()> {
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "is no file but a folder",
        () if kind.is_fifo() => {
            "is a named pipe; only regular files are read: write its content into one first"
        }
        () if kind.is_socket() => "is a socket; only regular files are read",
        () => "is a device; only regular files are read: write its content into one first",
    };
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}
