//! The link layer of a SYN: MAC addresses, VLAN tags and the tunnel. A front end reads them, because
//! an IP packet does not have them.

use std::fmt;
use std::num::NonZeroU64;

/// What the frame with a SYN has before the SYN's IP packet; `None` where it has no such field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Link {
    /// Source address of the captured frame.
    pub source: Option<MacAddress>,
    /// Destination address of the captured frame.
    pub destination: Option<MacAddress>,
    /// Source address of the innermost Ethernet frame in a tunnel.
    pub inner_source: Option<MacAddress>,
    /// Destination address of the innermost Ethernet frame in a tunnel.
    pub inner_destination: Option<MacAddress>,
    /// Id of the outermost VLAN, 1 to 4095.
    pub vlan: Option<u16>,
    /// Id of the innermost VLAN, if there are several.
    pub inner_vlan: Option<u16>,
    /// Innermost tunnel.
    pub tunnel: Option<Tunnel>,
}

/// MAC address, as a number of 48 bits: many handshakes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(NonZeroU64);

impl MacAddress {
    /// Creates an address; `None` if it is all zeros, as on a loopback interface.
    #[must_use]
    #[inline]
    pub const fn new([a, b, c, d, e, f]: [u8; 6]) -> Option<Self> {
        match NonZeroU64::new(u64::from_be_bytes([0, 0, a, b, c, d, e, f])) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Returns the address as a number of 48 bits.
    pub(crate) const fn number(self) -> u64 {
        self.0.get()
    }

    /// Returns the bits that differ most between hosts.
    #[inline]
    pub(crate) const fn low_bits(self) -> usize {
        self.0.get() as usize
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a, b, c, d, e, last] = self.0.get().to_be_bytes();
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{last:02x}")
    }
}

/// Tunnel that a packet passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tunnel {
    /// Protocol of the tunnel.
    pub kind: TunnelKind,
    /// Number that distinguishes tunnels of this kind, where the packet has one that is read.
    pub id: Option<u32>,
}

/// Protocol of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TunnelKind {
    /// VXLAN (RFC 7348), also with a field for the next protocol.
    Vxlan,
    /// GENEVE (RFC 8926).
    Geneve,
    /// GRE (RFC 2784, RFC 2890).
    Gre,
    /// Mirrored frames in GRE.
    Erspan,
    /// GRE of PPTP (RFC 2637).
    Pptp,
    /// User traffic of mobile networks, GTP-U (3GPP TS 29.281).
    Gtp,
    /// L2TP (RFC 2661).
    L2tp,
    /// IPv4 or IPv6 in IP.
    IpInIp,
    /// Ethernet in IP (RFC 3378).
    EtherIp,
    /// MPLS in IP or UDP.
    Mpls,
    /// Teredo (RFC 4380).
    Teredo,
    /// AYIYA.
    Ayiya,
    /// CAPWAP (RFC 5415).
    Capwap,
}

impl TunnelKind {
    /// All protocols.
    pub(crate) const ALL: [Self; 13] = [
        Self::Vxlan,
        Self::Geneve,
        Self::Gre,
        Self::Erspan,
        Self::Pptp,
        Self::Gtp,
        Self::L2tp,
        Self::IpInIp,
        Self::EtherIp,
        Self::Mpls,
        Self::Teredo,
        Self::Ayiya,
        Self::Capwap,
    ];

    /// The names of all protocols, in the same order.
    pub(crate) const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut place = 0;
        while place < names.len() {
            names[place] = Self::ALL[place].name();
            place += 1;
        }
        names
    };

    /// Returns the name of the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vxlan => "VXLAN",
            Self::Geneve => "GENEVE",
            Self::Gre => "GRE",
            Self::Erspan => "ERSPAN",
            Self::Pptp => "PPTP",
            Self::Gtp => "GTP",
            Self::L2tp => "L2TP",
            Self::IpInIp => "IP-in-IP",
            Self::EtherIp => "EtherIP",
            Self::Mpls => "MPLS",
            Self::Teredo => "Teredo",
            Self::Ayiya => "AYIYA",
            Self::Capwap => "CAPWAP",
        }
    }

    /// Returns the protocol's name for the number of a tunnel.
    #[must_use]
    pub const fn id_name(self) -> &'static str {
        match self {
            Self::Vxlan | Self::Geneve => "VNI",
            Self::Gre => "key",
            Self::Erspan => "session",
            Self::Gtp => "TEID",
            Self::Pptp
            | Self::L2tp
            | Self::IpInIp
            | Self::EtherIp
            | Self::Mpls
            | Self::Teredo
            | Self::Ayiya
            | Self::Capwap => "id",
        }
    }
}
