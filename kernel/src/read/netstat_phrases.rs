//! Phrases of `netstat -s` for the kernel's counters, as net-tools 1.60 to 2.10 print them.

/// Splits a line into its phrase, with `#` in place of the first number and without a full stop,
/// and the number.
pub fn template(line: &str) -> (String, Option<u64>) {
    let mut value = None;
    let mut words = Vec::new();
    for word in line.trim_end_matches('.').split_whitespace() {
        match super::decimal(word) {
            Some(number) if value.is_none() => {
                value = Some(number);
                words.push("#");
            }
            _ => words.push(word),
        }
    }
    (words.join(" "), value)
}

/// Returns the kernel's name for the counter that a phrase of a group means.
pub fn counter_name(group: &str, template: &str) -> Option<&'static str> {
    let table: &[(&str, &'static str)] = match group {
        "Tcp" => &TCP,
        "TcpExt" => &TCP_EXT,
        "Ip" | "Ip6" => &IP,
        "Icmp" | "Icmp6" => &ICMP,
        "Udp" | "Udp6" | "UdpLite" | "UdpLite6" => &UDP,
        _ => &[],
    };
    table.iter().find(|(words, _)| *words == template).map(|(_, name)| *name)
}

const TCP: [(&str, &str); 13] = [
    ("# active connection openings", "ActiveOpens"),
    ("# active connections openings", "ActiveOpens"),
    ("# passive connection openings", "PassiveOpens"),
    ("# failed connection attempts", "AttemptFails"),
    ("# connection resets received", "EstabResets"),
    ("# connections established", "CurrEstab"),
    ("# segments received", "InSegs"),
    ("# segments sent out", "OutSegs"),
    ("# segments send out", "OutSegs"),
    ("# segments retransmitted", "RetransSegs"),
    ("# segments retransmited", "RetransSegs"),
    ("# bad segments received", "InErrs"),
    ("# resets sent", "OutRsts"),
];

const IP: [(&str, &str); 14] = [
    ("# total packets received", "InReceives"),
    ("# forwarded", "ForwDatagrams"),
    ("# incoming packets discarded", "InDiscards"),
    ("# incoming packets delivered", "InDelivers"),
    ("# requests sent out", "OutRequests"),
    ("# with invalid headers", "InHdrErrors"),
    ("# with invalid addresses", "InAddrErrors"),
    ("# with unknown protocol", "InUnknownProtos"),
    ("# outgoing packets dropped", "OutDiscards"),
    ("# dropped because of missing route", "OutNoRoutes"),
    ("# fragments dropped after timeout", "ReasmTimeout"),
    ("# reassemblies required", "ReasmReqds"),
    ("# packets reassembled ok", "ReasmOKs"),
    ("# packet reassembles failed", "ReasmFails"),
];

const ICMP: [(&str, &str); 5] = [
    ("# ICMP messages received", "InMsgs"),
    ("# input ICMP message failed", "InErrors"),
    ("# ICMP messages sent", "OutMsgs"),
    ("# ICMP messages failed", "OutErrors"),
    ("OutRateLimitGlobal: #", "OutRateLimitGlobal"),
];

const UDP: [(&str, &str); 6] = [
    ("# packets received", "InDatagrams"),
    ("# packets to unknown port received", "NoPorts"),
    ("# packet receive errors", "InErrors"),
    ("# packets sent", "OutDatagrams"),
    ("# receive buffer errors", "RcvbufErrors"),
    ("# send buffer errors", "SndbufErrors"),
];

