use super::subtree::wrap;
use super::*;
use crate::settings::CapturePoint;

use syncookie_engine::{
    Cause, CauseKind, Endpoint, Evidence, EvidenceKind, Frames, HandshakeId, Implementation, Timestamp,
};

fn verdict(finding: &Finding, frame: Frame) -> Subtree {
    super::verdict_subtree(finding, frame, &Settings::default())
}

fn reset(finding: &Finding, frame: Frame) -> Subtree {
    super::reset_subtree(finding, frame, &Settings::default())
}

fn frame(number: u32) -> Frame {
    Frame { capture: 0, number }
}

fn finding(verdict: Verdict, confidence: Option<Confidence>) -> Finding {
    let side = |ip: &str, port| Endpoint { ip: ip.parse().unwrap(), port };
    Finding {
        id: HandshakeId(0),
        client: side("192.0.2.1", 54192),
        server: side("2001:db8::2", 80),
        time: Timestamp::from_nanos(0),
        frames: Frames { syn: Some(frame(1)), syn_ack: Some(frame(2)), ack: Some(frame(3)), reset: Some(frame(4)) },
        outcome: Outcome::ResetByServer,
        assessment: Assessment {
            verdict,
            confidence,
            log_odds: confidence.map(|_| 7.27),
            terms: None,
            implementations: vec![Implementation::LinuxSynproxy, Implementation::PfSynproxy],
            evidence: vec![Evidence {
                kind: EvidenceKind::ZeroWindow,
                favours: Verdict::SynProxy,
                nats: 4.04,
                cookie_nats: -7.0,
                proxy_nats: 4.04,
                contribution: 4.04,
                frames: [frame(2), frame(3)].into_iter().collect(),
                detail: "window of the SYN-ACK is 0".to_owned(),
            }],
            missing: vec!["the SYN".to_owned()],
        },
        causes: vec![
            Cause {
                kind: CauseKind::ProxyLeakedAck,
                supporting: vec!["a".to_owned()],
                against: vec!["b".to_owned()],
                nats: 7.0,
                not_observable: vec!["c".to_owned()],
                ruled_out: false,
                check: "tcpdump on the server".to_owned(),
            },
            Cause {
                kind: CauseKind::FirewallReset,
                nats: 1.0,
                supporting: vec![],
                against: vec![],
                not_observable: vec![],
                ruled_out: true,
                check: String::new(),
            },
        ],
        left_by_flood: false,
        compared: None,
        measured: None,
        syn_pair: None,
    }
}

fn values(subtree: &Subtree, field: Field) -> Vec<&Value> {
    subtree.lines.iter().filter(|line| line.field == field).map(|line| &line.value).collect()
}

fn experts(subtree: &Subtree) -> Vec<(Expert, &str)> {
    subtree.lines.iter().filter_map(|line| line.expert.as_ref()).map(|(e, text)| (*e, text.as_str())).collect()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn the_heading_is_the_conclusion() {
    let likely = finding(Verdict::SynProxy, Some(Confidence::Likely));
    assert_eq!(
        verdict(&likely, frame(2)).heading,
        "SYN cookie analysis: answered by a SYN proxy, likely (about 1,400 to 1)"
    );
    let undetermined = finding(Verdict::Undetermined, None);
    assert_eq!(
        verdict(&undetermined, frame(2)).heading,
        "SYN cookie analysis: undetermined, the capture does not show who answered"
    );
    assert_eq!(
        reset(&likely, frame(4)).heading,
        "SYN cookie analysis: connection reset by the server side; SYN-ACK in frame 2: answered by a SYN proxy, likely \
         (about 1,400 to 1)"
    );
}

#[test]
fn evidence_at_even_odds_is_an_observation() {
    let mut even = finding(Verdict::SynProxy, Some(Confidence::Likely));
    even.assessment.evidence[0].nats = 0.2;
    let shown = verdict(&even, frame(2));
    let line = shown.lines.iter().find(|line| line.field == Field::Evidence).unwrap();
    assert!(line.text.as_deref().is_some_and(|text| text.starts_with("Observation (")), "{:?}", line.text);
}

#[test]
fn the_verdict_comes_with_evidence_outcome_causes_and_frames() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    assert_eq!(values(&shown, Field::Verdict), [&text("syn-proxy")]);
    assert_eq!(values(&shown, Field::Confidence), [&text("likely")]);
    assert_eq!(values(&shown, Field::LogOdds), [&Value::Double(7.27)]);
    assert_eq!(values(&shown, Field::Implementation), [&text("linux-synproxy"), &text("pf-synproxy")]);
    assert_eq!(values(&shown, Field::EvidenceKind), [&text("zero-window")]);
    assert_eq!(values(&shown, Field::EvidenceFrame), [&Value::Uint32(2), &Value::Uint32(3)]);
    assert_eq!(values(&shown, Field::Outcome), [&text("reset-by-server")]);
    assert_eq!(values(&shown, Field::Cause), [&text("proxy-leaked-ack"), &text("firewall-reset")]);
    assert_eq!(values(&shown, Field::CauseRank), [&Value::Uint32(1), &Value::Uint32(2)]);
    assert_eq!(values(&shown, Field::CauseCheck), [&text("tcpdump on the server")]);
    assert_eq!(values(&shown, Field::SynFrame), [&Value::Uint32(1)]);
    assert_eq!(values(&shown, Field::ResetFrame), [&Value::Uint32(4)]);
    assert_eq!(values(&shown, Field::Server), [&text("[2001:db8::2]:80")]);
    let evidence = shown.lines.iter().find(|line| line.field == Field::Evidence).unwrap();
    assert_eq!(
        evidence.text.as_deref(),
        Some("Evidence for syn-proxy (zero-window, about 57 to 1): window of the SYN-ACK is 0")
    );
}

