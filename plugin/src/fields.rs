//! The tables of everything that a display filter can use: fields and expert items.

/// The type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// No value: the field is present or absent.
    NoValue,
    /// Text.
    String,
    /// A floating-point number.
    Double,
    /// A non-negative integer of one byte.
    Uint8,
    /// A port.
    Uint16,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A duration.
    RelativeTime,
    /// The number of a frame, shown as a link to it.
    FrameNumber(Link),
}

/// The kind of a link to a frame; the packet list marks the frame with a sign for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The frame is related.
    Related,
    /// The frame asks.
    Request,
    /// The frame answers.
    Response,
    /// The frame acknowledges.
    Acknowledgment,
}

impl FieldType {
    /// Returns Wireshark's name of the type, as in `tshark -G fields`.
    #[must_use]
    pub const fn wireshark_name(self) -> &'static str {
        match self {
            Self::NoValue => "FT_NONE",
            Self::String => "FT_STRING",
            Self::Double => "FT_DOUBLE",
            Self::Uint8 => "FT_UINT8",
            Self::Uint16 => "FT_UINT16",
            Self::Ipv4 => "FT_IPv4",
            Self::Ipv6 => "FT_IPv6",
            Self::RelativeTime => "FT_RELATIVE_TIME",
            Self::FrameNumber(_) => "FT_FRAMENUM",
        }
    }
}

/// Declares the fields: for each its type, display-filter name, name in the packet details, and
/// description.
macro_rules! fields {
    ($($member:ident: $type:ident $(($link:ident))? $filter:literal $name:literal $description:literal,)+) => {
        /// A field of the `syncookie` subtree.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $(#[doc = $description] $member,)+ }

        impl Field {
            /// All fields.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// Returns the type of its value.
            #[must_use]
            pub const fn field_type(self) -> FieldType {
                match self { $(Self::$member => FieldType::$type $((Link::$link))?,)+ }
            }

            /// Returns its display-filter name.
            #[must_use]
            pub const fn filter(self) -> &'static str {
                match self { $(Self::$member => $filter,)+ }
            }

            /// Returns its name in the packet details.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name,)+ }
            }

            /// Returns its description.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$member => $description,)+ }
            }
        }
    };
}

