use super::subtree::wrap;
use super::*;
use crate::settings::CapturePoint;

/// The packet details.
const EVERYTHING: Needs<'_> = &|_| true;

use syncookie_engine::{
    Cause, CauseKind, Completion, Endpoint, Evidence, EvidenceKind, Frames, HandshakeId, Implementation, LogOddsTerms,
    Timestamp,
};

fn verdict(finding: &Finding, frame: Frame) -> Subtree {
    super::finding_subtree(finding, frame, &Settings::default(), EVERYTHING)
}

fn reset(finding: &Finding, frame: Frame) -> Subtree {
    super::reset_subtree(finding, frame, &Settings::default(), EVERYTHING)
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
            terms: Some(LogOddsTerms {
                runner_up: Verdict::Ordinary,
                prior_nats: -5.0,
                listener_nats: 8.23,
                cap_nats: 0.0,
            }),
            undecided: None,
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
            missing: vec!["the SYN"],
        },
        causes: vec![
            Cause {
                kind: CauseKind::ProxyLeakedAck,
                supporting: vec!["something supports it".to_owned()],
                against: vec!["something opposes it".to_owned()],
                nats: 7.0,
                not_observable: vec!["something is unknown".to_owned()],
                ruled_out: false,
                check: "on the server: tcpdump -ni any (expect: x)".to_owned(),
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
        completion: Completion { seconds: Some(1.004), has_failed: true, ..Completion::default() },
        compared: None,
        begins_flood: false,
        cost: None,
        measured: None,
        syn_pair: None,
        signatures: None,
    }
}

fn values(subtree: &Subtree, field: Field) -> Vec<&Value> {
    subtree.lines.iter().filter(|line| line.field == field).map(|line| &line.value).collect()
}

fn experts(subtree: &Subtree) -> Vec<(Expert, &str)> {
    subtree.lines.iter().flat_map(|line| &line.experts).map(|(e, text)| (*e, text.as_str())).collect()
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

/// Returns the finding with another piece of evidence.
fn with_evidence(favours: Verdict, nats: f64, contribution: f64) -> Finding {
    let mut finding = finding(Verdict::SynProxy, Some(Confidence::Likely));
    let first = finding.assessment.evidence[0].clone();
    finding.assessment.evidence.push(Evidence { kind: EvidenceKind::TtlChange, favours, nats, contribution, ..first });
    finding
}

#[test]
fn evidence_is_in_the_field_for_what_it_says_about_the_verdict() {
    for (favours, nats, contribution, field) in [
        (Verdict::SynProxy, 2.0, 2.0, Field::EvidenceKind),
        (Verdict::Ordinary, 2.0, -2.0, Field::EvidenceAgainst),
        (Verdict::SynCookie, 2.0, -1.0, Field::EvidenceAgainst),
        (Verdict::SynCookie, 2.0, 1.0, Field::EvidenceNeutral),
        (Verdict::Undetermined, 2.0, 0.0, Field::EvidenceNeutral),
        (Verdict::SynProxy, 0.2, 0.2, Field::EvidenceKind),
        (Verdict::SynProxy, 0.0, 0.0, Field::EvidenceNeutral),
    ] {
        let shown = verdict(&with_evidence(favours, nats, contribution), frame(2));
        let holds = |field| values(&shown, field).contains(&&text("ttl-change"));
        let fields = [Field::EvidenceKind, Field::EvidenceAgainst, Field::EvidenceNeutral];
        assert_eq!(fields.map(holds), fields.map(|other| other == field), "{favours} {nats} {contribution}");
    }
}

#[test]
fn the_weights_add_up_to_the_log_odds() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    let number = |field| match values(&shown, field)[..] {
        [Value::Double(number)] => *number,
        ref other => panic!("{field:?}: {other:?}"),
    };
    let weights = [Field::EvidenceContribution, Field::PriorNats, Field::ListenerNats, Field::CapNats];
    assert!((weights.map(number).iter().sum::<f64>() - number(Field::LogOdds)).abs() < 1e-9);
    let texts: Vec<_> = shown.lines.iter().filter_map(|line| line.text.as_deref()).collect();
    for wanted in [
        "Log-odds: 7.27 nats against ordinary, the sum of the weights below",
        "+4.04 nats (about 57 to 1), supports the verdict: window of the SYN-ACK is 0 (zero-window)",
        "-5.00 nats (about 1 to 150): prior: SYN cookies and proxies are rare",
        "+8.23 nats (about 3,800 to 1): other handshakes of the listener",
    ] {
        assert!(texts.contains(&wanted), "no line\n{wanted}\nin\n{}", texts.join("\n"));
    }
}

