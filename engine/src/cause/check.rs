//! What settles a cause: one command, on one machine, and what it shows.

use crate::{CauseKind, Endpoint};

pub(super) fn check(kind: CauseKind, server: Endpoint) -> String {
    let port = server.port;
    match kind {
        CauseKind::CookieRejected => {
            "on the server: nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpOutRsts, before and after a failure (SyncookiesFailed rises with OutRsts; or SyncookiesRecv does, and an option was switched off)".to_owned()
        }
        CauseKind::ProxyLeakedAck => format!(
            "on the server: tcpdump -ni any 'tcp port {port}' (the ACK arrives with no SYN before it); then, on the proxy, if it is Linux: sysctl net.netfilter.nf_conntrack_tcp_loose (must be 0) and cat /proc/net/stat/synproxy (syn_received rises, cookie_valid does not)"
        ),
        CauseKind::ProxyBackendRefused => format!(
            "on the server: ss -Htln 'sport = :{port}' (is anything listening?); tcpdump -ni any 'tcp port {port}' shows the proxy's SYN answered by RST"
        ),
        CauseKind::ProxyBackendSilent => format!(
            "on the proxy: tcpdump -ni any 'tcp port {port}' (its own SYN to the server stays unanswered; Linux counts cookie_retrans in /proc/net/stat/synproxy)"
        ),
        CauseKind::ChallengeReset => {
            "from the client: connect twice within a few seconds (the second attempt gets another SYN-ACK and works)".to_owned()
        }
        CauseKind::AcceptQueueOverflow => format!(
            "on the server: nstat -az TcpExtListenOverflows, before and after a failure (it rises); ss -Htln 'sport = :{port}' shows Recv-Q above Send-Q while it lasts, sysctl net.ipv4.tcp_abort_on_overflow whether it resets"
        ),
        CauseKind::ApplicationAbort => {
            "on the server: nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpEstabResets, before and after a failure (one rises); strace -f -e trace=close,shutdown,setsockopt on the process shows where".to_owned()
        }
        CauseKind::ListenerGone => {
            format!("on the server: ss -Htlnp 'sport = :{port}' (is anything listening, since when?), and the service's log around that time")
        }
        CauseKind::FirewallReset => format!(
            "on the server: tcpdump -ni any 'tcp port {port} and tcp[tcpflags] & tcp-rst != 0' (the reset is not sent there); then the counters of each firewall on the way: iptables -vnL, nft list ruleset"
        ),
        CauseKind::WrongHost => format!(
            "on every host behind the address: tcpdump -ni any 'tcp port {port}' (one sees the SYN, another the ACK)"
        ),
        CauseKind::ClosedPort => format!("on the server: ss -Htln 'sport = :{port}' (lists no listener)"),
        CauseKind::ClientAbort => {
            "on the client: strace -f -e trace=close,shutdown,setsockopt on the process, and its log (a timeout?)".to_owned()
        }
        CauseKind::SilentDrop => format!(
            "on the server: tcpdump -ni any 'tcp port {port}' (does the packet arrive, is it answered?); if it arrives: nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop, and the firewall's drop counters"
        ),
    }
}