fields! {
    Verdict: String "syncookie.verdict" "Verdict"
        "Who answered this SYN: ordinary, syn-cookie, syn-proxy or undetermined",
    Confidence: String "syncookie.confidence" "Confidence"
        "Confidence of the verdict: possible, likely or certain",
    ConfidenceLevel: Uint8 "syncookie.confidence.level" "Confidence level"
        "Confidence of the verdict as a number: 1 possible, 2 likely, 3 certain",
    Implementation: String "syncookie.implementation" "Implementation"
        "Implementation that nothing in the capture contradicts; best match first",
    Missing: String "syncookie.missing" "Missing information"
        "Why the capture does not show who answered",
    LogOdds: Double "syncookie.log_odds" "Log-odds"
        "Natural logarithm of the odds of the verdict against the second most probable one, in nats",
    RunnerUp: String "syncookie.runner_up" "Runner-up"
        "Second most probable verdict, which the log-odds compare with",
    EvidenceKind: String "syncookie.evidence.kind" "Evidence kind"
        "Name of a signal that supports the verdict, such as zero-window",
    EvidenceAgainst: String "syncookie.evidence.against" "Contradicting evidence kind"
        "Name of a signal that contradicts the verdict",
    EvidenceNeutral: String "syncookie.evidence.neutral" "Neutral evidence kind"
        "Name of a signal that neither supports nor contradicts the verdict",
    EvidenceFor: String "syncookie.evidence.for" "Evidence for"
        "Verdict that the evidence supports",
    EvidenceNats: Double "syncookie.evidence.nats" "Evidence strength"
        "Strength of the evidence for the verdict in syncookie.evidence.for: a log-likelihood ratio in nats, never negative",
    EvidenceContribution: Double "syncookie.evidence.contribution" "Evidence weight"
        "What the evidence adds to the log-odds, in nats; negative if the evidence favours the runner-up",
    EvidenceDetail: String "syncookie.evidence.detail" "Evidence detail"
        "Observed values",
    EvidenceFrame: FrameNumber(Related) "syncookie.evidence.frame" "Evidence in frame"
        "Frame that contains the evidence",
    PriorNats: Double "syncookie.prior_nats" "Prior weight"
        "What the prior adds to the log-odds, in nats: before any packet is seen, SYN cookies and proxies are assumed to be rare",
    ListenerNats: Double "syncookie.listener_nats" "Listener weight"
        "What the other handshakes of the listener add to the log-odds, in nats",
    CapNats: Double "syncookie.cap_nats" "Cap weight"
        "Correction of the log-odds, in nats: related signals count together only up to a limit, and this term removes what exceeds it",
    Outcome: String "syncookie.outcome" "Outcome"
        "How the handshake ended",
    Delay: RelativeTime "syncookie.delay" "Delay"
        "Time from the first SYN to the ACK that completes the handshake",
    Cost: String "syncookie.cost" "Cost"
        "What the connection lost because a SYN cookie or SYN proxy answered, such as window scaling",
    Cause: String "syncookie.cause" "Cause"
        "Most likely cause of the failure or delay",
    CauseFor: String "syncookie.cause.for" "Evidence for cause"
        "Evidence in the capture for the most likely cause",
    CauseAgainst: String "syncookie.cause.against" "Evidence against cause"
        "Evidence in the capture against the most likely cause",
    CauseNotObservable: String "syncookie.cause.not_observable" "Not observable"
        "Evidence about the most likely cause that the capture cannot show",
    CauseCheck: String "syncookie.cause.check" "Check for cause"
        "How to confirm or refute the most likely cause, and on which machine",
    CauseCommand: String "syncookie.cause.command" "Command for cause"
        "Command that helps to confirm or refute the most likely cause",
    CauseOther: String "syncookie.cause.other" "Other cause"
        "Another possible cause of the failure or delay; the more likely ones come first",
    CauseExcluded: String "syncookie.cause.excluded" "Cause ruled out"
        "Cause that is ruled out",
    Client: String "syncookie.client" "Client"
        "Address and port of the client, which sent the SYN",
    ClientIp: Ipv4 "syncookie.client.ip" "Client address"
        "IPv4 address of the client",
    ClientIpv6: Ipv6 "syncookie.client.ipv6" "Client IPv6 address"
        "IPv6 address of the client",
    ClientPort: Uint16 "syncookie.client.port" "Client port"
        "TCP port of the client",
    Server: String "syncookie.server" "Server"
        "Address and port of the server",
    ServerIp: Ipv4 "syncookie.server.ip" "Server address"
        "IPv4 address of the server",
    ServerIpv6: Ipv6 "syncookie.server.ipv6" "Server IPv6 address"
        "IPv6 address of the server",
    ServerPort: Uint16 "syncookie.server.port" "Server port"
        "TCP port of the server",
    CommunityId: String "syncookie.community_id" "Community ID"
        "Community ID of the connection (version 1, seed 0), as Zeek and Suricata write it",
    SynFrame: FrameNumber(Request) "syncookie.syn_frame" "SYN in frame"
        "First SYN of the handshake",
    SynAckFrame: FrameNumber(Response) "syncookie.syn_ack_frame" "SYN-ACK in frame"
        "First SYN-ACK of the handshake, which carries the verdict",
    AckFrame: FrameNumber(Acknowledgment) "syncookie.ack_frame" "ACK in frame"
        "ACK that completes the handshake",
    ResetFrame: FrameNumber(Related) "syncookie.reset_frame" "Reset in frame"
        "Reset that ended the handshake",
    Text: NoValue "syncookie.text" "Text"
        "Line without a value of its own, such as the rest of a long text",
    Marked: NoValue "syncookie.expert" "Has a finding"
        "The frame carries syncookie.expert.cookie, syncookie.expert.proxy or syncookie.expert.reset",
}

impl Field {
    /// Fields whose values are sentences, or come with them: evidence, and reasons and checks of a
    /// cause.
    pub const EXPLANATIONS: &'static [Self] = &[
        Self::EvidenceKind,
        Self::EvidenceAgainst,
        Self::EvidenceNeutral,
        Self::EvidenceFor,
        Self::EvidenceNats,
        Self::EvidenceContribution,
        Self::EvidenceDetail,
        Self::EvidenceFrame,
        Self::CapNats,
        Self::CauseFor,
        Self::CauseAgainst,
        Self::CauseNotObservable,
        Self::CauseCheck,
        Self::CauseCommand,
        Self::Text,
    ];
}

