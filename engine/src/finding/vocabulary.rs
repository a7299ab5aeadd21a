//! The vocabulary of the product: one word for each thing, the same in types, JSON, display filters
//! and documents.

use std::fmt;

/// Declares an enum whose members have a fixed written form, and `ALL`, `as_str` and `Display` for
/// it.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $member,)+ }

        impl $name {
            /// Every member, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// Returns the written form, as in JSON and in display filters.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// Who answered the SYN.
    Verdict {
        /// The server's own stack, from a SYN queue entry.
        Ordinary = "ordinary",
        /// The host itself, without keeping state.
        SynCookie = "syn-cookie",
        /// A SYN proxy in front of the host.
        SynProxy = "syn-proxy",
        /// The handshake was captured, but does not show who answered.
        Undetermined = "undetermined",
    }
}

impl Verdict {
    /// Returns whether the verdict is `syn-cookie` or `syn-proxy`.
    #[must_use]
    pub const fn is_cookie_style(self) -> bool {
        matches!(self, Self::SynCookie | Self::SynProxy)
    }
}

words! {
    /// Confidence of a verdict, ordered from weak to strong.
    Confidence {
        /// The evidence favours it; false alarms are to be expected where cookies are rare.
        Possible = "possible",
        /// Meant to be right at least 95 times in 100.
        Likely = "likely",
        /// Meant to be right at least 999 times in 1,000.
        Certain = "certain",
    }
}

words! {
    /// Outcome of a handshake.
    Outcome {
        /// The handshake completed, and the server did not reset the connection before sending data.
        Established = "established",
        /// The server's side sent a reset after its SYN-ACK and before any data.
        ResetByServer = "reset-by-server",
        /// The client sent a reset before the server sent any data.
        ResetByClient = "reset-by-client",
        /// The SYN was answered by a reset.
        Refused = "refused",
        /// No answer to the SYN was seen.
        Unanswered = "unanswered",
        /// The SYN-ACK was never acknowledged.
        Unacknowledged = "unacknowledged",
        /// The capture begins or ends in the middle of the handshake.
        Incomplete = "incomplete",
    }
}

impl Outcome {
    /// Returns whether the outcome is a failure. After another one, a handshake failed only if its
    /// connection got stuck.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Established | Self::Incomplete)
    }
}

words! {
    /// An implementation of SYN cookies or of a SYN proxy.
    Implementation {
        /// Linux host, `net/ipv4/syncookies.c`.
        Linux = "linux",
        /// Netfilter SYNPROXY or the XDP synproxy, which look alike.
        LinuxSynproxy = "linux-synproxy",
        /// FreeBSD `tcp_syncache.c`.
        Freebsd = "freebsd",
        /// pf `synproxy state`.
        PfSynproxy = "pf-synproxy",
        /// pf `set syncookies`.
        PfSyncookies = "pf-syncookies",
        /// gVisor netstack.
        Gvisor = "gvisor",
        /// DPVS, and the LVS family that rewrites the client's own SYN into the answer.
        Dpvs = "dpvs",
        /// Onload / OpenOnload.
        Onload = "onload",
        /// nmsynproxy, a SYN proxy in user space.
        Nmsynproxy = "nmsynproxy",
        /// SmartCookie, a SYN proxy in a P4 switch.
        Smartcookie = "smartcookie",
    }
}

words! {
    /// A signal that was weighed.
    EvidenceKind {
        /// Window of the SYN-ACK: zero or not (S1).
        ZeroWindow = "zero-window",
        /// Options the client offered and the SYN-ACK lacks, or kept (S2, S3).
        OptionsDropped = "options-dropped",
        /// Timestamp of the SYN-ACK against the clock of the server's next segments (S6).
        TimestampLag = "timestamp-lag",
        /// Low six bits of the SYN-ACK's timestamp encode the client's options (S4).
        TimestampBits = "timestamp-bits",
        /// Low six bits of the SYN-ACK's timestamp encode the client's options plus an offset of the
        /// address pair (S5).
        TimestampResidue = "timestamp-residue",
        /// SYN-ACK retransmitted by the server's own timer: the server keeps state (S10).
        SynAckRetransmitted = "syn-ack-retransmitted",
        /// SYN-ACK never retransmitted although no ACK came (S10).
        SynAckNotRetransmitted = "syn-ack-not-retransmitted",
        /// TTL or hop limit of the SYN-ACK against the server's later packets (S13).
        TtlChange = "ttl-change",
        /// IP identification of the SYN-ACK repeats that of the SYN (S16).
        IpIdEcho = "ip-id-echo",
        /// Option bytes of the SYN-ACK are the client's, refused ones overwritten by NOPs (S16).
        ReflectedOptions = "reflected-options",
        /// Pure ACK of the server that opens the window before any client data (S14).
        WindowUpdate = "window-update",
        /// First window after the handshake, recomputed from the cookie's MSS (S11).
        WindowRecomputed = "window-recomputed",
        /// Shape of the reset that followed (S18).
        ResetShape = "reset-shape",
        /// Difference of server and client ISN repeats on the same four-tuple (S7).
        IsnAlgebra = "isn-algebra",
        /// Retransmitted SYN answered with another ISN.
        IsnChanged = "isn-changed",
        /// SYN with a non-zero acknowledgment field: the backend side of a SYNPROXY (S17).
        SynproxyBackendSyn = "synproxy-backend-syn",
        /// Verdicts of the listener's other handshakes around the same time.
        ListenerContext = "listener-context",
        /// Largest segment equals an entry of the cookie's MSS table below the client's MSS (S12).
        SegmentSizeBound = "segment-size-bound",
        /// ISN byte encodes the client's options (S8, S9).
        IsnBits = "isn-bits",
        /// ECN or Fast Open refused, though granted to others (S20).
        ExtensionRefused = "extension-refused",
        /// SYNs answered faster than data (S15).
        SynAnsweredSooner = "syn-answered-sooner",
        /// Next connection of the client after a reset, which got another SYN-ACK and succeeded (S19).
        RetryAnsweredOtherwise = "retry-answered-otherwise",
        /// SYN-ACK that acknowledges a number that the client never sent (S21).
        WrongAcknowledgment = "wrong-acknowledgment",
        /// TSecr of the SYN-ACK is not the TSval of the SYN (S22).
        TimestampEcho = "timestamp-echo",
    }
}

