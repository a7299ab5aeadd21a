//! Recordings answered with SYN cookies.

use super::*;

pub(super) fn recordings() -> Vec<Recording> {
    vec![
        Recording { name: "cookie_ts", ..COOKIE },
        Recording {
            name: "cookie_nots",
            note: "nothing to compare with: the twin of plain_srv_minimal_nots",
            client_sysctl: &[(TS, "0")],
            undecidable: true,
            ..COOKIE
        },
        Recording {
            name: "cookie_server_nots",
            note: "server without timestamps, nothing to compare with: the twin of plain_srv_minimal",
            server_sysctl: &[ALWAYS, (TS, "0")],
            undecidable: true,
            ..COOKIE
        },
        Recording {
            name: "cookie_satellite",
            note: "round trip of 1.3 s: the SYN is repeated before the first SYN-ACK arrives",
            wan: Some(SATELLITE),
            visits: 24,
            at_once: 24,
            settle_ms: 5000,
            ..COOKIE
        },
        Recording { name: "cookie_ts_nosack", client_sysctl: &[(SACK, "0")], ..COOKIE },
        Recording { name: "cookie_ts_nows", client_sysctl: &[(WS, "0")], ..COOKIE },
        Recording { name: "cookie_ts_only", client_sysctl: &[(SACK, "0"), (WS, "0")], ..COOKIE },
        Recording {
            name: "cookie_ts_ecn",
            server_sysctl: &[ALWAYS, (ECN, "1")],
            client_sysctl: &[(ECN, "1")],
            ..COOKIE
        },
        Recording {
            name: "cookie_ts2",
            note: "timestamps without offset",
            server_sysctl: &[ALWAYS, (TS, "2")],
            ..COOKIE
        },
        Recording {
            name: "cookie_large_buffer",
            note: "receive space above 65535: the window of the SYN-ACK is cut off, and stays after it",
            server_sysctl: &[ALWAYS, LARGE_BUFFER],
            ..COOKIE
        },
        Recording {
            name: "cookie_small_buffer",
            note: "receive space of 40000: between two multiples of the segment sizes",
            server_sysctl: &[ALWAYS, SMALL_BUFFER],
            ..COOKIE
        },
        Recording {
            name: "cookie_ttl128",
            note: "the server starts from another hop limit than Linux does by default",
            server_sysctl: &[ALWAYS, ("net.ipv4.ip_default_ttl", "128")],
            ..COOKIE
        },
        Recording { name: "cookie_v6_ts", v6: true, ..COOKIE },
        Recording { name: "cookie_v6_nots", v6: true, client_sysctl: &[(TS, "0")], undecidable: true, ..COOKIE },
        Recording {
            name: "cookie_mss1380",
            note: "the router clamps the MSS: segments end at 1300",
            size: 20_000,
            visits: 12,
            router: &["iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1380"],
            ..COOKIE
        },
        Recording { name: "cookie_wan", wan: Some(JITTER), visits: 60, pause_ms: 50, ..COOKIE },
        Recording {
            name: "cookie_lossy",
            note: "lost SYN-ACKs come back only when the SYN does",
            router: &[LOSSY],
            visits: 80,
            at_once: 20,
            ..COOKIE
        },
        Recording {
            name: "cookie_reset_reuse",
            note: "one four-tuple again and again, closed by reset: server ISN minus client ISN repeats",
            visits: 10,
            at_once: 1,
            pause_ms: 900,
            source_port: 33333,
            client_resets: true,
            client_sysctl: &[(TS, "0")],
            size: 20_000,
            ..COOKIE
        },
        Recording {
            name: "cookie_reuse",
            note: "one four-tuple through TIME-WAIT: only the first is a cookie",
            visits: 10,
            at_once: 1,
            pause_ms: 1200,
            source_port: 33333,
            client_sysctl: &[("net.ipv4.tcp_tw_reuse", "1"), (TS, "0")],
            proof: proof::some_cookies,
            ..COOKIE
        },
        Recording {
            name: "cookie_behind_nat",
            note: "two clients, one without timestamps, behind one address; captured outside",
            behind_nat: true,
            clients: &["10.0.2.1"],
            second_client: &[(TS, "0"), ("net.ipv4.ip_default_ttl", "128")],
            router: &["iptables -t nat -A POSTROUTING -o m1 -j MASQUERADE"],
            ..COOKIE
        },
        Recording {
            name: "cookie_flood",
            label: "syncookie-linux-under-flood",
            note: "the queue is full before the first visit",
            server_sysctl: &[(COOKIES, "1"), QUEUE, SOMAXCONN],
            backlog: 64,
            flood: Some(FloodPlan { rate: 1500, seconds: 8 }),
            visits: 50,
            pause_ms: 60,
            ..COOKIE
        },
    ]
}
