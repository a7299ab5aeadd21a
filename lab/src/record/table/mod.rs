//! The table of recordings.

mod cookies;
mod failures;
mod mixed;
mod ordinary;
mod path;
mod proxies;

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
/// Setting of tcp_rmem; half of it is receive space by default (tcp_adv_win_scale 1).
const LARGE_BUFFER: (&str, &str) = ("net.ipv4.tcp_rmem", "4096 262144 6291456");
const SMALL_BUFFER: (&str, &str) = ("net.ipv4.tcp_rmem", "4096 80000 6291456");

const JITTER: &str = "delay 15ms 6ms distribution normal";
const SATELLITE: &str = "delay 650ms 4ms";
const LOSSY: &str = "iptables -I FORWARD -p tcp -m statistic --mode random --probability 0.06 -j DROP";

/// The label describes every client.
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
    client_aborts: false,
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
    gone_acks: 0,
    phases: &[],
    second_server: &[],
    second_server_commands: &[],
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

/// Returns every recording.
#[must_use]
pub fn all() -> Vec<Recording> {
    let parts = [
        ordinary::recordings,
        cookies::recordings,
        mixed::recordings,
        proxies::recordings,
        failures::recordings,
        path::recordings,
    ];
    parts.into_iter().flat_map(|part| part()).collect()
}
