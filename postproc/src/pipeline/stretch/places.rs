//! Places in captures at which reading can begin.

use syncookie_engine::Timestamp;

use super::can_divide;
use crate::pipeline::{Opened, Problem, open};
use crate::source::frame_times::FrameTimes;
use crate::source::walk::Source;

/// Number of bytes before a place at which the search for frames begins, so that the frames at the
/// place are surely found: more than the largest packet of a network.
const BEFORE: u64 = 1 << 20;

/// Time in nanoseconds by which reading begins before the first frame of a stretch: more than packets
/// belong to a handshake for, and as much more as frames of merged captures are out of order.
const WARM_UP: i64 = 660_000_000_000;

/// Opens a capture. Reading begins with the first frames that are found after this offset.
pub(super) fn open_at(source: &Source, offset: u64) -> Result<Opened, Problem> {
    let mut opened = open(source)?;
    if offset > 0 {
        let rest = source.open_at(offset).map_err(|error| Problem::unreadable(&source.name, &error))?;
        opened.0.continue_at(rest, offset);
    }
    Ok(opened)
}

/// Returns the times of the first frames whose first byte is in a range of offsets.
pub(super) fn first_times(source: &Source, offsets: std::ops::Range<u64>) -> FrameTimes {
    let mut times = FrameTimes::default();
    let Ok((mut capture, _)) = open_at(source, before(source, offsets.start)) else { return times };
    while !times.has_start()
        && let Some(frame) = capture.next_frame()
    {
        let Ok((time, place)) = frame.map(|frame| (frame.time, frame.place)) else { continue };
        let offset = capture.kept_offset() + place as u64;
        if offset >= offsets.end {
            break;
        }
        times.push_all(time.filter(|_| offset >= offsets.start).into_iter());
    }
    times
}

/// Returns the offset at which to begin to read a capture, so that all frames after `from` are read,
/// and frames for long enough before `start`. Returns `None` if the capture has too few of them.
pub(super) fn warm_up(source: &Source, from: u64, start: Option<Timestamp>) -> Option<u64> {
    let Some(start) = start else { return Some(before(source, from)) };
    let early = Timestamp::from_nanos(start.as_nanos().saturating_sub(WARM_UP));
    let is_early = |offset: u64| first_times(source, offset..u64::MAX).start().is_some_and(|time| time <= early);
    let mut distance = BEFORE;
    while can_divide(source) && distance < from {
        let offset = from - distance;
        if is_early(offset) {
            return Some(before(source, offset));
        }
        distance = distance.saturating_mul(2);
    }
    is_early(0).then_some(0)
}

/// Returns an offset some way before another one.
fn before(source: &Source, offset: u64) -> u64 {
    if can_divide(source) { offset.saturating_sub(BEFORE) } else { 0 }
}