#[test]
fn a_cookie_style_verdict_is_a_note_when_possible_and_a_warning_above() {
    use Confidence::{Certain, Likely, Possible};
    for (name, confidence, expected) in [
        (Verdict::SynCookie, Possible, Expert::CookiePossible),
        (Verdict::SynCookie, Likely, Expert::Cookie),
        (Verdict::SynCookie, Certain, Expert::Cookie),
        (Verdict::SynProxy, Possible, Expert::ProxyPossible),
        (Verdict::SynProxy, Likely, Expert::Proxy),
        (Verdict::SynProxy, Certain, Expert::Proxy),
    ] {
        let shown = verdict(&finding(name, Some(confidence)), frame(2));
        assert_eq!(experts(&shown).first().map(|e| e.0), Some(expected), "{name} {confidence}");
        assert_eq!(values(&shown, Field::Marked).len(), 1);
    }
    let shown = verdict(&finding(Verdict::SynProxy, Some(Likely)), frame(2));
    let text = "Answered by a SYN proxy: likely (about 1,400 to 1), fits linux-synproxy or pf-synproxy";
    assert_eq!(experts(&shown), [(Expert::Proxy, text)]);
}

#[test]
fn an_ordinary_verdict_has_no_expert_item_and_an_undetermined_one_only_a_chat() {
    let ordinary = verdict(&finding(Verdict::Ordinary, Some(Confidence::Certain)), frame(2));
    assert_eq!(values(&ordinary, Field::Verdict), [&text("ordinary")]);
    assert!(experts(&ordinary).is_empty());
    assert!(values(&ordinary, Field::Marked).is_empty());

    let undetermined = verdict(&finding(Verdict::Undetermined, None), frame(2));
    assert_eq!(
        experts(&undetermined),
        [(Expert::Undetermined, "The capture does not show who answered this SYN: the SYN")]
    );
    assert!(values(&undetermined, Field::Marked).is_empty());
    assert!(values(&undetermined, Field::Confidence).is_empty());
    assert!(values(&undetermined, Field::LogOdds).is_empty());
}

#[test]
fn the_reset_of_a_cookie_style_handshake_warns_and_names_the_cause_but_not_the_verdict() {
    let shown = reset(&finding(Verdict::SynProxy, Some(Confidence::Possible)), frame(4));
    let text_ = "Reset right after a handshake answered by a SYN proxy; most likely cause: proxy-leaked-ack";
    assert_eq!(experts(&shown), [(Expert::Reset, text_)]);
    assert_eq!(values(&shown, Field::Cause), [&text("proxy-leaked-ack")]);
    assert_eq!(values(&shown, Field::SynAckFrame), [&Value::Uint32(2)]);
    assert!(values(&shown, Field::Verdict).is_empty());
    assert_eq!(values(&shown, Field::Marked).len(), 1);
}

#[test]
fn a_reset_unrelated_to_a_cookie_does_not_warn() {
    let ordinary = finding(Verdict::Ordinary, Some(Confidence::Certain));
    assert!(experts(&reset(&ordinary, frame(4))).is_empty());

    let mut scan = finding(Verdict::SynCookie, Some(Confidence::Likely));
    scan.outcome = Outcome::ResetByClient;
    assert_eq!(experts(&reset(&scan, frame(4))).len(), 1, "the client had completed the handshake");
    scan.frames.ack = None;
    assert!(experts(&reset(&scan, frame(4))).is_empty(), "the client did not complete the handshake");
}

#[test]
fn a_reset_that_changed_the_verdict_shows_both_at_the_first_visit() {
    let shown = verdict(&finding(Verdict::SynCookie, Some(Confidence::Likely)), frame(4));
    assert_eq!(experts(&shown).iter().map(|e| e.0).collect::<Vec<_>>(), [Expert::Cookie, Expert::Reset]);
}