#[test]
fn weights_have_the_digits_that_the_other_outputs_show() {
    let mut finding = with_evidence(Verdict::SynProxy, 1.234_567, -1.234_567);
    finding.assessment.log_odds = Some(7.199_999_999_999_999);
    let shown = verdict(&finding, frame(2));
    assert_eq!(values(&shown, Field::LogOdds), [&Value::Double(7.2)]);
    assert!(values(&shown, Field::EvidenceNats).contains(&&Value::Double(1.235)));
    assert!(values(&shown, Field::EvidenceContribution).contains(&&Value::Double(-1.235)));
}

#[test]
fn the_verdict_comes_with_evidence_outcome_causes_and_frames() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    assert_eq!(values(&shown, Field::Verdict), [&text("syn-proxy")]);
    assert_eq!(values(&shown, Field::Confidence), [&text("likely")]);
    assert_eq!(values(&shown, Field::ConfidenceLevel), [&Value::Number(2)]);
    assert_eq!(values(&shown, Field::LogOdds), [&Value::Double(7.27)]);
    assert_eq!(values(&shown, Field::Implementation), [&text("linux-synproxy"), &text("pf-synproxy")]);
    assert_eq!(values(&shown, Field::EvidenceKind), [&text("zero-window")]);
    assert_eq!(values(&shown, Field::EvidenceFrame), [&Value::Number(2), &Value::Number(3)]);
    assert_eq!(values(&shown, Field::Outcome), [&text("reset-by-server")]);
    assert_eq!(values(&shown, Field::Delay), [&Value::Duration(1_004_000_000)]);
    assert_eq!(values(&shown, Field::SynFrame), [&Value::Number(1)]);
    assert_eq!(values(&shown, Field::ResetFrame), [&Value::Number(4)]);
}

#[test]
fn only_the_most_likely_cause_is_in_the_field_of_the_cause() {
    let mut finding = finding(Verdict::SynProxy, Some(Confidence::Likely));
    let other = Cause { kind: CauseKind::ChallengeReset, ..finding.causes[0].clone() };
    finding.causes.insert(1, other);
    let shown = verdict(&finding, frame(2));
    assert_eq!(values(&shown, Field::Cause), [&text("proxy-leaked-ack")]);
    assert_eq!(values(&shown, Field::CauseOther), [&text("challenge-reset")]);
    assert_eq!(values(&shown, Field::CauseExcluded), [&text("firewall-reset")]);
    for field in [Field::CauseFor, Field::CauseAgainst, Field::CauseNotObservable, Field::CauseCheck] {
        assert_eq!(values(&shown, field).len(), 1, "{field:?}");
    }
    assert_eq!(values(&shown, Field::CauseCommand), [&text("tcpdump -ni any")]);
    let sentence = "Most likely cause: the client's ACK went past the SYN proxy to the server, which had not sent \
                    that SYN-ACK (proxy-leaked-ack)";
    assert!(shown.lines.iter().any(|line| line.text.as_deref() == Some(sentence)));

    finding.causes.retain(|cause| cause.ruled_out);
    let shown = verdict(&finding, frame(2));
    assert!(values(&shown, Field::Cause).is_empty(), "a ruled-out cause is not the most likely one");
    assert_eq!(values(&shown, Field::CauseExcluded), [&text("firewall-reset")]);
}

#[test]
fn addresses_and_ports_have_fields_of_their_types() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    assert_eq!(values(&shown, Field::Client), [&text("192.0.2.1:54192")]);
    assert_eq!(values(&shown, Field::ClientIp), [&Value::Ipv4([192, 0, 2, 1].into())]);
    assert_eq!(values(&shown, Field::ClientPort), [&Value::Number(54192)]);
    assert_eq!(values(&shown, Field::Server), [&text("[2001:db8::2]:80")]);
    assert_eq!(values(&shown, Field::ServerIpv6), [&Value::Ipv6("2001:db8::2".parse().unwrap())]);
    assert_eq!(values(&shown, Field::ServerPort), [&Value::Number(80)]);
    assert!(values(&shown, Field::ClientIpv6).is_empty() && values(&shown, Field::ServerIp).is_empty());
}

