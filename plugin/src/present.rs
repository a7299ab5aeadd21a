//! Turns a finding into what is shown of it: a subtree in the packet details and text for the Info
//! column.

mod point;
mod subtree;

use syncookie_engine::{Assessment, Confidence, Finding, Frame, Outcome, Verdict, odds};

pub use subtree::{Line, Subtree, Value};

use crate::fields::{Expert, Field};
use crate::settings::Settings;
use subtree::SubtreeBuilder;

/// Returns the whole finding with its verdict: for the SYN-ACK, and at first visits also for a
/// later frame that changed the verdict.
#[must_use]
pub fn verdict_subtree(finding: &Finding, frame: Frame, settings: &Settings) -> Subtree {
    let assessment = &finding.assessment;
    let mut builder = SubtreeBuilder::default();
    builder.text(Field::Verdict, assessment.verdict.as_str()).expert = verdict_expert(finding, settings);
    if let Some(confidence) = assessment.confidence {
        builder.text(Field::Confidence, confidence.as_str());
    }
    if let Some(log_odds) = assessment.log_odds {
        builder.add(Field::LogOdds, Value::Double(log_odds)).text = Some(format!("Odds: {}", odds(log_odds)));
    }
    for implementation in &assessment.implementations {
        builder.text(Field::Implementation, implementation.as_str());
    }
    for evidence in &assessment.evidence {
        builder.evidence(evidence);
    }
    for missing in &assessment.missing {
        builder.long_text(1, Field::Missing, missing);
    }
    builder.text(Field::Outcome, finding.outcome.as_str());
    for (cause, rank) in point::causes(finding, settings.capture_point).iter().zip(1..) {
        builder.cause(cause, rank);
    }
    builder.attach_to_outcome(reset_expert(finding, frame, settings));
    builder.endpoints_and_frames(finding);
    Subtree { heading: format!("SYN cookie analysis: {}", conclusion(assessment)), lines: builder.build() }
}

/// Returns what to show for the reset that ended a handshake: the probable cause, and the frame
/// with the verdict.
#[must_use]
pub fn reset_subtree(finding: &Finding, frame: Frame, settings: &Settings) -> Subtree {
    let mut builder = SubtreeBuilder::default();
    builder.text(Field::Outcome, finding.outcome.as_str());
    if let Some(cause) = point::causes(finding, settings.capture_point).first() {
        builder.cause(cause, 1);
    }
    builder.attach_to_outcome(reset_expert(finding, frame, settings));
    builder.endpoints_and_frames(finding);
    let mut heading = format!("SYN cookie analysis: {}", outcome_text(finding.outcome));
    if let Some(syn_ack) = finding.frames.syn_ack {
        append(
            &mut heading,
            "; ",
            &format!("SYN-ACK in frame {}: {}", syn_ack.number, conclusion(&finding.assessment)),
        );
    }
    Subtree { heading, lines: builder.build() }
}

/// Returns what to show for a later frame that provided evidence: the frame with the verdict.
#[must_use]
pub fn reference_subtree(finding: &Finding) -> Subtree {
    let mut builder = SubtreeBuilder::default();
    builder.endpoints_and_frames(finding);
    let heading = finding.frames.syn_ack.map_or_else(
        || "SYN cookie analysis".to_owned(),
        |syn_ack| format!("SYN cookie analysis: this frame has evidence about the SYN-ACK in frame {}", syn_ack.number),
    );
    Subtree { heading, lines: builder.build() }
}

/// Returns the conclusion, such as `answered by a SYN proxy, likely (about 1,400 to 1)`.
fn conclusion(assessment: &Assessment) -> String {
    let mut text = verdict_text(assessment.verdict).to_owned();
    append(&mut text, ", ", &confidence_text(assessment).unwrap_or_default());
    text
}

/// Returns a verdict in words.
fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ordinary => "answered by the server from its SYN queue",
        Verdict::SynCookie => "answered with a SYN cookie",
        Verdict::SynProxy => "answered by a SYN proxy",
        Verdict::Undetermined => "undetermined, the capture does not show who answered",
    }
}

/// Returns an outcome in words.
fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Established => "connection established",
        Outcome::ResetByServer => "connection reset by the server side",
        Outcome::ResetByClient => "connection reset by the client",
        Outcome::Refused => "connection refused",
        Outcome::Unanswered => "unanswered SYN",
        Outcome::Unacknowledged => "unacknowledged SYN-ACK",
        Outcome::Incomplete => "incomplete handshake",
    }
}

/// Returns the confidence, such as `likely (about 1,400 to 1)`.
fn confidence_text(assessment: &Assessment) -> Option<String> {
    let confidence = assessment.confidence?;
    Some(match assessment.log_odds {
        Some(log_odds) => format!("{confidence} ({})", odds(log_odds)),
        None => confidence.to_string(),
    })
}

/// Returns text for the Info column of a frame; only for findings that are marked.
#[must_use]
pub fn info_text(finding: &Finding, frame: Frame, settings: &Settings) -> Option<String> {
    let assessment = &finding.assessment;
    let kind = match assessment.verdict {
        Verdict::SynCookie => "SYN cookie",
        Verdict::SynProxy => "SYN proxy",
        Verdict::Ordinary | Verdict::Undetermined => return None,
    };
    let confidence = assessment.confidence.filter(|confidence| *confidence >= settings.min_confidence)?;
    if finding.frames.syn_ack == Some(frame) {
        Some(format!("[{kind}, {confidence}]"))
    } else {
        reset_expert(finding, frame, settings).map(|_| format!("[reset after {kind}]"))
    }
}

/// Returns the expert item of a verdict, unless the verdict is ordinary or below the minimum
/// confidence.
fn verdict_expert(finding: &Finding, settings: &Settings) -> Option<(Expert, String)> {
    let assessment = &finding.assessment;
    if assessment.verdict.is_cookie_style() && assessment.confidence < Some(settings.min_confidence) {
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
        append(&mut text, ": ", &confidence_text(assessment).unwrap_or_default());
        let names: Vec<_> = assessment.implementations.iter().map(|i| i.as_str()).collect();
        append(&mut text, ", fits ", &names.join(" or "));
    }
    Some((expert, text))
}

/// Returns the expert item of a reset that ended a handshake: one from the server's side, or one
/// from a client that had completed the handshake.
fn reset_expert(finding: &Finding, frame: Frame, settings: &Settings) -> Option<(Expert, String)> {
    let ends_handshake = match finding.outcome {
        Outcome::ResetByServer => true,
        Outcome::ResetByClient => finding.frames.ack.is_some(),
        _ => false,
    };
    let assessment = &finding.assessment;
    let marked = assessment.verdict.is_cookie_style() && assessment.confidence >= Some(settings.min_confidence);
    if !(marked && ends_handshake && finding.frames.reset == Some(frame)) {
        return None;
    }
    let mut text = format!("Reset right after a handshake {}", verdict_text(assessment.verdict));
    if let Some(cause) = point::causes(finding, settings.capture_point).first().filter(|cause| !cause.ruled_out) {
        append(&mut text, "; most likely cause: ", cause.kind.as_str());
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
