//! Turns a finding into the lines to show below a frame.

use syncookie_engine::{Assessment, Cause, Confidence, Evidence, Finding, Frame, Outcome, Verdict};

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

/// The whole finding with its verdict: for the SYN-ACK, and while the capture is read for the first time also for a
/// later frame that changed the verdict.
#[must_use]
pub fn verdict(finding: &Finding, frame: Frame) -> Subtree {
    let assessment = &finding.assessment;
    let mut lines = Lines::default();
    lines.text(Field::Verdict, assessment.verdict.as_str()).expert = verdict_expert(finding);
    if let Some(confidence) = assessment.confidence {
        lines.text(Field::Confidence, confidence.as_str());
    }
    if let Some(log_odds) = assessment.log_odds {
        lines.add(Field::LogOdds, Value::Number(log_odds)).text = Some(format!("Log-odds: {log_odds:.1} nats"));
    }
    for implementation in &assessment.implementations {
        lines.text(Field::Implementation, implementation.as_str());
    }
    for evidence in &assessment.evidence {
        lines.evidence(evidence);
    }
    for missing in &assessment.missing {
        lines.prose(1, Field::Missing, missing);
    }
    lines.text(Field::Outcome, finding.outcome.as_str());
    for (cause, rank) in finding.causes.iter().zip(1..) {
        lines.cause(cause, rank);
    }
    lines.reset_expert(finding, frame);
    lines.handshake(finding);
    Subtree { heading: format!("SYN cookie analysis: {}", conclusion(assessment)), lines: lines.finish() }
}

/// The reset that ended a handshake: why, probably, and where the verdict stands.
#[must_use]
pub fn reset(finding: &Finding, frame: Frame) -> Subtree {
    let mut lines = Lines::default();
    lines.text(Field::Outcome, finding.outcome.as_str());
    if let Some(cause) = finding.causes.first() {
        lines.cause(cause, 1);
    }
    lines.reset_expert(finding, frame);
    lines.handshake(finding);
    let heading = match finding.frames.syn_ack {
        Some(syn_ack) => format!(
            "SYN cookie analysis: {}; frame {} was {}",
            finding.outcome,
            syn_ack.number,
            conclusion(&finding.assessment)
        ),
        None => format!("SYN cookie analysis: {}", finding.outcome),
    };
    Subtree { heading, lines: lines.finish() }
}

/// A frame that changed the verdict when the capture was read: where that verdict stands now.
#[must_use]
pub fn link(finding: &Finding) -> Subtree {
    let mut lines = Lines::default();
    lines.handshake(finding);
    let heading = finding.frames.syn_ack.map_or_else(
        || "SYN cookie analysis".to_owned(),
        |syn_ack| format!("SYN cookie analysis: tells more of the SYN-ACK in frame {}", syn_ack.number),
    );
    Subtree { heading, lines: lines.finish() }
}

/// `syn-proxy, likely (7.3 nats)`.
fn conclusion(assessment: &Assessment) -> String {
    match sureness(assessment) {
        Some(sureness) => format!("{}, {sureness}", assessment.verdict),
        None => assessment.verdict.to_string(),
    }
}

/// `likely (7.3 nats)`.
fn sureness(assessment: &Assessment) -> Option<String> {
    let confidence = assessment.confidence?;
    Some(match assessment.log_odds {
        Some(log_odds) => format!("{confidence} ({log_odds:.1} nats)"),
        None => confidence.to_string(),
    })
}

