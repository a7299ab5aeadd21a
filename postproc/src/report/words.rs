//! The engine's words, as people say them.

use syncookie_engine::{CauseKind, Outcome, Verdict};

/// A cause as a clause: completes "most likely".
pub const fn cause(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::CookieRejected => "the host got a cookie back that it did not accept",
        CauseKind::ProxyLeakedAck => "the ACK passed the proxy and met a server that knew nothing of it",
        CauseKind::ProxyBackendRefused => "the server behind the proxy refused the connection",
        CauseKind::ProxyBackendSilent => "the server behind the proxy never answered",
        CauseKind::ChallengeReset => "an appliance resets on purpose and lets the retry through",
        CauseKind::AcceptQueueOverflow => "the listener's accept queue was full",
        CauseKind::ApplicationAbort => "the server program closed the connection hard",
        CauseKind::ListenerGone => "the listener disappeared between SYN-ACK and ACK",
        CauseKind::FirewallReset => "a packet filter rejected it with a TCP reset",
        CauseKind::WrongHost => "a load balancer sent the ACK to another host",
        CauseKind::ClosedPort => "nothing listens on that port",
        CauseKind::ClientAbort => "the client gave up",
        CauseKind::SilentDrop => "something dropped packets without a word",
    }
}

/// A verdict as a clause.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ordinary => "the server's own stack answered the SYN, from a half-open entry",
        Verdict::SynCookie => "the server answered the SYN with a SYN cookie",
        Verdict::SynProxy => "a SYN proxy in front of the server answered the SYN",
        Verdict::Undetermined => "who answered the SYN cannot be told from this capture",
    }
}

/// An outcome as a clause.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Established => "the handshake was completed",
        Outcome::ResetByServer => "the server's side reset the connection before it sent any data",
        Outcome::ResetByClient => "the client reset the connection before the server sent any data",
        Outcome::Refused => "the SYN was refused with a reset",
        Outcome::Unanswered => "nobody answered the SYN",
        Outcome::Unacknowledged => "the SYN-ACK was never acknowledged",
        Outcome::Incomplete => "the capture begins or ends in the middle of it",
    }
}

/// Why a Linux host answers with cookies at all.
pub const WHY_COOKIES: &str = "a full SYN queue, or net.ipv4.tcp_syncookies=2";

/// What tells which.
pub const CHECK_COOKIES: &str = "on the server: nstat -az TcpExtTCPReqQFullDoCookies TcpExtSyncookiesSent, sysctl \
                                 net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog net.core.somaxconn, and ss -lnt";
