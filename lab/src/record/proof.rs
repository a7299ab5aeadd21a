//! Checks that the kernel's counters agree with a label. Each returns what contradicts it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Counters and results of a run.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Differences of counters.
    pub counters: BTreeMap<String, i64>,
    /// What the clients saw.
    pub results: Vec<Value>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moved: BTreeMap<_, _> = self.counters.iter().filter(|(_, v)| **v != 0).collect();
        write!(f, "{moved:?} {}", Value::from(self.results.clone()))
    }
}

impl Proof {
    fn get(&self, name: &str) -> i64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    /// Returns the number of connections that succeeded according to the clients.
    fn worked(&self) -> i64 {
        self.results.iter().filter_map(|r| r["ok"].as_i64()).sum()
    }

    fn failed(&self) -> i64 {
        let errors = self.results.iter().filter_map(|r| r["errors"].as_object());
        errors.flat_map(|e| e.values()).filter_map(Value::as_i64).sum()
    }
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Checks that no SYN was answered with a cookie, and that connections succeeded.
pub(super) fn ordinary(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("synproxy_syn_received") == 0, "a SYNPROXY saw a SYN")?;
    ensure(p.worked() > 0, "no connection worked")?;
    ensure(p.get("PassiveOpens") >= p.worked(), "fewer passive opens than connections")
}

/// Checks that every connection was opened by a cookie.
pub(super) fn cookies(p: &Proof) -> Result<(), String> {
    ensure(p.worked() > 0, "no connection worked")?;
    ensure(p.get("SyncookiesRecv") >= p.worked(), "fewer cookies accepted than connections")?;
    // Under load, a kernel once accepted 41 cookies after sending 40, for 40 connections.
    ensure(p.get("SyncookiesSent") >= p.worked(), "fewer cookies sent than connections")?;
    ensure(p.get("PassiveOpens") == p.get("SyncookiesRecv"), "a connection did not come out of a cookie")
}

/// Checks that some connections were opened by a cookie and others were not (episodes; the first of
/// a reused four-tuple).
pub(super) fn some_cookies(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesRecv") > 0, "no cookie was accepted")?;
    ensure(p.get("PassiveOpens") > p.get("SyncookiesRecv"), "every connection came out of a cookie")
}

/// Checks that cookies opened the connections, and that the program reset each.
pub(super) fn cookies_then_reset(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesRecv") > 0, "no cookie was accepted")?;
    ensure(p.get("PassiveOpens") == p.get("SyncookiesRecv"), "a connection did not come out of a cookie")?;
    ensure(p.get("OutRsts") >= p.get("SyncookiesRecv"), "fewer resets than connections")
}

/// Checks that the flood filled the SYN queue and that SYNs were dropped, without cookies.
pub(super) fn dropped(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("ListenDrops") > 0, "no SYN was dropped")
}

/// Checks that wrong cookies were rejected.
pub(super) fn cookies_rejected(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesFailed") > 0, "no cookie failed")?;
    ensure(p.get("SyncookiesRecv") == 0, "a cookie was accepted")?;
    ensure(p.get("OutRsts") >= p.get("SyncookiesFailed"), "fewer resets than rejections")
}

/// Checks that half-open entries rejected wrong ACK numbers.
pub(super) fn acks_rejected(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("OutRsts") > 0 && p.get("PassiveOpens") == 0, "not every wrong ACK was reset")
}

/// Checks that the accept queue overflowed and that resets were sent.
pub(super) fn overflow_reset(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("ListenOverflows") > 0 && p.get("OutRsts") > 0, "no overflow, or no reset")
}

/// Checks that the accept queue overflowed and that nothing was sent.
pub(super) fn overflow_silent(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("ListenOverflows") > 0 && p.get("OutRsts") == 0, "no overflow, or a reset")
}

/// Checks that the program reset the connections.
pub(super) fn application_reset(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "a cookie was sent")?;
    ensure(p.get("PassiveOpens") > 0 && p.get("OutRsts") >= p.get("PassiveOpens"), "fewer resets than connections")
}

/// Checks that the router sent resets and the server did not.
pub(super) fn firewall_reset(p: &Proof) -> Result<(), String> {
    ensure(p.get("PassiveOpens") > 0, "no connection was opened")?;
    ensure(p.get("router_rejected") > 0, "the router's rule never fired")?;
    ensure(p.get("OutRsts") == 0, "the server reset")
}

/// Checks that a rule on the server sent resets and its TCP did not.
pub(super) fn server_firewall_reset(p: &Proof) -> Result<(), String> {
    ensure(p.get("PassiveOpens") > 0, "no connection was opened")?;
    ensure(p.get("server_rejected") > 0, "the server's rule never fired")?;
    ensure(p.get("OutRsts") == 0, "the server's TCP reset")
}

