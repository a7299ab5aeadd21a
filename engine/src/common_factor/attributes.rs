//! The attributes of one handshake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::packet::segment::Flags;
use crate::{Cause, CauseKind, Endpoint, Link, MacAddress, Outcome, Timestamp, Tunnel};

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
    /// Id of the SYN's outermost VLAN; `None` without a tag.
    Vlan(Option<u16>),
    /// Id of the SYN's innermost VLAN, if it has a tag; `None` with only one.
    InnerVlan(Option<u16>),
    /// Innermost tunnel of the SYN; `None` without a tunnel.
    Tunnel(Option<Tunnel>),
    /// Source MAC address of the frame with the SYN.
    SourceMac(MacAddress),
    /// Destination MAC address of the frame with the SYN.
    DestinationMac(MacAddress),
    /// Source MAC address of the innermost Ethernet frame in a tunnel.
    InnerSourceMac(MacAddress),
    /// Destination MAC address of the innermost Ethernet frame in a tunnel.
    InnerDestinationMac(MacAddress),
}

impl Attribute {
    /// Returns whether every handshake with this attribute has the other one.
    pub(crate) fn implies(self, other: Self) -> bool {
        matches!((self, other), (Self::Client(client), Self::ClientNetwork(network)) if network_of(client) == network)
    }

    /// Returns whether its value depends on where packets were captured: routers change the TTL, the
    /// addresses of a frame, its VLAN and its tunnel.
    pub(crate) const fn depends_on_place(self) -> bool {
        matches!(
            self,
            Self::HopLimit(_)
                | Self::Vlan(_)
                | Self::InnerVlan(_)
                | Self::Tunnel(_)
                | Self::SourceMac(_)
                | Self::DestinationMac(_)
                | Self::InnerSourceMac(_)
                | Self::InnerDestinationMac(_)
        )
    }

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
            Self::Vlan(_) => "vlan",
            Self::InnerVlan(_) => "inner-vlan",
            Self::Tunnel(_) => "tunnel",
            Self::SourceMac(_) => "source-mac",
            Self::DestinationMac(_) => "destination-mac",
            Self::InnerSourceMac(_) => "inner-source-mac",
            Self::InnerDestinationMac(_) => "inner-destination-mac",
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

/// What a SYN shows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Syn {
    /// One bit for each [`Feature`] that the SYN has.
    features: u8,
    /// One bit for each [`Feature`] that the capture shows to be present or absent.
    known: u8,
    /// Values of options; `None` if the capture does not have all options.
    values: Option<Values>,
    hop_limit: Option<u8>,
}

/// Values of the options of a SYN; `None` for an option that is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Values {
    mss: Option<u16>,
    window_scale: Option<u8>,
}

/// The attributes of a handshake that failed, was delayed, or worked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// Pseudo-random number that decides whether the handshake is kept in a sample.
    pub(crate) key: u64,
    /// Whether it failed or was delayed.
    pub(crate) failed: bool,
    pub(crate) capture: u32,
    pub(super) client: IpAddr,
    pub(super) server: Endpoint,
    pub(super) time: Timestamp,
    syn: Option<Syn>,
    link: Option<Link>,
}

impl Compared {
    /// Reads the attributes of a handshake; `None` where the sample does not keep it.
    pub(crate) fn of(listener: &Listener<'_>, index: usize, failed: bool, keeps: impl Fn(u64) -> bool) -> Option<Self> {
        let handshake = listener.handshakes[index];
        let key = key(handshake);
        keeps(key).then(|| Self {
            key,
            failed,
            capture: handshake.frames().capture(),
            client: handshake.client.ip,
            server: handshake.server,
            time: handshake.time,
            syn: Syn::of(listener, index),
            link: listener.all.and_then(|all| all.link(handshake)),
        })
    }

    /// Returns the attributes that the capture shows.
    pub(crate) fn all(&self) -> impl Iterator<Item = Attribute> {
        let minutes = self.time.second().div_euclid(60);
        let always = [
            Attribute::Client(self.client),
            Attribute::ClientNetwork(network_of(self.client)),
            Attribute::Server(self.server),
            Attribute::Capture(self.capture),
            Attribute::Hour(minutes.div_euclid(60).rem_euclid(24) as u8),
            Attribute::Minute(minutes.rem_euclid(60) as u8),
        ];
        let of_syn = self.syn.into_iter().flat_map(|syn| {
            let bit = |bits: u8, feature| bits >> feature as u8 & 1 == 1;
            let known = Feature::ALL.into_iter().filter(move |&feature| bit(syn.known, feature));
            let has = known.map(move |feature| Attribute::Has(feature, bit(syn.features, feature)));
            let values = |values: Values| [Attribute::Mss(values.mss), Attribute::WindowScale(values.window_scale)];
            let values = syn.values.into_iter().flat_map(values);
            has.chain(values).chain(syn.hop_limit.map(Attribute::HopLimit))
        });
        always.into_iter().chain(of_syn).chain(self.link.into_iter().flat_map(of_link))
    }
}

