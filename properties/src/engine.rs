//! The engine: the way in which packets are pushed and findings are asked for changes nothing.
//! Neither does it whether handshakes are judged where they were observed.

use std::convert::Infallible;

use syncookie_engine::{
    Analyzer, DetailLevel, Finding, FindingParts, Findings, Frame, Frames, HandshakeId, Limits, Narrator, Observation,
    Packet, Timestamp, Verdict, compare, describe,
};

use crate::choices::Choices;
use crate::observations::{NumberedPacket, judged_elsewhere, judged_in_stretches};
use crate::traffic::{self, traffic};

/// Number of findings whose packets are narrated, which takes time for each packet.
const NARRATED: usize = 4;

/// Differences of the sum of all terms and the log-odds that rounding explains.
const ROUNDING: f64 = 1e-6;

/// Checks the engine with an input.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let limits = limits(&mut choices);
    let (together, every) = (1 + usize::from(choices.u8() & 63), 1 + usize::from(choices.u8() & 7));
    let packets = traffic(&mut choices);
    let seen: Vec<Observation<'_>> =
        packets.iter().zip(1..).map(|(packet, number)| observation(packet, number)).collect();

    let findings = one_by_one(limits, &seen);
    assert_eq!(many_at_once(limits, &seen, together), findings, "push_all differs from push");
    assert_eq!(in_portions(limits, &seen, together), findings, "portions differ");
    assert_eq!(asked_in_between(limits, &seen, every), findings, "asking in between changes the findings");
    let (elsewhere, early) = judged_elsewhere(limits, frames(&seen));
    if early == 0 {
        // A judge gets no packets to count.
        let elsewhere = Findings { statistics: findings.statistics.clone(), ..elsewhere };
        assert_eq!(elsewhere, findings, "observations that were written and read are judged differently");
    }
    // A judge may reach a limit that the observer did not reach.
    if limits.handshakes > seen.len() {
        let (all, third) = (frames(&seen).collect::<Vec<_>>(), seen.len() / 3);
        let stretches = judged_in_stretches(limits, &all, &[third, third + every]);
        let stretches = Findings { statistics: findings.statistics.clone(), ..stretches };
        assert_eq!(stretches, findings, "observations of stretches are judged differently");
    }
    let counted = with_parts(limits, &seen).tally;
    assert_eq!(counted, findings.tally, "the parts of findings change the verdicts");

    findings.handshakes.iter().for_each(|finding| consistent(finding, seen.len()));
    compare_all(&findings.handshakes);
    narrate(&findings.handshakes, &seen);
}

fn limits(choices: &mut Choices<'_>) -> Limits {
    Limits {
        handshakes: choices.pick(&[1 << 17, 2, 3, 8, 20]),
        flood: choices.pick(&[10_000, 0, 1, 5]),
        listeners: choices.pick(&[1 << 17, 1, 3]),
        episodes: choices.pick(&[1 << 14, 0, 1]),
    }
}

fn observation(packet: &traffic::Packet, number: u32) -> Observation<'_> {
    Observation {
        frame: Frame { capture: 0, number },
        time: Timestamp::from_nanos(packet.nanos),
        packet: packet.ip.as_deref().map_or(Packet::None, Packet::Ip),
    }
}

