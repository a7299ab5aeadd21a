//! The lines of a subtree, and a builder that fills them from a finding.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use syncookie_engine::{
    Assessment, Cause, CheckLine, Endpoint, Evidence, EvidenceKind, Finding, Frame, LogOddsTerms, Verdict, check_lines,
    odds, rounded_nats,
};

use crate::fields::{Expert, Field, FieldType};

/// Maximum text of a line, in bytes. Wireshark truncates lines at 240 bytes, the field's name
/// included.
const MAX_LINE_LENGTH: usize = 200;

/// The value of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The value of a [`FieldType::NoValue`] field.
    NoValue,
    /// The value of a [`FieldType::String`] field.
    String(String),
    /// The value of a [`FieldType::Double`] field.
    Double(f64),
    /// The value of a [`FieldType::Uint8`], [`FieldType::Uint16`] or [`FieldType::FrameNumber`]
    /// field.
    Number(u32),
    /// The value of a [`FieldType::Ipv4`] field.
    Ipv4(Ipv4Addr),
    /// The value of a [`FieldType::Ipv6`] field.
    Ipv6(Ipv6Addr),
    /// The value of a [`FieldType::RelativeTime`] field, in nanoseconds.
    Duration(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl Value {
    /// Returns a weight in nats, rounded as in the other outputs, so that a display filter can compare
    /// with what they show.
    fn nats(weight: f64) -> Self {
        Self::Double(rounded_nats(weight))
    }

    /// Returns whether a field of that type can hold the value.
    #[must_use]
    pub const fn fits(&self, field_type: FieldType) -> bool {
        matches!(
            (self, field_type),
            (Self::NoValue, FieldType::NoValue)
                | (Self::String(_), FieldType::String)
                | (Self::Double(_), FieldType::Double)
                | (Self::Number(_), FieldType::Uint8 | FieldType::Uint16 | FieldType::FrameNumber(_))
                | (Self::Ipv4(_), FieldType::Ipv4)
                | (Self::Ipv6(_), FieldType::Ipv6)
                | (Self::Duration(_), FieldType::RelativeTime)
        )
    }
}

/// One line of a subtree.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// 1 below the subtree's own line, 2 below a line of depth 1, at most [`Line::MAX_DEPTH`].
    pub depth: u8,
    /// The field.
    pub field: Field,
    /// Value of the field, which fits its type.
    pub value: Value,
    /// Replaces the field's name and value.
    pub text: Option<String>,
    /// Whether the line is hidden and serves display filters only.
    pub hidden: bool,
    /// The expert items attached to it, with their texts.
    pub experts: Vec<(Expert, String)>,
}

impl Line {
    /// Depth of the lines that continue a long text of a piece of evidence or a cause.
    pub const MAX_DEPTH: u8 = 3;
}

/// What one frame shows of one handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct Subtree {
    /// Heading of the subtree: the conclusion.
    pub heading: String,
    /// The lines below.
    pub lines: Vec<Line>,
}

/// Splits a text between words into pieces that fit on a line; a longer word stays whole.
pub(super) fn wrap(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_LINE_LENGTH {
        let fits = rest.floor_char_boundary(MAX_LINE_LENGTH);
        let Some(space) = rest[..fits].rfind(' ').filter(|at| *at > 0).or_else(|| rest.find(' ')) else { break };
        pieces.push(&rest[..space]);
        rest = rest[space..].trim_start();
    }
    pieces.push(rest);
    pieces
}

/// Returns whether something uses a field: for a filter or a column, Wireshark keeps only the
/// fields that it names, and the packet details show all of them.
pub type Needs<'a> = &'a dyn Fn(Field) -> bool;

/// Collects the lines of the subtree of a frame whose fields are needed.
pub(super) struct SubtreeBuilder<'a> {
    frame: Frame,
    needs: Needs<'a>,
    lines: Vec<Line>,
}