words! {
    /// A hypothesis on why a handshake failed.
    CauseKind {
        /// The server rejected the SYN cookie in the client's ACK.
        CookieRejected = "cookie-rejected",
        /// The client's ACK went past the SYN proxy to the server, which had not sent that SYN-ACK.
        ProxyLeakedAck = "proxy-leaked-ack",
        /// The server behind the proxy refused the connection.
        ProxyBackendRefused = "proxy-backend-refused",
        /// The server behind the proxy never answered.
        ProxyBackendSilent = "proxy-backend-silent",
        /// An appliance resets a client's first connection on purpose and lets the retry through.
        ChallengeReset = "challenge-reset",
        /// The listener's accept queue was full.
        AcceptQueueOverflow = "accept-queue-overflow",
        /// The application aborted the connection (RST).
        ApplicationAbort = "application-abort",
        /// The listening socket was closed between SYN-ACK and ACK.
        ListenerGone = "listener-gone",
        /// A packet filter rejected the connection with a TCP reset.
        FirewallReset = "firewall-reset",
        /// A load balancer sent the ACK to another host.
        WrongHost = "wrong-host",
        /// No process listens on the port.
        ClosedPort = "closed-port",
        /// The client gave up, or only probed the port.
        ClientAbort = "client-abort",
        /// Packets were dropped on the way, without a reset or an ICMP error.
        SilentDrop = "silent-drop",
        /// A device in front of the server answered with a wrong acknowledgment number on purpose.
        WrongAcknowledgment = "wrong-acknowledgment",
        /// A SYN or its answer was lost, and a retransmission got through.
        SynLost = "syn-lost",
        /// A SYN flood, whose sources never complete a handshake.
        SynFlood = "syn-flood",
        /// A periodic health check that ends the connection on purpose.
        HealthCheck = "health-check",
        /// The server still had an earlier connection of the same ports.
        StaleConnection = "stale-connection",
        /// A NAT device had no free source port for the destination.
        SourcePortsExhausted = "source-ports-exhausted",
        /// The server dropped SYNs whose timestamp was older than another of that address.
        TimestampsRejected = "timestamps-rejected",
        /// The server refused SYNs because its backlog was full.
        BacklogRefused = "backlog-refused",
        /// A third party injected a reset that neither end sent.
        InjectedReset = "injected-reset",
        /// The listener waits for data before it accepts (TCP_DEFER_ACCEPT).
        DeferredAccept = "deferred-accept",
        /// The client's ACK did not reach the server.
        AckLost = "ack-lost",
        /// The server closed the connection before it sent anything.
        ServedNothing = "served-nothing",
        /// A packet was rejected with an ICMP error.
        IcmpRejected = "icmp-rejected",
        /// The SYN was answered from another address or port.
        AnsweredElsewhere = "answered-elsewhere",
        /// SYNs or SYN-ACKs had a wrong TCP checksum.
        BadChecksum = "bad-checksum",
        /// Large segments do not pass the path, and small ones do.
        PathMtu = "path-mtu",
    }
}

words! {
    /// Packet or field that differs between two captures of one handshake.
    DifferenceKind {
        /// Sequence number of the SYN-ACK.
        SynAckIsn = "syn-ack-isn",
        /// SYN-ACK, which one capture lacks.
        SynAck = "syn-ack",
        /// Sequence number of the SYN.
        SynIsn = "syn-isn",
        /// MSS of the SYN-ACK.
        SynAckMss = "syn-ack-mss",
        /// Window scale, SACK and timestamps of the SYN-ACK.
        SynAckOptions = "syn-ack-options",
        /// Window of the SYN-ACK.
        SynAckWindow = "syn-ack-window",
        /// TTL or hop limit of the SYN-ACK.
        SynAckHopLimit = "syn-ack-hop-limit",
        /// MSS of the SYN.
        SynMss = "syn-mss",
        /// Window scale, SACK and timestamps of the SYN.
        SynOptions = "syn-options",
        /// Window of the SYN.
        SynWindow = "syn-window",
        /// TTL or hop limit of the SYN.
        SynHopLimit = "syn-hop-limit",
    }
}

