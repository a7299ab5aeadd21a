//! Serial lines and related layers: PPP, PPPoE, Cisco HDLC, Frame Relay.

use etherparse::EtherType;

use super::{Layer, Step};

/// Parses PPP (RFC 1661), with or without the address and control bytes of RFC 1662 or Cisco HDLC.
pub(super) fn ppp(bytes: &[u8]) -> Step {
    match bytes {
        [0xff, 0x03, inner @ ..] => protocol(inner).further(2),
        [0x0f | 0x8f, ..] => cisco_hdlc(bytes),
        _ => protocol(bytes),
    }
}

/// Parses the protocol field: one byte if that is odd, as every last byte is, otherwise two.
fn protocol(bytes: &[u8]) -> Step {
    let (number, length) = match *bytes {
        [first, ..] if first & 1 == 1 => (u16::from(first), 1),
        [first, second, ..] => (u16::from_be_bytes([first, second]), 2),
        _ => return Step::Cut,
    };
    match number {
        0x0021 => Step::To(Layer::Protocol(EtherType::IPV4), length),
        0x0057 => Step::To(Layer::Protocol(EtherType::IPV6), length),
        0x0281 | 0x0283 => Step::To(Layer::MPLS, length),
        _ => Step::Other,
    }
}

/// Parses PPPoE (RFC 2516): version and type, code (0 for a session), session ID and length.
pub(super) fn pppoe(bytes: &[u8]) -> Step {
    match bytes.first_chunk::<6>() {
        Some([0x11, 0, ..]) => protocol(&bytes[6..]).further(6),
        Some(_) => Step::Other,
        None => Step::Cut,
    }
}

/// Parses Cisco HDLC: an address, a control byte and an EtherType.
pub(super) fn cisco_hdlc(bytes: &[u8]) -> Step {
    match *bytes {
        [_, _, high, low, ..] => Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([high, low]))), 4),
        _ => Step::Cut,
    }
}

/// Parses Frame Relay: an address of two to four bytes, then RFC 2427, or with Cisco's
/// encapsulation an EtherType.
pub(super) fn frame_relay(bytes: &[u8]) -> Step {
    const UNNUMBERED: u8 = 3;
    let Some(last) = bytes.iter().take(4).position(|byte| byte & 1 == 1) else { return Step::Other };
    let address = last + 1;
    let after = &bytes[address..];
    let step = match *after {
        [UNNUMBERED, 0xcc, ..] => Step::To(Layer::Protocol(EtherType::IPV4), 2),
        [UNNUMBERED, 0x8e, ..] => Step::To(Layer::Protocol(EtherType::IPV6), 2),
        // A bridged Ethernet frame, with or without a check sequence.
        [UNNUMBERED, 0, 0x80, 0, 0x80, 0xc2, 0, 1 | 7, ..] => Step::To(Layer::Ethernet, 8),
        [UNNUMBERED, 0, 0x80, ..] => snap(&after[3..]).further(3),
        [UNNUMBERED, 0x80, ..] => snap(&after[2..]).further(2),
        [UNNUMBERED, ..] => Step::Other,
        [high, low, ..] => Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([high, low]))), 2),
        _ => Step::Cut,
    };
    step.further(address)
}

/// Parses the part of a SNAP header that follows LLC: organisation code and protocol.
pub(super) fn snap(bytes: &[u8]) -> Step {
    match *bytes {
        // RFC 1042, and 802.1H for frames that a bridge converted to 802 framing.
        [0, 0, 0 | 0xf8, high, low, ..] => Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([high, low]))), 5),
        [_, _, _, _, _, ..] => Step::Other,
        _ => Step::Cut,
    }
}