/// Severity of an expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Normal operation.
    Chat,
    /// Notable, but not a problem.
    Note,
    /// A problem, or a likely reason for one.
    Warning,
}

/// Heading under which Wireshark lists an expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// A defence against attacks.
    Security,
    /// The course of a connection.
    Sequence,
    /// A conclusion, or the lack of one.
    Assumption,
}

/// An expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expert {
    /// `syn-cookie` with confidence `possible`.
    CookiePossible,
    /// `syn-cookie` with a higher confidence.
    Cookie,
    /// `syn-proxy` with confidence `possible`.
    ProxyPossible,
    /// `syn-proxy` with a higher confidence.
    Proxy,
    /// A reset right after a handshake that a SYN cookie or SYN proxy answered.
    Reset,
    /// `undetermined`.
    Undetermined,
    /// A handshake that failed or was delayed, or whose connection got stuck.
    Failure,
}

impl Expert {
    /// All expert items. Where two share a name, users override the severity of the later one in
    /// Wireshark's preferences.
    pub const ALL: &'static [Self] = &[
        Self::CookiePossible,
        Self::Cookie,
        Self::ProxyPossible,
        Self::Proxy,
        Self::Reset,
        Self::Undetermined,
        Self::Failure,
    ];

    /// Returns its display-filter name. A name with two severities is registered once for each:
    /// Wireshark ties a severity to a registration, and several registrations may share a name.
    #[must_use]
    pub const fn filter(self) -> &'static str {
        match self {
            Self::CookiePossible | Self::Cookie => "syncookie.expert.cookie",
            Self::ProxyPossible | Self::Proxy => "syncookie.expert.proxy",
            Self::Reset => "syncookie.expert.reset",
            Self::Undetermined => "syncookie.expert.undetermined",
            Self::Failure => "syncookie.expert.failure",
        }
    }

    /// Returns its text. *Expert Information* lists items with equal texts in one row, so the text
    /// contains no values of one handshake.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::CookiePossible | Self::Cookie => "Answered with a SYN cookie",
            Self::ProxyPossible | Self::Proxy => "Answered by a SYN proxy",
            Self::Reset => "Reset right after a handshake answered by a SYN cookie or SYN proxy",
            Self::Undetermined => "It is undetermined who answered this SYN",
            Self::Failure => "Handshake failed or was delayed, or its connection got stuck",
        }
    }

    /// Returns its severity.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Cookie | Self::Proxy | Self::Reset | Self::Failure => Severity::Warning,
            Self::CookiePossible | Self::ProxyPossible => Severity::Note,
            Self::Undetermined => Severity::Chat,
        }
    }

    /// Returns the heading that lists it.
    #[must_use]
    pub const fn group(self) -> Group {
        match self {
            Self::CookiePossible | Self::Cookie | Self::ProxyPossible | Self::Proxy => Group::Security,
            Self::Reset | Self::Failure => Group::Sequence,
            Self::Undetermined => Group::Assumption,
        }
    }

    /// Returns whether [`Field::Marked`] accompanies it.
    #[must_use]
    pub const fn is_marked(self) -> bool {
        !matches!(self, Self::Undetermined | Self::Failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_findings_are_notes_and_share_their_name_with_the_warnings() {
        for (possible, likely) in [(Expert::CookiePossible, Expert::Cookie), (Expert::ProxyPossible, Expert::Proxy)] {
            assert_eq!(possible.filter(), likely.filter());
            assert_eq!((possible.severity(), likely.severity()), (Severity::Note, Severity::Warning));
        }
    }

    #[test]
    fn the_document_lists_every_field_with_its_type_and_description() {
        let document = include_str!("../../docs/fields.md");
        for field in Field::ALL {
            let row = format!(
                "| `{}` | `{}` | {} |",
                field.filter(),
                field.field_type().wireshark_name(),
                field.description()
            );
            assert!(document.contains(&row), "docs/fields.md lacks the row\n{row}");
        }
        for expert in Expert::ALL {
            let row = format!("| `{}` | {:?}", expert.filter(), expert.severity());
            assert!(document.contains(&row), "docs/fields.md lacks a row that begins with\n{row}");
        }
    }
}