/// Checks that the router reset the ACKs: no connection was opened, and the server sent no reset.
pub(super) fn ack_rejected(p: &Proof) -> Result<(), String> {
    ensure(p.get("router_rejected") > 0, "the router's rule never fired")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("OutRsts") == 0, "something was opened, or the server reset")
}

/// Checks that a host that had seen no SYN reset the ACKs, and that other connections succeeded.
pub(super) fn wrong_host(p: &Proof) -> Result<(), String> {
    ensure(p.worked() > 0 && p.failed() > 0, "not some worked and some did not")?;
    ensure(p.get("OutRsts") >= p.failed(), "fewer resets than failures")?;
    ensure(p.get("SyncookiesSent") == 0 && p.get("ListenOverflows") == 0, "a cookie or an overflow")
}

/// Checks that ACKs were reset at a port without a listener.
pub(super) fn listener_gone(p: &Proof) -> Result<(), String> {
    let reset = p.results.iter().filter_map(|r| r["reset"].as_i64()).sum::<i64>();
    ensure(reset > 0, "no ACK was reset")?;
    ensure(p.get("OutRsts") >= reset, "fewer resets than ACKs that were reset")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("ListenOverflows") == 0, "something was opened, or a queue overflowed")
}

/// Checks that the clients reset open connections.
pub(super) fn client_aborted(p: &Proof) -> Result<(), String> {
    ensure(p.get("PassiveOpens") > 0, "nothing was opened")?;
    ensure(p.get("OutRsts") == 0, "the server reset")
}

/// Checks that nothing listened.
pub(super) fn refused(p: &Proof) -> Result<(), String> {
    ensure(
        p.get("PassiveOpens") == 0 && p.get("OutRsts") >= p.failed(),
        "something was opened, or fewer resets than SYNs",
    )
}

/// Checks that every SYN was rejected with an ICMP error: the clients failed at once, without a
/// reset.
pub(super) fn icmp_rejected(p: &Proof) -> Result<(), String> {
    nothing_opened(p)?;
    let timeouts = p.results.iter().filter_map(|r| r["errors"]["TimedOut"].as_i64()).sum::<i64>();
    ensure(timeouts == 0, "a SYN got no answer")
}

/// Checks that no connection was opened, and that the server sent no reset.
pub(super) fn nothing_opened(p: &Proof) -> Result<(), String> {
    ensure(p.failed() > 0 && p.worked() == 0, "not every connection failed")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("OutRsts") == 0, "something was opened, or the server reset")
}

/// Checks that the server dropped the SYNs because of their checksums.
pub(super) fn wrong_checksums(p: &Proof) -> Result<(), String> {
    nothing_opened(p)?;
    ensure(p.get("InCsumErrors") >= p.failed(), "fewer checksum errors than SYNs")
}

/// Checks that connections were opened, and that no client got a whole response.
pub(super) fn nothing_served(p: &Proof) -> Result<(), String> {
    ensure(p.failed() > 0 && p.worked() == 0, "some connection worked")?;
    ensure(p.get("PassiveOpens") >= p.failed() && p.get("ListenOverflows") == 0, "not every connection was opened")
}

/// Checks that every connection passed the SYNPROXY.
pub(super) fn proxied(p: &Proof) -> Result<(), String> {
    ensure(p.get("SyncookiesSent") == 0, "the server sent a cookie")?;
    ensure(p.worked() > 0, "no connection worked")?;
    ensure(p.get("synproxy_cookie_valid") >= p.worked(), "fewer valid cookies at the SYNPROXY than connections")
}

/// Checks that the SYNPROXY accepted the clients and that the server refused them.
pub(super) fn proxied_refused(p: &Proof) -> Result<(), String> {
    ensure(p.get("synproxy_cookie_valid") >= p.failed(), "fewer valid cookies than connections")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("OutRsts") >= p.failed(), "the server did not refuse")
}

/// Checks that the SYNPROXY accepted the clients and that the server never answered.
pub(super) fn proxied_silent(p: &Proof) -> Result<(), String> {
    ensure(p.get("synproxy_cookie_valid") >= p.failed(), "fewer valid cookies than connections")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("OutRsts") == 0, "the server answered")
}

/// Checks that the SYNPROXY answered and that the ACKs bypassed it.
pub(super) fn proxied_leaked(p: &Proof) -> Result<(), String> {
    ensure(p.get("synproxy_syn_received") > 0, "the SYNPROXY saw no SYN")?;
    ensure(p.get("synproxy_cookie_valid") == 0, "the SYNPROXY saw an ACK")?;
    ensure(p.get("PassiveOpens") == 0 && p.get("OutRsts") > 0, "the server did not reset")
}
