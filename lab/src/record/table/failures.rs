//! Recordings of handshakes that fail.

use super::*;

pub(super) fn recordings() -> Vec<Recording> {
    const QUIET: &[&str] = &["iptables -A OUTPUT -p tcp --tcp-flags RST RST --dport 80 -j DROP"];
    vec![
        Recording {
            name: "accept_overflow_reset",
            label: "accept-queue-overflow-reset",
            server_sysctl: &[(COOKIES, "1"), ("net.ipv4.tcp_abort_on_overflow", "1")],
            mode: "noaccept",
            backlog: 32,
            visits: 0,
            late_acks: 24,
            client_commands: QUIET,
            settle_ms: 3500,
            proof: proof::overflow_reset,
            ..PLAIN
        },
        Recording {
            name: "accept_overflow_silent",
            label: "accept-queue-overflow-silent",
            mode: "noaccept",
            backlog: 32,
            visits: 0,
            late_acks: 24,
            client_commands: QUIET,
            settle_ms: 3500,
            proof: proof::overflow_silent,
            ..PLAIN
        },
        Recording {
            name: "app_linger_reset",
            label: "application-reset",
            mode: "linger",
            visits: 20,
            proof: proof::application_reset,
            ..PLAIN
        },
        Recording {
            name: "app_unread_reset",
            label: "application-reset",
            mode: "unread",
            visits: 20,
            proof: proof::application_reset,
            ..PLAIN
        },
        Recording {
            name: "cookie_app_reset",
            label: "syncookie-linux-application-reset",
            mode: "linger",
            visits: 20,
            proof: proof::cookies_then_reset,
            ..COOKIE
        },
        Recording {
            name: "fw_reset",
            label: "middlebox-reset",
            visits: 10,
            router: &[
                "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate ESTABLISHED -m string --algo bm --string GET -j REJECT --reject-with tcp-reset",
            ],
            proof: proof::firewall_reset,
            ..PLAIN
        },
        Recording {
            name: "fw_reset_on_server",
            label: "firewall-reset",
            note: "a rule on the server rejects the request: the reset is, bit for bit, its kernel's",
            visits: 10,
            server_commands: &[
                "iptables -A INPUT -p tcp --dport 80 -m string --algo bm --string GET -j REJECT --reject-with tcp-reset",
            ],
            proof: proof::server_firewall_reset,
            ..PLAIN
        },
        Recording {
            name: "fw_reset_of_ack",
            label: "firewall-reset",
            note: "a rule on the router rejects the ACK of the handshake",
            visits: 6,
            router: &[
                "iptables -A FORWARD -i m0 -p tcp --dport 80 --tcp-flags SYN,ACK,RST ACK -j REJECT --reject-with tcp-reset",
            ],
            settle_ms: 2500,
            proof: proof::ack_rejected,
            ..PLAIN
        },
        Recording {
            name: "wrong_host",
            label: "wrong-host",
            note: "a balancer sends everything but the SYN of some ports to another host",
            visits: 24,
            at_once: 8,
            second_server: &[(COOKIES, "1")],
            second_server_commands: &["ip addr add 10.0.2.2/32 dev lo"],
            router: &[
                "nft add table ip w",
                "nft add chain ip w pre '{ type filter hook prerouting priority mangle; }'",
                "nft add rule ip w pre iifname m0 tcp dport 80 'tcp flags & syn == 0' 'tcp sport & 4 == 4' meta mark set 1",
                "ip route add 10.0.2.2/32 via 10.0.3.2 dev m2 table 100",
                "ip rule add fwmark 1 lookup 100",
            ],
            settle_ms: 2500,
            proof: proof::wrong_host,
            ..PLAIN
        },
        Recording {
            name: "listener_gone",
            label: "listener-gone",
            note: "the listener is closed between SYN-ACK and ACK, and opened again later",
            mode: "flicker",
            visits: 0,
            gone_acks: 8,
            client_commands: QUIET,
            settle_ms: 1500,
            proof: proof::listener_gone,
            ..PLAIN
        },
        Recording {
            name: "client_aborts",
            label: "client-abort",
            note: "the client resets as soon as it is connected",
            visits: 12,
            client_aborts: true,
            proof: proof::client_aborted,
            ..PLAIN
        },
        Recording { name: "refused", label: "refused", listens: false, visits: 10, proof: proof::refused, ..PLAIN },
        Recording {
            name: "cookie_bad_ack",
            label: "syncookie-failed-reset",
            visits: 0,
            wrong_acks: 8,
            client_commands: QUIET,
            proof: proof::cookies_rejected,
            ..COOKIE
        },
        Recording {
            name: "plain_bad_ack",
            label: "bad-ack-reset",
            visits: 0,
            wrong_acks: 8,
            client_commands: QUIET,
            proof: proof::acks_rejected,
            ..PLAIN
        },
    ]
}
