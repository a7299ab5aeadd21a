//! The readers: frames and faults do not depend on the sizes of reads, nor on the way of reading.

use std::io::{self, Cursor, ErrorKind, Read};

use syncookie::capture::{Capture, Fault, FrameSink, FrameView, LinkType};
use syncookie::input;
use syncookie_engine::Timestamp;

use crate::choices::Choices;
use crate::file::file;

/// Number of bytes of an input before those of its capture file.
pub(crate) const BEFORE: usize = 4;

/// Maximum number of decompressed bytes that are read of one input.
const READ: u64 = 8 << 20;

/// What a reader returned.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Frame { number: u32, time: Option<Timestamp>, link: LinkType, data: Vec<u8> },
    Fault(String),
}

/// Checks the readers with an input.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let sizes: [u8; BEFORE] = std::array::from_fn(|_| choices.u8());
    let bytes = file(&mut choices);
    let whole = events(Cursor::new(bytes.clone()), next);
    assert_eq!(events(Short::new(bytes.clone(), sizes), next), whole, "short reads");
    assert_eq!(events(Cursor::new(bytes), buffered), whole, "frames taken from the buffer");
}

/// A capture of an input.
type Opened = Capture<io::Take<Box<dyn Read + Send>>>;

/// Returns what a capture contains.
fn events(source: impl Read + Send + 'static, read: fn(Opened) -> Vec<Event>) -> Vec<Event> {
    let opened = input::open(Box::new(source)).map_err(|error| error.to_string());
    let capture = opened.and_then(|input| Capture::open(input.reader.take(READ)).map_err(|error| error.to_string()));
    match capture {
        Ok(capture) => read(capture),
        Err(message) => vec![Event::Fault(without_position(&message))],
    }
}

/// Reads frame by frame.
fn next<R: Read>(mut capture: Capture<R>) -> Vec<Event> {
    let mut events = Events::default();
    while let Some(next) = capture.next_frame() {
        match next {
            Ok(frame) => {
                frame.record.comments().for_each(drop);
                events.frame(frame.view());
            }
            Err(fault) => events.fault(&fault),
        }
    }
    events.0
}

/// Reads many frames at a time, as an analysis does.
fn buffered<R: Read>(mut capture: Capture<R>) -> Vec<Event> {
    let mut events = Events::default();
    loop {
        capture.take_buffered(&mut events);
        match capture.next_frame() {
            None => return events.0,
            Some(Ok(frame)) => events.frame(frame.view()),
            Some(Err(fault)) => events.fault(&fault),
        }
    }
}

/// Returns a message without the position in the compressed bytes, which is that of the last read,
/// and without the words of the decompressor, which depend on how many bytes it got at a time.
fn without_position(message: &str) -> String {
    const BEFORE: &str = "near compressed byte ";
    match message.split_once(BEFORE) {
        Some((before, _)) => before.to_owned(),
        None => message.to_owned(),
    }
}

#[derive(Default)]
struct Events(Vec<Event>);

impl Events {
    fn fault(&mut self, fault: &Fault) {
        let message = without_position(&fault.to_string());
        self.0.push(Event::Fault(format!("{message} {:?} at {}", fault.frame, fault.offset)));
    }
}

impl FrameSink for Events {
    fn frame(&mut self, frame: FrameView<'_>) {
        let FrameView { number, time, link, data, .. } = frame;
        self.0.push(Event::Frame { number, time, link, data: data.to_vec() });
    }
}

/// Source that returns few bytes at a time, and sometimes none because of a signal.
struct Short {
    bytes: Cursor<Vec<u8>>,
    sizes: [u8; 4],
    reads: usize,
}

impl Short {
    fn new(bytes: Vec<u8>, sizes: [u8; 4]) -> Self {
        Self { bytes: Cursor::new(bytes), sizes, reads: 0 }
    }
}

impl Read for Short {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.reads % self.sizes.len()];
        self.reads += 1;
        // A source that is never ready would be read forever.
        if size == 255 && self.reads % 2 == 1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1 + usize::from(size));
        self.bytes.read(&mut buffer[..length])
    }
}