#[test]
fn a_reference_shows_no_verdict() {
    let shown = reference_subtree(&finding(Verdict::SynCookie, Some(Confidence::Likely)));
    assert!(values(&shown, Field::Verdict).is_empty());
    assert!(experts(&shown).is_empty());
    assert_eq!(values(&shown, Field::SynAckFrame), [&Value::Uint32(2)]);
}

#[test]
fn a_text_too_long_for_a_line_continues_below_and_its_value_stays_whole() {
    let mut long = finding(Verdict::SynProxy, Some(Confidence::Likely));
    long.causes[0].check = "on the server: nstat -az ".repeat(20).trim_end().to_owned();
    let shown = reset(&long, frame(4));
    let at = shown.lines.iter().position(|line| line.field == Field::CauseCheck).unwrap();
    assert_eq!(shown.lines[at].value, text(&long.causes[0].check));
    let below: Vec<_> = shown.lines[at + 1..].iter().take_while(|line| line.field == Field::Continued).collect();
    assert!(below.iter().all(|line| line.depth == shown.lines[at].depth + 1 && line.depth <= Line::MAX_DEPTH));
    let mut whole = shown.lines[at].text.clone().unwrap();
    for line in below {
        whole = format!("{whole} {}", line.text.as_deref().unwrap());
    }
    assert_eq!(whole, format!("Check for cause: {}", long.causes[0].check));
}

#[test]
fn long_texts_wrap_at_spaces_only() {
    let word = "ü".repeat(150);
    assert_eq!(wrap(&format!("{word} {word} end")), [word.as_str(), &word, "end"]);
    assert_eq!(wrap(&word), [word.as_str()]);
    assert_eq!(wrap(""), [""]);
}

#[test]
fn every_value_fits_the_type_of_its_field() {
    for name in Verdict::ALL {
        let finding = finding(*name, Some(Confidence::Likely));
        for subtree in [verdict(&finding, frame(2)), reset(&finding, frame(4)), reference_subtree(&finding)] {
            for line in subtree.lines {
                assert!(line.value.fits(line.field.field_type()), "{line:?}");
            }
        }
    }
}

#[test]
fn the_capture_point_rules_out_what_a_capture_taken_there_contradicts() {
    let mut finding = finding(Verdict::SynCookie, Some(Confidence::Likely));
    finding.causes[0].kind = CauseKind::WrongHost;
    let shown =
        |capture_point| super::verdict_subtree(&finding, frame(2), &Settings { capture_point, ..Settings::default() });
    let kinds = |point| values(&shown(point), Field::Cause).into_iter().cloned().collect::<Vec<_>>();
    let unchanged = [text("wrong-host"), text("firewall-reset")];
    assert_eq!(kinds(CapturePoint::Unknown), unchanged);
    assert_eq!(kinds(CapturePoint::Server), unchanged, "both are ruled out now");
    assert_eq!(values(&shown(CapturePoint::Unknown), Field::CauseRuledOut).len(), 1);
    assert_eq!(values(&shown(CapturePoint::Server), Field::CauseRuledOut).len(), 2);
    assert_eq!(values(&shown(CapturePoint::Server), Field::CauseAgainst).len(), 2);
    assert_eq!(kinds(CapturePoint::Client), unchanged);
    assert_eq!(values(&shown(CapturePoint::Client), Field::CauseNotObservable).len(), 2);
}

#[test]
fn below_the_minimum_confidence_a_finding_has_fields_but_no_mark() {
    let possible = finding(Verdict::SynProxy, Some(Confidence::Possible));
    let settings = Settings { min_confidence: Confidence::Likely, ..Settings::default() };
    let shown = super::verdict_subtree(&possible, frame(2), &settings);
    assert_eq!(values(&shown, Field::Verdict), [&text("syn-proxy")]);
    assert!(experts(&shown).is_empty() && values(&shown, Field::Marked).is_empty());
    assert!(experts(&super::reset_subtree(&possible, frame(4), &settings)).is_empty());
    assert_eq!(info_text(&possible, frame(2), &settings), None);
    assert_eq!(info_text(&possible, frame(4), &settings), None);
}

#[test]
fn the_info_text_is_only_on_the_answer_and_the_reset() {
    let settings = Settings::default();
    let likely = finding(Verdict::SynProxy, Some(Confidence::Likely));
    assert_eq!(info_text(&likely, frame(2), &settings).as_deref(), Some("[SYN proxy, likely]"));
    assert_eq!(info_text(&likely, frame(4), &settings).as_deref(), Some("[reset after SYN proxy]"));
    assert_eq!(info_text(&likely, frame(3), &settings), None);
    assert_eq!(info_text(&finding(Verdict::Undetermined, None), frame(2), &settings), None);
}