words! {
    /// A counter of a Linux kernel, by the name it has in `/proc/net/netstat`, `/proc/net/snmp` and
    /// `/proc/net/stat`.
    Counter {
        /// Packets dropped because an accept queue was full.
        ListenOverflows = "ListenOverflows",
        /// Packets that a listener dropped, `ListenOverflows` included.
        ListenDrops = "ListenDrops",
        /// SYN cookies sent.
        SyncookiesSent = "SyncookiesSent",
        /// Valid SYN cookies received.
        SyncookiesRecv = "SyncookiesRecv",
        /// Invalid SYN cookies received.
        SyncookiesFailed = "SyncookiesFailed",
        /// SYNs answered with a cookie because the SYN queue was full or a setting demands it.
        TcpReqQFullDoCookies = "TCPReqQFullDoCookies",
        /// SYNs dropped because the SYN queue was full and cookies were off.
        TcpReqQFullDrop = "TCPReqQFullDrop",
        /// Connections that an application aborted with data in flight.
        TcpAbortOnData = "TCPAbortOnData",
        /// Connections that an application closed with unread data.
        TcpAbortOnClose = "TCPAbortOnClose",
        /// Resets of SYN queue entries, sent and received.
        EmbryonicRsts = "EmbryonicRsts",
        /// Resets sent.
        OutRsts = "OutRsts",
        /// Established connections that were reset.
        EstabResets = "EstabResets",
        /// SYNs that a SYNPROXY on the host answered.
        SynproxySynReceived = "syn_received",
        /// ACKs that a SYNPROXY on the host accepted.
        SynproxyCookieValid = "cookie_valid",
        /// ACKs that a SYNPROXY on the host rejected.
        SynproxyCookieInvalid = "cookie_invalid",
        /// Repeated ACKs with a valid cookie, for which a SYNPROXY on the host sent its SYN to the
        /// server again.
        SynproxyCookieRetrans = "cookie_retrans",
        /// Packets that conntrack dropped because its table was full.
        ConntrackDrop = "drop",
        /// ACKs without data that a listener with TCP_DEFER_ACCEPT ignored.
        TcpDeferAcceptDrop = "TCPDeferAcceptDrop",
        /// SYNs rejected because their timestamp was older than the last one of the address.
        PawsPassive = "PAWSPassive",
        /// Segments dropped because of a wrong checksum.
        InCsumErrors = "InCsumErrors",
        /// Packets that connection tracking classified as invalid.
        ConntrackInvalid = "invalid",
        /// Packets that the reverse path filter dropped.
        ReversePathFilter = "IPReversePathFilter",
        /// Received packets without a route.
        InNoRoutes = "InNoRoutes",
        /// Packets not sent for lack of a route.
        OutNoRoutes = "OutNoRoutes",
        /// Packets dropped because only the memory reserve was left for them.
        PfMemallocDrop = "PFMemallocDrop",
        /// Segments dropped because they had no TCP MD5 signature.
        TcpMd5NotFound = "TCPMD5NotFound",
        /// Segments dropped because of an unexpected TCP MD5 signature.
        TcpMd5Unexpected = "TCPMD5Unexpected",
        /// Segments dropped because of a wrong TCP MD5 signature.
        TcpMd5Failure = "TCPMD5Failure",
        /// Segments dropped because they had no TCP-AO signature.
        TcpAoRequired = "TCPAORequired",
        /// Segments dropped because of a wrong TCP-AO signature.
        TcpAoBad = "TCPAOBad",
        /// Segments dropped because their TCP-AO key is not known.
        TcpAoKeyNotFound = "TCPAOKeyNotFound",
        /// Packets dropped because a neighbour table was full.
        NeighbourTableFull = "table_fulls",
        /// Packets dropped because the softirq backlog of a CPU was full.
        SoftirqDrops = "softirq backlog drops",
        /// Packets that rules of the packet filter dropped or rejected.
        PacketFilterDrops = "packet filter drops",
        /// Packets that XDP programs dropped.
        XdpDrops = "XDP drops",
        /// Packets that network cards lost.
        CardDrops = "network card drops",
    }
}

words! {
    /// A setting of a Linux kernel, by the name it has in sysctl.
    Setting {
        /// SYN cookies. 0: never, 1: when the SYN queue is full, 2: always.
        Syncookies = "net.ipv4.tcp_syncookies",
        /// Whether a full accept queue sends resets.
        AbortOnOverflow = "net.ipv4.tcp_abort_on_overflow",
        /// Upper limit of every accept queue.
        Somaxconn = "net.core.somaxconn",
        /// Limit of a listener's SYN queue where cookies are off.
        MaxSynBacklog = "net.ipv4.tcp_max_syn_backlog",
        /// Whether conntrack accepts connections whose SYN it has not seen.
        ConntrackTcpLoose = "net.netfilter.nf_conntrack_tcp_loose",
    }
}