impl<'a> SubtreeBuilder<'a> {
    pub(super) const fn new(frame: Frame, needs: Needs<'a>) -> Self {
        Self { frame, needs, lines: Vec::new() }
    }

    /// Adds a line, unless nothing needs its field.
    pub(super) fn add(&mut self, depth: u8, field: Field, value: impl Into<Value>) -> Option<&mut Line> {
        // The first two may carry expert items.
        if !matches!(field, Field::Verdict | Field::Outcome) && !(self.needs)(field) {
            return None;
        }
        self.lines.push(Line { depth, field, value: value.into(), text: None, hidden: false, experts: Vec::new() });
        self.lines.last_mut()
    }

    /// Adds a line directly below the subtree's own, with a text.
    pub(super) fn text(&mut self, field: Field, text: &str) {
        self.add(1, field, text);
    }

    /// Adds a line that serves filters, columns and exports, because the line above shows its
    /// value.
    pub(super) fn hidden(&mut self, depth: u8, field: Field, value: impl Into<Value>) {
        if let Some(line) = self.add(depth, field, value) {
            line.hidden = true;
        }
    }

    /// Adds a text of any length, after the name of its field.
    pub(super) fn long_text(&mut self, depth: u8, field: Field, text: &str) {
        self.sentence(depth, field, text, format_args!("{}: {text}", field.name()));
    }

    /// Adds a line with a sentence of any length instead of the field's name and value; what does
    /// not fit on the line continues below it.
    pub(super) fn sentence(&mut self, depth: u8, field: Field, value: impl Into<Value>, text: impl fmt::Display) {
        let is_shown = (self.needs)(Field::Text);
        let text = if is_shown { text.to_string() } else { String::new() };
        let mut pieces = wrap(&text).into_iter();
        let first = pieces.next().filter(|_| is_shown);
        if let Some(line) = self.add(depth, field, value) {
            line.text = first.map(str::to_owned);
        }
        for piece in pieces {
            let below = (depth + 1).min(Line::MAX_DEPTH);
            if let Some(line) = self.add(below, Field::Text, Value::NoValue) {
                line.text = Some(piece.to_owned());
            }
        }
    }

    /// Adds the log-odds and all weights that they are the sum of.
    pub(super) fn weights(&mut self, assessment: &Assessment) {
        match (assessment.log_odds, assessment.terms) {
            (Some(log_odds), Some(LogOddsTerms { runner_up, .. })) => {
                let sum =
                    format_args!("Log-odds: {log_odds:.2} nats against {runner_up}, the sum of the weights below");
                self.sentence(1, Field::LogOdds, Value::nats(log_odds), sum);
                self.hidden(1, Field::RunnerUp, runner_up.as_str());
            }
            (Some(log_odds), None) => _ = self.add(1, Field::LogOdds, Value::nats(log_odds)),
            (None, _) => {}
        }
        for evidence in &assessment.evidence {
            self.evidence(evidence, assessment);
        }
        let Some(terms) = assessment.terms else { return };
        for (field, nats, meaning) in [
            (Field::PriorNats, terms.prior_nats, "prior: SYN cookies and proxies are rare"),
            (Field::ListenerNats, terms.listener_nats, "other handshakes of the listener"),
            (Field::CapNats, terms.cap_nats, "limit on the sum of related evidence"),
        ] {
            if let Some(line) = self.add(1, field, Value::nats(nats)) {
                line.text = Some(format!("{}: {meaning}", weight(nats)));
                line.hidden = field == Field::CapNats && nats == 0.0;
            }
        }
    }

