//! Turns a finding into what is shown of it: the lines below a frame, and a word beside it.

mod lines;
mod point;

use syncookie_engine::{Assessment, Confidence, Finding, Frame, Outcome, Verdict};

pub use lines::{Line, Subtree, Value};

use crate::fields::{Expert, Field};
use crate::settings::Settings;
use lines::Lines;

/// The whole finding with its verdict: for the SYN-ACK, and while the capture is read for the first time also for a
/// later frame that changed the verdict.
#[must_use]
pub fn verdict(finding: &Finding, frame: Frame, settings: &Settings) -> Subtree {
    let assessment = &finding.assessment;
    let mut lines = Lines::default();
    lines.text(Field::Verdict, assessment.verdict.as_str()).expert = verdict_expert(finding, settings);
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
    for (cause, rank) in point::causes(finding, settings.point).iter().zip(1..) {
        lines.cause(cause, rank);
    }
    lines.hang_on_outcome(reset_expert(finding, frame, settings));
    lines.handshake(finding);
    Subtree { heading: format!("SYN cookie analysis: {}", conclusion(assessment)), lines: lines.finish() }
}

/// The reset that ended a handshake: why, probably, and where the verdict stands.
#[must_use]
pub fn reset(finding: &Finding, frame: Frame, settings: &Settings) -> Subtree {
    let mut lines = Lines::default();
    lines.text(Field::Outcome, finding.outcome.as_str());
    if let Some(cause) = point::causes(finding, settings.point).first() {
        lines.cause(cause, 1);
    }
    lines.hang_on_outcome(reset_expert(finding, frame, settings));
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

/// A later frame that evidence was read from: where the verdict stands.
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

/// A word for the packet list; only for findings that are marked.
#[must_use]
pub fn word(finding: &Finding, frame: Frame, settings: &Settings) -> Option<String> {
    let assessment = &finding.assessment;
    let kind = match assessment.verdict {
        Verdict::SynCookie => "SYN cookie",
        Verdict::SynProxy => "SYN proxy",
        Verdict::Ordinary | Verdict::Undetermined => return None,
    };
    let confidence = assessment.confidence.filter(|confidence| *confidence >= settings.least)?;
    if finding.frames.syn_ack == Some(frame) {
        Some(format!("[{kind}, {confidence}]"))
    } else {
        reset_expert(finding, frame, settings).map(|_| format!("[reset after {kind}]"))
    }
}

fn verdict_expert(finding: &Finding, settings: &Settings) -> Option<(Expert, String)> {
    let assessment = &finding.assessment;
    if assessment.verdict.is_cookie_style() && assessment.confidence < Some(settings.least) {
        return None;
    }
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
fn reset_expert(finding: &Finding, frame: Frame, settings: &Settings) -> Option<(Expert, String)> {
    let ends_handshake = match finding.outcome {
        Outcome::ResetByServer => true,
        Outcome::ResetByClient => finding.frames.ack.is_some(),
        _ => false,
    };
    let assessment = &finding.assessment;
    let marked = assessment.verdict.is_cookie_style() && assessment.confidence >= Some(settings.least);
    if !(marked && ends_handshake && finding.frames.reset == Some(frame)) {
        return None;
    }
    let mut text = format!("Reset right after a {} handshake", finding.assessment.verdict);
    if let Some(cause) = point::causes(finding, settings.point).first().filter(|cause| !cause.ruled_out) {
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

#[cfg(test)]
mod tests;
