//! Observations: packets of a capture with frame number and time, as a front end passes them to the
//! engine.

use std::net::IpAddr;

/// Capture time in nanoseconds since 1970-01-01T00:00:00Z. Covers the years 1677 to 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earliest time.
    pub const MIN: Self = Self(i64::MIN);
    /// Latest time.
    pub const MAX: Self = Self(i64::MAX);

    /// Creates a timestamp from nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Returns nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Returns the time this many nanoseconds later, or the latest time there is.
    #[inline]
    pub(crate) const fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Returns whole seconds since the Unix epoch, rounded down.
    pub(crate) const fn second(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Returns the seconds from `earlier` to `self`; negative if `self` is earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        // The difference of two i64 may not fit an i64, and hostile captures contain such times.
        let nanos = match self.0.checked_sub(earlier.0) {
            Some(nanos) => nanos as f64,
            None => (i128::from(self.0) - i128::from(earlier.0)) as f64,
        };
        nanos / 1e9
    }
}

/// Identifies a frame: the capture's index, which the front end chooses, and the frame's number as
/// in Wireshark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// Index of the capture in the order the front end reads them.
    pub capture: u32,
    /// Frame number within the capture, starting at 1.
    pub number: u32,
}

/// Frame of a capture with its packet. (The observations of [`crate::Judge`] are records of
/// handshakes.)
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Capture and number of the frame.
    pub frame: Frame,
    /// Capture time.
    pub time: Timestamp,
    /// Bytes of the packet.
    pub packet: Packet<'a>,
}

/// Bytes of a packet, from the lowest layer that the front end found.
#[derive(Clone, Copy, Debug)]
pub enum Packet<'a> {
    /// The frame contains no IP packet: it only shows that time passed.
    None,
    /// Bytes from the start of an IPv4 or IPv6 header, possibly truncated by the snap length.
    Ip(&'a [u8]),
    /// Bytes from the start of a TCP header whose IP header is not available in one piece
    /// (reassembled IP fragments).
    Tcp {
        /// Source address of the IP packet.
        source: IpAddr,
        /// Destination address of the IP packet.
        destination: IpAddr,
        /// TCP header, options and the captured payload.
        segment: &'a [u8],
    },
}
