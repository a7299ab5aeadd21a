//! The table of recordings.

use super::Place::{Client, ClientWithCounters, Server, ServerWithCounters};
use super::programs::visitor::{Act, Wave};
use super::{CauseRecording, FIRST_CLIENT, Forgery, SECOND_CLIENT, Timed};

/// Connections that meet the cause.
const BAD: Wave = Wave { port: 20_000, count: 20, start: 300, every: 150, act: Act::Ask, from: FIRST_CLIENT };
/// Connections that work.
const GOOD: Wave = Wave { port: 30_000, count: 12, start: 380, every: 240, act: Act::Ask, from: FIRST_CLIENT };
/// Connections that work before and after a failure of the whole listener.
const BEFORE: Wave = Wave { port: 31_000, count: 6, start: 300, every: 150, ..GOOD };

const MIXED: &[Wave] = &[BAD, GOOD];

/// Twenty failing connections among working ones.
const PLAIN: CauseRecording = CauseRecording {
    name: "",
    cause: "",
    note: "",
    undecidable: &[],
    waves: MIXED,
    mode: "http",
    backlog: 128,
    server_sysctl: &[],
    server: &[],
    client: &[],
    router: &[],
    second_server: &[],
    device: "",
    forgery: None,
    flood: 0,
    timed: &[],
};

const ALWAYS_COOKIES: super::Settings = &[("net.ipv4.tcp_syncookies", "2")];
/// The kernel of the client must not reset what another program began.
const QUIET: &[&str] = &["iptables -A OUTPUT -p tcp --tcp-flags RST RST --sport 20000:29999 -j DROP"];

/// A packet filter of nftables at a hook, with a rule for packets that meet the cause.
macro_rules! rule {
    ($hook:literal, $($rule:tt)+) => {
        &[
            "nft add table ip f",
            concat!("nft add chain ip f c '{ type filter hook ", $hook, " priority 0; }'"),
            "nft add set ip f seen '{ type inet_service; flags dynamic; size 65535; }'",
            concat!("nft add rule ip f c ", $($rule)+)
        ]
    };
}

/// The first packet of each client port with these flags is dropped.
macro_rules! first {
    ($hook:literal, $port:literal, $flags:literal) => {
        rule!(
            $hook,
            concat!(
                "tcp ",
                $port,
                " 20000-29999 ",
                $flags,
                " tcp ",
                $port,
                " != @seen add @seen '{ tcp ",
                $port,
                " }' drop"
            )
        )
    };
}

/// SYNPROXY of the router, and further lines.
macro_rules! synproxy {
    ($($line:literal),*) => {
        &[
            "iptables -t raw -A PREROUTING -i m0 -p tcp --dport 80 --syn -j CT --notrack",
            "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0",
            $($line,)*
            "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460",
            "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID -j DROP",
        ]
    };
}

/// Returns every recording.
#[must_use]
pub fn all() -> Vec<CauseRecording> {
    [behind_proxies(), of_the_server(), on_the_path(), of_the_path(), of_clients(), in_silence()].concat()
}