    /// Adds a piece of evidence with links to its frames.
    fn evidence(&mut self, evidence: &Evidence, assessment: &Assessment) {
        let Evidence { kind, favours, nats, contribution, frames, detail, .. } = evidence;
        let (field, role) = bearing(evidence, assessment);
        let weight = match (assessment.terms, kind) {
            // Its weight is that of the listener's other handshakes.
            (Some(_), EvidenceKind::ListenerContext) => "Counted with the listener".to_owned(),
            (Some(_), _) => weight(*contribution),
            (None, _) => odds(*nats),
        };
        self.sentence(1, field, kind.as_str(), format_args!("{weight}, {role}: {detail} ({kind})"));
        self.hidden(2, Field::EvidenceFor, favours.as_str());
        self.hidden(2, Field::EvidenceNats, Value::nats(*nats));
        self.hidden(2, Field::EvidenceContribution, Value::nats(*contribution));
        self.hidden(2, Field::EvidenceDetail, detail.as_str());
        for frame in frames {
            self.link(2, Field::EvidenceFrame, *frame);
        }
    }

    /// Adds the most likely cause as a sentence, with its reasons and commands.
    pub(super) fn first_cause(&mut self, cause: &Cause) {
        let sentence = format_args!("Most likely cause: {} ({})", cause.kind.clause(), cause.kind);
        self.sentence(1, Field::Cause, cause.kind.as_str(), sentence);
        for (field, reasons) in [
            (Field::CauseFor, &cause.supporting),
            (Field::CauseAgainst, &cause.against),
            (Field::CauseNotObservable, &cause.not_observable),
        ] {
            for reason in reasons {
                self.long_text(2, field, reason);
            }
        }
        if cause.check.is_empty() {
            return;
        }
        self.hidden(2, Field::CauseCheck, cause.check.as_str());
        for line in check_lines(&cause.check) {
            match line.command {
                Some(command) => self.sentence(2, Field::CauseCommand, command, in_full(&line)),
                None => self.sentence(2, Field::Text, Value::NoValue, in_full(&line)),
            }
        }
    }

    /// Adds a less likely cause, or one that is ruled out.
    pub(super) fn other_cause(&mut self, cause: &Cause) {
        let (field, name) =
            if cause.ruled_out { (Field::CauseExcluded, "Ruled out") } else { (Field::CauseOther, "Less likely") };
        self.sentence(1, field, cause.kind.as_str(), format_args!("{name}: {} ({})", cause.kind.clause(), cause.kind));
        let reasons =
            [("For", &cause.supporting), ("Against", &cause.against), ("Not observable", &cause.not_observable)];
        for (name, reasons) in reasons {
            for reason in reasons {
                self.sentence(2, Field::Text, Value::NoValue, format_args!("{name}: {reason}"));
            }
        }
        if !cause.ruled_out {
            self.check_as_text(2, cause);
        }
    }

    /// Adds what confirms a cause, without a field for its commands.
    pub(super) fn check_as_text(&mut self, level: u8, cause: &Cause) {
        for line in check_lines(&cause.check) {
            self.sentence(level, Field::Text, Value::NoValue, in_full(&line));
        }
    }

    /// Attaches an expert item to the first line of one of the fields, in order of preference.
    pub(super) fn attach(&mut self, fields: &[Field], expert: Option<(Expert, String)>) {
        let Some(expert) = expert else { return };
        let at = fields.iter().find_map(|field| self.lines.iter().position(|line| line.field == *field));
        if let Some(line) = at.and_then(|at| self.lines.get_mut(at)) {
            line.experts.push(expert);
        }
    }

    /// Adds the endpoints and the frames of the handshake's packets.
    pub(super) fn endpoints_and_frames(&mut self, finding: &Finding) {
        self.endpoint(finding.client, Field::Client, [Field::ClientIp, Field::ClientIpv6, Field::ClientPort]);
        self.endpoint(finding.server, Field::Server, [Field::ServerIp, Field::ServerIpv6, Field::ServerPort]);
        if (self.needs)(Field::CommunityId) {
            self.text(Field::CommunityId, &syncookie_community_id::tcp(finding.client.into(), finding.server.into()));
        }
        let frames = &finding.frames;
        for (field, frame) in [
            (Field::SynFrame, frames.syn),
            (Field::SynAckFrame, frames.syn_ack),
            (Field::AckFrame, frames.ack),
            (Field::ResetFrame, frames.reset),
        ] {
            if let Some(frame) = frame {
                self.link(1, field, frame);
            }
        }
    }

