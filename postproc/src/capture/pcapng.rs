//! The pcapng format: sections of blocks. Packets belong to interfaces, which define the link type
//! and the time resolution.

use std::borrow::Cow;
use std::io::{self, Read};

use byteorder::{BigEndian, ByteOrder, LittleEndian};
use pcap_file::pcapng::RawBlock;
use syncookie_engine::Timestamp;

use super::block_type::{self, INTERFACE_DESCRIPTION, SECTION_HEADER, section_order};
use super::interface::Interface;
use super::packet_block::{ENHANCED_PACKET, holds_packet, packet, stamped};
use super::resync::{self, Blocks, Lookahead};
use super::window::{Buffer, Window};
use super::{Fault, FaultKind, FrameSink, FrameView, MOST_FRAMES, RawFrame};
use crate::format::Order;

/// Bytes of a block around its content: the type, the length, and the length again at the end.
const BLOCK_FRAMING: usize = 12;

/// Offset of a block's content, which follows the type and the length.
const CONTENT: usize = 8;

/// Maximum accepted length of a block in bytes; the limit of Wireshark.
const LONGEST: u32 = 16 << 20;

/// Maximum number of interfaces of a section, so that a malicious file cannot exhaust memory.
const INTERFACES: usize = 1 << 16;

/// Reads a pcapng file.
pub struct Reader<R> {
    window: Window<R>,
    order: Order,
    interfaces: Vec<Interface>,
    /// Number of interfaces in earlier sections.
    earlier: u32,
    frames: u64,
    /// Time of the last packet. A packet after damage must be near it.
    latest: Option<Timestamp>,
    ended: bool,
    lookahead: Lookahead,
}

