//! The words of the product: one word per thing, the same in types, JSON, display filters and
//! documents.

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

            /// The written form, as in JSON and in display filters.
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
        /// The server's own stack, from a half-open entry.
        Ordinary = "ordinary",
        /// The host itself, without keeping state.
        SynCookie = "syn-cookie",
        /// Something in front of the host.
        SynProxy = "syn-proxy",
        /// Seen, but the capture does not decide it.
        Undetermined = "undetermined",
    }
}

impl Verdict {
    /// `syn-cookie` or `syn-proxy`.
    #[must_use]
    pub const fn is_cookie_style(self) -> bool {
        matches!(self, Self::SynCookie | Self::SynProxy)
    }
}

words! {
    /// How sure a verdict is; ordered from weak to strong.
    Confidence {
        /// More likely than not.
        Possible = "possible",
        /// Meant to be right in at least 95 % of findings.
        Likely = "likely",
        /// Meant to be right in at least 99.9 % of findings.
        Certain = "certain",
    }
}

words! {
    /// What became of a handshake.
    Outcome {
        /// It completed, and the server did not reset it before sending data.
        Established = "established",
        /// The server's side reset it after its SYN-ACK and before it sent any data.
        ResetByServer = "reset-by-server",
        /// The client reset it before the server sent any data.
        ResetByClient = "reset-by-client",
        /// The SYN was answered by a reset.
        Refused = "refused",
        /// No answer to the SYN was seen.
        Unanswered = "unanswered",
        /// A SYN-ACK, and never an ACK.
        Unacknowledged = "unacknowledged",
        /// The capture begins or ends in the middle of it.
        Incomplete = "incomplete",
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
    }
}

words! {
    /// A signal that was weighed.
    EvidenceKind {
        /// Window of the SYN-ACK is zero, or is not (S1).
        ZeroWindow = "zero-window",
        /// Options the client offered and the SYN-ACK lacks, or kept (S2, S3).
        OptionsDropped = "options-dropped",
        /// Timestamp of the SYN-ACK against the clock of the server's next segments (S6).
        TimestampLag = "timestamp-lag",
        /// Low six bits of the SYN-ACK's timestamp spell the client's options (S4).
        TimestampBits = "timestamp-bits",
        /// Low six bits of the timestamp spell them behind an offset of the address pair (S5).
        TimestampResidue = "timestamp-residue",
        /// SYN-ACK repeated by the server's own timer: it keeps state (S10).
        SynAckRetransmitted = "syn-ack-retransmitted",
        /// SYN-ACK never repeated although the ACK was missing for long (S10).
        SynAckNotRetransmitted = "syn-ack-not-retransmitted",
        /// Hop limit of the SYN-ACK against the server's later packets (S13).
        TtlChange = "ttl-change",
        /// IP identification of the SYN-ACK repeats that of the SYN (S16).
        IpIdEcho = "ip-id-echo",
        /// Option bytes of the SYN-ACK are the client's, refused ones overwritten by NOPs (S16).
        ReflectedOptions = "reflected-options",
        /// Pure ACK of the server that opens the window before any client data (S14).
        WindowUpdate = "window-update",
        /// First window after the handshake was computed again from the cookie's MSS (S11).
        WindowRecomputed = "window-recomputed",
        /// Shape of the reset that followed (S18).
        ResetShape = "reset-shape",
        /// Difference of server and client ISN repeats on the same four-tuple (S7).
        IsnAlgebra = "isn-algebra",
        /// Repeated SYN answered with another ISN.
        IsnChanged = "isn-changed",
        /// SYN with a non-zero acknowledgment field: the backend side of a SYNPROXY (S17).
        SynproxyBackendSyn = "synproxy-backend-syn",
        /// What the listener's other handshakes say about this one.
        ListenerContext = "listener-context",
        /// Largest segment equals an entry of the cookie's MSS table below the client's MSS (S12).
        SegmentSizeBound = "segment-size-bound",
        /// ISN byte encodes the client's options (S8, S9).
        IsnBits = "isn-bits",
        /// ECN or Fast Open refused, though granted to others (S20).
        ExtensionRefused = "extension-refused",
        /// SYNs answered sooner than data (S15).
        SynAnsweredSooner = "syn-answered-sooner",
        /// After a reset, the client's next connection got another answer and worked (S19).
        RetryAnsweredOtherwise = "retry-answered-otherwise",
    }
}

