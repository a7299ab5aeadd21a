//! From a capture to the engine: read in one thread and analysed in another, as soon as there is one to spare. In between, frames
//! have to be looked at: that does whichever of them would wait for the other.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use syncookie_engine::{Analyzer, Lookout};

use super::Opened;
use super::bundle::Bundle;
use super::idle_threads::IdleThreads;
use super::reading::Intake;
use crate::capture::Capture;
use crate::input::Position;

/// Bundles that are on their way at most.
const UNDER_WAY: usize = 16;

/// Reads a capture into an engine, under this number. Behind each bundle `after` is told how far the capture was read.
pub fn take_in(
    opened: Opened,
    intake: &mut Intake,
    analyzer: &mut Analyzer,
    index: u32,
    idle_threads: &IdleThreads,
    mut after: impl FnMut(&mut Analyzer, u64) -> io::Result<()>,
) -> io::Result<()> {
    let before = analyzer.statistics().clone();
    supply(opened, intake, analyzer.lookout(), idle_threads, |bundle, offset| {
        bundle.push(index, analyzer);
        after(analyzer, offset)
    })?;
    intake.totals.statistics = analyzer.statistics().since(&before);
    Ok(())
}

/// Hands every bundle of a capture to `take`, in order, with how far the capture was read.
fn supply(
    (mut capture, position): Opened,
    intake: &mut Intake,
    lookout: Lookout,
    idle_threads: &IdleThreads,
    mut take: impl FnMut(&Bundle, u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut source = Supply { capture: &mut capture, position: position.as_ref(), intake, lookout };
    let mut bundle = Bundle::default();
    let mut more = true;
    while more {
        if let Some(_permit) = idle_threads.acquire()
            && let Some(done) = source.beside(&mut take)
        {
            return done;
        }
        let offset;
        (more, offset) = source.fill(&mut bundle, true);
        take(&bundle, offset)?;
    }
    Ok(())
}

/// What bundles are filled from.
struct Supply<'a> {
    capture: &'a mut Capture<Box<dyn Read + Send>>,
    position: Option<&'a Position>,
    intake: &'a mut Intake,
    lookout: Lookout,
}

impl Supply<'_> {
    /// Fills a bundle with frames, looked at or not; whether there is more, and how far the capture was read.
    fn fill(&mut self, bundle: &mut Bundle, looks: bool) -> (bool, u64) {
        let more = self.intake.fill(self.capture, looks.then_some(self.lookout), bundle);
        self.intake.totals.frames = self.capture.frames();
        // What there is to read is counted as it is stored.
        (more, self.position.map_or_else(|| self.capture.offset(), Position::taken))
    }

    /// Hands what is left to `take` while another thread reads it; `None`, with nothing done, where no thread is to be had.
    fn beside(&mut self, mut take: impl FnMut(&Bundle, u64) -> io::Result<()>) -> Option<io::Result<()>> {
        let (full, filled) = sync_channel::<(Bundle, u64)>(UNDER_WAY);
        let (empty, emptied) = channel::<Bundle>();
        let (lookout, under_way) = (self.lookout, AtomicUsize::new(0));
        let mut beside = Intake::default();
        let done = thread::scope(|scope| {
            let (supply, under_way) = (&mut *self, &under_way);
            let fill_all = move || supply.fill_all(&full, &emptied, under_way);
            thread::Builder::new().spawn_scoped(scope, fill_all).ok()?;
            Some(filled.into_iter().try_for_each(|(mut bundle, offset)| {
                under_way.fetch_sub(1, Ordering::Relaxed);
                beside.look(lookout, &mut bundle);
                take(&bundle, offset)?;
                // At the end nobody wants it any more.
                let _ = empty.send(bundle);
                Ok(())
            }))
        });
        self.intake.join(beside);
        done
    }

    /// Fills bundles until the capture ends, or nobody takes them. Whoever takes them looks at the frames himself as long as he
    /// would wait otherwise.
    fn fill_all(&mut self, full: &SyncSender<(Bundle, u64)>, emptied: &Receiver<Bundle>, under_way: &AtomicUsize) {
        loop {
            let mut bundle = emptied.try_recv().unwrap_or_default();
            let is_waited_for = under_way.fetch_add(1, Ordering::Relaxed) < 2;
            let (more, offset) = self.fill(&mut bundle, !is_waited_for);
            if full.send((bundle, offset)).is_err() || !more {
                return;
            }
        }
    }
}
