//! What answers SYNs without keeping them: SYN cookies of the host, SYNPROXY; and Fast Open, which keeps more of them.
//!
//! Counters: net/ipv4/syncookies.c; `/proc/net/stat/synproxy`, net/netfilter/nf_synproxy_core.c; the bound of the Fast
//! Open queue is the argument of `TCP_FASTOPEN` (`tcp_fastopen_queue_check`, net/ipv4/tcp_fastopen.c), which nothing
//! shows.

use super::{Judge, Kind, Resource};

pub fn add(judge: &Judge<'_>, found: &mut Vec<Resource>) {
    found.extend([syn_cookies(judge), synproxy(judge), fast_open(judge)]);
}

fn syn_cookies(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::SynCookies);
    resource.counters = judge.counters(&["TcpExt.SyncookiesSent", "TcpExt.SyncookiesRecv", "TcpExt.SyncookiesFailed"]);
    resource.remark = judge.facts.setting("net.ipv4.tcp_syncookies").map(|value| match value {
        "0" => "tcp_syncookies=0: never sent".to_owned(),
        "1" => "tcp_syncookies=1: sent when a half-open queue is full".into(),
        "2" => "tcp_syncookies=2: always sent".into(),
        other => format!("tcp_syncookies={other}"),
    });
    let failed = resource.counters[2].clone();
    if let Some(level) = judge.level(&failed) {
        let times = judge.times(&failed, "ACK");
        resource.say(
            level,
            format!("ACKs carried a SYN cookie that did not hold (too late, not ours, or wrong): {times}; each got a reset (SyncookiesFailed)"),
        );
    }
    resource
}

fn synproxy(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Synproxy);
    resource.counters = judge.counters(&[
        "synproxy.syn_received",
        "synproxy.cookie_valid",
        "synproxy.cookie_invalid",
        "synproxy.cookie_retrans",
        "synproxy.conn_reopened",
    ]);
    let invalid = resource.counters[2].clone();
    if resource.counters[0].total == Some(0) && invalid.total == Some(0) {
        resource.remark = Some("loaded, and sees no SYNs".into());
    }
    if let Some(level) = judge.level(&invalid) {
        let times = judge.times(&invalid, "ACK");
        resource.say(
            level,
            format!("SYNPROXY received ACKs whose cookie did not hold, and dropped them without a word: {times} (cookie_invalid)"),
        );
    }
    resource
}

fn fast_open(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::FastOpen);
    resource.counters = judge.counters(&["TcpExt.TCPFastOpenListenOverflow", "TcpExt.TCPFastOpenPassiveFail"]);
    resource.remark = judge.facts.setting("net.ipv4.tcp_fastopen").map(|value| format!("tcp_fastopen={value}"));
    let overflow = resource.counters[0].clone();
    if let Some(level) = judge.level(&overflow) {
        let times = judge.times(&overflow, "time");
        resource.say(level, format!("a Fast Open queue was full: {times} (TCPFastOpenListenOverflow)"));
    }
    resource
}
