//! JSON Lines, and one JSON document with the same objects.

use std::io::{self, Write};

use serde::Serialize;
use syncookie_engine::{DetailLevel, Finding};

use super::Report;
use super::json_serializer::JsonText;
use super::model::{Episode, Handshake, Listener, Object, Run};
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Output of JSON objects, one per line.
pub(super) struct Objects<W> {
    output: W,
    /// Buffer for one line: its many small parts are written as one.
    line: JsonText,
}

impl<W: Write> Objects<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, line: JsonText::default() }
    }

    pub(super) fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        self.line.add(object)?;
        self.line.push(b"\n");
        self.output.write_all(self.line.as_bytes())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Report with one object per line.
pub struct Lines<W> {
    objects: Objects<W>,
}

impl<W: Write> Lines<W> {
    pub fn new(output: W) -> Self {
        Self { objects: Objects::new(output) }
    }

    /// Writes a line for each capture.
    pub fn captures(&mut self, sources: &[Source]) -> io::Result<()> {
        captures(sources).try_for_each(|object| self.objects.write(&object))
    }
}

impl<W: Write> Report for Lines<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn has_signatures(&self) -> bool {
        true
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.objects.write(&Object::Run(Run::default()))?;
        self.captures(sources)?;
        self.objects.flush()
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.objects.write(&Object::Handshake(&Handshake::new(captures, finding)))
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        listeners(totals).chain(episodes(totals)).try_for_each(|object| self.objects.write(&object))?;
        self.objects.write(&Object::Summary(Box::new(totals.into())))?;
        self.objects.flush()
    }

    fn capture(&mut self, source: &Source) -> io::Result<()> {
        self.objects.write(&Object::Capture(source.into()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.objects.flush()
    }
}

/// Report in one document: an object with an array for each type of object that can occur several
/// times.
pub struct Document<W> {
    output: W,
    /// Buffer for one object.
    object: JsonText,
    section: &'static str,
    is_first: bool,
}

impl<W: Write> Document<W> {
    pub fn new(output: W) -> Self {
        Self { output, object: JsonText::default(), section: "", is_first: true }
    }

    /// Ends the current array and begins the next.
    fn section(&mut self, name: &'static str) -> io::Result<()> {
        if !self.section.is_empty() {
            self.output.write_all(b"\n],\n")?;
        }
        self.section = name;
        self.is_first = true;
        write!(self.output, "\"{name}\":[")
    }

    fn element(&mut self, object: &Object<'_>) -> io::Result<()> {
        self.output.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        self.object(object)
    }

    fn object(&mut self, object: &Object<'_>) -> io::Result<()> {
        self.object.clear();
        self.object.add(object)?;
        self.output.write_all(self.object.as_bytes())
    }
}

impl<W: Write> Report for Document<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn has_signatures(&self) -> bool {
        true
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.output.write_all(b"{\"run\":")?;
        self.object(&Object::Run(Run::default()))?;
        self.output.write_all(b",\n")?;
        self.section("captures")?;
        captures(sources).try_for_each(|object| self.element(&object))?;
        self.section("handshakes")
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.element(&Object::Handshake(&Handshake::new(captures, finding)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.section("listeners")?;
        listeners(totals).try_for_each(|object| self.element(&object))?;
        self.section("episodes")?;
        episodes(totals).try_for_each(|object| self.element(&object))?;
        self.output.write_all(b"\n],\n\"summary\":")?;
        self.object(&Object::Summary(Box::new(totals.into())))?;
        self.output.write_all(b"}\n")?;
        self.output.flush()
    }
}

/// Returns the captures that will be read.
pub(super) fn captures(sources: &[Source]) -> impl Iterator<Item = Object<'_>> {
    sources.iter().map(|source| Object::Capture(source.into()))
}

/// Returns the listeners of all captures.
pub(super) fn listeners(totals: &Totals) -> impl Iterator<Item = Object<'_>> {
    totals.listeners.iter().map(|(server, listener)| Object::Listener(Box::new(Listener::new(*server, listener))))
}

/// Returns the episodes of all captures.
pub(super) fn episodes(totals: &Totals) -> impl Iterator<Item = Object<'_>> {
    totals.episodes.iter().map(|(capture, episode)| {
        let name = totals.captures.get(*capture).map_or("", |capture| capture.name.as_str());
        Object::Episode(Episode::new(name, episode))
    })
}