fn one_by_one(limits: Limits, seen: &[Observation<'_>]) -> Findings {
    let mut analyzer = Analyzer::new(limits);
    for seen in seen {
        analyzer.push(seen);
    }
    analyzer.finish()
}

/// Pushes packets, and returns the findings of handshakes that were judged early.
fn push_all(analyzer: &mut Analyzer, seen: &[Observation<'_>]) -> Vec<Finding> {
    let mut evicted = Vec::new();
    analyzer.push_all(0, frames(seen), &mut |mut portion| evicted.append(&mut portion));
    evicted
}

fn frames<'a>(seen: &'a [Observation<'_>]) -> impl Iterator<Item = NumberedPacket<'a>> {
    seen.iter().map(|seen| match seen.packet {
        Packet::Ip(bytes) => (seen.frame.number, seen.time, Some(bytes)),
        _ => (seen.frame.number, seen.time, None),
    })
}

fn finish(analyzer: Analyzer, mut evicted: Vec<Finding>) -> Findings {
    let mut findings = analyzer.finish();
    evicted.append(&mut findings.handshakes);
    Findings { handshakes: evicted, ..findings }
}

fn many_at_once(limits: Limits, seen: &[Observation<'_>], together: usize) -> Findings {
    let mut analyzer = Analyzer::new(limits);
    let evicted = seen.chunks(together).flat_map(|some| push_all(&mut analyzer, some)).collect();
    finish(analyzer, evicted)
}

/// Returns the findings of an analyzer that was used before, taken while packets are pushed and in
/// portions at the end.
fn in_portions(limits: Limits, seen: &[Observation<'_>], together: usize) -> Findings {
    let mut analyzer = Analyzer::new(limits);
    push_all(&mut analyzer, &seen[..seen.len() / 2]);
    let Ok(_) = analyzer.finish_in_portions(|_| Ok::<_, Infallible>(()));
    analyzer.set_threads(2);
    let mut handshakes = Vec::new();
    for some in seen.chunks(together) {
        handshakes.append(&mut push_all(&mut analyzer, some));
    }
    let rest = analyzer.finish_in_portions(|mut portion| {
        handshakes.append(&mut portion);
        Ok::<_, Infallible>(())
    });
    let Ok(rest) = rest;
    Findings { handshakes, ..rest }
}

/// Returns the findings after some handshakes were asked for while packets arrived.
fn asked_in_between(limits: Limits, seen: &[Observation<'_>], every: usize) -> Findings {
    let mut analyzer = Analyzer::new(limits);
    for (index, seen) in seen.iter().enumerate() {
        let pushed = analyzer.push(seen);
        if let Some(pushed) = pushed.filter(|_| index % every == 0) {
            ask(&mut analyzer, pushed.handshake);
        }
    }
    analyzer.finish()
}

/// Returns a finding without what the quick check does not judge.
fn quickly_judged(mut finding: Finding) -> Finding {
    let assessment = &mut finding.assessment;
    (assessment.evidence, assessment.undecided) = (Vec::new(), None);
    assessment.terms.iter_mut().for_each(|terms| terms.cap_nats = 0.0);
    finding.causes.clear();
    finding.completion.has_failed = false;
    finding
}

fn ask(analyzer: &mut Analyzer, handshake: HandshakeId) {
    let preview = analyzer.preview(handshake, DetailLevel::All);
    let now = analyzer.finding(handshake);
    assert_eq!(preview.is_some(), now.is_some(), "a handshake that is known has a preview");
    let is_suspect = |finding: &Finding| matches!(finding.assessment.verdict, Verdict::SynCookie | Verdict::SynProxy);
    assert_eq!(
        analyzer.preview_if_cookie_style(handshake).map(quickly_judged),
        preview.filter(is_suspect).map(quickly_judged),
        "the quick check differs from the preview"
    );
}

fn with_parts(limits: Limits, seen: &[Observation<'_>]) -> Findings {
    let parts = FindingParts {
        detail: DetailLevel::Notable,
        only_notable: true,
        counted_in_floods: true,
        measured: false,
        syn_fields: false,
        signatures: false,
        compared: true,
        sample: false,
    };
    let mut analyzer = Analyzer::new(limits).with_parts(parts);
    let evicted = push_all(&mut analyzer, seen);
    finish(analyzer, evicted)
}

/// Checks that the numbers of a finding agree, and that its frames exist.
fn consistent(finding: &Finding, frames: usize) {
    let assessment = &finding.assessment;
    if let (Some(log_odds), Some(terms)) = (assessment.log_odds, assessment.terms) {
        let contributions: f64 = assessment.evidence.iter().map(|evidence| evidence.contribution).sum();
        let sum = terms.prior_nats + terms.listener_nats + terms.cap_nats + contributions;
        assert!((log_odds - sum).abs() <= ROUNDING, "log-odds are {log_odds}, their terms {sum}: {assessment:?}");
    }
    assert!(assessment.evidence.iter().all(|evidence| evidence.nats >= 0.0), "{assessment:?}");
    assert!(finding.causes.iter().all(|cause| cause.nats.is_finite()), "{:?}", finding.causes);
    let Frames { syn, syn_ack, ack, reset } = finding.frames;
    for frame in [syn, syn_ack, ack, reset].into_iter().flatten() {
        assert!((1..=frames).contains(&(frame.number as usize)), "{frame:?} was never pushed");
    }
}

fn compare_all(findings: &[Finding]) {
    let pairs = || findings.iter().filter_map(|finding| finding.syn_pair.as_ref()).take(8);
    for near in pairs() {
        assert!(compare::differences(near, near).is_empty(), "a handshake differs from itself");
        pairs().for_each(|far| drop(compare::differences(near, far)));
    }
}

fn narrate(findings: &[Finding], seen: &[Observation<'_>]) {
    for finding in findings.iter().take(NARRATED) {
        let mut narrator = Narrator::new(finding);
        for seen in seen {
            let _ = (narrator.push(seen), describe(seen));
        }
    }
}
