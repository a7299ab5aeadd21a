//! Recordings answered from half-open entries.

use super::*;

pub(super) fn recordings() -> Vec<Recording> {
    vec![
        Recording { name: "plain_ts", ..PLAIN },
        Recording { name: "plain_nots", client_sysctl: &[(TS, "0")], ..PLAIN },
        Recording { name: "plain_v6", v6: true, ..PLAIN },
        Recording {
            name: "plain_srv_minimal",
            note: "server without options: stripped answers are its norm",
            server_sysctl: &[(COOKIES, "1"), (TS, "0"), (SACK, "0"), (WS, "0")],
            ..PLAIN
        },
        Recording {
            name: "plain_srv_ts_only",
            note: "server with timestamps and nothing else: gVisor's cookie option set",
            server_sysctl: &[(COOKIES, "1"), (SACK, "0"), (WS, "0")],
            ..PLAIN
        },
        Recording {
            name: "plain_cli_minimal",
            note: "client offers only an MSS",
            client_sysctl: &[(TS, "0"), (SACK, "0"), (WS, "0")],
            ..PLAIN
        },
        Recording {
            name: "plain_srv_minimal_nots",
            note: "the twin of cookie_nots, by configuration",
            server_sysctl: &[(COOKIES, "1"), (TS, "0"), (SACK, "0"), (WS, "0")],
            client_sysctl: &[(TS, "0")],
            ..PLAIN
        },
        Recording {
            name: "plain_large_buffer",
            note: "receive space above 65535: the window of the SYN-ACK is cut off",
            server_sysctl: &[(COOKIES, "1"), LARGE_BUFFER],
            ..PLAIN
        },
        Recording {
            name: "plain_small_buffer",
            note: "receive space of 40000",
            server_sysctl: &[(COOKIES, "1"), SMALL_BUFFER],
            ..PLAIN
        },
        Recording {
            name: "plain_ts2",
            note: "timestamps without offset",
            server_sysctl: &[(COOKIES, "1"), (TS, "2")],
            ..PLAIN
        },
        Recording {
            name: "plain_reuse",
            note: "one four-tuple again and again",
            visits: 10,
            at_once: 1,
            pause_ms: 1200,
            source_port: 33333,
            client_sysctl: &[("net.ipv4.tcp_tw_reuse", "1"), (TS, "0")],
            ..PLAIN
        },
        Recording {
            name: "plain_wan",
            note: "jitter well above the clock tick",
            wan: Some(JITTER),
            visits: 60,
            pause_ms: 50,
            ..PLAIN
        },
        Recording {
            name: "plain_satellite",
            note: "round trip of 1.3 s: the SYN is repeated before the first SYN-ACK arrives",
            wan: Some(SATELLITE),
            visits: 24,
            at_once: 24,
            settle_ms: 5000,
            ..PLAIN
        },
        Recording {
            name: "plain_lossy",
            note: "lost SYN-ACKs are repeated by the server's timer",
            router: &[LOSSY],
            visits: 80,
            at_once: 20,
            ..PLAIN
        },
        Recording { name: "plain_client_resets", note: "the client closes hard", client_resets: true, ..PLAIN },
        Recording {
            name: "configuration_change",
            note: "timestamps off, SACK off, window scaling off, in phases",
            visits: 30,
            phases: &[&[(COOKIES, "1")], &[(TS, "0")], &[(SACK, "0")], &[(WS, "0")]],
            ..PLAIN
        },
        Recording {
            name: "plain_behind_nat",
            note: "two clients, one without timestamps, behind one address; captured outside",
            behind_nat: true,
            clients: &["10.0.2.1"],
            second_client: &[(TS, "0"), ("net.ipv4.ip_default_ttl", "128")],
            router: &["iptables -t nat -A POSTROUTING -o m1 -j MASQUERADE"],
            ..PLAIN
        },
        Recording {
            name: "two_hosts",
            note: "two hosts with different options behind one address, by turn",
            second_server: &[(TS, "0"), (SACK, "0"), (WS, "0"), ("net.ipv4.ip_default_ttl", "128")],
            router: &[
                "iptables -t nat -A PREROUTING -d 10.0.2.2 -p tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.0.3.2",
            ],
            ..PLAIN
        },
        Recording {
            name: "flood_without_cookies",
            label: "ordinary-under-flood",
            note: "a queue with room: every SYN of the flood gets a half-open entry, SYN-ACKs are repeated",
            server_sysctl: &[(COOKIES, "1"), ("net.ipv4.tcp_max_syn_backlog", "8192"), ("net.core.somaxconn", "8192")],
            backlog: 8192,
            flood: Some(FloodPlan { rate: 300, seconds: 5 }),
            clients: EVERYONE,
            settle_ms: 1500,
            ..PLAIN
        },
        Recording {
            name: "flood_dropped",
            label: "ordinary-under-flood",
            note: "cookies off: the flood fills the queue, later SYNs are dropped",
            server_sysctl: &[(COOKIES, "0"), QUEUE, SOMAXCONN],
            backlog: 64,
            flood: Some(FloodPlan { rate: 300, seconds: 5 }),
            visits: 10,
            at_once: 10,
            clients: EVERYONE,
            proof: proof::dropped,
            ..PLAIN
        },
    ]
}
