//! Reads captures, and packs what their handshakes show.

use std::io;

use syncookie_engine::{EndOfPackets, HandshakeId, Link, Observed, Observer, Statistics, Timestamp};

use super::columns::Columns;
use super::{RowSink, Writer};
use crate::pipeline::stretch::{self, Stretch, StretchEngine};
use crate::pipeline::{self, Engine, Options, SeriesSink};
use crate::source::series;
use crate::source::walk::Plan;

/// Number of handshakes that are passed on together.
const PORTION: usize = 256;

/// Reads every capture of the plan, and writes the observations of their handshakes. Limits and report
/// rules of the options do not matter, except the number of handshakes.
///
/// # Errors
/// Fails if the observations cannot be written.
pub fn observe(plan: &Plan, options: &Options, writer: &mut Writer<'_, impl RowSink>) -> io::Result<()> {
    let limits = options.limits;
    pipeline::read_all(plan, options, limits.handshakes, || Observing(Observer::new(limits)), writer)
}

/// Reads a stretch of each series of the plan, and writes the observations of the handshakes that
/// begin in it.
///
/// # Errors
/// Fails if the observations cannot be written.
pub fn observe_stretch(
    plan: &Plan,
    stretch: Stretch,
    options: &Options,
    writer: &mut Writer<'_, impl RowSink>,
) -> io::Result<()> {
    let all = series::series(&plan.sources);
    writer.set_stretch(stretch);
    writer.expect_series(all.len())?;
    for members in &all {
        writer.next_series()?;
        let engine = Observing(Observer::new(options.limits));
        stretch::Reader::new(plan, members, stretch, engine, &mut |event| writer.stretch(event)).read()?;
    }
    Ok(())
}

/// Packed observations of some handshakes.
#[derive(Debug, Default)]
pub struct Packed {
    /// Number of the last handshake.
    last: HandshakeId,
    columns: Columns,
}

impl Packed {
    /// Returns the columns.
    pub(super) const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Adds a handshake.
    fn push(&mut self, observed: &Observed<'_>) {
        self.last = observed.id();
        self.columns.push(observed);
    }

    /// Takes the handshakes if there is a portion of them.
    fn take_portion(&mut self) -> Option<Vec<Self>> {
        (self.columns.len() >= PORTION).then(|| self.take())
    }

    fn take(&mut self) -> Vec<Self> {
        let next = Self { last: self.last, columns: Columns::with_room_of(&self.columns) };
        vec![std::mem::replace(self, next)]
    }
}

/// Observer whose handshakes are passed on packed.
pub struct Observing(Observer);

impl Engine for Observing {
    type Handshake = Packed;
    type End = EndOfPackets;

    fn id(packed: &Packed) -> HandshakeId {
        packed.last
    }

    fn bytes(packed: &Packed) -> usize {
        packed.columns.bytes()
    }

    fn statistics(&self) -> &Statistics {
        self.0.statistics()
    }

    fn handshakes(&self) -> usize {
        self.0.handshakes()
    }

    // Observing is not divided.
    fn set_threads(&mut self, _: usize) {}

    #[inline]
    fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        taken: &mut dyn FnMut(Vec<Packed>),
    ) {
        let mut packed = Packed::default();
        self.0.push_all_with_links(capture, frames, link_of, &mut |observed| {
            packed.push(&observed);
            packed.take_portion().into_iter().for_each(&mut *taken);
        });
        if packed.columns.len() > 0 {
            taken(packed.take());
        }
    }

    fn finish(&mut self, mut take: impl FnMut(Vec<Packed>) -> io::Result<()>) -> io::Result<EndOfPackets> {
        let mut packed = Packed::default();
        let end = self.0.finish(|observed| {
            packed.push(&observed);
            packed.take_portion().map_or(Ok(()), &mut take)
        })?;
        take(packed.take())?;
        Ok(end)
    }

    fn keep_memory_for(&mut self, handshakes: usize) {
        self.0.keep_memory_for(handshakes);
    }
}

impl StretchEngine for Observing {
    fn begin_stretch(&mut self) {
        self.0.begin_stretch();
    }

    fn end_stretch(&mut self) {
        self.0.end_stretch();
    }

    fn lasts_until(&self) -> Option<Timestamp> {
        self.0.lasts_until()
    }
}