#[test]
fn a_frame_shows_no_link_to_itself_but_its_fields_match_filters() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    let own: Vec<_> = shown.lines.iter().filter(|line| line.value == Value::Number(2) && is_link(line)).collect();
    assert_eq!(own.len(), 2, "the SYN-ACK and its evidence");
    assert!(own.iter().all(|line| line.hidden));
    assert!(shown.lines.iter().all(|line| line.value != Value::Number(4) || !line.hidden));
}

fn is_link(line: &Line) -> bool {
    matches!(line.field.field_type(), crate::fields::FieldType::FrameNumber(_))
}

#[test]
fn no_visible_line_repeats_the_value_of_the_line_above_it() {
    let shown = verdict(&finding(Verdict::SynProxy, Some(Confidence::Likely)), frame(2));
    for (above, line) in shown.lines.iter().zip(&shown.lines[1..]).filter(|(_, line)| !line.hidden) {
        if let (Value::String(value), Some(text)) = (&line.value, &above.text) {
            assert!(!text.contains(value.as_str()), "{line:?} repeats {text}");
        }
    }
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
}

#[test]
fn an_ordinary_verdict_has_no_expert_item_and_an_undetermined_one_only_a_chat() {
    let worked =
        |name, confidence| Finding { outcome: Outcome::Established, causes: Vec::new(), ..finding(name, confidence) };
    let ordinary = verdict(&worked(Verdict::Ordinary, Some(Confidence::Certain)), frame(2));
    assert_eq!(values(&ordinary, Field::Verdict), [&text("ordinary")]);
    assert!(experts(&ordinary).is_empty());
    assert!(values(&ordinary, Field::Marked).is_empty());

    let mut undetermined = worked(Verdict::Undetermined, None);
    undetermined.assessment.terms = None;
    let undetermined = verdict(&undetermined, frame(2));
    assert_eq!(experts(&undetermined), [(Expert::Undetermined, Expert::Undetermined.summary())]);
    for field in [Field::Marked, Field::Confidence, Field::ConfidenceLevel, Field::LogOdds, Field::PriorNats] {
        assert!(values(&undetermined, field).is_empty(), "{field:?}");
    }
}

#[test]
fn a_failure_is_a_warning_with_its_cause_whatever_the_verdict() {
    let failed = |outcome, kind| {
        let mut finding = Finding { outcome, ..finding(Verdict::Ordinary, Some(Confidence::Certain)) };
        finding.causes[0].kind = kind;
        finding.completion.has_failed = kind != CauseKind::AckLost;
        finding
    };
    let stuck = format!("Connection stuck: {}", CauseKind::PathMtu.clause());
    for (outcome, kind, message) in [
        (
            Outcome::ResetByClient,
            CauseKind::ClientAbort,
            "Handshake failed: the client gave up, or only probed the port",
        ),
        (Outcome::Established, CauseKind::PathMtu, stuck.as_str()),
        (Outcome::Established, CauseKind::AckLost, "Handshake delayed: the client's ACK did not reach the server"),
    ] {
        let finding = failed(outcome, kind);
        let shown = verdict(&finding, frame(2));
        assert_eq!(experts(&shown), [(Expert::Failure, message)]);
        assert_eq!(finding_experts(&finding, frame(2), &Settings::default()), [(Expert::Failure, message.to_owned())]);
        assert!(values(&shown, Field::Marked).is_empty(), "{message}");
    }
    let check = failed(Outcome::ResetByClient, CauseKind::HealthCheck);
    assert!(experts(&verdict(&check, frame(2))).is_empty(), "a health check ends as intended");
}

