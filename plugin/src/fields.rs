//! One table of everything that can be filtered on: fields and expert items.

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None: the field is there or it is not.
    Label,
    /// Text.
    Text,
    /// A number with a fraction.
    Number,
    /// A whole number.
    Count,
    /// The number of a frame, to click on.
    Frame,
}

impl Kind {
    /// Wireshark's name of the type, as in `tshark -G fields`.
    #[must_use]
    pub const fn wireshark_name(self) -> &'static str {
        match self {
            Self::Label => "FT_NONE",
            Self::Text => "FT_STRING",
            Self::Number => "FT_DOUBLE",
            Self::Count => "FT_UINT32",
            Self::Frame => "FT_FRAMENUM",
        }
    }
}

/// Declares the fields: for each its kind, display-filter name, name in the packet details, and description.
macro_rules! fields {
    ($($member:ident: $kind:ident $filter:literal $name:literal $description:literal,)+) => {
        /// A field of the `syncookie` subtree.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $(#[doc = $description] $member,)+ }

        impl Field {
            /// All fields.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// Its kind of value.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$member => Kind::$kind,)+ }
            }

            /// Its display-filter name.
            #[must_use]
            pub const fn filter(self) -> &'static str {
                match self { $(Self::$member => $filter,)+ }
            }

            /// Its name in the packet details.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name,)+ }
            }

            /// What it says.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$member => $description,)+ }
            }
        }
    };
}

fields! {
    Verdict: Text "syncookie.verdict" "Verdict"
        "Who answered this SYN: ordinary, syn-cookie, syn-proxy or undetermined",
    Confidence: Text "syncookie.confidence" "Confidence"
        "How sure the verdict is: possible, likely or certain",
    LogOdds: Number "syncookie.log_odds" "Log-odds"
        "Log-odds of the verdict over the runner-up, in nats",
    Implementation: Text "syncookie.implementation" "Implementation"
        "An implementation that nothing in the capture contradicts, the best first",
    Missing: Text "syncookie.missing" "Missing"
        "What the capture lacks to tell who answered",
    Evidence: Label "syncookie.evidence" "Evidence"
        "Something seen in the capture, and what it says about who answered",
    EvidenceKind: Text "syncookie.evidence.kind" "Kind"
        "Which signal it is",
    EvidenceFor: Text "syncookie.evidence.for" "For"
        "The verdict it speaks for",
    EvidenceNats: Number "syncookie.evidence.nats" "Weight"
        "How strongly it speaks, in nats",
    EvidenceDetail: Text "syncookie.evidence.detail" "Detail"
        "The values that were seen",
    EvidenceFrame: Frame "syncookie.evidence.frame" "Frame"
        "A frame it was read from",
    Outcome: Text "syncookie.outcome" "Outcome"
        "What became of the handshake",
    Cause: Text "syncookie.cause" "Cause"
        "A hypothesis on why the handshake failed, the most probable first",
    CauseRank: Count "syncookie.cause.rank" "Rank"
        "1 for the most probable cause",
    CauseFor: Text "syncookie.cause.for" "For"
        "What in the capture speaks for this cause",
    CauseAgainst: Text "syncookie.cause.against" "Against"
        "What in the capture speaks against this cause",
    CauseUnseen: Text "syncookie.cause.not_observable" "Not observable"
        "What would tell of this cause, and could not be seen in the capture",
    CauseRuledOut: Label "syncookie.cause.ruled_out" "Ruled out"
        "Something in the capture contradicts this cause",
    CauseCheck: Text "syncookie.cause.check" "Check"
        "The command, and the machine to run it on, that settles whether this is the cause",
    Client: Text "syncookie.client" "Client"
        "Address and port of the side that sent the SYN",
    Server: Text "syncookie.server" "Server"
        "Address and port of the side that was asked",
    SynFrame: Frame "syncookie.syn_frame" "SYN in frame"
        "The first SYN of the handshake",
    SynAckFrame: Frame "syncookie.syn_ack_frame" "SYN-ACK in frame"
        "The first SYN-ACK of the handshake, where the verdict stands",
    AckFrame: Frame "syncookie.ack_frame" "ACK in frame"
        "The client's acknowledgment of the SYN-ACK",
    ResetFrame: Frame "syncookie.reset_frame" "Reset in frame"
        "The reset that ended the handshake",
    Continued: Label "syncookie.continued" "Continued"
        "The rest of a text that is too long for one line",
    Marked: Label "syncookie.expert" "Marked"
        "The frame carries syncookie.expert.cookie, syncookie.expert.proxy or syncookie.expert.reset",
}

