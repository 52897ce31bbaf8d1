//! stdout and stderr of this process, written to the end: whoever set them non-blocking, as some parents do, is waited
//! for like everyone else.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// A stream whose writes wait until there is room.
pub(crate) struct Waiting<W>(W);

pub(crate) fn stdout() -> Waiting<io::Stdout> {
    Waiting(io::stdout())
}

pub(crate) fn stderr() -> Waiting<io::Stderr> {
    Waiting(io::stderr())
}

impl<W: Write + AsFd> Waiting<W> {
    /// Tries until it is not for want of room that it fails.
    fn until_taken<T>(&mut self, mut attempt: impl FnMut(&mut W) -> io::Result<T>) -> io::Result<T> {
        loop {
            match attempt(&mut self.0) {
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => self.wait_for_room()?,
                done => return done,
            }
        }
    }

    fn wait_for_room(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None) {
            // A signal came; whether there is room is seen by trying.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl<W: Write + AsFd> Write for Waiting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_taken(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.until_taken(Write::flush)
    }
}