#[test]
fn a_syn_without_an_answer_carries_the_failure() {
    let mut refused = finding(Verdict::Undetermined, None);
    refused.outcome = Outcome::Refused;
    refused.frames = Frames { syn: Some(frame(1)), reset: Some(frame(2)), ..Frames::default() };
    refused.causes[0].kind = CauseKind::ClosedPort;
    assert_eq!(carrier(&refused), Some(frame(1)));
    let shown = verdict(&refused, frame(1));
    assert_eq!(shown.heading, "SYN cookie analysis: connection refused");
    assert_eq!(experts(&shown), [(Expert::Failure, "Handshake failed: no process listens on the port")]);
    assert_eq!(values(&shown, Field::Cause), [&text("closed-port")]);
    assert_eq!(values(&shown, Field::ResetFrame), [&Value::Number(2)]);
}

#[test]
fn a_flood_has_one_expert_item_on_its_first_handshake() {
    let mut flood = finding(Verdict::Undetermined, None);
    flood.outcome = Outcome::Unanswered;
    flood.frames = Frames { syn: Some(frame(1)), ..Frames::default() };
    flood.causes[0].kind = CauseKind::SynFlood;
    assert!(experts(&verdict(&flood, frame(1))).is_empty());
    flood.begins_flood = true;
    assert_eq!(experts(&verdict(&flood, frame(1))).len(), 1);
}

#[test]
fn a_client_that_a_flood_hindered_has_an_expert_item() {
    let mut hindered = finding(Verdict::Undetermined, None);
    hindered.outcome = Outcome::Unanswered;
    hindered.frames = Frames { syn: Some(frame(1)), ..Frames::default() };
    hindered.causes[0].kind = CauseKind::SynFlood;
    hindered.completion.syns = 3;
    assert_eq!(
        experts(&verdict(&hindered, frame(1))),
        [(Expert::Failure, "Handshake failed: a SYN flood was sent to the listener")]
    );
}

#[test]
fn messages_have_no_numbers_so_that_equal_findings_share_a_row() {
    let digits = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    assert!(!Expert::ALL.iter().any(|expert| digits(expert.summary())));
    for kind in CauseKind::ALL {
        let mut finding = finding(Verdict::SynProxy, Some(Confidence::Likely));
        finding.causes[0].kind = *kind;
        for (expert, message) in finding_experts(&finding, frame(4), &Settings::default()) {
            assert!(!digits(&message), "{expert:?}: {message}");
        }
    }
}

#[test]
fn a_cause_without_a_check_has_no_line_for_one() {
    // As that of a refused SYN that was judged early to limit memory.
    let mut evicted = finding(Verdict::Undetermined, None);
    evicted.outcome = Outcome::Refused;
    evicted.causes.truncate(1);
    evicted.causes[0].check.clear();
    let other = Cause { kind: CauseKind::FirewallReset, ..evicted.causes[0].clone() };
    evicted.causes.push(other);
    for shown in [verdict(&evicted, frame(2)), reset(&evicted, frame(4))] {
        let texts: Vec<&str> = shown.lines.iter().filter_map(|line| line.text.as_deref()).collect();
        assert!(texts.iter().any(|text| text.starts_with("Most likely cause: ")), "{texts:?}");
        assert!(!texts.iter().any(|text| text.starts_with("Check")), "{texts:?}");
        assert!(values(&shown, Field::CauseCheck).is_empty());
    }
}

#[test]
fn the_reset_of_a_cookie_style_handshake_warns_and_says_why_but_the_cause_is_with_the_verdict() {
    let possible = finding(Verdict::SynProxy, Some(Confidence::Possible));
    let shown = reset(&possible, frame(4));
    let message = "Reset right after a handshake answered by a SYN proxy";
    assert_eq!(experts(&shown), [(Expert::Reset, message)]);
    assert!(values(&shown, Field::Cause).is_empty());
    assert!(shown.lines.iter().any(|line| line.text.as_deref().is_some_and(|t| t.starts_with("Most likely cause: "))));
    assert_eq!(values(&shown, Field::SynAckFrame), [&Value::Number(2)]);
    assert!(values(&shown, Field::Verdict).is_empty());
    assert_eq!(values(&shown, Field::Marked).len(), 1);
}

