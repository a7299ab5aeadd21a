//! What Wireshark sees inside tunnels and under other link layers the command-line tool sees too.

use std::collections::BTreeSet;

use syncookie_testkit::link::ETHERNET;
use syncookie_testkit::pcap::{Capture, Record};
use syncookie_tests::analyze::analyze;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints, sample};

/// Ordinary packets over both versions of IP.
const SAMPLES: [&str; 2] = ["user-trace/synproxy_mid_misconfig_loose1/client.pcap", "linux-6.18/plain_v6/client.pcap"];

/// A frame of a sample, to be wrapped.
struct Frame<'a> {
    ethernet: &'a [u8],
    ip: &'a [u8],
}

impl<'a> Frame<'a> {
    fn is_v6(&self) -> bool {
        self.ip[0] >> 4 == 6
    }

    /// What is written where a layer names IPv4 and IPv6 by different numbers.
    fn by_version<T>(&self, v4: T, v6: T) -> T {
        if self.is_v6() { v6 } else { v4 }
    }

    fn ether_type(&self) -> &'a [u8] {
        &self.ethernet[12..14]
    }

    /// `parts` and the IP packet.
    fn ip_behind(&self, parts: &[&[u8]]) -> Vec<u8> {
        [&parts.concat(), self.ip].concat()
    }

    /// `parts` and the Ethernet frame.
    fn ethernet_behind(&self, parts: &[&[u8]]) -> Vec<u8> {
        [&parts.concat(), self.ethernet].concat()
    }

    /// PPP with its two-byte protocol field, behind `parts`.
    fn ppp_behind(&self, parts: &[&[u8]]) -> Vec<u8> {
        self.ip_behind(&[&parts.concat(), &[0, self.by_version(0x21, 0x57)]])
    }

    /// An IPv6 packet: the packet itself, or one that carries it.
    fn in_v6(&self) -> Vec<u8> {
        if self.is_v6() { self.ip.to_vec() } else { ipv6(4, self.ip).split_off(14) }
    }

    /// An 802.11 frame in CAPWAP, with its control bytes swapped, behind `header`.
    fn capwap(&self, header: &[u8]) -> Vec<u8> {
        [header, &self.wireless([1, 8], &[])].concat()
    }

    fn snap(&self) -> Vec<u8> {
        self.ip_behind(&[&[0xaa, 0xaa, 3, 0, 0, 0], self.ether_type()])
    }

    /// An 802.11 data frame with its two control bytes, and `extra` behind the sequence number.
    fn wireless(&self, control: [u8; 2], extra: &[u8]) -> Vec<u8> {
        let address = [2, 0, 0, 0, 0, 1];
        [&control[..], &[0, 0], &address, &address, &address, &[0x10, 0], extra, &self.snap()].concat()
    }

    fn nflog(&self) -> Vec<u8> {
        let packet = [&u16::try_from(self.ip.len() + 4).expect("a short packet").to_le_bytes()[..], &[9, 0]].concat();
        self.ip_behind(&[&[self.by_version(2, 10), 0, 0, 1, 8, 0, 1, 0, 8, 0, 1, 0], &packet])
    }

    /// A message of netfilter's queue: nfgenmsg, the packet's header and the packet.
    fn queued(&self) -> Vec<u8> {
        let packet = [&u16::try_from(self.ip.len() + 4).expect("a short packet").to_le_bytes()[..], &[10, 0]].concat();
        let family = self.by_version(2, 10);
        self.ip_behind(&[&[family, 0, 0, 1, 11, 0, 1, 0, 0, 0, 0, 7], self.ether_type(), &[1, 0], &packet])
    }

    /// A frame of netlink with one message of a subsystem of netfilter.
    fn netlink(&self, subsystem: u8, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len() + 16).expect("a short packet").to_le_bytes();
        let header = [&length[..], &[0, subsystem], &[0; 10]].concat();
        [&[0, 4, 3, 0x38][..], &[0; 10], &[0, 12], &header, message].concat()
    }

    fn prism(&self) -> Vec<u8> {
        let mut header = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 16]].concat();
        for field in 1..=10_u32 {
            header.extend((field << 12 | 0x44).to_le_bytes());
            header.extend([0, 0, 4, 0, 0, 0, 0, 0]);
        }
        [header, self.wireless([8, 1], &[])].concat()
    }
}

fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).expect("the samples are short").to_be_bytes()
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ether_type.to_be_bytes(), payload].concat()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let addresses = [10, 0, 0, 1, 10, 0, 0, 2];
    let header = [&[0x45, 0][..], &length(20 + payload.len()), &[0, 1, 0, 0, 64, protocol, 0, 0], &addresses].concat();
    ethernet(0x0800, &[&header, payload].concat())
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let header = [&[0x60, 0, 0, 0][..], &length(payload.len()), &[next, 64], &[0xfd; 32]].concat();
    ethernet(0x86dd, &[&header, payload].concat())
}

fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let ports = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    [&ports[..], &length(8 + payload.len()), &[0, 0], payload].concat()
}

fn to_port(port: u16, payload: &[u8]) -> Vec<u8> {
    ipv4(17, &udp(50_000, port, payload))
}

const VXLAN: &[u8] = &[8, 0, 0, 0, 0, 0, 7, 0];
const LABEL: &[u8] = &[0, 6, 0x51, 63];

/// A name, a link type, and how a frame is written in the layer.
type Layer = (&'static str, u32, fn(&Frame<'_>) -> Vec<u8>);

const LINK_LAYERS: &[Layer] = &[
    ("VLAN in VLAN", ETHERNET, |f| ethernet(0x88a8, &f.ip_behind(&[&[0, 7, 0x81, 0, 0, 8], f.ether_type()]))),
    ("MPLS", ETHERNET, |f| ethernet(0x8847, &f.ip_behind(&[&[0, 6, 0x40, 64], LABEL]))),
    ("MPLS, explicit null", ETHERNET, |f| ethernet(0x8847, &f.ip_behind(&[&[0, 0, f.by_version(1, 0x21), 63]]))),
    ("PPPoE", ETHERNET, |f| ethernet(0x8864, &f.ppp_behind(&[&[0x11, 0, 0, 1], &length(f.ip.len() + 2)]))),
    ("PPP", 9, |f| f.ppp_behind(&[])),
    ("PPP, short protocol", 9, |f| f.ip_behind(&[&[f.by_version(0x21, 0x57)]])),
    ("PPP, HDLC-like", 9, |f| f.ppp_behind(&[&[0xff, 3]])),
    ("PPP_HDLC", 50, |f| f.ppp_behind(&[&[0xff, 3]])),
    ("Cisco HDLC as PPP_HDLC", 50, |f| f.ip_behind(&[&[0x0f, 0], f.ether_type()])),
    ("PPP_ETHER", 51, |f| f.ppp_behind(&[&[0x11, 0, 0, 1], &length(f.ip.len() + 2)])),
    ("C_HDLC", 104, |f| f.ip_behind(&[&[0x0f, 0], f.ether_type()])),
    ("Frame Relay", 107, |f| f.ip_behind(&[&[0x18, 0x41, 3, f.by_version(0xcc, 0x8e)]])),
    ("Frame Relay, SNAP", 107, |f| f.ip_behind(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0], f.ether_type()])),
    ("Frame Relay, bridged", 107, |f| f.ethernet_behind(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7]])),
    ("Frame Relay, Cisco", 107, |f| f.ip_behind(&[&[0x18, 0x41], f.ether_type()])),
    ("NFLOG", 239, |f| f.nflog()),
    ("NETLINK, logged", 253, |f| f.netlink(4, &f.nflog())),
    ("NETLINK, queued", 253, |f| f.netlink(3, &f.queued())),
    ("netlink in a cooked capture", 113, |f| f.netlink(4, &f.nflog())),
    ("FDDI", 10, |f| [&[0x54][..], &[2; 12], &f.snap()].concat()),
    ("PPI, 802.11", 192, |f| [&[0, 0, 8, 0, 105, 0, 0, 0][..], &f.wireless([8, 1], &[])].concat()),
    ("PPI, Ethernet", 192, |f| f.ethernet_behind(&[&[0, 0, 8, 0, 1, 0, 0, 0]])),
    ("VN-Tag", ETHERNET, |f| ethernet(0x8926, &f.ip_behind(&[&[0, 1, 0, 2], f.ether_type()]))),
    ("VN-Tag and VLAN", ETHERNET, |f| ethernet(0x8926, &f.ip_behind(&[&[0, 1, 0, 2, 0x81, 0, 0, 7], f.ether_type()]))),
    ("802.11", 105, |f| f.wireless([8, 1], &[])),
    ("802.11, no bits of QoS but an order bit", 105, |f| f.wireless([8, 0x81], &[])),
    ("802.11 QoS", 105, |f| f.wireless([0x88, 2], &[0, 0])),
    ("802.11 QoS, HT control", 105, |f| f.wireless([0x88, 0x81], &[0; 6])),
    ("802.11, four addresses", 105, |f| f.wireless([0x88, 3], &[2, 0, 0, 0, 0, 4, 0, 0])),
    ("802.11 aggregate", 105, |f| {
        let addresses = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        f.wireless([0x88, 1], &[&[0x80, 0][..], &addresses, &length(f.snap().len())].concat())
    }),
    ("radiotap", 127, |f| [&[0, 0, 9, 0, 2, 0, 0, 0, 0x10][..], &f.wireless([8, 1], &[]), &[1, 2, 3, 4]].concat()),
    ("radiotap, padded", 127, |f| {
        let header = [&[0, 0, 17, 0, 3, 0, 0, 0][..], &[0; 8], &[0x20]].concat();
        [header, f.wireless([0x88, 1], &[0; 4])].concat()
    }),
    ("Prism", 119, |f| f.prism()),
    ("AVS", 163, |f| [&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64][..], &[0; 56], &f.wireless([8, 1], &[])].concat()),
];

