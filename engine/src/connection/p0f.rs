//! Raw signature of a SYN or SYN-ACK in the format of p0f 3:
//! `version:TTL:IP options:MSS:window,scale:option layout:quirks:payload class`.
//!
//! Source of the format: the section on TCP signatures of p0f 3's README, and `process.c` for the
//! conditions of the quirks. Two things differ: the window is the number in the header, which p0f
//! writes as a multiple of the MSS or MTU where it can, and `ack+` is about all bits of the
//! acknowledgment number, as the README says; p0f 3.09b tests one bit.

use std::fmt::Write;
use std::ops::Range;

use crate::connection::handshake::SynHeader;
use crate::packet::options::{END_OF_LIST, tcp_options};
use crate::packet::segment::{Flags, SignatureBits};

/// Maximum number of hops that p0f believes (`MAX_DIST` in its `config.h`).
const MAX_DISTANCE: u8 = 35;

/// Largest window scale that RFC 7323 allows.
const MAX_SCALE: u8 = 14;

/// Length of a usual signature: one allocation suffices for it.
const USUAL_LENGTH: usize = 80;

/// Returns the signature; `None` if the capture lacks a part of the headers.
pub(crate) fn signature(header: &SynHeader) -> Option<String> {
    let (ttl, ip_options) = (header.ip.ttl()?, header.signature_bits.ip_options()?);
    let version = if header.ip.identification().is_some() { 4 } else { 6 };
    let mss = header.options.mss.unwrap_or_default();
    let layout = OptionLayout::read(header.layout());
    let mut text = String::with_capacity(USUAL_LENGTH);
    // Writing to a string never fails.
    _ = write!(text, "{version}:{ttl}+");
    _ = match initial_ttl(ttl) - ttl {
        distance @ ..=MAX_DISTANCE => write!(text, "{distance}"),
        _ => write!(text, "?"),
    };
    _ = write!(text, ":{ip_options}:{mss}:{},{}:", header.window, layout.scale);
    text.push_str(&layout.names);
    text.push(':');
    let quirks = ip_quirks(header).chain(tcp_quirks(header)).chain(layout.quirks());
    quirks.for_each(|quirk| push_item(&mut text, quirk));
    text.push_str(if header.payload > 0 { ":+" } else { ":0" });
    Some(text)
}

/// Returns the TTL that the packet was most likely sent with.
const fn initial_ttl(ttl: u8) -> u8 {
    match ttl {
        0..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        129.. => 255,
    }
}

/// Returns the names of the quirks whose conditions hold.
fn named<const N: usize>(quirks: [(bool, &'static str); N]) -> impl Iterator<Item = &'static str> {
    quirks.into_iter().filter_map(|(holds, name)| holds.then_some(name))
}

fn ip_quirks(header: &SynHeader) -> impl Iterator<Item = &'static str> {
    let bits = header.signature_bits;
    let is_fragmentable = !bits.has(SignatureBits::DONT_FRAGMENT);
    let identification = header.ip.identification();
    let is_v4 = identification.is_some();
    named([
        (!is_fragmentable, "df"),
        (!is_fragmentable && identification.is_some_and(|id| id != 0), "id+"),
        (is_fragmentable && identification == Some(0), "id-"),
        (bits.has(SignatureBits::ECN) || header.flags.0 & (Flags::ECE | Flags::CWR) != 0, "ecn"),
        (is_v4 && bits.has(SignatureBits::RESERVED_OR_FLOW), "0+"),
        (!is_v4 && bits.has(SignatureBits::RESERVED_OR_FLOW), "flow"),
    ])
}

fn tcp_quirks(header: &SynHeader) -> impl Iterator<Item = &'static str> {
    let (flags, timestamps) = (header.flags, header.options.timestamps);
    let has_ack = flags.has(Flags::ACK);
    named([
        (header.isn.0 == 0, "seq-"),
        (!has_ack && header.ack.0 != 0, "ack+"),
        (has_ack && header.ack.0 == 0, "ack-"),
        (!flags.has(Flags::URG) && header.signature_bits.has(SignatureBits::URGENT_POINTER), "uptr+"),
        (flags.has(Flags::URG), "urgf+"),
        (flags.has(Flags::PSH), "pushf+"),
        (timestamps.is_some_and(|timestamps| timestamps.value == 0), "ts1-"),
        (!has_ack && timestamps.is_some_and(|timestamps| timestamps.echo != 0), "ts2+"),
    ])
}

/// Options in their order, NOPs included.
#[derive(Default)]
struct OptionLayout {
    names: String,
    /// Window scale as on the wire; 0 without one, as p0f writes it.
    scale: u8,
    has_data_after_end: bool,
    is_malformed: bool,
}

impl OptionLayout {
    fn read(bytes: &[u8]) -> Self {
        let mut layout = Self { names: String::with_capacity(USUAL_LENGTH), ..Self::default() };
        let mut end = 0;
        for option in tcp_options(bytes) {
            let body = &bytes[option.range.clone()];
            layout.add_nops(end..option.range.start);
            layout.add(option.kind, body.len());
            end = option.range.end;
            if option.kind == END_OF_LIST {
                layout.has_data_after_end = body.iter().any(|&byte| byte != 0);
                break;
            }
            layout.is_malformed |=
                body.len() != option.length || body.len() != length(option.kind).unwrap_or(body.len());
            if let ([3, 3, shift], 3) = (body, option.kind) {
                layout.scale = *shift;
            }
        }
        layout.add_nops(end..bytes.len());
        layout
    }

    fn add_nops(&mut self, bytes: Range<usize>) {
        bytes.for_each(|_| push_item(&mut self.names, "nop"));
    }

    /// Adds the name of an option of this kind with so many bytes.
    fn add(&mut self, kind: u8, bytes: usize) {
        let name = match kind {
            END_OF_LIST => "eol+",
            2 => "mss",
            3 => "ws",
            4 => "sok",
            5 => "sack",
            8 => "ts",
            _ => "?",
        };
        push_item(&mut self.names, name);
        // Writing to a string never fails.
        _ = match name {
            "eol+" => write!(self.names, "{}", bytes.saturating_sub(1)),
            "?" => write!(self.names, "{kind}"),
            _ => Ok(()),
        };
    }

    fn quirks(&self) -> impl Iterator<Item = &'static str> + use<> {
        named([(self.has_data_after_end, "opt+"), (self.scale > MAX_SCALE, "exws"), (self.is_malformed, "bad")])
    }
}

/// Adds an item to the list at the end of a text.
fn push_item(text: &mut String, item: &str) {
    if !text.is_empty() && !text.ends_with(':') {
        text.push(',');
    }
    text.push_str(item);
}

/// Returns the length in bytes that an option of this kind must have.
const fn length(kind: u8) -> Option<usize> {
    match kind {
        2 => Some(4),
        3 => Some(3),
        4 => Some(2),
        8 => Some(10),
        _ => None,
    }
}
