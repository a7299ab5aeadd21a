//! One capture on its way to the engine.

use std::collections::BTreeMap;
use std::io::Read;

use syncookie_engine::{Lookout, Sighting, Timestamp};

use super::bundle::{Bundle, Found};
use crate::capture::{BareFrame, Base, Capture, Fault, FaultKind, LinkType, RawFrame, in_groups};
use crate::interrupt;
use crate::link::{self, Content};
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Faults of a capture that are told one by one.
pub const FAULTS_TOLD: u64 = 8;

/// Where frames go that were found in a capture.
trait Sink {
    fn is_empty(&self) -> bool;
    fn group(&mut self, intake: &mut Intake, group: &[BareFrame<'_>], base: Base);
    fn frame(&mut self, intake: &mut Intake, frame: &RawFrame<'_>);
}

/// Each is looked at once.
struct Looked<'a> {
    lookout: Lookout,
    sightings: &'a mut Vec<Sighting>,
}

impl Sink for Looked<'_> {
    fn is_empty(&self) -> bool {
        self.sightings.is_empty()
    }

    #[inline]
    fn group(&mut self, intake: &mut Intake, group: &[BareFrame<'_>], base: Base) {
        intake.group(group, base, self.lookout, self.sightings);
    }

    fn frame(&mut self, intake: &mut Intake, frame: &RawFrame<'_>) {
        let &RawFrame { number, time, link, data, place, .. } = frame;
        self.sightings.extend(intake.frame(number, time, (link, data, place), self.lookout));
    }
}

/// Somebody else will look.
impl Sink for Vec<Found> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn group(&mut self, _: &mut Intake, group: &[BareFrame<'_>], base: Base) {
        self.extend(group.iter().map(|&BareFrame { number, time, link, data }| {
            let (start, length) = (base.place(data) as u32, data.len() as u32);
            Found { time: Some(time), number, start, length, link }
        }));
    }

    fn frame(&mut self, _: &mut Intake, frame: &RawFrame<'_>) {
        let &RawFrame { number, time, link, data, place, .. } = frame;
        self.push(Found { time, number, start: place as u32, length: data.len() as u32, link });
    }
}

/// What was met in a capture, and in what condition it is.
#[derive(Debug, Default)]
pub struct Intake {
    pub totals: CaptureTotals,
    faults: Vec<Problem>,
    further_faults: u64,
    /// Frames of unknown link types: how many, and the first.
    unknown_links: BTreeMap<LinkType, (u64, u64)>,
}

impl Intake {
    pub fn new(name: &str) -> Self {
        Self { totals: CaptureTotals { name: name.to_owned(), ..CaptureTotals::default() }, ..Self::default() }
    }

    /// Takes in the frames that were read from the file together; `false` after the last. Without a lookout they are found, and
    /// nothing more: the rest is left to [`Self::look`].
    pub(super) fn fill<R: Read>(
        &mut self,
        capture: &mut Capture<R>,
        lookout: Option<Lookout>,
        bundle: &mut Bundle,
    ) -> bool {
        let Bundle { found, sightings, bytes } = bundle;
        found.clear();
        sightings.clear();
        let more = match lookout {
            Some(lookout) => self.frames(capture, &mut Looked { lookout, sightings }),
            None => self.frames(capture, found),
        };
        capture.hand_over(bytes);
        more
    }

    /// Looks at the frames of a bundle that were only found; this need not be the intake that found them.
    pub(super) fn look(&mut self, lookout: Lookout, bundle: &mut Bundle) {
        let Bundle { found, sightings, bytes } = bundle;
        let (base, bytes) = (bytes.base(), bytes.bytes());
        let mut rest = found.drain(..).peekable();
        while rest.peek().is_some() {
            let with_time = || {
                let found = rest.next_if(|found| found.time.is_some())?;
                let Found { number, time, link, .. } = found;
                Some(BareFrame { number, time: time?, link, data: found.data(bytes) })
            };
            in_groups(with_time, |group| self.group(group, base, lookout, sightings));
            if let Some(found) = rest.next() {
                let frame = (found.link, found.data(bytes), found.start as usize);
                sightings.extend(self.frame(found.number, None, frame, lookout));
            }
        }
    }

    /// Adds what another one met in the same capture.
    pub(super) fn join(&mut self, other: Self) {
        self.totals.first = self.totals.first.into_iter().chain(other.totals.first).min();
        self.totals.last = self.totals.last.max(other.totals.last);
        self.totals.without_time += other.totals.without_time;
        self.totals.not_ip += other.totals.not_ip;
        for (link, (frames, first)) in other.unknown_links {
            let known = self.unknown_links.entry(link).or_insert((0, first));
            *known = (known.0 + frames, known.1.min(first));
        }
    }

    fn frames<R: Read>(&mut self, capture: &mut Capture<R>, into: &mut impl Sink) -> bool {
        if interrupt::is_requested() {
            self.faults.push(Problem::interrupted(&self.totals.name, capture.frames()));
            return false;
        }
        loop {
            capture.show_buffered(|group, base| into.group(self, group, base));
            if !into.is_empty() && !capture.has_frame() {
                return true;
            }
            match capture.next_frame() {
                Some(Ok(frame)) => into.frame(self, &frame),
                // Said with the next bundle.
                Some(Err(Fault { kind: FaultKind::Interrupted, .. })) => return true,
                Some(Err(fault)) if (self.faults.len() as u64) < FAULTS_TOLD => {
                    self.faults.push(Problem::fault(&self.totals.name, &fault, capture.frames()));
                }
                Some(Err(_)) => self.further_faults += 1,
                None => return false,
            }
        }
    }

    /// Frames that come one right behind the other. Most hold a segment behind an Ethernet's header, and nothing is asked of
    /// them twice.
    #[inline(never)]
    fn group(&mut self, group: &[BareFrame<'_>], base: Base, lookout: Lookout, sightings: &mut Vec<Sighting>) {
        let (mut first, mut last) = (Timestamp::from_nanos(i64::MAX), Timestamp::from_nanos(i64::MIN));
        sightings.reserve(group.len());
        for &BareFrame { number, time, link, data } in group {
            (first, last) = (first.min(time), last.max(time));
            let usual = link::fast_path(link, data).and_then(|packet| {
                let start = base.place(packet) as u32;
                let segment = lookout.usual_segment(number, time, packet, start);
                segment.or_else(|| link::is_no_tunnel(packet).then(|| lookout.packet(number, time, packet, start)))
            });
            match usual {
                Some(sighting) => sightings.push(sighting),
                None => sightings.extend(self.frame(number, Some(time), (link, data, base.place(data)), lookout)),
            }
        }
        if !group.is_empty() {
            self.totals.time(Some(first));
            self.totals.time(Some(last));
        }
    }

    /// Any frame.
    #[inline(never)]
    fn frame(
        &mut self,
        number: u32,
        time: Option<Timestamp>,
        (link, data, place): (LinkType, &[u8], usize),
        lookout: Lookout,
    ) -> Option<Sighting> {
        self.totals.time(time);
        match link::ip_packet(link, data) {
            Content::Ip(packet) => {
                let start = place + (packet.as_ptr() as usize - data.as_ptr() as usize);
                Some(lookout.packet(number, time.unwrap_or(Timestamp::from_nanos(0)), packet, start as u32))
            }
            Content::Other | Content::Cut => {
                self.totals.not_ip += 1;
                time.map(|time| lookout.no_packet(number, time))
            }
            Content::UnknownLink => {
                self.unknown_links.entry(link).or_insert((0, u64::from(number))).0 += 1;
                None
            }
        }
    }

    /// What was wrong with the capture.
    pub fn problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.faults);
        if self.further_faults > 0 {
            problems.push(Problem::further_faults(&self.totals.name, self.further_faults));
        }
        for (link, (frames, first)) in &self.unknown_links {
            problems.push(Problem::link_type(&self.totals.name, *link, *frames, *first));
        }
        problems
    }
}