const TUNNELS: &[Layer] = &[
    ("IP in IP", ETHERNET, |f| ipv4(f.by_version(4, 41), f.ip)),
    ("IP in IPv6", ETHERNET, |f| ipv6(f.by_version(4, 41), f.ip)),
    ("IP in IPv6, extension headers", ETHERNET, |f| {
        let headers = [60, 0, 1, 4, 0, 0, 0, 0, f.by_version(4, 41), 0, 1, 4, 0, 0, 0, 0];
        ipv6(0, &f.ip_behind(&[&headers]))
    }),
    ("GRE", ETHERNET, |f| ipv4(47, &f.ip_behind(&[&[0, 0], f.ether_type()]))),
    ("GRE with every field", ETHERNET, |f| ipv4(47, &f.ip_behind(&[&[0xb0, 0], f.ether_type(), &[0; 12]]))),
    ("GRE, Ethernet", ETHERNET, |f| ipv4(47, &f.ethernet_behind(&[&[0, 0, 0x65, 0x58]]))),
    ("GRE, PPTP", ETHERNET, |f| ipv4(47, &f.ppp_behind(&[&[0x30, 0x81, 0x88, 0x0b], &[0; 12], &[0xff, 3]]))),
    ("ERSPAN I", ETHERNET, |f| ipv4(47, &f.ethernet_behind(&[&[0, 0, 0x88, 0xbe]]))),
    ("ERSPAN II", ETHERNET, |f| {
        ipv4(47, &f.ethernet_behind(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10, 7, 0, 1, 0, 0, 0, 0]]))
    }),
    ("ERSPAN III", ETHERNET, |f| {
        ipv4(47, &f.ethernet_behind(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20, 7, 0, 1], &[0; 8]]))
    }),
    ("ERSPAN III, subheader", ETHERNET, |f| {
        ipv4(47, &f.ethernet_behind(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20, 7, 0, 1], &[0; 7], &[1], &[0; 8]]))
    }),
    ("VXLAN", ETHERNET, |f| to_port(4789, &f.ethernet_behind(&[VXLAN]))),
    ("VXLAN from its port", ETHERNET, |f| ipv4(17, &udp(4789, 50_000, &f.ethernet_behind(&[VXLAN])))),
    ("VXLAN over IPv6", ETHERNET, |f| ipv6(17, &udp(50_000, 4789, &f.ethernet_behind(&[VXLAN])))),
    ("VXLAN-GPE", ETHERNET, |f| to_port(4790, &f.ip_behind(&[&[0x0c, 0, 0, f.by_version(1, 2), 0, 0, 7, 0]]))),
    ("GENEVE", ETHERNET, |f| to_port(6081, &f.ethernet_behind(&[&[0, 0, 0x65, 0x58, 0, 0, 7, 0]]))),
    ("GENEVE with options", ETHERNET, |f| {
        to_port(6081, &f.ip_behind(&[&[2, 0], f.ether_type(), &[0, 0, 7, 0], &[1, 2, 0x80, 1, 0, 0, 0, 0]]))
    }),
    ("GTP-U", ETHERNET, |f| to_port(2152, &f.ip_behind(&[&[0x30, 255], &length(f.ip.len()), &[0, 0, 0, 1]]))),
    ("GTP-U, extension headers", ETHERNET, |f| {
        let extensions = [0, 0, 0, 0x40, 1, 8, 104, 0x85, 1, 16, 9, 0];
        to_port(2152, &f.ip_behind(&[&[0x34, 255], &length(f.ip.len() + 12), &[0, 0, 0, 1], &extensions]))
    }),
    ("L2TP", ETHERNET, |f| ipv4(17, &udp(1701, 1701, &f.ppp_behind(&[&[0, 2, 0, 1, 0, 2, 0xff, 3]])))),
    ("CAPWAP, Ethernet", ETHERNET, |f| to_port(5247, &f.ethernet_behind(&[&[0, 0x10, 2, 0, 0, 0, 0, 0]]))),
    ("CAPWAP, 802.11", ETHERNET, |f| to_port(5247, &f.capwap(&[0, 0x10, 3, 0, 0, 0, 0, 0]))),
    ("CAPWAP, radio address", ETHERNET, |f| {
        let header = [&[0, 0x20, 3, 0x10, 0, 0, 0, 0, 6][..], &[2; 6], &[0]].concat();
        to_port(5247, &f.capwap(&header))
    }),
    ("Teredo", ETHERNET, |f| to_port(3544, &f.in_v6())),
    ("Teredo, authenticated, with origin", ETHERNET, |f| {
        let indications = [&[0, 1, 2, 3][..], &[9; 14], &[0, 0, 1, 2, 3, 4, 5, 6]].concat();
        to_port(3544, &[indications, f.in_v6()].concat())
    }),
    ("AYIYA", ETHERNET, |f| {
        to_port(5072, &f.ip_behind(&[&[0x41, 0x52, 0x11, f.by_version(4, 41), 0, 0, 0, 1], &[9; 36]]))
    }),
    ("EtherIP", ETHERNET, |f| ipv4(97, &f.ethernet_behind(&[&[0x30, 0]]))),
    ("MPLS in IP", ETHERNET, |f| ipv4(137, &f.ip_behind(&[LABEL]))),
    ("VXLAN in VLAN in GRE", ETHERNET, |f| {
        let inner = to_port(4789, &f.ethernet_behind(&[VXLAN]));
        ipv4(47, &[&[0, 0, 0x65, 0x58][..], &inner[..12], &[0x81, 0, 0, 9], &inner[12..]].concat())
    }),
];

