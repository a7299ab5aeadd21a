//! Raw signature of a SYN or SYN-ACK in the format of p0f 3:
//! `version:TTL:IP options:MSS:window,scale:option layout:quirks:payload class`.
//!
//! Source of the format: the section on TCP signatures of p0f 3's README, and `process.c` for the
//! conditions of the quirks. Two things differ: the window is the number in the header, which p0f
//! writes as a multiple of the MSS or MTU where it can, and `ack+` is about all bits of the
//! acknowledgment number, as the README says; p0f 3.09b tests one bit.

use std::ops::Range;

use crate::connection::handshake::SynHeader;
use crate::packet::options::{END_OF_LIST, tcp_options};
use crate::packet::segment::{Flags, SignatureBits};

/// Maximum number of hops that p0f believes (`MAX_DIST` in its `config.h`).
const MAX_DISTANCE: u8 = 35;

/// Largest window scale that RFC 7323 allows.
const MAX_SCALE: u8 = 14;

/// Length that most signatures do not exceed: one allocation suffices for them.
const USUAL_LENGTH: usize = 80;

/// Returns the signature; `None` if the capture lacks a part of the headers.
pub(crate) fn signature(header: &SynHeader) -> Option<String> {
    let (ttl, ip_options) = (header.ip.ttl()?, header.signature_bits.ip_options()?);
    let options = OptionLayout::read(header.layout());
    let mut text = String::with_capacity(USUAL_LENGTH);
    text.push_str(if header.ip.identification().is_some() { "4:" } else { "6:" });
    push_number(&mut text, ttl.into());
    text.push('+');
    match initial_ttl(ttl) - ttl {
        distance @ ..=MAX_DISTANCE => push_number(&mut text, distance.into()),
        _ => text.push('?'),
    }
    let numbers = [
        (':', ip_options.into()),
        (':', header.options.mss.unwrap_or_default()),
        (':', header.window),
        (',', options.scale.into()),
    ];
    for (separator, number) in numbers {
        text.push(separator);
        push_number(&mut text, number);
    }
    text.push(':');
    push_names(&mut text, header.layout());
    text.push(':');
    let quirks = ip_quirks(header).chain(tcp_quirks(header)).chain(options.quirks());
    quirks.for_each(|quirk| push_item(&mut text, quirk));
    text.push_str(if header.payload > 0 { ":+" } else { ":0" });
    Some(text)
}

/// Adds a number. Formatting it takes several times as long, and a signature has seven numbers.
fn push_number(text: &mut String, number: u16) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Adds an item to the list at the end of a text.
fn push_item(text: &mut String, item: &str) {
    if !text.ends_with(':') {
        text.push(',');
    }
    text.push_str(item);
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

/// What the signature says about the options besides their names.
#[derive(Default)]
struct OptionLayout {
    /// Window scale as on the wire; 0 without one, as p0f writes it.
    scale: u8,
    has_data_after_end: bool,
    is_malformed: bool,
}

impl OptionLayout {
    fn read(bytes: &[u8]) -> Self {
        let mut layout = Self::default();
        for option in tcp_options(bytes) {
            let body = &bytes[option.range.clone()];
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
        layout
    }

    fn quirks(&self) -> impl Iterator<Item = &'static str> + use<> {
        named([(self.has_data_after_end, "opt+"), (self.scale > MAX_SCALE, "exws"), (self.is_malformed, "bad")])
    }
}

/// Adds the names of the options in their order, NOPs included.
fn push_names(text: &mut String, bytes: &[u8]) {
    let push_nops = |text: &mut String, bytes: Range<usize>| bytes.for_each(|_| push_item(text, "nop"));
    let mut end = 0;
    for option in tcp_options(bytes) {
        push_nops(text, end..option.range.start);
        end = option.range.end;
        match option.kind {
            END_OF_LIST => {
                push_item(text, "eol+");
                push_number(text, option.range.len().saturating_sub(1) as u16);
                break;
            }
            2 => push_item(text, "mss"),
            3 => push_item(text, "ws"),
            4 => push_item(text, "sok"),
            5 => push_item(text, "sack"),
            8 => push_item(text, "ts"),
            other => {
                push_item(text, "?");
                push_number(text, other.into());
            }
        }
    }
    push_nops(text, end..bytes.len());
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
