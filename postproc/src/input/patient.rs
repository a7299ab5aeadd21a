//! Reads from streams that may have no data for a long time, and still notices signals.

use std::io::{self, Read};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::interrupt::{self, Interrupted};

/// Time between two checks for a signal.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Stream whose reads end when a signal arrives.
pub struct Patient<R>(pub R);

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