/// Returns the attributes of a link layer.
fn of_link(link: Link) -> impl Iterator<Item = Attribute> {
    // Ethernet, the only one with a destination, would show a VLAN tag; other headers may lack it.
    let shows_vlan = link.vlan.is_some() || link.destination.is_some();
    let attributes = [
        shows_vlan.then_some(Attribute::Vlan(link.vlan)),
        link.vlan.map(|_| Attribute::InnerVlan(link.inner_vlan)),
        Some(Attribute::Tunnel(link.tunnel)),
        link.source.map(Attribute::SourceMac),
        link.destination.map(Attribute::DestinationMac),
        link.inner_source.map(Attribute::InnerSourceMac),
        link.inner_destination.map(Attribute::InnerDestinationMac),
    ];
    attributes.into_iter().flatten()
}

impl Syn {
    fn of(listener: &Listener<'_>, index: usize) -> Option<Self> {
        let handshake = listener.handshakes[index];
        let syn = handshake.syn.as_ref()?;
        // The snap length may have cut off any option that was not read.
        let options = Some(&syn.options).filter(|options| !options.incomplete);
        let has = |feature| match feature {
            Feature::Ecn => Some(syn.flags.has(Flags::ECE | Flags::CWR)),
            Feature::Sack => options.map(|options| options.sack_permitted),
            Feature::Timestamps => options.map(|options| options.timestamps.is_some()),
            Feature::FastOpen => options.map(|options| options.fast_open),
            Feature::ReusedPort => Some(handshake.previous.is_some()),
            Feature::OlderTimestamp => is_older(listener, index),
        };
        let (mut features, mut known) = (0, 0);
        for feature in Feature::ALL {
            if let Some(is_set) = has(feature) {
                known |= 1 << feature as u8;
                features |= u8::from(is_set) << feature as u8;
            }
        }
        let values = options.map(|options| Values { mss: options.mss, window_scale: options.window_scale });
        Some(Self { features, known, values, hop_limit: syn.ip.ttl() })
    }
}

/// Returns a number that depends on a handshake's time and client alone (SplitMix64).
fn key(handshake: &Handshake) -> u64 {
    let mixed = handshake.time.as_nanos().cast_unsigned() ^ u64::from(handshake.client.port) << 48;
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Returns the first address of a client's network.
fn network_of(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !0xff).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Returns whether the previous SYN of the same address to the listener has a later timestamp;
/// `None` if the capture lacks options of one of them.
fn is_older(listener: &Listener<'_>, index: usize) -> Option<bool> {
    let stamp = |handshake: &Handshake| {
        let options = &handshake.syn.as_ref()?.options;
        (!options.incomplete).then(|| options.timestamps.map(|timestamps| timestamps.value))
    };
    let Some(own) = stamp(listener.handshakes[index])? else { return Some(false) };
    let Some(&previous) = listener.clients.around(index, 1).first().filter(|&&first| (first as usize) < index) else {
        return Some(false);
    };
    let earlier = stamp(listener.handshakes[previous as usize])?;
    Some(earlier.is_some_and(|earlier| earlier.wrapping_sub(own).cast_signed() > 1))
}

/// Returns whether a handshake failed or was delayed (`true`), or worked (`false`); `None` where it
/// is not compared: it is incomplete, or part of a flood or of a health check.
pub(crate) fn failed_or_delayed(outcome: Outcome, causes: &[Cause], is_of_flood: bool) -> Option<bool> {
    let is_noise = |cause: &Cause| matches!(cause.kind, CauseKind::SynFlood | CauseKind::HealthCheck);
    if is_of_flood || causes.first().is_some_and(is_noise) {
        None
    } else if causes.is_empty() {
        (outcome == Outcome::Established).then_some(false)
    } else {
        Some(true)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a handshake without a SYN.
    pub(in crate::common_factor) fn compared(key: u64, failed: bool) -> Compared {
        let server = Endpoint { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 80 };
        Compared {
            key,
            failed,
            capture: 0,
            client: server.ip,
            server,
            time: Timestamp::default(),
            syn: None,
            link: None,
        }
    }
}