/// How loudly Wireshark announces an expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Ordinary course of things.
    Chat,
    /// Worth a look.
    Note,
    /// Something is wrong, or unusual enough to be the reason why something is.
    Warning,
}

/// Under which heading Wireshark lists an expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// A measure of defence.
    Security,
    /// The course of a connection.
    Sequence,
    /// A conclusion, or the lack of one.
    Assumption,
}

/// An expert item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expert {
    /// `syn-cookie`, but only possibly.
    CookiePossible,
    /// `syn-cookie`.
    Cookie,
    /// `syn-proxy`, but only possibly.
    ProxyPossible,
    /// `syn-proxy`.
    Proxy,
    /// Reset right after a cookie-style handshake.
    Reset,
    /// The capture cannot tell.
    Undetermined,
}

impl Expert {
    /// All expert items. Of two that share a name, the severity that users can override in Wireshark's preferences is
    /// that of the later one.
    pub const ALL: &'static [Self] =
        &[Self::CookiePossible, Self::Cookie, Self::ProxyPossible, Self::Proxy, Self::Reset, Self::Undetermined];

    /// Its display-filter name. A name that stands for two severities is registered once for each: Wireshark ties a
    /// severity to a registration, and lets any number of registrations share a name.
    #[must_use]
    pub const fn filter(self) -> &'static str {
        match self {
            Self::CookiePossible | Self::Cookie => "syncookie.expert.cookie",
            Self::ProxyPossible | Self::Proxy => "syncookie.expert.proxy",
            Self::Reset => "syncookie.expert.reset",
            Self::Undetermined => "syncookie.expert.undetermined",
        }
    }

    /// What it says in general; the item itself says it with values.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::CookiePossible | Self::Cookie => "Answered with a SYN cookie",
            Self::ProxyPossible | Self::Proxy => "Answered by a SYN proxy",
            Self::Reset => "Reset right after a cookie-style handshake",
            Self::Undetermined => "Cannot tell who answered this SYN",
        }
    }

    /// How loudly it is announced.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Cookie | Self::Proxy | Self::Reset => Severity::Warning,
            Self::CookiePossible | Self::ProxyPossible => Severity::Note,
            Self::Undetermined => Severity::Chat,
        }
    }

    /// Where it is listed.
    #[must_use]
    pub const fn group(self) -> Group {
        match self {
            Self::CookiePossible | Self::Cookie | Self::ProxyPossible | Self::Proxy => Group::Security,
            Self::Reset => Group::Sequence,
            Self::Undetermined => Group::Assumption,
        }
    }

    /// Whether [`Field::Marked`] stands beside it.
    #[must_use]
    pub const fn is_marked(self) -> bool {
        !matches!(self, Self::Undetermined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_field_has_its_own_name_below_the_protocol() {
        let names: HashSet<_> = Field::ALL.iter().map(|f| f.filter()).collect();
        assert_eq!(names.len(), Field::ALL.len());
        assert!(names.iter().all(|n| n.starts_with("syncookie.")));
        assert!(Expert::ALL.iter().all(|e| !names.contains(e.filter()) && e.filter().starts_with("syncookie.expert.")));
    }

    #[test]
    fn only_a_possible_finding_is_a_note_and_shares_its_name_with_the_warning() {
        for (possible, surer) in [(Expert::CookiePossible, Expert::Cookie), (Expert::ProxyPossible, Expert::Proxy)] {
            assert_eq!(possible.filter(), surer.filter());
            assert_eq!((possible.severity(), surer.severity()), (Severity::Note, Severity::Warning));
        }
    }

    #[test]
    fn the_document_lists_every_field_with_its_type_and_description() {
        let document = include_str!("../../docs/fields.md");
        for field in Field::ALL {
            let row =
                format!("| `{}` | `{}` | {} |", field.filter(), field.kind().wireshark_name(), field.description());
            assert!(document.contains(&row), "docs/fields.md lacks the row\n{row}");
        }
        for expert in Expert::ALL {
            let row = format!("| `{}` | {:?}", expert.filter(), expert.severity());
            assert!(document.contains(&row), "docs/fields.md lacks a row that begins with\n{row}");
        }
    }
}
