//! Strength of a verdict and of its evidence: odds for people, and the sum in nats on request.

use syncookie_engine::{Assessment, Cause, Evidence, EvidenceKind, Verdict, odds};

/// Maximum distance between two causes, in nats, at which both are named.
const CLOSE: f64 = 2.3;

/// Terms that are smaller than this, in nats, are left out of a sum.
const NEGLIGIBLE: f64 = 0.005;

/// Reason for the prior.
const PRIOR: &str = "SYN cookies and SYN proxies are rare";

/// Returns the confidence of a verdict and its odds: `likely, odds about 1,300 to 1`; `None` for
/// `undetermined`.
pub fn confidence(assessment: &Assessment) -> Option<String> {
    let confidence = assessment.confidence?;
    Some(match assessment.log_odds {
        Some(nats) => format!("{confidence}, odds {}", odds(nats)),
        None => confidence.to_string(),
    })
}

/// Returns the kind of a piece of evidence and its strength: `zero-window: about 22,000 to 1 for
/// syn-proxy`.
pub fn evidence(piece: &Evidence) -> String {
    match times(piece.nats) {
        Some(_) => format!("{}: {} {}", piece.kind, odds(piece.nats), side(piece)),
        None => piece.kind.to_string(),
    }
}

/// Returns what a piece of evidence favours: `for syn-proxy`, `for syn-cookie or syn-proxy` if it
/// favours both alike, or `against syn-proxy` if it is evidence against one of them only.
pub fn side(piece: &Evidence) -> String {
    let is_against = |nats: f64| nats <= -NEGLIGIBLE;
    if piece.favours.is_cookie_style() && (piece.cookie_nats - piece.proxy_nats).abs() < NEGLIGIBLE {
        return format!("for {} or {}", Verdict::SynCookie, Verdict::SynProxy);
    }
    match (piece.favours, is_against(piece.cookie_nats), is_against(piece.proxy_nats)) {
        (Verdict::Ordinary, false, true) => format!("against {}", Verdict::SynProxy),
        (Verdict::Ordinary, true, false) => format!("against {}", Verdict::SynCookie),
        (favours, ..) => format!("for {favours}"),
    }
}

/// Returns the pieces of evidence that favour a verdict. Those at about even odds are observations
/// that decide nothing; only the sum of the terms has them.
pub fn listed(assessment: &Assessment) -> impl Iterator<Item = &Evidence> {
    assessment.evidence.iter().filter(|piece| times(piece.nats).is_some())
}

/// Returns the prior as a line after the evidence; `None` for `undetermined`, and where the prior
/// favours neither the verdict nor the next most probable one.
pub fn prior(assessment: &Assessment) -> Option<String> {
    let terms = assessment.terms?;
    times(terms.prior_nats)?;
    let favours = if terms.prior_nats < 0.0 { terms.runner_up } else { assessment.verdict };
    Some(format!("{PRIOR} [prior: {} for {favours}]", odds(terms.prior_nats.abs())))
}

/// Returns how many times as probable one of two things is, from log-odds in nats: `about 1,300
/// times`; `None` if they are about equally probable.
pub fn times(nats: f64) -> Option<String> {
    odds(nats.abs()).strip_suffix(" to 1").map(|ratio| format!("{ratio} times"))
}

/// Returns how the most likely cause compares with the second, to follow the name of the first;
/// `None` if the second is far less likely.
pub fn close_cause(causes: &[Cause]) -> Option<String> {
    let [first, second, ..] = causes else { return None };
    let difference = first.nats - second.nats;
    if second.ruled_out || difference > CLOSE {
        return None;
    }
    Some(match times(difference) {
        Some(times) => format!("; {times} as likely as {}", second.kind),
        None => format!("; {} is about as likely", second.kind),
    })
}

/// Returns the terms that add up to the log-odds of a verdict, in nats, each with its name; empty
/// for `undetermined`.
pub fn terms(assessment: &Assessment) -> Vec<(f64, String)> {
    let Some(terms) = assessment.terms else { return Vec::new() };
    let evidence = assessment.evidence.iter().filter(|piece| piece.kind != EvidenceKind::ListenerContext);
    let mut all = vec![(terms.prior_nats, format!("prior: {PRIOR}"))];
    all.push((terms.listener_nats, "other handshakes of this listener (listener-context)".to_owned()));
    all.extend(evidence.map(|piece| (piece.contribution, piece.kind.to_string())));
    all.push((terms.cap_nats, "limit on the sum of related evidence".to_owned()));
    all.retain(|(nats, _)| nats.abs() >= NEGLIGIBLE);
    all
}

/// Returns the heading of the list of terms; `None` for `undetermined`.
pub fn terms_heading(assessment: &Assessment) -> Option<String> {
    let runner_up = assessment.terms?.runner_up;
    Some(format!("log-odds of {} against {runner_up} (natural logarithm)", assessment.verdict))
}