/// Type and length of the next block.
#[derive(Clone, Copy)]
struct Head {
    block: u32,
    length: usize,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(window: Window<R>) -> Self {
        // The first block is a section header, which sets the order before it is needed.
        Self {
            window,
            order: Order::Little,
            interfaces: Vec::new(),
            earlier: 0,
            frames: 0,
            latest: None,
            ended: false,
            lookahead: Lookahead::default(),
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    pub(super) fn swap_buffer(&mut self, buffer: &mut Buffer) {
        self.window.swap_buffer(buffer);
    }

    pub(super) fn kept_offset(&self) -> u64 {
        self.window.kept_offset()
    }

    pub(super) fn interfaces(&self) -> u32 {
        self.earlier.saturating_add(self.interfaces.len() as u32)
    }

    /// Continues as [`super::Capture::continue_at`] does.
    pub(super) fn continue_at(&mut self, source: R, offset: u64) {
        // What the blocks before the first packet describe holds for all others.
        while !self.ended && matches!(self.step(), Ok(None)) {}
        self.window.continue_at(source, offset);
        (self.frames, self.latest, self.lookahead) = (0, None, Lookahead::default());
        self.ended = !matches!(self.search(), Ok(true));
    }

    /// Returns whether the next block is a valid packet block. Any other may require a search,
    /// which moves the window.
    #[inline]
    pub(super) fn has_frame(&self) -> bool {
        let bytes = self.window.bytes();
        let (Some(block), Some(length)) = (self.order.u32(bytes, 0), self.order.u32(bytes, 4)) else { return false };
        is_block_length(length) && holds_packet(block) && self.order.u32(bytes, length as usize - 4) == Some(length)
    }

    /// Passes the next frames to `sink`, as long as they are in consecutive enhanced packet blocks
    /// that are valid and completely buffered.
    #[inline]
    pub(super) fn take_buffered(&mut self, sink: &mut impl FrameSink) {
        if self.ended {
            return;
        }
        // One loop per byte order, so that the order is not tested at every number.
        match self.order {
            Order::Big => self.take_enhanced::<BigEndian>(sink),
            Order::Little => self.take_enhanced::<LittleEndian>(sink),
        }
    }

    #[inline(always)]
    fn take_enhanced<B: ByteOrder>(&mut self, sink: &mut impl FrameSink) {
        let (bytes, taken, interfaces) = (self.window.bytes(), self.window.taken(), &self.interfaces[..]);
        let (mut rest, mut frames, mut latest) = (bytes, self.frames as u32, None);
        while let Some(number) = frames.checked_add(1)
            && let Some((body, behind)) = enhanced_block::<B>(rest)
            && let Some(packet) = stamped::<B>(ENHANCED_PACKET, body)
            && let Ok((interface, data)) = packet.found(body, interfaces)
        {
            let time = packet.ticks.map(|ticks| interface.ticks.time(ticks));
            let place = taken + bytes.len() - rest.len() + CONTENT + packet.data;
            sink.frame(FrameView { number, time, link: interface.link, data, place });
            (rest, frames, latest) = (behind, number, time);
        }
        let passed = bytes.len() - rest.len();
        (self.frames, self.latest) = (frames.into(), latest.or(self.latest));
        self.window.take(passed);
    }

    pub(super) fn next_frame(&mut self) -> Option<Result<RawFrame<'_>, Fault>> {
        let head = loop {
            if self.ended {
                return None;
            }
            match self.step() {
                Ok(Some(head)) => break head,
                Ok(None) => {}
                Err(fault) => return Some(Err(self.resume(fault))),
            }
        };
        self.frames += 1;
        let (offset, frame) = (self.window.offset(), self.frames);
        let place = self.window.taken() + CONTENT;
        let body = content(self.window.take(head.length));
        let found = packet(head.block, self.order, body, &self.interfaces, (frame, place));
        if let Ok(packet) = &found {
            self.latest = packet.time.or(self.latest);
        }
        // The framing of the block is valid, so reading resumes after it.
        Some(found.map_err(|kind| Fault::new(kind, Some(frame), offset)))
    }

    /// Searches for the next valid blocks, if the kind of fault allows that there are any.
    fn resume(&mut self, fault: Fault) -> Fault {
        if !fault.kind.is_damage() {
            self.ended = true;
            return fault;
        }
        let found = self.search();
        self.ended = !matches!(found, Ok(true));
        fault.passed(self.window.offset(), found)
    }

    /// Moves the window to the next valid blocks. Returns `false` if there are none.
    fn search(&mut self) -> io::Result<bool> {
        let (order, latest) = (self.order, self.latest);
        let blocks = Blocks { order, interfaces: &self.interfaces, latest, lookahead: &self.lookahead };
        resync::search(&mut self.window, &blocks)
    }

    /// Skips one block and returns `None`, or stops before a packet block and returns its head.
    fn step(&mut self) -> Result<Option<Head>, Fault> {
        let offset = self.window.offset();
        let Some(head) = self.head()? else {
            self.ended = true;
            return Ok(None);
        };
        match head.block {
            _ if self.frames >= MOST_FRAMES => Err(self.fault(FaultKind::Frames)),
            block if holds_packet(block) => {
                self.trailer(head).map_err(|kind| self.frame_fault(kind))?;
                Ok(Some(head))
            }
            _ => self
                .trailer(head)
                .and_then(|()| self.other(head))
                .map(|()| None)
                .map_err(|kind| Fault::new(kind, None, offset)),
        }
    }

    /// Returns the head of the next block, once the block is completely buffered; `None` at the end
    /// of the file.
    fn head(&mut self) -> Result<Option<Head>, Fault> {
        self.buffer(BLOCK_FRAMING)?;
        let bytes = self.window.bytes();
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() < BLOCK_FRAMING {
            let missing = (BLOCK_FRAMING - bytes.len()) as u64;
            return Err(self.fault(FaultKind::CutBlock { block: self.order.u32(bytes, 0), missing }));
        }
        self.order = match section_order(bytes) {
            Ok(Some(order)) => order,
            Ok(None) => self.order,
            Err(kind) => return Err(self.fault(kind)),
        };
        let (block, claimed) = (self.word(0), self.word(4));
        if !is_block_length(claimed) {
            return Err(self.fault(FaultKind::BlockLength { claimed, limit: LONGEST }));
        }
        let head = Head { block, length: claimed as usize };
        self.buffer(head.length)?;
        match head.length.saturating_sub(self.window.bytes().len()) as u64 {
            0 => Ok(Some(head)),
            missing if holds_packet(block) => Err(self.frame_fault(FaultKind::CutFrame { missing })),
            missing => Err(self.fault(FaultKind::CutBlock { block: Some(block), missing })),
        }
    }

    /// Checks the length at the end of a block before its content is used.
    #[inline]
    fn trailer(&self, head: Head) -> Result<(), FaultKind> {
        let tail = self.word(head.length - 4);
        if tail as usize == head.length {
            return Ok(());
        }
        Err(FaultKind::BlockTrailer { head: head.length as u32, tail })
    }

    /// Processes a block without a packet.
    fn other(&mut self, head: Head) -> Result<(), FaultKind> {
        self.frames += u64::from(block_type::is_numbered(head.block));
        let order = self.order;
        let body = content(self.window.take(head.length));
        match head.block {
            SECTION_HEADER => {
                self.earlier = self.earlier.saturating_add(self.interfaces.len() as u32);
                self.interfaces.clear();
            }
            INTERFACE_DESCRIPTION if self.interfaces.len() == INTERFACES => return Err(FaultKind::Interfaces),
            INTERFACE_DESCRIPTION => {
                let interface = Interface::read(order, body, self.earlier.saturating_add(self.interfaces.len() as u32));
                self.interfaces.push(interface.ok_or(FaultKind::BlockContent { needed: 8, actual: body.len() })?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns a number from bytes that are known to be buffered.
    #[inline]
    fn word(&self, at: usize) -> u32 {
        self.order.u32(self.window.bytes(), at).unwrap_or_default()
    }

    fn buffer(&mut self, wanted: usize) -> Result<(), Fault> {
        match self.window.ensure(wanted) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.fault(error.into())),
        }
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault::new(kind, None, self.window.offset())
    }

    fn frame_fault(&self, kind: FaultKind) -> Fault {
        Fault { frame: Some(self.frames + 1), ..self.fault(kind) }
    }
}

/// Returns whether a block can have this length.
#[inline]
fn is_block_length(claimed: u32) -> bool {
    (BLOCK_FRAMING as u32..=LONGEST).contains(&claimed) && claimed.is_multiple_of(4)
}

/// Returns the content of the enhanced packet block at the start of `bytes`, and the bytes after
/// the block; `None` unless the block is complete and valid.
#[inline(always)]
fn enhanced_block<B: ByteOrder>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (behind, block) = RawBlock::from_slice::<B>(bytes).ok()?;
    let Cow::Borrowed(body) = block.body else { return None };
    (block.type_ == ENHANCED_PACKET && block.initial_len <= LONGEST).then_some((body, behind))
}

/// Returns the content of a block whose framing is valid.
fn content(block: &[u8]) -> &[u8] {
    block.get(CONTENT..block.len().saturating_sub(BLOCK_FRAMING - CONTENT)).unwrap_or_default()
}
