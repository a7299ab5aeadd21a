//! The recordings.

use super::plan::{FloodPlan, Recording};
use super::proof;

const COOKIES: &str = "net.ipv4.tcp_syncookies";
const TS: &str = "net.ipv4.tcp_timestamps";
const SACK: &str = "net.ipv4.tcp_sack";
const WS: &str = "net.ipv4.tcp_window_scaling";
const ECN: &str = "net.ipv4.tcp_ecn";
const QUEUE: (&str, &str) = ("net.ipv4.tcp_max_syn_backlog", "64");
const SOMAXCONN: (&str, &str) = ("net.core.somaxconn", "64");
const ALWAYS: (&str, &str) = (COOKIES, "2");

const JITTER: &str = "delay 15ms 6ms distribution normal";
const LOSSY: &str = "iptables -I FORWARD -p tcp -m statistic --mode random --probability 0.06 -j DROP";

/// The label speaks of whoever sent a SYN.
const EVERYONE: &[&str] = &["*"];

/// Connections of an ordinary server.
const PLAIN: Recording = Recording {
    name: "",
    label: "ordinary",
    note: "",
    v6: false,
    visits: 40,
    at_once: 4,
    pause_ms: 20,
    source_port: 0,
    client_resets: false,
    listens: true,
    mode: "http",
    backlog: 128,
    size: 3000,
    server_sysctl: &[(COOKIES, "1")],
    client_sysctl: &[],
    client_commands: &[],
    server_commands: &[],
    router: &[],
    wan: None,
    flood: None,
    wrong_acks: 0,
    late_acks: 0,
    phases: &[],
    second_server: &[],
    second_client: &[],
    clients: &[],
    behind_nat: false,
    undecidable: false,
    settle_ms: 700,
    proof: proof::ordinary,
};
/// Connections of a server that always answers with cookies.
const COOKIE: Recording =
    Recording { label: "syncookie-linux", server_sysctl: &[ALWAYS], proof: proof::cookies, ..PLAIN };
/// Connections through netfilter's SYNPROXY.
const PROXY: Recording = Recording { label: "synproxy-linux", proof: proof::proxied, ..PLAIN };

/// iptables' SYNPROXY on the router, with these options.
macro_rules! synproxy {
    ($options:literal, loose $loose:literal $(, $more:expr)*) => {
        &[
            "iptables -t raw -A PREROUTING -i m0 -p tcp --dport 80 --syn -j CT --notrack",
            concat!("iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY ", $options),
            "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID -j DROP",
            concat!("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=", $loose),
            $($more),*
        ]
    };
}
/// nftables' SYNPROXY on the router, with these options.
macro_rules! nft_synproxy {
    ($options:literal) => {
        &[
            "nft add table ip x",
            "nft add chain ip x pre '{ type filter hook prerouting priority raw; }'",
            "nft add rule ip x pre iifname m0 tcp dport 80 'tcp flags syn' notrack",
            "nft add chain ip x fw '{ type filter hook forward priority 0; }'",
            concat!("nft add rule ip x fw iifname m0 tcp dport 80 ct state invalid,untracked synproxy ", $options),
            "nft add rule ip x fw iifname m0 tcp dport 80 ct state invalid drop",
            "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0",
        ]
    };
}

/// Every recording.
#[must_use]
pub fn all() -> Vec<Recording> {
    [ordinary(), cookies(), mixed(), proxies(), failures()].concat()
}

fn ordinary() -> Vec<Recording> {
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

fn cookies() -> Vec<Recording> {
    vec![
        Recording { name: "cookie_ts", ..COOKIE },
        Recording {
            name: "cookie_nots",
            note: "nothing to compare with: the twin of plain_srv_minimal_nots",
            client_sysctl: &[(TS, "0")],
            undecidable: true,
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

fn mixed() -> Vec<Recording> {
    const PHASES: &[super::plan::Settings] = &[&[(COOKIES, "1")], &[(COOKIES, "2")], &[(COOKIES, "1")]];
    let episode = Recording {
        label: "episode",
        note: "cookies in the middle phase only",
        phases: PHASES,
        proof: proof::some_cookies,
        ..PLAIN
    };
    vec![
        Recording { name: "episode_ts", ..episode },
        Recording { name: "episode_nots", client_sysctl: &[(TS, "0")], ..episode },
        Recording { name: "episode_v6", v6: true, ..episode },
        Recording { name: "episode_wan", wan: Some(JITTER), ..episode },
    ]
}

fn proxies() -> Vec<Recording> {
    const NO_TS: super::plan::Settings = &[(TS, "0")];
    vec![
        Recording {
            name: "synproxy_opts",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 0),
            ..PROXY
        },
        Recording { name: "synproxy_noopts", router: synproxy!("--mss 1460", loose 0), ..PROXY },
        Recording { name: "synproxy_1380", client_sysctl: NO_TS, router: synproxy!("--mss 1380", loose 0), ..PROXY },
        Recording {
            name: "synproxy_lossy",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 0, LOSSY),
            visits: 60,
            at_once: 10,
            ..PROXY
        },
        Recording { name: "nft_synproxy", router: nft_synproxy!("mss 1460 wscale 9 timestamp sack-perm"), ..PROXY },
        Recording { name: "nft_synproxy_bare", client_sysctl: NO_TS, router: nft_synproxy!("mss 1380"), ..PROXY },
        Recording {
            name: "synproxy_refused",
            label: "synproxy-linux-backend-refused",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 0),
            listens: false,
            visits: 12,
            proof: proof::proxied_refused,
            ..PROXY
        },
        Recording {
            name: "nft_synproxy_refused",
            label: "synproxy-linux-backend-refused",
            router: nft_synproxy!("mss 1460 wscale 9 timestamp sack-perm"),
            listens: false,
            visits: 12,
            proof: proof::proxied_refused,
            ..PROXY
        },
        Recording {
            name: "synproxy_dead",
            label: "synproxy-linux-backend-silent",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 0),
            server_commands: &["iptables -A INPUT -p tcp --dport 80 -j DROP"],
            listens: false,
            visits: 4,
            proof: proof::proxied_silent,
            ..PROXY
        },
        Recording {
            name: "synproxy_leaked",
            label: "synproxy-linux-ack-leaked",
            note: "the trace the project began with",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 1),
            visits: 12,
            at_once: 1,
            proof: proof::proxied_leaked,
            ..PROXY
        },
        Recording {
            name: "synproxy_leaked_ts",
            label: "synproxy-linux-ack-leaked",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 1),
            visits: 12,
            at_once: 1,
            proof: proof::proxied_leaked,
            ..PROXY
        },
    ]
}

fn failures() -> Vec<Recording> {
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
