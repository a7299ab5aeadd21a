//! What a front end hands in: one packet of a capture, where it stood and when it was seen.

use std::net::IpAddr;

/// Nanoseconds since 1970-01-01T00:00:00Z, as the capture says. Covers the years 1677 to 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub(crate) const fn second(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Seconds from `earlier` to `self`; negative when `self` is the earlier one.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        // The difference of two i64 may not fit an i64: hostile captures do hold such times.
        let nanos = match self.0.checked_sub(earlier.0) {
            Some(nanos) => nanos as f64,
            None => (i128::from(self.0) - i128::from(earlier.0)) as f64,
        };
        nanos / 1e9
    }
}

/// A frame of a capture: which capture (an index the front end chose) and its 1-based number, as Wireshark counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// Index of the capture in the order the front end reads them.
    pub capture: u32,
    /// 1-based frame number within that capture.
    pub number: u32,
}

/// One packet as the front end found it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Where it stood.
    pub frame: Frame,
    /// When it was captured.
    pub time: Timestamp,
    /// Its bytes.
    pub packet: Packet<'a>,
}

/// The bytes of a packet, from the layer the front end could find.
#[derive(Clone, Copy, Debug)]
pub enum Packet<'a> {
    /// The frame holds no IP packet: it only shows that time went by.
    None,
    /// From the first byte of an IPv4 or IPv6 header, possibly cut by the snap length.
    Ip(&'a [u8]),
    /// From the first byte of a TCP header whose IP header is not at hand in one piece (reassembled IP fragments).
    Tcp {
        /// Source address of the IP packet.
        source: IpAddr,
        /// Destination address of the IP packet.
        destination: IpAddr,
        /// TCP header, options and as much payload as there is.
        segment: &'a [u8],
    },
}
