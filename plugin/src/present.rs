//! Turns a finding into what is shown of it: a subtree in the packet details, expert items, and
//! text for the Info column.

mod point;
mod subtree;

use std::fmt;

use syncookie_engine::{Assessment, Cause, CauseKind, Confidence, Finding, Frame, Outcome, Verdict, odds};

pub use subtree::{Line, Needs, Subtree, Value};

use crate::fields::{Expert, Field};
use crate::settings::Settings;
use subtree::SubtreeBuilder;

/// Beginning of every heading.
const TITLE: &str = "SYN cookie analysis";

/// Returns the frame that carries the finding: the SYN-ACK, else the SYN.
#[must_use]
pub fn carrier(finding: &Finding) -> Option<Frame> {
    finding.frames.syn_ack.or(finding.frames.syn)
}

/// Returns the whole finding with its verdict: for the frame that carries it, and at first visits
/// also for a later frame that changed the verdict.
#[must_use]
pub fn finding_subtree(finding: &Finding, frame: Frame, settings: &Settings, needs: Needs<'_>) -> Subtree {
    let assessment = &finding.assessment;
    let mut builder = SubtreeBuilder::new(frame, needs);
    builder.text(Field::Verdict, assessment.verdict.as_str());
    if let Some(confidence) = assessment.confidence {
        builder.text(Field::Confidence, confidence.as_str());
        builder.hidden(1, Field::ConfidenceLevel, Value::Number(level(confidence)));
    }
    for implementation in &assessment.implementations {
        builder.text(Field::Implementation, implementation.as_str());
    }
    builder.weights(assessment);
    for missing in &assessment.missing {
        builder.long_text(1, Field::Missing, missing);
    }
    add_outcome(&mut builder, finding, settings);
    builder.attach(&[Field::Verdict], verdict_expert(finding, settings));
    builder.attach(&[Field::Outcome], reset_expert(finding, frame, settings));
    builder.attach(&[Field::Cause, Field::Outcome], failure_expert(finding, settings));
    builder.endpoints_and_frames(finding);
    Subtree { heading: format!("{TITLE}: {}", conclusion(finding)), lines: builder.build() }
}

/// Returns what to show at the first visit to the reset that ended a handshake: how it ended and
/// why, which the frame with the verdict could not know.
#[must_use]
pub fn outcome_subtree(finding: &Finding, frame: Frame, settings: &Settings, needs: Needs<'_>) -> Subtree {
    let mut builder = SubtreeBuilder::new(frame, needs);
    add_outcome(&mut builder, finding, settings);
    builder.attach(&[Field::Outcome], reset_expert(finding, frame, settings));
    builder.attach(&[Field::Cause, Field::Outcome], failure_expert(finding, settings));
    builder.endpoints_and_frames(finding);
    Subtree { heading: reset_heading(finding), lines: builder.build() }
}

/// Returns what to show for the reset that ended a handshake whose finding another frame carries.
#[must_use]
pub fn reset_subtree(finding: &Finding, frame: Frame, settings: &Settings, needs: Needs<'_>) -> Subtree {
    let mut builder = SubtreeBuilder::new(frame, needs);
    builder.sentence(1, Field::Outcome, finding.outcome.as_str(), outcome_line(finding));
    if let Some(cause) = Cause::most_likely(&point::causes(finding, settings.capture_point)) {
        builder.sentence(1, Field::Text, Value::NoValue, format_args!("Most likely cause: {}", cause.kind.clause()));
        builder.check_as_text(1, cause);
    }
    builder.attach(&[Field::Outcome], reset_expert(finding, frame, settings));
    builder.endpoints_and_frames(finding);
    Subtree { heading: reset_heading(finding), lines: builder.build() }
}

/// Returns what to show for a later frame that provided evidence: the frame with the verdict.
#[must_use]
pub fn reference_subtree(finding: &Finding, frame: Frame, needs: Needs<'_>) -> Subtree {
    let mut builder = SubtreeBuilder::new(frame, needs);
    builder.endpoints_and_frames(finding);
    let heading = finding.frames.syn_ack.map_or_else(
        || TITLE.to_owned(),
        |syn_ack| format!("{TITLE}: this frame has evidence about the SYN-ACK in frame {}", syn_ack.number),
    );
    Subtree { heading, lines: builder.build() }
}

/// Returns the expert items of the frame that carries a finding.
#[must_use]
pub fn finding_experts(finding: &Finding, frame: Frame, settings: &Settings) -> Vec<(Expert, String)> {
    let experts =
        [verdict_expert(finding, settings), reset_expert(finding, frame, settings), failure_expert(finding, settings)];
    experts.into_iter().flatten().collect()
}

