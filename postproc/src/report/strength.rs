//! Strength of a verdict and of its evidence: odds for people, and the sum in nats on request.

use syncookie_engine::{
    Assessment, CauseKind, CheckLine, Evidence, EvidenceKind, LogOddsTerms, Verdict, check_lines, odds,
};

/// Maximum distance between two causes, in nats, at which both are named.
const CLOSE: f64 = 2.3;

/// Maximum distance between two causes, in nats, at which none of them alone is likely: about three
/// to one.
const SEVERAL: f64 = 1.1;

/// Strength of a cause without a rival.
const LIKELY: &str = "likely cause";

/// Strength of a cause that another capture, or the files of a kernel, confirm.
const CONFIRMED: &str = "confirmed";

/// Terms that are smaller than this, in nats, are left out of a sum.
const NEGLIGIBLE: f64 = 0.005;

/// Reason for the prior.
const PRIOR: &str = "SYN cookies and proxies are rare";

/// Returns the confidence of a verdict and its odds: `likely, odds about 1,300 to 1`; `None` for
/// `undetermined`.
pub fn confidence(assessment: &Assessment) -> Option<String> {
    let confidence = assessment.confidence?;
    Some(match assessment.log_odds {
        Some(nats) => format!("{confidence}, odds {}", odds(nats)),
        None => confidence.to_string(),
    })
}

/// Returns the kind of a piece of evidence and its strength: `signal zero-window: about 22,000
/// to 1 for syn-proxy`.
pub fn evidence(piece: &Evidence) -> String {
    match times(piece.nats) {
        Some(_) => format!("signal {}: {} {}", piece.kind, odds(piece.nats), side(piece)),
        None => piece.kind.to_string(),
    }
}

/// Returns what a piece of evidence favours, to follow its odds: `for syn-proxy`, `for syn-cookie or
/// syn-proxy` if it favours both alike, or `against syn-proxy` if it is evidence against one of them
/// only. For evidence against both that is stronger against one, both odds are named, because the
/// odds of the verdict contain one of them: `for ordinary against syn-cookie, about 55 to 1 against
/// syn-proxy`.
pub fn side(piece: &Evidence) -> String {
    let is_equal = (piece.cookie_nats - piece.proxy_nats).abs() < NEGLIGIBLE;
    if piece.favours.is_cookie_style() && is_equal {
        return format!("for {} or {}", Verdict::SynCookie, Verdict::SynProxy);
    }
    if piece.favours != Verdict::Ordinary || is_equal {
        return format!("for {}", piece.favours);
    }
    let (more, less, less_nats) = if piece.cookie_nats < piece.proxy_nats {
        (Verdict::SynCookie, Verdict::SynProxy, -piece.proxy_nats)
    } else {
        (Verdict::SynProxy, Verdict::SynCookie, -piece.cookie_nats)
    };
    match times(less_nats) {
        Some(_) if less_nats > 0.0 => {
            format!("for {} against {more}, {} against {less}", Verdict::Ordinary, odds(less_nats))
        }
        _ => format!("against {more}"),
    }
}

/// Returns the pieces of evidence that favour a verdict. Those at about even odds are observations
/// that decide nothing; only the sum of the terms has them.
pub fn listed(assessment: &Assessment) -> impl Iterator<Item = &Evidence> {
    assessment.evidence.iter().filter(|piece| times(piece.nats).is_some())
}

/// Returns the verdict whose log-odds are given, the log-odds, and their terms; for `undetermined`
/// those of the more probable one of `syn-cookie` and `syn-proxy`.
fn weighed(assessment: &Assessment) -> Option<(Verdict, f64, LogOddsTerms)> {
    match (assessment.log_odds, assessment.terms, assessment.undecided) {
        (Some(nats), Some(terms), _) => Some((assessment.verdict, nats, terms)),
        (.., undecided) => undecided.map(|undecided| (undecided.closest, undecided.log_odds, undecided.terms)),
    }
}

/// Returns the prior as a line after the evidence; `None` where the prior favours neither of the
/// verdicts that are compared.
pub fn prior(assessment: &Assessment) -> Option<String> {
    let (verdict, _, terms) = weighed(assessment)?;
    times(terms.prior_nats)?;
    let favours = if terms.prior_nats < 0.0 { terms.runner_up } else { verdict };
    Some(format!("{PRIOR} [prior: {} for {favours}]", odds(terms.prior_nats.abs())))
}

/// Returns how many times as probable one of two things is, from log-odds in nats: `about 1,300
/// times`; `None` if they are about equally probable.
pub fn times(nats: f64) -> Option<String> {
    odds(nats.abs()).strip_suffix(" to 1").map(|ratio| format!("{ratio} times"))
}

/// Returns the strength of the most likely cause, to follow its name: `confirmed` by its check,
/// `likely cause`, or how it compares with its rival.
pub fn cause(rival: Option<(CauseKind, f64)>, check: &str) -> String {
    close_cause(rival, check).unwrap_or_else(|| LIKELY.to_owned())
}

/// Returns that its check confirms the most likely cause, or how that compares with its rival, to
/// follow the name of the first; `None` if the rival is far less likely.
pub fn close_cause(rival: Option<(CauseKind, f64)>, check: &str) -> Option<String> {
    if check_lines(check).iter().any(CheckLine::is_confirmed) {
        return Some(CONFIRMED.to_owned());
    }
    let (rival, difference) = rival.filter(|(_, difference)| *difference <= CLOSE)?;
    let strength = if difference <= SEVERAL { "one of several causes" } else { LIKELY };
    Some(match times(difference) {
        Some(times) => format!("{strength}, {times} as probable as {rival}"),
        None => format!("{strength}, {rival} is about as probable"),
    })
}

/// Terms that add up to log-odds, in nats.
pub struct Sum {
    /// Heading of the terms.
    pub heading: String,
    /// Each term with its name.
    pub terms: Vec<(f64, String)>,
    /// Sum of the terms.
    pub total: f64,
}

/// Returns the terms that add up to the log-odds of a verdict, or for `undetermined` to those of
/// the more probable one of `syn-cookie` and `syn-proxy`; `None` where there is nothing to add up.
pub fn sum(assessment: &Assessment) -> Option<Sum> {
    let (verdict, total, terms) = weighed(assessment)?;
    let is_decided = assessment.terms.is_some();
    let evidence = assessment.evidence.iter().filter(|piece| piece.kind != EvidenceKind::ListenerContext);
    let mut all = vec![(terms.prior_nats, format!("prior: {PRIOR}"))];
    all.push((terms.listener_nats, "other handshakes of this listener (listener-context)".to_owned()));
    all.extend(evidence.map(|piece| {
        let nats = if is_decided { piece.contribution } else { piece.nats_of(verdict) };
        (nats, piece.kind.to_string())
    }));
    all.push((terms.cap_nats, "limit on the sum of related evidence".to_owned()));
    all.retain(|(nats, _)| nats.abs() >= NEGLIGIBLE);
    let heading = format!("log-odds of {verdict} against {} (natural logarithm)", terms.runner_up);
    Some(Sum { heading, terms: all, total })
}