/// Wireshark does not look into these either.
const OPAQUE: &[Layer] = &[
    ("first fragment of VXLAN", ETHERNET, |f| {
        let mut frame = to_port(4789, &f.ethernet_behind(&[VXLAN]));
        frame[14 + 6] = 0x20;
        frame
    }),
    ("encrypted 802.11", 105, |f| f.wireless([8, 0x41], &[])),
    ("VXLAN to Linux's old port", ETHERNET, |f| to_port(8472, &f.ethernet_behind(&[VXLAN]))),
    ("VLAN right behind GRE", ETHERNET, |f| ipv4(47, &f.ip_behind(&[&[0, 0, 0x81, 0, 0, 7], f.ether_type()]))),
];

/// The sample's first packets in the layer.
fn wrap(sample: &Capture, (_, link, write): &Layer) -> Capture {
    let wrapped = |record: &Record| {
        let bytes = write(&Frame { ethernet: &record.bytes, ip: &record.bytes[14..] });
        Record { nanos: record.nanos, original: bytes.len() as u32, bytes }
    };
    Capture { link: *link, records: sample.records.iter().take(40).map(wrapped).collect() }
}

/// Frames of SYN-ACKs as tshark's TCP sees them, those of them that the plugin judges, and those of
/// the command-line tool.
fn syn_acks(tshark: &Tshark, capture: &Capture) -> [BTreeSet<u32>; 3] {
    let path = tshark.stage_bytes(&capture.write_plain());
    let filter = "tcp.flags.syn == 1 && tcp.flags.ack == 1";
    let rows = tshark.fields(&path, &["-2"], filter, &["frame.number", "syncookie.verdict"]);
    let number = |row: &Vec<String>| row[0].parse::<u32>().expect("a frame has a number");
    let judged = rows.iter().filter(|row| row.get(1).is_some_and(|verdict| !verdict.is_empty()));
    let batch = analyze([&path]).handshakes().into_iter().filter_map(|handshake| handshake.frames.syn_ack);
    [rows.iter().map(number).collect(), judged.map(number).collect(), batch.collect()]
}

/// Complains about layers whose SYN-ACKs are not seen by all alike: those of the bare sample, or none.
fn check(layers: &[Layer], is_seen: bool) {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for name in SAMPLES {
        let sample = Capture::read(&sample(name));
        let [bare, ..] = syn_acks(&tshark, &wrap(&sample, &("bare", ETHERNET, |frame| frame.ethernet.to_vec())));
        assert!(!bare.is_empty(), "{name}");
        let expected = if is_seen { bare } else { BTreeSet::new() };
        assert_none(&complaints(layers, |layer| {
            let seen = syn_acks(&tshark, &wrap(&sample, layer));
            let [tcp, plugin, batch] = &seen;
            let wrong = format!("{} ({name}): tcp {tcp:?}, plugin {plugin:?}, command-line tool {batch:?}", layer.0);
            if seen.iter().all(|frames| *frames == expected) { Vec::new() } else { vec![wrong] }
        }));
    }
}

#[test]
fn the_batch_tool_finds_the_syn_acks_that_tshark_finds_under_every_link_layer() {
    check(LINK_LAYERS, true);
}

#[test]
fn the_batch_tool_finds_the_syn_acks_that_tshark_finds_in_every_tunnel() {
    check(TUNNELS, true);
}

#[test]
fn what_tshark_does_not_look_into_the_batch_tool_does_not_either() {
    check(OPAQUE, false);
}