words! {
    /// A hypothesis on why a handshake failed.
    CauseKind {
        /// The host got a cookie it did not accept.
        CookieRejected = "cookie-rejected",
        /// The ACK passed the proxy and met a server that knew nothing of it.
        ProxyLeakedAck = "proxy-leaked-ack",
        /// The server behind the proxy refused the connection.
        ProxyBackendRefused = "proxy-backend-refused",
        /// The server behind the proxy never answered.
        ProxyBackendSilent = "proxy-backend-silent",
        /// An appliance resets on purpose and lets the retry through.
        ChallengeReset = "challenge-reset",
        /// The listener's accept queue was full.
        AcceptQueueOverflow = "accept-queue-overflow",
        /// The server program closed the connection hard.
        ApplicationAbort = "application-abort",
        /// The listener disappeared between SYN-ACK and ACK.
        ListenerGone = "listener-gone",
        /// A packet filter rejected it with a TCP reset.
        FirewallReset = "firewall-reset",
        /// A load balancer sent the ACK to another host.
        WrongHost = "wrong-host",
        /// Nothing listens on that port.
        ClosedPort = "closed-port",
        /// The client gave up.
        ClientAbort = "client-abort",
        /// Something dropped packets without a word.
        SilentDrop = "silent-drop",
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
        /// Packets turned away because an accept queue was full.
        ListenOverflows = "ListenOverflows",
        /// Packets a listener dropped, the above included.
        ListenDrops = "ListenDrops",
        /// SYN cookies sent.
        SyncookiesSent = "SyncookiesSent",
        /// SYN cookies that were right.
        SyncookiesRecv = "SyncookiesRecv",
        /// SYN cookies that were not.
        SyncookiesFailed = "SyncookiesFailed",
        /// SYNs for which a full half-open queue, or a setting, led to a cookie.
        TcpReqQFullDoCookies = "TCPReqQFullDoCookies",
        /// SYNs dropped because the half-open queue was full and cookies were off.
        TcpReqQFullDrop = "TCPReqQFullDrop",
        /// Connections a program aborted with data on the way.
        TcpAbortOnData = "TCPAbortOnData",
        /// Connections a program closed with data unread.
        TcpAbortOnClose = "TCPAbortOnClose",
        /// Resets of half-open entries, sent and received.
        EmbryonicRsts = "EmbryonicRsts",
        /// Resets sent.
        OutRsts = "OutRsts",
        /// Established connections that were reset.
        EstabResets = "EstabResets",
        /// SYNs that a SYNPROXY on the host answered.
        SynproxySynReceived = "syn_received",
        /// ACKs that a SYNPROXY on the host took.
        SynproxyCookieValid = "cookie_valid",
        /// ACKs that it did not take.
        SynproxyCookieInvalid = "cookie_invalid",
        /// Segments of clients for which it asked the server again.
        SynproxyCookieRetrans = "cookie_retrans",
        /// Packets that conntrack dropped: its table was full.
        ConntrackDrop = "drop",
    }
}

words! {
    /// A setting of a Linux kernel, by the name it has in sysctl.
    Setting {
        /// 0: no cookies, 1: when the half-open queue is full, 2: always.
        Syncookies = "net.ipv4.tcp_syncookies",
        /// Whether a full accept queue resets.
        AbortOnOverflow = "net.ipv4.tcp_abort_on_overflow",
        /// The upper bound of every accept queue.
        Somaxconn = "net.core.somaxconn",
        /// Half-open entries of a listener, where cookies are off.
        MaxSynBacklog = "net.ipv4.tcp_max_syn_backlog",
        /// Whether conntrack takes up connections in the middle.
        ConntrackTcpLoose = "net.netfilter.nf_conntrack_tcp_loose",
    }
}
