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
use crate::text::{Piece, USUAL_LENGTH};

/// Maximum number of hops that p0f believes (`MAX_DIST` in its `config.h`).
const MAX_DISTANCE: u8 = 35;

/// Largest window scale that RFC 7323 allows.
const MAX_SCALE: u8 = 14;

/// Returns the signature; `None` if the capture lacks a part of the headers.
pub(crate) fn signature(header: &SynHeader) -> Option<String> {
    let (ttl, ip_options) = (header.ip.ttl()?, header.signature_bits.ip_options()?);
    let options = OptionLayout::read(header.layout());
    let mut text = Vec::with_capacity(USUAL_LENGTH);
    text.extend_from_slice(if header.ip.identification().is_some() { b"4:" } else { b"6:" });
    ttl.add_to(&mut text);
    text.push(b'+');
    match initial_ttl(ttl) - ttl {
        distance @ ..=MAX_DISTANCE => distance.add_to(&mut text),
        _ => text.push(b'?'),
    }
    let numbers = [
        (b':', ip_options.into()),
        (b':', header.options.mss.unwrap_or_default()),
        (b':', header.window),
        (b',', options.scale.into()),
    ];
    for (separator, number) in numbers {
        text.push(separator);
        number.add_to(&mut text);
    }
    text.push(b':');
    push_names(&mut text, header.layout());
    text.push(b':');
    quirks(header, &options, |holds, name| {
        if holds {
            push_item(&mut text, name);
        }
    });
    text.extend_from_slice(if header.payload > 0 { b":+" } else { b":0" });
    String::from_utf8(text).ok()
}

/// Adds an item to the list at the end of a text.
fn push_item(text: &mut Vec<u8>, item: &str) {
    if text.last() != Some(&b':') {
        text.push(b',');
    }
    text.extend_from_slice(item.as_bytes());
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

/// Passes each quirk to `add` in the order of p0f, with whether its condition holds.
fn quirks(header: &SynHeader, layout: &OptionLayout, mut add: impl FnMut(bool, &str)) {
    let (bits, flags, timestamps) = (header.signature_bits, header.flags, header.options.timestamps);
    let (is_whole, has_ack) = (bits.has(SignatureBits::DONT_FRAGMENT), flags.has(Flags::ACK));
    let identification = header.ip.identification();
    let is_v4 = identification.is_some();
    add(is_whole, "df");
    add(is_whole && identification.is_some_and(|id| id != 0), "id+");
    add(!is_whole && identification == Some(0), "id-");
    add(bits.has(SignatureBits::ECN) || flags.0 & (Flags::ECE | Flags::CWR) != 0, "ecn");
    add(is_v4 && bits.has(SignatureBits::RESERVED_OR_FLOW), "0+");
    add(!is_v4 && bits.has(SignatureBits::RESERVED_OR_FLOW), "flow");
    add(header.isn.0 == 0, "seq-");
    add(!has_ack && header.ack.0 != 0, "ack+");
    add(has_ack && header.ack.0 == 0, "ack-");
    add(!flags.has(Flags::URG) && bits.has(SignatureBits::URGENT_POINTER), "uptr+");
    add(flags.has(Flags::URG), "urgf+");
    add(flags.has(Flags::PSH), "pushf+");
    add(timestamps.is_some_and(|timestamps| timestamps.value == 0), "ts1-");
    add(!has_ack && timestamps.is_some_and(|timestamps| timestamps.echo != 0), "ts2+");
    add(layout.has_data_after_end, "opt+");
    add(layout.scale > MAX_SCALE, "exws");
    add(layout.is_malformed, "bad");
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
}

/// Adds the names of the options in their order, NOPs included.
fn push_names(text: &mut Vec<u8>, bytes: &[u8]) {
    let push_nops = |text: &mut Vec<u8>, bytes: Range<usize>| bytes.for_each(|_| push_item(text, "nop"));
    let mut end = 0;
    for option in tcp_options(bytes) {
        push_nops(text, end..option.range.start);
        end = option.range.end;
        match option.kind {
            END_OF_LIST => {
                push_item(text, "eol+");
                (option.range.len().saturating_sub(1) as u32).add_to(text);
                break;
            }
            2 => push_item(text, "mss"),
            3 => push_item(text, "ws"),
            4 => push_item(text, "sok"),
            5 => push_item(text, "sack"),
            8 => push_item(text, "ts"),
            other => {
                push_item(text, "?");
                other.add_to(text);
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