const TCP_EXT: [(&str, &str); 70] = [
    ("# SYN cookies sent", "SyncookiesSent"),
    ("# SYN cookies received", "SyncookiesRecv"),
    ("# invalid SYN cookies received", "SyncookiesFailed"),
    ("# resets received for embryonic SYN_RECV sockets", "EmbryonicRsts"),
    ("# packets pruned from receive queue because of socket buffer overrun", "PruneCalled"),
    ("# packets pruned from receive queue", "RcvPruned"),
    ("# packets dropped from out-of-order queue because of socket buffer overrun", "OfoPruned"),
    ("# ICMP packets dropped because they were out-of-window", "OutOfWindowIcmps"),
    ("# ICMP packets dropped because socket was locked", "LockDroppedIcmps"),
    ("# TCP sockets finished time wait in fast timer", "TW"),
    ("# TCP sockets finished time wait in slow timer", "TWKilled"),
    ("# time wait sockets recycled by time stamp", "TWRecycled"),
    ("# passive connections rejected because of time stamp", "PAWSPassive"),
    ("# active connections rejected because of time stamp", "PAWSActive"),
    ("# packets rejected in established connections because of timestamp", "PAWSEstab"),
    ("# packetes rejected in established connections because of timestamp", "PAWSEstab"),
    ("# packets rejects in established connections because of timestamp", "PAWSEstab"),
    ("# delayed acks sent", "DelayedACKs"),
    ("# delayed acks further delayed because of locked socket", "DelayedACKLocked"),
    ("Quick ack mode was activated # times", "DelayedACKLost"),
    ("# times the listen queue of a socket overflowed", "ListenOverflows"),
    ("# SYNs to LISTEN sockets dropped", "ListenDrops"),
    ("# SYNs to LISTEN sockets ignored", "ListenDrops"),
    ("# packets directly queued to recvmsg prequeue", "TCPPrequeued"),
    ("# bytes directly in process context from backlog", "TCPDirectCopyFromBacklog"),
    ("# bytes directly received in process context from prequeue", "TCPDirectCopyFromPrequeue"),
    ("# packets dropped from prequeue", "TCPPrequeueDropped"),
    ("# packet headers predicted", "TCPHPHits"),
    ("# packets header predicted", "TCPHPHits"),
    ("# packet headers predicted and directly queued to user", "TCPHPHitsToUser"),
    ("# packets header predicted and directly queued to user", "TCPHPHitsToUser"),
    ("Ran # times out of system memory during packet sending", "SockMallocOOM"),
    ("# acknowledgments not containing data payload received", "TCPPureAcks"),
    ("# acknowledgments not containing data received", "TCPPureAcks"),
    ("# predicted acknowledgments", "TCPHPAcks"),
    ("# times recovered from packet loss due to fast retransmit", "TCPRenoRecovery"),
    ("# times recovered from packet loss by selective acknowledgements", "TCPSackRecovery"),
    ("# times recovered from packet loss due to SACK data", "TCPSackRecovery"),
    ("# bad SACK blocks received", "TCPSACKReneging"),
    ("# bad SACKs received", "TCPSACKReneging"),
    ("Detected reordering # times using FACK", "TCPFACKReorder"),
    ("Detected reordering # times using SACK", "TCPSACKReorder"),
    ("Detected reordering # times using reno fast retransmit", "TCPRenoReorder"),
    ("Detected reordering # times using time stamp", "TCPTSReorder"),
    ("# congestion windows fully recovered without slow start", "TCPFullUndo"),
    ("# congestion windows fully recovered", "TCPFullUndo"),
    ("# congestion windows partially recovered using Hoe heuristic", "TCPPartialUndo"),
    ("# congestion windows recovered without slow start by DSACK", "TCPDSACKUndo"),
    ("# congestion window recovered without slow start using DSACK", "TCPDSACKUndo"),
    ("# congestion windows recovered without slow start after partial ack", "TCPLossUndo"),
    ("# timeouts after reno fast retransmit", "TCPRenoFailures"),
    ("# timeouts after SACK recovery", "TCPSackFailures"),
    ("# timeouts in loss state", "TCPLossFailures"),
    ("# fast retransmits", "TCPFastRetrans"),
    ("# forward retransmits", "TCPForwardRetrans"),
    ("# retransmits in slow start", "TCPSlowStartRetrans"),
    ("# other TCP timeouts", "TCPTimeouts"),
    ("# SACK retransmits failed", "TCPSackRecoveryFail"),
    ("# classic Reno fast retransmits failed", "TCPRenoRecoveryFail"),
    ("# packets collapsed in receive queue due to low socket buffer", "TCPRcvCollapsed"),
    ("# DSACKs sent for old packets", "TCPDSACKOldSent"),
    ("# DSACKs sent for out of order packets", "TCPDSACKOfoSent"),
    ("# DSACKs received", "TCPDSACKRecv"),
    ("# DSACKs for out of order packets received", "TCPDSACKOfoRecv"),
    ("# connections reset due to unexpected data", "TCPAbortOnData"),
    ("# connections reset due to early user close", "TCPAbortOnClose"),
    ("# connections aborted due to memory pressure", "TCPAbortOnMemory"),
    ("# connections aborted due to timeout", "TCPAbortOnTimeout"),
    ("# connections aborted after user close in linger timeout", "TCPAbortOnLinger"),
    ("TCP ran low on memory # times", "TCPMemoryPressures"),
];
