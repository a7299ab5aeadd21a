//! The attributes of one handshake.

use std::net::IpAddr;

use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::packet::segment::Flags;
use crate::{Cause, CauseKind, Endpoint, Outcome, Timestamp};

/// A value that some handshakes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// A feature of the SYN, present or absent.
    Has(Feature, bool),
    /// Maximum segment size that the SYN announces, in bytes; `None` without the option.
    Mss(Option<u16>),
    /// Window scale shift of the SYN; `None` without the option.
    WindowScale(Option<u8>),
    /// TTL (IPv4) or hop limit (IPv6) of the SYN.
    HopLimit(u8),
    /// Address of the client.
    Client(IpAddr),
    /// Network of the client, by its first address: 256 addresses (IPv4) or a /64 (IPv6).
    ClientNetwork(IpAddr),
    /// Address and port of the server.
    Server(Endpoint),
    /// Index of the capture with the handshake.
    Capture(u32),
    /// Hour of the day, UTC.
    Hour(u8),
    /// Minute of the hour.
    Minute(u8),
}

impl Attribute {
    /// Returns the name of its kind, for JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Has(Feature::Ecn, _) => "ecn",
            Self::Has(Feature::Sack, _) => "sack",
            Self::Has(Feature::Timestamps, _) => "timestamps",
            Self::Has(Feature::FastOpen, _) => "fast-open",
            Self::Has(Feature::ReusedPort, _) => "reused-port",
            Self::Has(Feature::OlderTimestamp, _) => "older-timestamp",
            Self::Mss(_) => "mss",
            Self::WindowScale(_) => "window-scale",
            Self::HopLimit(_) => "hop-limit",
            Self::Client(_) => "client",
            Self::ClientNetwork(_) => "client-network",
            Self::Server(_) => "server",
            Self::Capture(_) => "capture",
            Self::Hour(_) => "hour",
            Self::Minute(_) => "minute",
        }
    }
}

/// A feature that a SYN has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// ECN is offered (RFC 3168).
    Ecn,
    /// SACK is permitted.
    Sack,
    /// Timestamps.
    Timestamps,
    /// Fast Open (RFC 7413).
    FastOpen,
    /// The ports were used by an earlier connection in the capture.
    ReusedPort,
    /// The timestamp is older than that of an earlier SYN from the same address.
    OlderTimestamp,
}

impl Feature {
    /// All features.
    pub const ALL: [Self; 6] =
        [Self::Ecn, Self::Sack, Self::Timestamps, Self::FastOpen, Self::ReusedPort, Self::OlderTimestamp];
}

/// The attributes of a handshake that its finding does not contain otherwise: those of its SYN, if
/// it was captured whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub(crate) Option<SynAttributes>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SynAttributes {
    /// One bit for each [`Feature`].
    pub features: u8,
    pub mss: Option<u16>,
    pub window_scale: Option<u8>,
    pub hop_limit: Option<u8>,
}

impl Attributes {
    pub(crate) fn of(listener: &Listener<'_>, index: usize) -> Self {
        let handshake = listener.handshakes[index];
        let Some(syn) = handshake.syn.as_ref().filter(|syn| !syn.options.incomplete) else { return Self(None) };
        let options = &syn.options;
        let has = |feature| match feature {
            Feature::Ecn => syn.flags.has(Flags::ECE | Flags::CWR),
            Feature::Sack => options.sack_permitted,
            Feature::Timestamps => options.timestamps.is_some(),
            Feature::FastOpen => options.fast_open,
            Feature::ReusedPort => handshake.previous.is_some(),
            Feature::OlderTimestamp => is_older(listener, index),
        };
        let features = Feature::ALL.into_iter().fold(0, |bits, feature| bits | u8::from(has(feature)) << feature as u8);
        Self(Some(SynAttributes {
            features,
            mss: options.mss,
            window_scale: options.window_scale,
            hop_limit: syn.ip.ttl,
        }))
    }
}

/// Returns whether the previous SYN of the same address to the listener has a later timestamp.
fn is_older(listener: &Listener<'_>, index: usize) -> bool {
    let stamp = |handshake: &Handshake| Some(handshake.syn.as_ref()?.options.timestamps?.value);
    let Some(own) = stamp(listener.handshakes[index]) else { return false };
    let Some(&previous) = listener.clients.around(index, 1).first().filter(|&&first| (first as usize) < index) else {
        return false;
    };
    stamp(listener.handshakes[previous as usize]).is_some_and(|earlier| earlier.wrapping_sub(own).cast_signed() > 1)
}

/// A handshake that is compared with others: it failed, was delayed, or worked.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    pub(crate) failed: bool,
    pub(crate) client: IpAddr,
    pub(crate) time: Timestamp,
    pub(crate) capture: u32,
    pub(crate) attributes: Attributes,
}

/// Returns whether a handshake failed or was delayed (`true`), or worked (`false`); `None` where it
/// is not compared: it is incomplete, or part of a flood or of a health check.
pub(crate) fn has_failed(outcome: Outcome, causes: &[Cause], is_of_flood: bool) -> Option<bool> {
    let is_noise = |cause: &Cause| matches!(cause.kind, CauseKind::SynFlood | CauseKind::HealthCheck);
    if is_of_flood || causes.first().is_some_and(is_noise) {
        None
    } else if causes.is_empty() {
        (outcome == Outcome::Established).then_some(false)
    } else {
        Some(true)
    }
}
