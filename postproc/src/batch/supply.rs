//! From a capture to the engine: read and taken apart in one thread, analysed in another, where there are two.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use syncookie_engine::{Analyzer, Lookout};

use super::Opened;
use super::bundle::Bundle;
use super::reading::Intake;
use crate::input::Position;

/// Bundles that are on their way at most.
const UNDER_WAY: usize = 16;

/// Reads a capture into an engine, under this number. Behind each bundle `after` is told how far the capture was read.
pub fn take_in(
    opened: Opened,
    intake: &mut Intake,
    analyzer: &mut Analyzer,
    index: u32,
    threads: usize,
    mut after: impl FnMut(&mut Analyzer, u64) -> io::Result<()>,
) -> io::Result<()> {
    let before = analyzer.statistics().clone();
    supply(opened, intake, analyzer.lookout(), threads, |bundle, offset| {
        bundle.push(index, analyzer);
        after(analyzer, offset)
    })?;
    intake.totals.statistics = analyzer.statistics().since(&before);
    Ok(())
}

/// Hands every bundle of a capture to `take`, in order, with how far the capture was read.
fn supply(
    opened: Opened,
    intake: &mut Intake,
    lookout: Lookout,
    threads: usize,
    mut take: impl FnMut(&Bundle, u64) -> io::Result<()>,
) -> io::Result<()> {
    if threads > 1 {
        return beside(opened, intake, lookout, take);
    }
    let (mut capture, position) = opened;
    let mut bundle = Bundle::default();
    let mut more = true;
    while more {
        more = intake.fill(&mut capture, lookout, &mut bundle);
        intake.totals.frames = capture.frames();
        take(&bundle, stored(capture.offset(), position.as_ref()))?;
    }
    Ok(())
}

/// What there is to read is counted as it is stored.
fn stored(offset: u64, position: Option<&Position>) -> u64 {
    position.map_or(offset, Position::taken)
}

/// The same with a thread that reads.
fn beside(
    opened: Opened,
    intake: &mut Intake,
    lookout: Lookout,
    mut take: impl FnMut(&Bundle, u64) -> io::Result<()>,
) -> io::Result<()> {
    let (full, filled) = sync_channel::<(Bundle, u64)>(UNDER_WAY);
    let (empty, emptied) = channel::<Bundle>();
    thread::scope(|scope| {
        scope.spawn(move || fill(opened, intake, lookout, &full, &emptied));
        for (bundle, offset) in filled {
            take(&bundle, offset)?;
            // At the end nobody wants it any more.
            let _ = empty.send(bundle);
        }
        Ok(())
    })
}

/// Fills bundles until the capture ends, or nobody takes them.
fn fill(
    opened: Opened,
    intake: &mut Intake,
    lookout: Lookout,
    full: &SyncSender<(Bundle, u64)>,
    emptied: &Receiver<Bundle>,
) {
    let (mut capture, position) = opened;
    loop {
        let mut bundle = emptied.try_recv().unwrap_or_default();
        let more = intake.fill(&mut capture, lookout, &mut bundle);
        intake.totals.frames = capture.frames();
        let offset = stored(capture.offset(), position.as_ref());
        if full.send((bundle, offset)).is_err() || !more {
            return;
        }
    }
}
