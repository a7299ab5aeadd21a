//! Reads from streams that may have no data for a long time, and still notices signals.

use std::fs::File;
use std::io::{self, Read};

use crate::interrupt::{self, Interrupted};

/// Stream whose reads end when a signal arrives. On systems without `poll`, a read that waits ends
/// when data arrives, or the stream is closed.
pub struct Patient<R>(R);

impl Patient<File> {
    /// Wraps an open pipe or device.
    pub fn stream(file: File) -> Self {
        Self(file)
    }
}

#[cfg(unix)]
mod waiting {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::{File, Interrupted, Patient, Read, interrupt, io};

    /// Time between two checks for a signal.
    const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

    impl Patient<File> {
        /// Opens standard input, without the buffer of the standard library, because its content
        /// cannot be polled for.
        pub fn standard_input() -> io::Result<Self> {
            Ok(Self(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
        }
    }

    impl<R: Read + AsFd> Read for Patient<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            loop {
                if interrupt::is_requested() {
                    return Err(io::Error::other(Interrupted));
                }
                match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&PAUSE)) {
                    Ok(0) | Err(rustix::io::Errno::INTR) => {}
                    // If the stream cannot be polled, the read reports why.
                    Ok(_) | Err(_) => return self.0.read(into),
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod waiting {
    use super::{Interrupted, Patient, Read, interrupt, io};

    impl Patient<io::Stdin> {
        /// Opens standard input.
        pub fn standard_input() -> io::Result<Self> {
            Ok(Self(io::stdin()))
        }
    }

    impl<R: Read> Read for Patient<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if interrupt::is_requested() {
                return Err(io::Error::other(Interrupted));
            }
            self.0.read(into)
        }
    }
}
