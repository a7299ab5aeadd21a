//! Reads a capture and passes it to the engine in batches of frames. Reading gets a thread of its
//! own as soon as one is idle.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use super::Opened;
use super::capture_reader::{CaptureReader, FrameReader, PacketFinder};
use super::engine::Engine;
use super::frame_batch::FrameBatch;
use super::idle_threads::IdleThreads;
use crate::capture::Capture;
use crate::input::Position;

/// Maximum number of batches between the two threads.
const UNDER_WAY: usize = 16;

/// Reads a capture into an engine. Calls `push` for each batch, with the position in the capture, to
/// push its packets.
pub fn read_capture<E: Engine>(
    (mut capture, position): Opened,
    reader: &mut CaptureReader,
    engine: &mut E,
    idle_threads: &IdleThreads,
    mut push: impl FnMut(&mut E, &mut PacketFinder<'_>, &FrameBatch, u64) -> io::Result<()>,
) -> io::Result<()> {
    let before = engine.statistics().clone();
    let (frames, mut packets) = reader.split();
    Producer { capture: &mut capture, position: position.as_ref(), frames }
        .run(idle_threads, |batch, offset| push(engine, &mut packets, batch, offset))?;
    reader.totals.frames = capture.frames();
    reader.totals.statistics = engine.statistics().since(&before);
    Ok(())
}

/// Makes batches of the frames of a capture.
struct Producer<'a> {
    capture: &'a mut Capture<Box<dyn Read + Send>>,
    position: Option<&'a Position>,
    frames: &'a mut FrameReader,
}

impl Producer<'_> {
    /// Passes every batch to `take`, in order, with the position in the capture.
    fn run(
        mut self,
        idle_threads: &IdleThreads,
        mut take: impl FnMut(&FrameBatch, u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut batch = FrameBatch::default();
        let mut more = true;
        while more {
            if let Some(_permit) = idle_threads.acquire()
                && let Some(done) = self.with_reader_thread(&mut take)
            {
                return done;
            }
            let offset;
            (more, offset) = self.fill(&mut batch);
            take(&batch, offset)?;
        }
        Ok(())
    }

    /// Fills a batch; returns whether more follow, and the position in the capture.
    fn fill(&mut self, batch: &mut FrameBatch) -> (bool, u64) {
        let more = self.frames.fill(self.capture, batch);
        // The position in the file, if the capture is compressed.
        (more, self.position.map_or_else(|| self.capture.offset(), Position::taken))
    }

    /// Passes the remaining batches to `take` while another thread fills them. Returns `None`, with
    /// nothing done, if no thread can be started.
    fn with_reader_thread(
        &mut self,
        mut take: impl FnMut(&FrameBatch, u64) -> io::Result<()>,
    ) -> Option<io::Result<()>> {
        let (full, filled) = sync_channel(UNDER_WAY);
        let (empty, emptied) = channel();
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, move || self.fill_all(&full, &emptied)).ok()?;
            Some(filled.into_iter().try_for_each(|(batch, offset)| {
                take(&batch, offset)?;
                // At the end, no batch is needed any more.
                let _ = empty.send(batch);
                Ok(())
            }))
        })
    }

    /// Fills batches until the capture ends or the receiver is gone.
    fn fill_all(&mut self, full: &SyncSender<(FrameBatch, u64)>, emptied: &Receiver<FrameBatch>) {
        loop {
            let mut batch = emptied.try_recv().unwrap_or_default();
            let (more, offset) = self.fill(&mut batch);
            if full.send((batch, offset)).is_err() || !more {
                return;
            }
        }
    }
}
