//! TCP options. The parser tolerates unknown, malformed and truncated options.
//!
//! etherparse's iterator ends at the first unknown kind, but real SYNs carry the kinds 19, 28, 30
//! and 34.

use std::fmt;
use std::ops::Range;

use crate::packet::seq::SeqNumber;

/// Values of a segment's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Maximum segment size (kind 2, RFC 9293), in bytes.
    pub mss: Option<u16>,
    /// Window scale shift (kind 3, RFC 7323). Values above 14 are taken as 14, as the RFC says.
    pub window_scale: Option<u8>,
    /// SACK permitted (kind 4, RFC 2018).
    pub sack_permitted: bool,
    /// TSval and TSecr (kind 8, RFC 7323).
    pub timestamps: Option<Timestamps>,
    /// Fast Open (kind 34, RFC 7413), with or without a cookie.
    pub fast_open: bool,
    /// MD5 signature (kind 19, RFC 2385) or authentication (kind 29, RFC 5925).
    pub authenticated: bool,
    /// Multipath TCP (kind 30, RFC 8684).
    pub multipath: bool,
    /// Whether the list cannot be read to its end: it is truncated, or an option has an invalid
    /// length. An option that was not seen may then be there all the same.
    pub incomplete: bool,
    /// Whether the capture truncated the list (snap length).
    pub truncated: bool,
    /// Hash of the kinds of the options and of their places.
    pub layout: u32,
}

/// Fields of the timestamps option, TSval and TSecr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamps {
    pub value: u32,
    pub echo: u32,
}

impl Options {
    /// No option at all.
    pub(crate) const NONE: Self = Self {
        mss: None,
        window_scale: None,
        sack_permitted: false,
        timestamps: None,
        fast_open: false,
        authenticated: false,
        multipath: false,
        incomplete: false,
        truncated: false,
        layout: 0,
    };

    /// Parses the captured option bytes of a TCP header whose data offset announces `promised`
    /// bytes of options.
    pub(crate) fn read(bytes: &[u8], promised: usize) -> Self {
        let (mut options, mut bodies, mut is_ended) = (Self::default(), Bodies::new(bytes), false);
        for option in tcp_options(bytes) {
            options.layout = fold(options.layout, option.kind, option.range.start);
            if option.kind == END_OF_LIST {
                is_ended = true;
                break;
            }
            options.incomplete |= !option.is_whole();
            if option.is_whole() {
                bodies.add(&option);
            }
        }
        options.mss = bodies.value(2).map(u16::from_be_bytes);
        options.window_scale = bodies.value(3).map(|[shift]: [u8; 1]| shift.min(14));
        options.sack_permitted = bodies.value::<0>(4).is_some();
        options.timestamps = bodies.value(8).map(|[a, b, c, d, e, f, g, h]| {
            let (value, echo) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
            Timestamps { value, echo }
        });
        options.authenticated = bodies.contains(19) || bodies.contains(29);
        options.multipath = bodies.contains(30);
        options.fast_open = bodies.contains(FAST_OPEN);
        // Nothing follows the end of the list, so its padding may be missing.
        options.truncated = bytes.len() < promised && !is_ended;
        options.incomplete |= options.truncated;
        options
    }

    /// Parses only TSval, which is all that most segments need.
    #[inline]
    pub(crate) fn timestamp(bytes: &[u8]) -> Option<u32> {
        match *bytes {
            [] => None,
            // The layout of nearly every segment with options (RFC 7323 appendix A).
            [1, 1, 8, 10, a, b, c, d, _, _, _, _] => Some(u32::from_be_bytes([a, b, c, d])),
            _ => Self::read(bytes, 0).timestamps.map(|timestamps| timestamps.value),
        }
    }

    /// Returns whether the list was read to its end and has no timestamps.
    pub(crate) const fn lacks_timestamps(&self) -> bool {
        self.timestamps.is_none() && !self.incomplete
    }

    /// Returns whether there are window scale, SACK and timestamps, in the order of [`NAMES`].
    const fn negotiated(&self) -> [bool; NAMES.len()] {
        [self.timestamps.is_some(), self.window_scale.is_some(), self.sack_permitted]
    }

    /// Names the options that the client offered here and that the answer lacks, or keeps.
    pub(crate) fn named_in(&self, answer: &Self, is_kept: bool) -> OptionNames {
        let (offered, granted) = (self.negotiated(), answer.negotiated());
        OptionNames(std::array::from_fn(|at| offered[at] && granted[at] == is_kept))
    }

