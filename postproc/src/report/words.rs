//! Clauses for people: verdicts and outcomes. A cause has its own, [`syncookie_engine::CauseKind::clause`].

use syncookie_engine::{Outcome, Verdict};

/// Returns a verdict as a clause.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ordinary => "the server's own stack answered the SYN, from a half-open entry",
        Verdict::SynCookie => "the server answered the SYN with a SYN cookie",
        Verdict::SynProxy => "a SYN proxy in front of the server answered the SYN",
        Verdict::Undetermined => "who answered the SYN cannot be told from this capture",
    }
}

/// Returns an outcome as a clause.
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

/// Reasons for which a Linux host answers with cookies.
pub const WHY_COOKIES: &str = "a full SYN queue, or net.ipv4.tcp_syncookies=2";

/// Commands that show which of them applies.
pub const CHECK_COOKIES: &str = "on the server: nstat -az TcpExtTCPReqQFullDoCookies TcpExtSyncookiesSent, sysctl \
                                 net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog net.core.somaxconn, and ss -lnt";