#[test]
fn at_its_first_visit_the_reset_carries_the_cause() {
    let shown = super::outcome_subtree(
        &finding(Verdict::SynProxy, Some(Confidence::Possible)),
        frame(4),
        &Settings::default(),
        EVERYTHING,
    );
    assert_eq!(values(&shown, Field::Cause), [&text("proxy-leaked-ack")]);
    assert_eq!(experts(&shown).iter().map(|e| e.0).collect::<Vec<_>>(), [Expert::Reset, Expert::Failure]);
    assert!(values(&shown, Field::Verdict).is_empty());
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
fn a_reset_that_changed_the_verdict_shows_everything_at_the_first_visit() {
    let shown = verdict(&finding(Verdict::SynCookie, Some(Confidence::Likely)), frame(4));
    let shown: Vec<_> = experts(&shown).iter().map(|e| e.0).collect();
    assert_eq!(shown, [Expert::Cookie, Expert::Reset, Expert::Failure]);
}

#[test]
fn a_reference_shows_no_verdict() {
    let shown = reference_subtree(&finding(Verdict::SynCookie, Some(Confidence::Likely)), frame(3), EVERYTHING);
    assert!(values(&shown, Field::Verdict).is_empty());
    assert!(experts(&shown).is_empty());
    assert_eq!(values(&shown, Field::SynAckFrame), [&Value::Number(2)]);
}

#[test]
fn a_text_too_long_for_a_line_continues_below_and_its_value_stays_whole() {
    let mut long = finding(Verdict::SynProxy, Some(Confidence::Likely));
    long.causes[0].supporting = vec!["the window ".repeat(40).trim_end().to_owned()];
    let shown = verdict(&long, frame(2));
    let at = shown.lines.iter().position(|line| line.field == Field::CauseFor).unwrap();
    assert_eq!(shown.lines[at].value, text(&long.causes[0].supporting[0]));
    let below: Vec<_> = shown.lines[at + 1..].iter().take_while(|line| line.field == Field::Text).collect();
    assert!(below.iter().all(|line| line.depth == shown.lines[at].depth + 1 && line.depth <= Line::MAX_DEPTH));
    let mut whole = shown.lines[at].text.clone().unwrap();
    for line in below {
        whole = format!("{whole} {}", line.text.as_deref().unwrap());
    }
    assert_eq!(whole, format!("Evidence for cause: {}", long.causes[0].supporting[0]));
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
        for subtree in
            [verdict(&finding, frame(2)), reset(&finding, frame(4)), reference_subtree(&finding, frame(3), EVERYTHING)]
        {
            for line in subtree.lines {
                assert!(line.value.fits(line.field.field_type()), "{line:?}");
            }
        }
    }
}

#[test]
fn the_capture_point_excludes_what_a_capture_taken_there_contradicts() {
    let mut finding = finding(Verdict::SynCookie, Some(Confidence::Likely));
    finding.causes[0].kind = CauseKind::WrongHost;
    let shown = |capture_point| {
        super::finding_subtree(&finding, frame(2), &Settings { capture_point, ..Settings::default() }, EVERYTHING)
    };
    let kinds = |point, field| values(&shown(point), field).into_iter().cloned().collect::<Vec<_>>();
    for point in [CapturePoint::Unknown, CapturePoint::Client] {
        assert_eq!(kinds(point, Field::Cause), [text("wrong-host")]);
        assert_eq!(kinds(point, Field::CauseExcluded), [text("firewall-reset")]);
    }
    assert!(kinds(CapturePoint::Server, Field::Cause).is_empty());
    assert_eq!(kinds(CapturePoint::Server, Field::CauseExcluded), [text("wrong-host"), text("firewall-reset")]);
    assert_eq!(kinds(CapturePoint::Client, Field::CauseNotObservable).len(), 2);
}

#[test]
fn below_the_minimum_confidence_a_finding_has_fields_but_no_mark() {
    let possible = finding(Verdict::SynProxy, Some(Confidence::Possible));
    let settings = Settings { min_confidence: Confidence::Likely, ..Settings::default() };
    let shown = super::finding_subtree(&possible, frame(2), &settings, EVERYTHING);
    assert_eq!(values(&shown, Field::Verdict), [&text("syn-proxy")]);
    assert_eq!(experts(&shown).iter().map(|e| e.0).collect::<Vec<_>>(), [Expert::Failure]);
    assert!(values(&shown, Field::Marked).is_empty());
    assert!(experts(&super::reset_subtree(&possible, frame(4), &settings, EVERYTHING)).is_empty());
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