    /// Returns whether there is a window scale or SACK, which a SYN cookie may lose.
    pub(crate) const fn offers_scale_or_sack(&self) -> bool {
        self.window_scale.is_some() || self.sack_permitted
    }
}

/// Names of the options that a SYN offers and a SYN-ACK may lack.
const NAMES: [&str; 3] = ["timestamps", "window scale", "SACK"];

/// Some of these options, as a list in a sentence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionNames([bool; NAMES.len()]);

impl OptionNames {
    /// Returns how many there are.
    pub(crate) fn len(self) -> usize {
        self.0.iter().filter(|is_named| **is_named).count()
    }
}

impl fmt::Display for OptionNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.len();
        for (name, _) in NAMES.iter().zip(self.0).filter(|(_, is_named)| *is_named) {
            left -= 1;
            let end = match left {
                0 => "",
                1 => " and ",
                _ => ", ",
            };
            write!(f, "{name}{end}")?;
        }
        Ok(())
    }
}

/// Number of kinds with a place of their own. All others share the last one.
const KINDS: usize = 64;

/// Places of the options of a list by kind. They are collected first and read afterwards, because
/// the processor cannot predict which kind comes next.
struct Bodies<'a> {
    bytes: &'a [u8],
    /// Offset of the latest option of each kind, behind its length field; 0 without one.
    places: [u8; KINDS],
}

impl<'a> Bodies<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, places: [0; KINDS] }
    }

    #[inline(always)]
    fn add(&mut self, option: &TcpOption) {
        self.places[usize::from(option.kind).min(KINDS - 1)] = (option.range.start + 2) as u8;
    }

    #[inline(always)]
    const fn contains(&self, kind: u8) -> bool {
        self.places[kind as usize] > 0
    }

    /// Returns the bytes of an option after its length field, if it has this length.
    #[inline(always)]
    fn value<const N: usize>(&self, kind: u8) -> Option<[u8; N]> {
        let place = usize::from(self.places[usize::from(kind)]);
        let length = self.bytes.get(place.checked_sub(1)?)?;
        (usize::from(*length) == N + 2).then(|| self.bytes.get(place..)?.first_chunk().copied()).flatten()
    }
}

/// Position of one TCP option among the option bytes of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpOption {
    /// Kind; 0 is the end of the list.
    pub kind: u8,
    /// Length field of the option, in bytes. After a length below 2, the rest of the list cannot be
    /// parsed.
    pub length: usize,
    /// Range of the option's captured bytes within the option bytes. The end of the list and an
    /// option with an invalid length extend to the end.
    pub range: Range<usize>,
}

impl TcpOption {
    /// Returns the option's bytes after its length field, given the option bytes of the header.
    #[inline]
    fn body<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        bytes.get(self.range.start + 2..self.range.end).filter(|_| self.is_whole()).ok_or(Malformed)
    }

    /// Returns whether the length is valid and all bytes of the option are there.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.length >= 2 && self.range.len() == self.length
    }
}

/// Splits the option bytes of a TCP header into options (RFC 9293 section 3.1), NOPs left out.
pub fn tcp_options(bytes: &[u8]) -> impl Iterator<Item = TcpOption> + use<'_> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at) == Some(&NOP) {
            at += 1;
        }
        let (start, &kind) = (at, bytes.get(at)?);
        let length = if kind == END_OF_LIST { 0 } else { bytes.get(at + 1).copied().map_or(0, usize::from) };
        at = if length < 2 { bytes.len() } else { bytes.len().min(at + length) };
        Some(TcpOption { kind, length, range: start..at })
    })
}

/// Kind of a selective acknowledgment (RFC 2018 section 3).
pub(crate) const SACK: u8 = 5;

/// Returns the start of the first block of a selective acknowledgment (RFC 2018 section 3), if there
/// is one.
pub(crate) fn selective_acknowledgment(bytes: &[u8]) -> Option<SeqNumber> {
    let (_, body) = walk(bytes).flatten().find(|(kind, _)| *kind == SACK)?;
    body.first_chunk().map(|&start| SeqNumber(u32::from_be_bytes(start)))
}

/// Kind of the Fast Open option (RFC 7413 section 2).
pub(crate) const FAST_OPEN: u8 = 34;
pub(crate) const END_OF_LIST: u8 = 0;
const NOP: u8 = 1;

