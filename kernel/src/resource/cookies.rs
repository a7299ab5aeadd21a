//! SYN cookies of the host and SYNPROXY, which answer SYNs without keeping them; and Fast Open.
//!
//! Counters: net/ipv4/syncookies.c; `/proc/net/stat/synproxy`, net/netfilter/nf_synproxy_core.c;
//! the limit of the Fast Open queue is the argument of `TCP_FASTOPEN` (`tcp_fastopen_queue_check`,
//! net/ipv4/tcp_fastopen.c), which no program shows.

use super::{Context, Resource, ResourceKind};

/// Adds the state of these resources.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend([syn_cookies(context), synproxy(context), fast_open(context)]);
}

fn syn_cookies(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::SynCookies);
    resource.counters =
        context.counters(&["TcpExt.SyncookiesSent", "TcpExt.SyncookiesRecv", "TcpExt.SyncookiesFailed"]);
    resource.remark = context.facts.setting("net.ipv4.tcp_syncookies").map(|value| match value {
        "0" => "tcp_syncookies=0: never sent".to_owned(),
        "1" => "tcp_syncookies=1: sent when a half-open queue is full".into(),
        "2" => "tcp_syncookies=2: always sent".into(),
        other => format!("tcp_syncookies={other}"),
    });
    let failed = resource.counters[2].clone();
    if let Some(level) = context.level(&failed) {
        let times = context.times(&failed, "ACK");
        resource.add_finding(
            level,
            format!("ACKs carried a SYN cookie that did not hold (too late, not ours, or wrong): {times}; each got a reset (SyncookiesFailed)"),
        );
    }
    resource
}

fn synproxy(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Synproxy);
    resource.counters = context.counters(&[
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
    if let Some(level) = context.level(&invalid) {
        let times = context.times(&invalid, "ACK");
        resource.add_finding(
            level,
            format!("SYNPROXY received ACKs whose cookie did not hold, and dropped them without a word: {times} (cookie_invalid)"),
        );
    }
    resource
}

fn fast_open(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::FastOpen);
    resource.counters = context.counters(&["TcpExt.TCPFastOpenListenOverflow", "TcpExt.TCPFastOpenPassiveFail"]);
    resource.remark = context.facts.setting("net.ipv4.tcp_fastopen").map(|value| format!("tcp_fastopen={value}"));
    let overflow = resource.counters[0].clone();
    if let Some(level) = context.level(&overflow) {
        let times = context.times(&overflow, "time");
        resource.add_finding(level, format!("a Fast Open queue was full: {times} (TCPFastOpenListenOverflow)"));
    }
    resource
}