fn verdict_expert(finding: &Finding) -> Option<(Expert, String)> {
    let assessment = &finding.assessment;
    let possible = assessment.confidence <= Some(Confidence::Possible);
    let expert = match (assessment.verdict, possible) {
        (Verdict::Ordinary, _) => return None,
        (Verdict::SynCookie, true) => Expert::CookiePossible,
        (Verdict::SynCookie, false) => Expert::Cookie,
        (Verdict::SynProxy, true) => Expert::ProxyPossible,
        (Verdict::SynProxy, false) => Expert::Proxy,
        (Verdict::Undetermined, _) => Expert::Undetermined,
    };
    let mut text = expert.summary().to_owned();
    if expert == Expert::Undetermined {
        append(&mut text, ": ", &assessment.missing.join("; "));
    } else {
        append(&mut text, ": ", &sureness(assessment).unwrap_or_default());
        let names: Vec<_> = assessment.implementations.iter().map(|i| i.as_str()).collect();
        append(&mut text, ", fits ", &names.join(" or "));
    }
    Some((expert, text))
}

/// A reset speaks of the handshake when it came from the server's side, or when the client had completed it.
fn reset_expert(finding: &Finding, frame: Frame) -> Option<(Expert, String)> {
    let ends_handshake = match finding.outcome {
        Outcome::ResetByServer => true,
        Outcome::ResetByClient => finding.frames.ack.is_some(),
        _ => false,
    };
    let cookie_style = finding.assessment.verdict.is_cookie_style();
    if !(cookie_style && ends_handshake && finding.frames.reset == Some(frame)) {
        return None;
    }
    let mut text = format!("Reset right after a {} handshake", finding.assessment.verdict);
    if let Some(cause) = finding.causes.first().filter(|cause| !cause.ruled_out) {
        append(&mut text, ", most likely ", cause.kind.as_str());
    }
    Some((Expert::Reset, text))
}

fn append(text: &mut String, separator: &str, more: &str) {
    if !more.is_empty() {
        text.push_str(separator);
        text.push_str(more);
    }
}

/// Cuts a text between words into pieces that fit on a line; a longer word stays whole.
fn pieces(text: &str) -> Vec<&str> {
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

#[derive(Default)]
struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    fn add_at(&mut self, depth: u8, field: Field, value: Value) -> &mut Line {
        let line = Line { depth, field, value, text: None, hidden: false, expert: None };
        self.lines.push(line);
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    fn add(&mut self, field: Field, value: Value) -> &mut Line {
        self.add_at(1, field, value)
    }

    fn text(&mut self, field: Field, text: &str) -> &mut Line {
        self.add(field, Value::Text(text.to_owned()))
    }

    /// A text of any length: what does not fit on the line follows below it.
    fn prose(&mut self, depth: u8, field: Field, text: &str) {
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

    fn evidence(&mut self, evidence: &Evidence) {
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

    fn cause(&mut self, cause: &Cause, rank: u32) {
        self.text(Field::Cause, cause.kind.as_str()).text = Some(match (cause.ruled_out, rank) {
            (true, _) => format!("Ruled out: {}", cause.kind),
            (false, 1) => format!("Most likely cause: {}", cause.kind),
            (false, _) => format!("Cause {rank}: {}", cause.kind),
        });
        self.add_at(2, Field::CauseRank, Value::Whole(rank));
        for reason in &cause.supporting {
            self.detail(Field::CauseFor, reason);
        }
        for reason in &cause.against {
            self.detail(Field::CauseAgainst, reason);
        }
        if !cause.check.is_empty() {
            self.detail(Field::CauseCheck, &cause.check);
        }
    }

    fn reset_expert(&mut self, finding: &Finding, frame: Frame) {
        if let Some(expert) = reset_expert(finding, frame)
            && let Some(outcome) = self.lines.iter_mut().find(|line| line.field == Field::Outcome)
        {
            outcome.expert = Some(expert);
        }
    }

    fn handshake(&mut self, finding: &Finding) {
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
    fn finish(mut self) -> Vec<Line> {
        if self.lines.iter().any(|line| line.expert.as_ref().is_some_and(|(expert, _)| expert.is_marked())) {
            self.add(Field::Marked, Value::Nothing).hidden = true;
        }
        self.lines
    }
}

#[cfg(test)]
mod tests;