/// Error for an option whose length is invalid or exceeds the option bytes.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Returns kind and body of each option up to the end of the list. A malformed option is the last
/// item.
pub(crate) fn walk(bytes: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Malformed>> {
    let options = tcp_options(bytes).take_while(|option| option.kind != END_OF_LIST);
    options.map(|option| Ok((option.kind, option.body(bytes)?)))
}

/// Adds the kind and the place of an option to a hash (FNV-1a, 16 bits at a time).
#[inline]
const fn fold(seen: u32, kind: u8, place: usize) -> u32 {
    (seen ^ ((kind as u32) << 8 | place as u32)).wrapping_mul(0x0100_0193).rotate_left(13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_options_that_an_answer_lacks_are_named() {
        let stamps = Some(Timestamps { value: 1, echo: 0 });
        let all = Options { window_scale: Some(7), sack_permitted: true, timestamps: stamps, ..Options::default() };
        let some = Options { sack_permitted: true, ..Options::default() };
        assert_eq!(all.named_in(&Options::default(), false).to_string(), "timestamps, window scale and SACK");
        assert_eq!(all.named_in(&some, false).to_string(), "timestamps and window scale");
        assert_eq!(all.named_in(&some, true).to_string(), "SACK");
        assert_eq!(some.named_in(&Options::default(), false).len(), 1, "the others were not offered");
    }

    #[test]
    fn a_linux_syn_is_read_whole() {
        let bytes = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 3, 3, 7];
        let options = Options::read(&bytes, 20);
        assert_eq!(options.mss, Some(1460));
        assert_eq!(options.window_scale, Some(7));
        assert!(options.sack_permitted && !options.incomplete);
        assert_eq!(options.timestamps, Some(Timestamps { value: 7, echo: 9 }));
    }

    #[test]
    fn options_are_found_with_the_bytes_they_take_up() {
        let spans = |bytes: &[u8]| tcp_options(bytes).map(|o| (o.kind, o.length, o.range)).collect::<Vec<_>>();
        assert_eq!(spans(&[1, 2, 4, 5, 180, 1, 1, 77, 2]), [(2, 4, 1..5), (77, 2, 7..9)]);
        assert_eq!(spans(&[1, 0, 9, 9]), [(0, 0, 1..4)], "the list ends");
        assert_eq!(spans(&[77, 1, 9, 9]), [(77, 1, 0..4)], "an impossible length");
        assert_eq!(spans(&[8, 10, 9]), [(8, 10, 0..3)], "past the end");
        assert_eq!(spans(&[77]), [(77, 0, 0..1)]);
        assert_eq!(spans(&[1, 1]), []);
    }

    #[test]
    fn unknown_kinds_do_not_hide_what_follows() {
        let options = Options::read(&[253, 4, 1, 2, 34, 2, 30, 3, 0, 2, 4, 2, 24], 13);
        assert!(options.fast_open && options.multipath);
        assert_eq!(options.mss, Some(536));
    }

    #[test]
    fn timestamps_alone_are_read_as_among_all_options() {
        for length in 0..=13 {
            let bytes = &[1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0][..length];
            let all = Options::read(bytes, length).timestamps;
            assert_eq!(Options::timestamp(bytes), all.map(|timestamps| timestamps.value), "{bytes:?}");
        }
    }

    #[test]
    fn an_impossible_length_ends_the_walk_and_is_said() {
        for bytes in [&[2, 0, 5, 180][..], &[2, 1], &[8, 10, 0, 0], &[3]] {
            assert!(Options::read(bytes, bytes.len()).incomplete, "{bytes:?}");
        }
    }

    #[test]
    fn options_cut_by_the_snap_length_are_incomplete() {
        for bytes in [&[][..], &[2, 4, 5, 180], &[2, 4, 5, 180, 1, 3], &[2, 4, 5, 180, 8, 10, 0]] {
            let options = Options::read(bytes, 20);
            assert!(options.incomplete && options.truncated, "{bytes:?}");
        }
        let malformed = Options::read(&[3, 9, 7, 0], 4);
        assert!(malformed.incomplete && !malformed.truncated);
    }

    #[test]
    fn options_after_which_only_padding_is_cut_off_are_complete() {
        assert!(!Options::read(&[2, 4, 5, 180, 0], 8).incomplete);
    }
}