/// Returns the expert items of a reset at its first visit. At later visits, the frame with the
/// finding has the expert item of the failure.
#[must_use]
pub fn reset_experts(
    finding: &Finding,
    frame: Frame,
    settings: &Settings,
    is_first_visit: bool,
) -> Vec<(Expert, String)> {
    let failure = if is_first_visit { failure_expert(finding, settings) } else { None };
    reset_expert(finding, frame, settings).into_iter().chain(failure).collect()
}

/// Returns the most likely cause of a failure or delay, unless all are ruled out.
#[must_use]
pub fn most_likely_cause(finding: &Finding, settings: &Settings) -> Option<CauseKind> {
    Cause::most_likely(&point::causes(finding, settings.capture_point)).map(|cause| cause.kind)
}

/// Adds the outcome, the duration of the handshake and the causes.
fn add_outcome(builder: &mut SubtreeBuilder, finding: &Finding, settings: &Settings) {
    builder.sentence(1, Field::Outcome, finding.outcome.as_str(), outcome_line(finding));
    if let Some(seconds) = finding.completion.seconds {
        builder.add(1, Field::Delay, Value::Duration((seconds * 1e9).round() as i64));
    }
    for lost in finding.cost.iter().flat_map(|cost| cost.sentences()) {
        builder.long_text(1, Field::Cost, &lost);
    }
    let causes = point::causes(finding, settings.capture_point);
    let first = Cause::most_likely(&causes);
    first.into_iter().for_each(|cause| builder.first_cause(cause));
    let others = causes.iter().skip(usize::from(first.is_some()));
    others.for_each(|cause| builder.other_cause(cause));
}

/// Returns a confidence as a number that filters can compare.
const fn level(confidence: Confidence) -> u32 {
    match confidence {
        Confidence::Possible => 1,
        Confidence::Likely => 2,
        Confidence::Certain => 3,
    }
}

/// Returns the conclusion, such as `answered by a SYN proxy, likely (about 1,400 to 1)`.
fn conclusion(finding: &Finding) -> String {
    let assessment = &finding.assessment;
    if finding.frames.syn_ack.is_none() {
        return outcome_text(finding.outcome).to_owned();
    }
    let odds = confidence_text(assessment).map(|odds| format!(", {odds}")).unwrap_or_default();
    format!("{}{odds}", verdict_text(assessment.verdict))
}

/// Returns the heading of a reset.
fn reset_heading(finding: &Finding) -> String {
    let outcome = outcome_text(finding.outcome);
    finding.frames.syn_ack.map_or_else(
        || format!("{TITLE}: {outcome}"),
        |syn_ack| format!("{TITLE}: {outcome}; SYN-ACK in frame {}: {}", syn_ack.number, conclusion(finding)),
    )
}

/// Returns the line of an outcome.
fn outcome_line(finding: &Finding) -> impl fmt::Display {
    let outcome = finding.outcome;
    let stuck = if finding.got_stuck() { ", then stuck" } else { "" };
    fmt::from_fn(move |f| write!(f, "{}: {}{stuck} ({outcome})", Field::Outcome.name(), outcome_text(outcome)))
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
/// confidence. Without a SYN-ACK there is no answer whose sender could be determined.
fn verdict_expert(finding: &Finding, settings: &Settings) -> Option<(Expert, String)> {
    let assessment = &finding.assessment;
    let is_below = assessment.verdict.is_cookie_style() && assessment.confidence < Some(settings.min_confidence);
    if is_below || finding.frames.syn_ack.is_none() {
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
    Some((expert, expert.summary().to_owned()))
}

/// Returns the expert item of a handshake that failed or was delayed, or whose connection got
/// stuck. A flood is one failure: its first handshake has the item.
fn failure_expert(finding: &Finding, settings: &Settings) -> Option<(Expert, String)> {
    let cause = most_likely_cause(finding, settings);
    let what = match (finding.outcome, cause) {
        // It ends on purpose.
        (_, Some(CauseKind::HealthCheck)) => return None,
        (_, Some(CauseKind::SynFlood)) if finding.completion.syns < 2 && !finding.begins_flood => return None,
        // Of a large flood, most handshakes have no causes.
        (_, None) if finding.left_by_flood => return None,
        (Outcome::Established | Outcome::Incomplete, None) => return None,
        (Outcome::Established, Some(CauseKind::ServedNothing | CauseKind::InjectedReset)) => "Connection failed",
        (Outcome::Established | Outcome::Incomplete, Some(_)) if finding.completion.has_failed => "Connection stuck",
        (Outcome::Established | Outcome::Incomplete, Some(_)) => "Handshake delayed",
        _ => "Handshake failed",
    };
    let why = cause.map_or("cause unknown", CauseKind::clause);
    Some((Expert::Failure, format!("{what}: {why}")))
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
    Some((Expert::Reset, format!("Reset right after a handshake {}", verdict_text(assessment.verdict))))
}

#[cfg(test)]
mod tests;