    fn endpoint(&mut self, endpoint: Endpoint, field: Field, [ip, ipv6, port]: [Field; 3]) {
        if (self.needs)(field) {
            self.text(field, &endpoint.to_string());
        }
        match endpoint.ip {
            IpAddr::V4(address) => self.add(2, ip, Value::Ipv4(address)),
            IpAddr::V6(address) => self.add(2, ipv6, Value::Ipv6(address)),
        };
        self.add(2, port, Value::Number(endpoint.port.into()));
    }

    /// Adds a link to a frame. A link to the subtree's own frame serves filters only.
    fn link(&mut self, depth: u8, field: Field, frame: Frame) {
        let is_own = frame == self.frame;
        if let Some(line) = self.add(depth, field, Value::Number(frame.number)) {
            line.hidden = is_own;
        }
    }

    /// Returns the lines, with [`Field::Marked`] if an expert item is a finding.
    pub(super) fn build(mut self) -> Vec<Line> {
        if self.lines.iter().flat_map(|line| &line.experts).any(|(expert, _)| expert.is_marked()) {
            self.hidden(1, Field::Marked, Value::NoValue);
        }
        self.lines
    }
}

/// Least weight that is not 0.00 when it is shown.
const ROUNDED_TO_0: f64 = 0.005;

/// Returns the field for the kind of a piece of evidence, and its role in words.
fn bearing(evidence: &Evidence, assessment: &Assessment) -> (Field, &'static str) {
    let runner_up = assessment.terms.map(|terms| terms.runner_up);
    if evidence.favours == Verdict::Undetermined || evidence.nats <= 0.0 {
        (Field::EvidenceNeutral, "observed")
    } else if evidence.favours == assessment.verdict {
        let is_even = evidence.contribution.abs() < ROUNDED_TO_0;
        let role = match runner_up.filter(|_| is_even) {
            Some(runner_up) => supports_against_third(assessment.verdict, runner_up),
            None => "supports the verdict",
        };
        (Field::EvidenceKind, role)
    } else if runner_up == Some(evidence.favours) || evidence.contribution < 0.0 {
        (Field::EvidenceAgainst, "contradicts the verdict")
    } else {
        let is_for_both = [evidence.favours, assessment.verdict].iter().all(|verdict| verdict.is_cookie_style())
            && evidence.contribution >= ROUNDED_TO_0;
        let role = if is_for_both { "favours a SYN cookie or SYN proxy" } else { favours(evidence.favours) };
        (Field::EvidenceNeutral, role)
    }
}

/// Returns what evidence for a verdict says that does not distinguish it from the runner-up.
fn supports_against_third(verdict: Verdict, runner_up: Verdict) -> &'static str {
    let is_named = |other| verdict == other || runner_up == other;
    if !is_named(Verdict::Ordinary) {
        "supports the verdict, but only against ordinary"
    } else if !is_named(Verdict::SynCookie) {
        "supports the verdict, but only against syn-cookie"
    } else {
        "supports the verdict, but only against syn-proxy"
    }
}

/// Returns what evidence for a verdict says.
const fn favours(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ordinary => "favours an ordinary answer",
        Verdict::SynCookie => "favours a SYN cookie",
        Verdict::SynProxy => "favours a SYN proxy",
        Verdict::Undetermined => "observed",
    }
}

/// Returns a weight as a number that adds up, and as odds.
fn weight(nats: f64) -> String {
    // Adding 0 turns -0 into 0.
    let rounded = (nats * 100.0).round() / 100.0 + 0.0;
    format!("{rounded:+.2} nats ({})", odds(nats))
}

/// Returns a line of a check with its machine.
fn in_full(line: &CheckLine<'_>) -> String {
    match line.machine {
        "" => format!("Check: {}", line.text),
        machine => format!("Check {machine}: {}", line.text),
    }
}
