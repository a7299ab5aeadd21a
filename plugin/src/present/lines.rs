//! The lines of a subtree, and how findings are put into them.

use syncookie_engine::{Cause, Evidence, Finding};

use crate::fields::{Expert, Field, Kind};

/// Bytes of text that a line shows for sure; Wireshark cuts lines at 240.
const LINE_LENGTH: usize = 200;

/// The value of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None.
    Nothing,
    /// Of a [`Kind::Text`] field.
    Text(String),
    /// Of a [`Kind::Number`] field.
    Number(f64),
    /// Of a [`Kind::Count`] or [`Kind::Frame`] field.
    Whole(u32),
}

impl Value {
    /// Whether a field of that kind can hold it.
    #[must_use]
    pub const fn fits(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Nothing, Kind::Label)
                | (Self::Text(_), Kind::Text)
                | (Self::Number(_), Kind::Number)
                | (Self::Whole(_), Kind::Count | Kind::Frame)
        )
    }
}

/// One line of a subtree.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// 1 below the subtree's own line, 2 below a line of depth 1, at most [`Line::DEEPEST`].
    pub depth: u8,
    /// The field.
    pub field: Field,
    /// Its value, which fits the field's kind.
    pub value: Value,
    /// What to write instead of the field's name and value.
    pub text: Option<String>,
    /// Not shown, only there for filters.
    pub hidden: bool,
    /// The expert item that hangs on it, and what it says.
    pub expert: Option<(Expert, String)>,
}

impl Line {
    /// The depth of the continuation of a text of an evidence or a cause.
    pub const DEEPEST: u8 = 3;
}

/// What is shown of one handshake below one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Subtree {
    /// Its own line: the conclusion.
    pub heading: String,
    /// The lines below.
    pub lines: Vec<Line>,
}

/// Cuts a text between words into pieces that fit on a line; a longer word stays whole.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > LINE_LENGTH {
        let fits = rest.floor_char_boundary(LINE_LENGTH);
        let Some(space) = rest[..fits].rfind(' ').filter(|at| *at > 0).or_else(|| rest.find(' ')) else { break };
        pieces.push(&rest[..space]);
        rest = rest[space..].trim_start();
    }
    pieces.push(rest);
    pieces
}

/// Lines in the making.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    fn add_at(&mut self, depth: u8, field: Field, value: Value) -> &mut Line {
        let line = Line { depth, field, value, text: None, hidden: false, expert: None };
        self.lines.push(line);
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    pub(super) fn add(&mut self, field: Field, value: Value) -> &mut Line {
        self.add_at(1, field, value)
    }

    pub(super) fn text(&mut self, field: Field, text: &str) -> &mut Line {
        self.add(field, Value::Text(text.to_owned()))
    }

    /// A text of any length: what does not fit on the line follows below it.
    pub(super) fn prose(&mut self, depth: u8, field: Field, text: &str) {
        let line = self.add_at(depth, field, Value::Text(text.to_owned()));
        let mut pieces = pieces(text).into_iter();
        if pieces.len() > 1
            && let Some(first) = pieces.next()
        {
            line.text = Some(format!("{}: {first}", field.name()));
            for piece in pieces {
                self.add_at(depth + 1, Field::Continued, Value::Nothing).text = Some(piece.to_owned());
            }
        }
    }

    fn detail(&mut self, field: Field, text: &str) {
        self.prose(2, field, text);
    }

    pub(super) fn evidence(&mut self, evidence: &Evidence) {
        let Evidence { kind, bearing, nats, frames, detail } = evidence;
        self.add(Field::Evidence, Value::Nothing).text = Some(format!("{kind}: {bearing} +{nats:.1} nats, {detail}"));
        self.detail(Field::EvidenceKind, kind.as_str());
        self.detail(Field::EvidenceFor, bearing.as_str());
        self.add_at(2, Field::EvidenceNats, Value::Number(*nats)).text = Some(format!("Weight: {nats:.1} nats"));
        self.detail(Field::EvidenceDetail, detail);
        for frame in frames {
            self.add_at(2, Field::EvidenceFrame, Value::Whole(frame.number));
        }
    }

    pub(super) fn cause(&mut self, cause: &Cause, rank: u32) {
        self.text(Field::Cause, cause.kind.as_str()).text = Some(match (cause.ruled_out, rank) {
            (true, _) => format!("Ruled out: {}", cause.kind),
            (false, 1) => format!("Most likely cause: {}", cause.kind),
            (false, _) => format!("Cause {rank}: {}", cause.kind),
        });
        self.add_at(2, Field::CauseRank, Value::Whole(rank));
        if cause.ruled_out {
            self.add_at(2, Field::CauseRuledOut, Value::Nothing).text =
                Some("Ruled out: something contradicts it".to_owned());
        }
        for reason in &cause.supporting {
            self.detail(Field::CauseFor, reason);
        }
        for reason in &cause.against {
            self.detail(Field::CauseAgainst, reason);
        }
        for sight in &cause.not_observable {
            self.detail(Field::CauseUnseen, sight);
        }
        if !cause.check.is_empty() {
            self.detail(Field::CauseCheck, &cause.check);
        }
    }

    /// Hangs an expert item on the line of the outcome.
    pub(super) fn hang_on_outcome(&mut self, expert: Option<(Expert, String)>) {
        if let Some(outcome) = self.lines.iter_mut().find(|line| line.field == Field::Outcome) {
            outcome.expert = expert;
        }
    }

    pub(super) fn handshake(&mut self, finding: &Finding) {
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
                self.add(field, Value::Whole(frame.number));
            }
        }
    }

    /// The lines, with the mark beside expert items that are findings.
    pub(super) fn finish(mut self) -> Vec<Line> {
        if self.lines.iter().any(|line| line.expert.as_ref().is_some_and(|(expert, _)| expert.is_marked())) {
            self.add(Field::Marked, Value::Nothing).hidden = true;
        }
        self.lines
    }
}
