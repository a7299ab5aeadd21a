//! SYN cookies of the host and SYNPROXY, which answer SYNs without storing them; and Fast Open.
//!
//! Counters: net/ipv4/syncookies.c; `/proc/net/stat/synproxy`, net/netfilter/nf_synproxy_core.c;
//! the limit of the Fast Open queue is the argument of `TCP_FASTOPEN` (`tcp_fastopen_queue_check`,
//! net/ipv4/tcp_fastopen.c), which no program shows.

use super::{Context, Resource, ResourceKind};

/// Adds the state of SYN cookies, SYNPROXY and Fast Open.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend([syn_cookies(context), synproxy(context), fast_open(context)]);
}

fn syn_cookies(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::SynCookies);
    resource.counters =
        context.counters(&["TcpExt.SyncookiesSent", "TcpExt.SyncookiesRecv", "TcpExt.SyncookiesFailed"]);
    resource.remark = context.facts.setting("net.ipv4.tcp_syncookies").map(|value| match value {
        "0" => "tcp_syncookies=0: SYN cookies are off".to_owned(),
        "1" => "tcp_syncookies=1: SYN cookies are sent when a SYN queue is full".into(),
        "2" => "tcp_syncookies=2: SYN cookies are always sent".into(),
        other => format!("tcp_syncookies={other}"),
    });
    let failed = resource.counters[2].clone();
    if let Some(level) = context.level(&failed) {
        let counted = context.counted("ACKs with an invalid SYN cookie", &failed);
        let text = format!("{counted} The cookie was too old, or this host had not sent it. The answer is a reset.");
        resource.add_finding(level, text);
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
        resource.remark = Some("SYNPROXY is loaded, but no SYN has reached it".into());
    }
    if let Some(level) = context.level(&invalid) {
        let counted = context.counted("ACKs with an invalid cookie at SYNPROXY", &invalid);
        resource.add_finding(level, format!("{counted} SYNPROXY drops them silently."));
    }
    resource
}

fn fast_open(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::FastOpen);
    resource.counters = context.counters(&["TcpExt.TCPFastOpenListenOverflow", "TcpExt.TCPFastOpenPassiveFail"]);
    resource.remark = context.facts.setting("net.ipv4.tcp_fastopen").map(|value| format!("tcp_fastopen={value}"));
    let overflow = resource.counters[0].clone();
    if let Some(level) = context.level(&overflow) {
        resource.add_finding(level, context.counted("Fast Open queue overflows", &overflow));
    }
    resource
}