fn behind_proxies() -> Vec<CauseRecording> {
    vec![
        CauseRecording {
            name: "leaked_ack",
            cause: "proxy-leaked-ack",
            note: "the ACKs bypass the SYNPROXY",
            undecidable: &[Server, ServerWithCounters],
            router: synproxy!("iptables -A FORWARD -i m0 -p tcp --sport 20000:29999 --dport 80 ! --syn -j ACCEPT"),
            ..PLAIN
        },
        CauseRecording {
            name: "backend_refused",
            cause: "proxy-backend-refused",
            note: "the server redirects the SYNPROXY's SYNs to a closed port",
            router: synproxy!(),
            server: &["iptables -t nat -A PREROUTING -p tcp --sport 20000:29999 --dport 80 -j REDIRECT --to-ports 82"],
            ..PLAIN
        },
        CauseRecording {
            name: "backend_silent",
            cause: "proxy-backend-silent",
            note: "the server drops the SYNPROXY's SYNs",
            router: synproxy!(),
            server: rule!("input", "tcp sport 20000-29999 tcp dport 80 drop"),
            ..PLAIN
        },
        CauseRecording {
            name: "challenge_reset",
            cause: "challenge-reset",
            note: "a device completes the first handshake of each port and resets it; the next attempt passes",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("prerouting", "tcp sport 20000-24999 tcp dport 80 drop"),
            device: "challenge",
            waves: &[Wave { every: 300, ..BAD }, Wave { port: 30_000, count: 20, start: 450, every: 300, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "wrong_number",
            cause: "wrong-acknowledgment",
            note: "a device answers the first SYN of each port with a number that the client never sent",
            undecidable: &[Server, ServerWithCounters],
            router: first!("forward", "sport", "'tcp flags & (syn|ack) == syn'"),
            device: "wrong-number",
            ..PLAIN
        },
    ]
}

fn of_the_server() -> Vec<CauseRecording> {
    const FILLS: Wave = Wave { port: 50_000, count: 6, start: 3200, every: 30, act: Act::Ask, from: FIRST_CLIENT };
    vec![
        CauseRecording {
            name: "cookie_wrong_option",
            cause: "cookie-rejected",
            note: "SACK is switched off between SYN-ACK and ACK, and the cookie says SACK",
            server_sysctl: ALWAYS_COOKIES,
            client: QUIET,
            forgery: Some(Forgery { mode: "hold", times: 20, hold: 1500, start: 100 }),
            timed: &[
                Timed { at: 1300, at_server: true, line: "sysctl -qw net.ipv4.tcp_sack=0" },
                Timed { at: 4000, at_server: true, line: "sysctl -qw net.ipv4.tcp_sack=1" },
            ],
            waves: &[Wave { start: 4500, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "queue_full",
            cause: "accept-queue-overflow",
            note: "the program stops accepting for seven seconds; six connections fill the queue",
            mode: "stall",
            backlog: 5,
            waves: &[BEFORE, FILLS, Wave { start: 3600, every: 80, ..BAD }, Wave { start: 14_000, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "queue_full_reset",
            cause: "accept-queue-overflow",
            note: "the same with tcp_abort_on_overflow: the client delays its ACKs until the queue is full",
            mode: "stall",
            backlog: 18,
            server_sysctl: &[("net.ipv4.tcp_abort_on_overflow", "1")],
            client: QUIET,
            forgery: Some(Forgery { mode: "hold", times: 15, hold: 2000, start: 2900 }),
            waves: &[
                BEFORE,
                Wave { port: 50_000, count: 19, start: 3700, every: 30, act: Act::Ask, from: FIRST_CLIENT },
                Wave { start: 14_000, ..GOOD },
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "abort",
            cause: "application-abort",
            mode: "abort",
            note: "the program closes with SO_LINGER 0",
            ..PLAIN
        },
        CauseRecording {
            name: "abort_request",
            cause: "application-abort",
            note: "the same after it has read the request",
            mode: "abort-request",
            ..PLAIN
        },
        CauseRecording {
            name: "listener_gone",
            cause: "listener-gone",
            note: "the listener is closed between SYN-ACK and ACK; SYNs meanwhile are refused",
            mode: "restart",
            client: QUIET,
            forgery: Some(Forgery { mode: "hold", times: 20, hold: 2000, start: 1300 }),
            waves: &[
                BEFORE,
                Wave { port: 50_000, count: 4, start: 2800, every: 400, act: Act::Ask, from: FIRST_CLIENT },
                Wave { start: 7000, ..GOOD },
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "closed_port",
            cause: "closed-port",
            note: "no process listens for four seconds",
            mode: "restart",
            waves: &[BEFORE, Wave { start: 2800, every: 80, ..BAD }, Wave { start: 7000, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "served_nothing",
            cause: "served-nothing",
            note: "the program closes before it has received anything",
            mode: "close",
            waves: &[Wave { act: Act::AskAfter(80), ..BAD }, GOOD],
            ..PLAIN
        },
        CauseRecording {
            name: "deferred_accept",
            cause: "deferred-accept",
            note: "TCP_DEFER_ACCEPT of three seconds; the clients are silent for six",
            mode: "defer",
            waves: &[Wave { act: Act::AskAfter(6000), ..BAD }, GOOD],
            ..PLAIN
        },
        CauseRecording {
            name: "stale_connection",
            cause: "stale-connection",
            note: "the client loses connections that the server keeps, and opens them again from the same ports",
            mode: "never",
            client: &["nft add table ip q", "nft add chain ip q c '{ type filter hook output priority 0; }'"],
            timed: &[
                Timed { at: 1800, at_server: false, line: "nft add rule ip q c tcp sport 20000-29999 drop" },
                Timed { at: 4500, at_server: false, line: "nft flush chain ip q c" },
            ],
            waves: &[
                Wave { every: 40, act: Act::Abandon(2000), ..BAD },
                Wave { start: 5500, act: Act::Abandon(2000), ..BAD },
                Wave { start: 5600, ..GOOD },
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "backlog_refused",
            cause: "backlog-refused",
            note: "the server refuses some SYNs between others that it answers, as Windows with a full backlog",
            // Linux counts no reset for it; its counters say that the kernel did not refuse.
            undecidable: &[ClientWithCounters, ServerWithCounters],
            server: rule!("input", "tcp sport 20000-29999 tcp flags syn reject with tcp reset"),
            waves: &[Wave { start: 600, ..BAD }, Wave { count: 40, every: 90, ..GOOD }],
            ..PLAIN
        },
    ]
}

fn on_the_path() -> Vec<CauseRecording> {
    vec![
        CauseRecording {
            name: "firewall_syn",
            cause: "firewall-reset",
            note: "a rule on the router rejects SYNs",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("forward", "tcp sport 20000-29999 tcp dport 80 reject with tcp reset"),
            ..PLAIN
        },
        CauseRecording {
            name: "firewall_ack",
            cause: "firewall-reset",
            note: "a rule on the router rejects ACKs",
            router: rule!(
                "forward",
                "tcp sport 20000-29999 tcp dport 80 'tcp flags & (syn|ack) == ack' reject with tcp reset"
            ),
            ..PLAIN
        },
        CauseRecording {
            name: "firewall_data",
            cause: "firewall-reset",
            note: "a rule on the router rejects requests",
            undecidable: &[Server, ServerWithCounters],
            router: rule!(
                "forward",
                "tcp sport 20000-29999 tcp dport 80 'tcp flags & psh == psh' reject with tcp reset"
            ),
            ..PLAIN
        },
        CauseRecording {
            name: "firewall_on_server",
            cause: "firewall-reset",
            note: "a rule on the server rejects requests; only its counters show that its TCP did not send the resets",
            undecidable: &[],
            server: rule!("input", "tcp sport 20000-29999 tcp dport 80 'tcp flags & psh == psh' reject with tcp reset"),
            ..PLAIN
        },
        CauseRecording {
            name: "wrong_host",
            cause: "wrong-host",
            note: "the router sends everything but the SYN to another host with the same address",
            undecidable: &[Server, ServerWithCounters],
            second_server: &["ip addr add 10.0.2.2/32 dev lo"],
            router: &[
                "nft add table ip w",
                "nft add chain ip w c '{ type filter hook prerouting priority mangle; }'",
                "nft add rule ip w c iifname m0 tcp sport 20000-29999 'tcp flags & syn == 0' meta mark set 1",
                "ip route add 10.0.2.2/32 via 10.0.3.2 dev m2 table 100",
                "ip rule add fwmark 1 lookup 100",
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "injected_reset",
            cause: "injected-reset",
            note: "a device resets the client at its request, and lets the request pass",
            undecidable: &[Server, ServerWithCounters],
            device: "inject",
            ..PLAIN
        },
        CauseRecording {
            name: "injected_both",
            cause: "injected-reset",
            note: "a device resets client and server at the client's request, and lets the request pass",
            device: "inject-both",
            ..PLAIN
        },
        CauseRecording {
            name: "ack_dropped",
            cause: "ack-lost",
            note: "the router drops the ACKs",
            router: rule!("forward", "tcp sport 20000-29999 tcp dport 80 'tcp flags & (syn|ack) == ack' drop"),
            ..PLAIN
        },
        CauseRecording {
            name: "first_ack_dropped",
            cause: "ack-lost",
            note: "the router drops the first ACK; the server speaks first",
            mode: "greet",
            router: first!("forward", "sport", "'tcp flags & (syn|ack) == ack'"),
            waves: &[Wave { act: Act::AskWhenGreeted, ..BAD }, Wave { act: Act::AskWhenGreeted, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "first_syn_dropped",
            cause: "syn-lost",
            note: "the router drops the first SYN",
            undecidable: &[Server, ServerWithCounters],
            router: first!("forward", "sport", "'tcp flags & (syn|ack) == syn'"),
            ..PLAIN
        },
        CauseRecording {
            name: "first_syn_ack_dropped",
            cause: "syn-lost",
            note: "the router drops the first SYN-ACK",
            undecidable: &[Server, ServerWithCounters],
            router: first!("forward", "dport", "'tcp flags & (syn|ack) == (syn|ack)'"),
            ..PLAIN
        },
    ]
}

/// Failures for which no TCP segment is dropped or made by a rule on TCP.
fn of_the_path() -> Vec<CauseRecording> {
    vec![
        CauseRecording {
            name: "icmp_rejected_by_router",
            cause: "icmp-rejected",
            note: "a rule on the router rejects SYNs with an ICMP error; Linux sends one a second to each address",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("forward", "tcp sport 20000-29999 tcp dport 80 reject with icmp type admin-prohibited"),
            ..PLAIN
        },
        CauseRecording {
            name: "icmp_rejected_on_server",
            cause: "icmp-rejected",
            note: "a rule on the server rejects SYNs with an ICMP error",
            server: rule!("input", "tcp sport 20000-29999 tcp dport 80 reject with icmp type port-unreachable"),
            ..PLAIN
        },
        CauseRecording {
            name: "answered_from_elsewhere",
            cause: "answered-elsewhere",
            note: "the router replaces the source address of SYN-ACKs",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("postrouting", "oifname m0 tcp sport 80 tcp dport 20000-29999 ip saddr set 10.0.9.9"),
            ..PLAIN
        },
        CauseRecording {
            name: "wrong_checksum",
            cause: "bad-checksum",
            note: "the router writes a wrong checksum into SYNs",
            undecidable: &[Client],
            // A veth pair marks packets as checked unless its receiving end verifies checksums.
            server: &["ethtool -K s0 rx off"],
            router: &[
                "ethtool -K m0 rx off",
                "nft add table ip f",
                "nft add chain ip f c '{ type filter hook prerouting priority 0; }'",
                "nft add rule ip f c iifname m0 tcp sport 20000-29999 'tcp flags & (syn|ack) == syn' @th,128,16 set 0x1234",
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "small_mtu",
            cause: "path-mtu",
            note: "the router drops packets of more than 1300 bytes and sends no ICMP error",
            mode: "large",
            waves: &[Wave { count: 12, ..BAD }, GOOD],
            router: rule!("forward", "tcp dport 20000-29999 meta length gt 1300 drop"),
            ..PLAIN
        },
    ]
}

fn of_clients() -> Vec<CauseRecording> {
    vec![
        CauseRecording {
            name: "client_abort",
            cause: "client-abort",
            note: "the client resets as soon as it is connected",
            waves: &[Wave { every: 137, act: Act::Reset(0), ..BAD }, GOOD],
            ..PLAIN
        },
        CauseRecording {
            name: "client_gives_up",
            cause: "client-abort",
            note: "the client gives up on a slow server",
            mode: "never",
            waves: &[Wave { act: Act::Abandon(700), ..BAD }, GOOD],
            ..PLAIN
        },
        CauseRecording {
            name: "scan",
            cause: "client-abort",
            note: "a scanner writes the SYNs, and its kernel resets the SYN-ACKs",
            forgery: Some(Forgery { mode: "scan", times: 20, hold: 0, start: 200 }),
            waves: &[GOOD],
            ..PLAIN
        },
        CauseRecording {
            name: "health_check",
            cause: "health-check",
            note: "a check every 0.8 s that resets",
            waves: &[Wave { every: 800, act: Act::Reset(0), ..BAD }, Wave { every: 1100, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "health_check_closed",
            cause: "health-check",
            note: "a check every 0.8 s that closes",
            waves: &[Wave { every: 800, act: Act::Close(0), ..BAD }, Wave { every: 1100, ..GOOD }],
            ..PLAIN
        },
    ]
}

fn in_silence() -> Vec<CauseRecording> {
    vec![
        CauseRecording {
            name: "syn_dropped",
            cause: "silent-drop",
            note: "the router drops SYNs",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("forward", "tcp sport 20000-29999 tcp dport 80 drop"),
            ..PLAIN
        },
        CauseRecording {
            name: "data_dropped",
            cause: "silent-drop",
            note: "the router drops requests",
            undecidable: &[Server, ServerWithCounters],
            router: rule!("forward", "tcp sport 20000-29999 tcp dport 80 'tcp flags & psh == psh' drop"),
            ..PLAIN
        },
        CauseRecording {
            name: "syn_dropped_on_server",
            cause: "silent-drop",
            note: "a rule on the server drops SYNs",
            server: rule!("input", "tcp sport 20000-29999 tcp dport 80 drop"),
            ..PLAIN
        },
        CauseRecording {
            name: "flood",
            cause: "syn-flood",
            note: "SYNs from random sources, which never answer",
            backlog: 64,
            flood: 80,
            waves: &[Wave { count: 6, ..GOOD }],
            ..PLAIN
        },
        CauseRecording {
            name: "ports_exhausted",
            cause: "source-ports-exhausted",
            note: "the router translates the client to one of 16 ports, and all are in use; another client works",
            undecidable: &[Server, ServerWithCounters],
            client: &["ip addr add 10.0.1.3/24 dev c0"],
            router: &["iptables -t nat -A POSTROUTING -o m1 -p tcp -s 10.0.1.2 -j SNAT --to-source 10.0.2.1:4000-4015"],
            waves: &[
                Wave { port: 50_000, count: 16, start: 100, every: 50, act: Act::Hold(12_000), from: FIRST_CLIENT },
                Wave { start: 1800, ..BAD },
                Wave { start: 1800, from: SECOND_CLIENT, count: 24, every: 150, ..GOOD },
            ],
            ..PLAIN
        },
        CauseRecording {
            name: "old_timestamps",
            cause: "timestamps-rejected",
            note: "the server drops SYNs of a host with an older clock behind the same address",
            client: &["sysctl -qw net.ipv4.tcp_timestamps=2"],
            server: rule!("input", "tcp sport 20000-29999 'tcp flags & (syn|ack) == syn' drop"),
            forgery: Some(Forgery { mode: "old-timestamps", times: 20, hold: 0, start: 700 }),
            waves: &[Wave { count: 24, every: 200, ..GOOD }],
            ..PLAIN
        },
    ]
}
