//! Waiting for a pipe that has nothing to give, without being deaf to Ctrl-C meanwhile.

use std::io::{self, Read};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::interrupt::{self, Interrupted};

/// Between two looks at whether somebody wants this to end.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// A stream that may give its bytes much later, or never.
pub struct Patient<R>(pub R);

impl<R: Read + AsFd> Read for Patient<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if interrupt::is_requested() {
                return Err(io::Error::other(Interrupted));
            }
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&PAUSE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // What cannot be polled says itself what is wrong.
                Ok(_) | Err(_) => return self.0.read(into),
            }
        }
    }
}
