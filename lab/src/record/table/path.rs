//! Recordings of failures whose reason is on the path.

use super::*;

/// Rewrites the source of the server's segments without keeping state, as an asymmetric path past a
/// NAT device does.
const ELSEWHERE: [&str; 2] =
    ["nft add table ip w", "nft add chain ip w post '{ type filter hook postrouting priority 0; }'"];

pub(super) fn recordings() -> Vec<Recording> {
    // Linux sends six errors at once to one address, then one a second (`icmp_ratelimit`).
    const REJECTED: Recording =
        Recording { label: "icmp-rejected", visits: 5, at_once: 1, proof: proof::icmp_rejected, ..PLAIN };
    vec![
        Recording {
            name: "icmp_rejected",
            note: "a rule on the router rejects the SYN with an ICMP error",
            router: &["iptables -A FORWARD -p tcp --dport 80 -j REJECT --reject-with icmp-admin-prohibited"],
            ..REJECTED
        },
        Recording {
            name: "icmp_rejected_on_server",
            note: "a rule on the server rejects the SYN with an ICMP error, the default of REJECT",
            server_commands: &["iptables -A INPUT -p tcp --dport 80 -j REJECT"],
            ..REJECTED
        },
        Recording {
            name: "icmp_rejected_v6",
            note: "a rule on the router rejects the SYN with an ICMPv6 error",
            v6: true,
            router: &[
                "nft add table inet f",
                "nft add chain inet f forward '{ type filter hook forward priority 0; }'",
                "nft add rule inet f forward tcp dport 80 reject with icmpx type admin-prohibited",
            ],
            ..REJECTED
        },
        Recording {
            name: "answered_elsewhere",
            label: "answered-elsewhere",
            note: "the SYN-ACK has another source address",
            visits: 4,
            at_once: 4,
            router: &[
                ELSEWHERE[0],
                ELSEWHERE[1],
                "nft add rule ip w post oifname m0 tcp sport 80 ip saddr set 10.0.9.9",
            ],
            settle_ms: 1500,
            proof: proof::nothing_opened,
            ..PLAIN
        },
        Recording {
            name: "answered_elsewhere_port",
            label: "answered-elsewhere",
            note: "the SYN-ACK has another source port",
            visits: 4,
            at_once: 4,
            router: &[ELSEWHERE[0], ELSEWHERE[1], "nft add rule ip w post oifname m0 tcp sport 80 tcp sport set 8080"],
            settle_ms: 1500,
            proof: proof::nothing_opened,
            ..PLAIN
        },
        Recording {
            name: "bad_checksum",
            label: "bad-checksum",
            note: "the router writes a wrong checksum into each SYN; only the capture at the server shows it",
            visits: 4,
            at_once: 4,
            // A veth pair marks packets as checked unless its receiving end verifies checksums.
            server_commands: &["ethtool -K s0 rx off"],
            router: &[
                "ethtool -K m0 rx off",
                "nft add table ip w",
                "nft add chain ip w pre '{ type filter hook prerouting priority 0; }'",
                "nft add rule ip w pre iifname m0 tcp dport 80 'tcp flags & (syn | ack) == syn' @th,128,16 set 0x1234",
            ],
            settle_ms: 1500,
            proof: proof::wrong_checksums,
            ..PLAIN
        },
        Recording {
            name: "path_mtu",
            label: "path-mtu",
            note: "the link to the client is smaller than the ends believe, and no ICMP error gets through",
            visits: 8,
            at_once: 8,
            router: &["ip link set m0 mtu 1300", "iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"],
            settle_ms: 2500,
            proof: proof::nothing_served,
            ..PLAIN
        },
    ]
}
