//! Reads several series at a time, and reports them in the order of the plan.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::backlog::{Backlog, Reporting};
use super::engine::Engine;
use super::events::{SeriesChannel, SeriesSink};
use super::idle_threads::IdleThreads;
use super::series_reader::SeriesReader;
use super::{Memory, Options};
use crate::source::series::{self, Member};
use crate::source::walk::Plan;

/// Maximum number of events of a series that wait for those before it; its reader then waits.
const WAITING: usize = 64;

/// Maximum number of series that are read ahead of the report; each takes memory while it waits.
const AHEAD: usize = 1024;

/// Reads every capture of the plan with engines that keep at most `handshakes` handshakes.
pub(crate) fn read_all<E: Engine>(
    plan: &Plan,
    options: &Options,
    handshakes: usize,
    engine: impl Fn() -> E + Sync,
    sink: &mut impl SeriesSink<E>,
) -> io::Result<()> {
    let all = series::series(&plan.sources);
    sink.expect_series(all.len())?;
    let readers = options.threads.min(all.len()).min(options.memory.readers());
    if readers > 1 && read_several(plan, &all, readers, options, handshakes, &engine, sink)? {
        return Ok(());
    }
    let idle_threads = IdleThreads::new(options.threads.saturating_sub(1));
    let mut reader = SeriesReader::new(engine(), &idle_threads);
    for members in &all {
        sink.next_series()?;
        reader.read_all(plan, members, sink)?;
    }
    Ok(())
}

/// Reads one series with each reader; threads without a series help the others. A reader waits
/// while its channel is full. Returns `false`, with nothing read, if no thread can be started.
fn read_several<E: Engine>(
    plan: &Plan,
    all: &[Vec<Member>],
    readers: usize,
    options: &Options,
    handshakes: usize,
    engine: &(impl Fn() -> E + Sync),
    sink: &mut impl SeriesSink<E>,
) -> io::Result<bool> {
    let ahead = Memory::ahead(handshakes, readers);
    let backlog = Backlog::new(options.memory.findings());
    let (give, given) = channel::<(&[Member], SeriesChannel<'_, E>)>();
    let given = Mutex::new(given);
    let next = || given.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
    let idle_threads = IdleThreads::new(options.threads - readers);
    let read = || {
        let mut reader = SeriesReader::new(engine(), &idle_threads).ahead_of_report(ahead);
        // A reader fails if its channel is closed; the caller has a better error to report.
        while let Ok((members, mut events)) = next()
            && reader.read_all(plan, members, &mut events).is_ok()
        {}
        idle_threads.add();
    };
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, read).ok();
        if (0..readers).filter_map(spawn).count() == 0 {
            return Ok(false);
        }
        let _reporting = Reporting(&backlog);
        let mut give = Some(give);
        let mut series = all.iter().enumerate();
        let mut ahead = VecDeque::new();
        for place in 0..all.len() {
            for (place, members) in series.by_ref().take(AHEAD - ahead.len()) {
                let (events, received) = sync_channel(WAITING);
                ahead.push_back(received);
                if let Some(give) = &give {
                    // Sending fails if all readers ended early; their events show why.
                    let _ = give.send((members, SeriesChannel { events, place, backlog: &backlog }));
                }
            }
            if series.len() == 0 {
                // Closes the channel, so that no reader waits for more.
                give = None;
            }
            backlog.begin(place);
            sink.next_series()?;
            for (event, bytes) in ahead.pop_front().into_iter().flatten() {
                sink.send(event)?;
                backlog.remove(bytes);
            }
        }
        Ok(true)
    })
}
