//! The lines of a subtree, and a builder that fills them from a finding.

use syncookie_engine::{Cause, Evidence, Finding, Verdict, odds};

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
    /// The value of a [`FieldType::Uint32`] or [`FieldType::FrameNumber`] field.
    Uint32(u32),
}

impl Value {
    /// Returns whether a field of that type can hold the value.
    #[must_use]
    pub const fn fits(&self, field_type: FieldType) -> bool {
        matches!(
            (self, field_type),
            (Self::NoValue, FieldType::NoValue)
                | (Self::String(_), FieldType::String)
                | (Self::Double(_), FieldType::Double)
                | (Self::Uint32(_), FieldType::Uint32 | FieldType::FrameNumber)
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
    /// Its value, which fits the field's type.
    pub value: Value,
    /// Replaces the field's name and value.
    pub text: Option<String>,
    /// Whether the line is hidden and serves display filters only.
    pub hidden: bool,
    /// The expert item attached to it, with its text.
    pub expert: Option<(Expert, String)>,
}

impl Line {
    /// Depth of the lines that continue a long text of an evidence or a cause.
    pub const MAX_DEPTH: u8 = 3;
}

/// What one frame shows of one handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct Subtree {
    /// Its own line: the conclusion.
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

/// Collects the lines of a subtree.
#[derive(Default)]
pub(super) struct SubtreeBuilder {
    lines: Vec<Line>,
}

impl SubtreeBuilder {
    fn add_at(&mut self, depth: u8, field: Field, value: Value) -> &mut Line {
        let line = Line { depth, field, value, text: None, hidden: false, expert: None };
        self.lines.push(line);
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    /// Adds a line directly below the subtree's own.
    pub(super) fn add(&mut self, field: Field, value: Value) -> &mut Line {
        self.add_at(1, field, value)
    }

    /// Adds a line with a text.
    pub(super) fn text(&mut self, field: Field, text: &str) -> &mut Line {
        self.add(field, Value::String(text.to_owned()))
    }

    /// Adds a text of any length; what does not fit on the line continues below it.
    pub(super) fn long_text(&mut self, depth: u8, field: Field, text: &str) {
        let line = self.add_at(depth, field, Value::String(text.to_owned()));
        let mut pieces = wrap(text).into_iter();
        if pieces.len() > 1
            && let Some(first) = pieces.next()
        {
            line.text = Some(format!("{}: {first}", field.name()));
            for piece in pieces {
                self.add_at(depth + 1, Field::Continued, Value::NoValue).text = Some(piece.to_owned());
            }
        }
    }

    fn detail(&mut self, field: Field, text: &str) {
        self.long_text(2, field, text);
    }

    /// Adds an evidence with its details.
    pub(super) fn evidence(&mut self, evidence: &Evidence) {
        let Evidence { kind, favours, nats, frames, detail, .. } = evidence;
        // Evidence at even odds favours neither side.
        let favours_neither = *favours == Verdict::Undetermined || !odds(*nats).ends_with(" to 1");
        self.add(Field::Evidence, Value::NoValue).text = Some(if favours_neither {
            format!("Observation ({kind}): {detail}")
        } else {
            format!("Evidence for {favours} ({kind}, {}): {detail}", odds(*nats))
        });
        self.detail(Field::EvidenceKind, kind.as_str());
        self.detail(Field::EvidenceFor, favours.as_str());
        self.add_at(2, Field::EvidenceNats, Value::Double(*nats)).text =
            Some(format!("Evidence strength: {}", odds(*nats)));
        self.detail(Field::EvidenceDetail, detail);
        for frame in frames {
            self.add_at(2, Field::EvidenceFrame, Value::Uint32(frame.number));
        }
    }

    /// Adds a cause with its details; `rank` is 1 for the most likely.
    pub(super) fn cause(&mut self, cause: &Cause, rank: u32) {
        self.text(Field::Cause, cause.kind.as_str()).text = Some(match (cause.ruled_out, rank) {
            (true, _) => format!("Ruled-out cause: {}", cause.kind),
            (false, 1) => format!("Most likely cause: {}", cause.kind),
            (false, _) => format!("Possible cause {rank}: {}", cause.kind),
        });
        self.add_at(2, Field::CauseRank, Value::Uint32(rank));
        if cause.ruled_out {
            self.add_at(2, Field::CauseRuledOut, Value::NoValue).text =
                Some("Ruled out: the capture contradicts this cause".to_owned());
        }
        for reason in &cause.supporting {
            self.detail(Field::CauseFor, reason);
        }
        for reason in &cause.against {
            self.detail(Field::CauseAgainst, reason);
        }
        for signal in &cause.not_observable {
            self.detail(Field::CauseNotObservable, signal);
        }
        if !cause.check.is_empty() {
            self.detail(Field::CauseCheck, &cause.check);
        }
    }

    /// Attaches an expert item to the line of the outcome.
    pub(super) fn attach_to_outcome(&mut self, expert: Option<(Expert, String)>) {
        if let Some(outcome) = self.lines.iter_mut().find(|line| line.field == Field::Outcome) {
            outcome.expert = expert;
        }
    }

    /// Adds the endpoints and the frames of the handshake's packets.
    pub(super) fn endpoints_and_frames(&mut self, finding: &Finding) {
        self.text(Field::Client, &finding.client.to_string());
        self.text(Field::Server, &finding.server.to_string());
        let frames = &finding.frames;
        for (field, frame) in [
            (Field::SynFrame, frames.syn),
            (Field::SynAckFrame, frames.syn_ack),
            (Field::AckFrame, frames.ack),
            (Field::ResetFrame, frames.reset),
        ] {
            if let Some(frame) = frame {
                self.add(field, Value::Uint32(frame.number));
            }
        }
    }

    /// Returns the lines, with [`Field::Marked`] if an expert item is a finding.
    pub(super) fn build(mut self) -> Vec<Line> {
        if self.lines.iter().any(|line| line.expert.as_ref().is_some_and(|(expert, _)| expert.is_marked())) {
            self.add(Field::Marked, Value::NoValue).hidden = true;
        }
        self.lines
    }
}
