use std::net::IpAddr;

use serde_json::{Value, json};
use syncookie_engine::{
    Assessment, Cause, CauseKind, Completion, Confidence, CookieCost, Durations, Endpoint, Episode, Evidence,
    EvidenceKind, Finding, Findings, Frame, Frames, HandshakeId, HandshakeSample, Implementation, ListenerReport,
    LogOddsTerms, Midstream, Outcome, RoundedMss, Signatures, Statistics, Tally, Timestamp, Verdict,
};
use syncookie_terminal::Terminal;

use super::listeners::ListenerTable;
use super::*;
use crate::format;
use crate::problem::Problem;
use crate::source::walk::Origin;
use crate::totals::CaptureTotals;
use crate::totals::clients::Clients;
use crate::totals::cross_capture::Comparison;
use crate::totals::second_view::SecondView;

const TIME: i64 = 1_795_328_901_637_922_000;

fn endpoint(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse::<IpAddr>().unwrap(), port }
}

fn frame(number: u32) -> Frame {
    Frame { capture: 0, number }
}

/// Returns a handshake that a proxy answered and that was reset.
pub(crate) fn leaked(number: u32) -> Finding {
    Finding {
        id: HandshakeId(number.into()),
        client: endpoint("10.0.1.2", 54192),
        server: endpoint("2001:db8::2", 80),
        time: Timestamp::from_nanos(TIME + i64::from(number)),
        frames: Frames { syn: Some(frame(1)), syn_ack: Some(frame(2)), ack: None, reset: Some(frame(4)) },
        outcome: Outcome::ResetByServer,
        assessment: Assessment {
            verdict: Verdict::SynProxy,
            confidence: Some(Confidence::Likely),
            log_odds: Some(6.25),
            terms: Some(LogOddsTerms {
                runner_up: Verdict::Ordinary,
                prior_nats: -5.0,
                listener_nats: 6.25,
                cap_nats: 0.0,
            }),
            undecided: None,
            implementations: vec![Implementation::LinuxSynproxy, Implementation::PfSynproxy],
            evidence: vec![Evidence {
                kind: EvidenceKind::ZeroWindow,
                favours: Verdict::SynProxy,
                nats: 5.0,
                cookie_nats: -7.0,
                proxy_nats: 5.0,
                contribution: 5.0,
                frames: [frame(2), frame(5)].into_iter().collect(),
                detail: "the SYN-ACK announces a window of 0".into(),
            }],
            missing: Vec::new(),
        },
        causes: vec![Cause {
            kind: CauseKind::ProxyLeakedAck,
            supporting: vec!["stateless RST".into()],
            against: Vec::new(),
            nats: 7.0,
            not_observable: Vec::new(),
            ruled_out: false,
            check: "tcpdump on the server".into(),
        }],
        left_by_flood: false,
        completion: Completion { syns: 1, seconds: Some(0.065), has_failed: true },
        compared: None,
        begins_flood: false,
        cost: Some(Box::new(CookieCost {
            window_scale: Some(true),
            sack: Some(false),
            timestamps: None,
            mss: Some(RoundedMss { offered: 1412, kept: 1300 }),
            round_trip: Some(0.065),
        })),
        measured: None,
        syn_pair: None,
        signatures: Some(Box::new(Signatures {
            syn: Some("4:64+0:0:1412:64240,8:mss,nop,nop,sok,nop,ws:df,id+:0".into()),
            syn_ack: None,
        })),
    }
}

/// Returns an undetermined handshake.
pub(super) fn unclear() -> Finding {
    Finding {
        outcome: Outcome::Established,
        assessment: Assessment {
            verdict: Verdict::Undetermined,
            confidence: None,
            log_odds: None,
            terms: None,
            undecided: None,
            implementations: Vec::new(),
            evidence: Vec::new(),
            missing: vec!["the server sent nothing later"],
        },
        causes: Vec::new(),
        completion: Completion { has_failed: false, ..leaked(9).completion },
        ..leaked(9)
    }
}

fn sources() -> Vec<Source> {
    ["caps/a.pcap", "caps/b\x1b[31m.pcap"]
        .map(|name| Source {
            name: name.into(),
            origin: Origin::File(name.into()),
            format: Some(format::Format::Pcap),
            compression: None,
            bytes: Some(100),
        })
        .into()
}

/// Returns the totals of these findings, all in the first capture, and of a second, truncated
/// capture.
pub(super) fn totals(findings: &[Finding]) -> Totals {
    let mut totals = Totals { captures: vec![capture_totals()], ..Totals::default() };
    let mut tally = Tally::default();
    for finding in findings {
        totals.count(finding);
        tally.add(finding.assessment.verdict, finding.outcome);
    }
    let server = endpoint("2001:db8::2", 80);
    let (first, last) = (Timestamp::from_nanos(TIME), Timestamp::from_nanos(TIME + 9_000_000_000));
    let strongest = findings.iter().filter_map(|finding| finding.assessment.confidence).max();
    let mut durations = Durations::default();
    findings.iter().filter_map(|finding| finding.completion.seconds).for_each(|seconds| durations.add(seconds));
    let syns = findings.len() as u64;
    let all = Findings {
        handshakes: Vec::new(),
        listeners: vec![ListenerReport {
            server,
            first,
            last,
            tally: tally.clone(),
            strongest,
            durations,
            syns,
            flood: None,
        }],
        episodes: vec![Episode {
            server,
            verdict: Verdict::SynProxy,
            start: first,
            end: last,
            handshakes: 3,
            peak_unacknowledged_rate: 900,
            prior_unacknowledged_rate: 2,
        }],
        tally,
        sample: HandshakeSample::default(),
        missing: findings.iter().flat_map(|f| &f.assessment.missing).map(|lack| (*lack, syns)).collect(),
        midstream: Midstream::default(),
        statistics: Statistics::default(),
    };
    totals.finish(0..=0, all);
    totals.problems.push(Problem {
        capture: sources()[1].name.clone(),
        kind: "truncated",
        frame: Some(7),
        offset: Some(512),
        skipped_bytes: None,
        message: "ends in the middle of frame 7".into(),
        unsupported: None,
    });
    totals
}

fn capture_totals() -> CaptureTotals {
    let statistics = Statistics { packets: 5, segments: 5, ..Statistics::default() };
    CaptureTotals { name: "caps/a.pcap".into(), frames: 5, statistics, ..CaptureTotals::default() }
}

/// Returns the report on these findings.
pub(super) fn written(findings: &[Finding], report: impl FnOnce(&mut Vec<u8>) -> Box<dyn Report + '_>) -> String {
    let mut output = Vec::new();
    let mut report = report(&mut output);
    report.begin(&sources()).unwrap();
    findings.iter().for_each(|finding| report.handshake(&[capture_totals()], finding).unwrap());
    report.end(&totals(findings)).unwrap();
    drop(report);
    String::from_utf8(output).unwrap()
}

fn lines(findings: &[Finding]) -> Vec<Value> {
    let text = written(findings, |output| Box::new(json::Lines::new(output)));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the table for a terminal, with or without `--verbose`.
fn table(findings: &[Finding], terminal: Terminal, is_verbose: bool) -> String {
    written(findings, |output| Box::new(table::Table::new(output, terminal, is_verbose)))
}

/// Returns the text on a terminal of unlimited width.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const PLAIN: Terminal = Terminal { width: 100, is_coloured: false };

#[test]
fn a_handshake_has_exactly_the_documented_keys_and_types() {
    assert_eq!(
        lines(&[leaked(0)])[3],
        json!({
            "type": "handshake", "capture": "caps/a.pcap",
            "frames": {"syn": 1, "syn_ack": 2, "ack": null, "reset": 4},
            "time": "2026-11-22T06:28:21.637922000Z",
            "connection_id": null,
            "community_id": "1:9A/hwd9HFheKIA69JQSdOB+U9Og=",
            "syn_p0f": "4:64+0:0:1412:64240,8:mss,nop,nop,sok,nop,ws:df,id+:0", "syn_ack_p0f": null,
            "client": {"ip": "10.0.1.2", "port": 54192}, "server": {"ip": "2001:db8::2", "port": 80},
            "verdict": "syn-proxy", "confidence": "likely", "log_odds": 6.25,
            "runner_up": "ordinary", "prior_nats": -5.0, "listener_nats": 6.25, "cap_nats": 0.0,
            "implementations": ["linux-synproxy", "pf-synproxy"], "outcome": "reset-by-server",
            "syns": 1, "seconds": 0.065, "failed": true,
            "cost": {"window_scale": true, "sack": false, "timestamps": null, "mss": {"offered": 1412, "kept": 1300},
                     "round_trip": 0.065, "max_bytes_per_second": 1_008_230},
            "evidence": [{"kind": "zero-window", "for": "syn-proxy", "nats": 5.0, "contribution": 5.0, "frames": [2, 5],
                          "detail": "the SYN-ACK announces a window of 0"}],
            "missing": [],
            "cause": [{"kind": "proxy-leaked-ack", "rank": 1, "nats": 7.0, "for": ["stateless RST"], "against": [],
                       "not_observable": [], "ruled_out": false, "check": "tcpdump on the server"}],
        })
    );
}

#[test]
fn clients_are_listed_by_the_time_their_handshakes_took_and_the_sources_of_floods_together() {
    let of = |last: u8, seconds: Option<f64>, left_by_flood| {
        let client = endpoint(&format!("10.0.1.{last}"), 1);
        Finding { client, left_by_flood, completion: Completion { seconds, ..leaked(9).completion }, ..leaked(9) }
    };
    let findings = [
        of(1, Some(0.01), false),
        of(2, Some(2.0), false),
        of(1, Some(0.01), false),
        of(3, None, true),
        of(4, None, true),
    ];
    let mut totals = Totals { clients: Some(Clients::default()), ..Totals::default() };
    findings.iter().for_each(|finding| totals.count(finding));
    let summary = serde_json::to_value(model::Summary::from(&totals)).unwrap();
    let named: Vec<_> = summary["clients"].as_array().unwrap().iter().map(|client| client["client"].clone()).collect();
    assert_eq!(named, ["10.0.1.2", "10.0.1.1"]);
    assert_eq!(
        summary["clients"][0],
        json!({"client": "10.0.1.2", "handshakes": 1, "failed": 1, "syns": 1,
               "delay": {"handshakes": 1, "median": 2.0, "p95": 2.0, "max": 2.0}})
    );
    assert_eq!(summary["other_clients"], json!({"handshakes": 2, "failed": 2, "syns": 2, "delay": null}));
}

#[test]
fn the_schema_lists_every_word_of_every_enumeration() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/report.schema.json")).unwrap();
    let check = |definition: &str, words: Vec<&str>| assert_eq!(schema["$defs"][definition]["enum"], json!(words));
    check("verdict", Verdict::ALL.iter().map(|word| word.as_str()).collect());
    check("confidence", Confidence::ALL.iter().map(|word| word.as_str()).collect());
    check("outcome", Outcome::ALL.iter().map(|word| word.as_str()).collect());
    check("implementation", Implementation::ALL.iter().map(|word| word.as_str()).collect());
    check("evidenceKind", EvidenceKind::ALL.iter().map(|word| word.as_str()).collect());
    check("causeKind", CauseKind::ALL.iter().map(|word| word.as_str()).collect());
    assert_eq!(schema["$defs"]["run"]["properties"]["schema"]["const"], model::SCHEMA);
}

#[test]
fn an_undetermined_handshake_has_nulls_and_lists_what_is_missing() {
    let object = &lines(&[unclear()])[3];
    assert_eq!(
        (&object["confidence"], &object["log_odds"], &object["cause"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(object["missing"], json!(["the server sent nothing later"]));
}

#[test]
fn objects_are_written_in_the_documented_order() {
    let types: Vec<_> = lines(&[leaked(0), unclear()]).iter().map(|line| line["type"].clone()).collect();
    let expected = ["run", "capture", "capture", "handshake", "handshake", "listener", "episode", "summary"];
    assert_eq!(types, expected);
}

#[test]
fn every_line_begins_with_its_type() {
    let text = written(&[leaked(0)], |output| Box::new(json::Lines::new(output)));
    assert!(text.lines().all(|line| line.starts_with("{\"type\":\"")));
}

#[test]
fn the_summary_counts_every_verdict_and_outcome_and_lists_problems() {
    let all = lines(&[leaked(0), leaked(1), unclear()]);
    let summary = all.last().unwrap();
    assert_eq!(summary["handshakes"], 3);
    assert_eq!(summary["verdicts"], json!({"ordinary": 0, "syn-cookie": 0, "syn-proxy": 2, "undetermined": 1}));
    assert_eq!(summary["outcomes"].as_object().unwrap().len(), Outcome::ALL.len());
    assert_eq!(summary["outcomes"]["reset-by-server"], 2);
    assert_eq!(summary["strongest"], "likely");
    assert_eq!(
        summary["errors"],
        json!([{"capture": "caps/b\u{1b}[31m.pcap", "kind": "truncated", "frame": 7, "offset": 512, "skipped_bytes": null,
                "message": "ends in the middle of frame 7"}])
    );
}

#[test]
fn json_holds_the_same_objects_as_json_lines() {
    for findings in [vec![], vec![leaked(0)], vec![leaked(0), unclear()]] {
        let text = written(&findings, |output| Box::new(json::Document::new(output)));
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut objects = vec![document["run"].clone()];
        for name in ["captures", "handshakes", "listeners", "episodes"] {
            objects.extend(document[name].as_array().unwrap().iter().cloned());
        }
        objects.push(document["summary"].clone());
        assert_eq!(objects, lines(&findings));
    }
}

#[test]
fn the_table_begins_with_the_answer_and_shows_evidence_cause_and_check() {
    let text = unwrapped(&table(&[leaked(0), unclear()], PLAIN, true));
    let answer = "1 of 2 handshakes failed; most likely cause: proxy-leaked-ack. 1 handshake to [2001:db8::2]:80 was \
                  reset by the server side, 2026-11-22 06:28:21 UTC. A SYN proxy answered for [2001:db8::2]:80: 1 of \
                  2 handshakes, in 1 episode; highest confidence: likely.";
    assert!(text.starts_with(answer), "{text}");
    for part in [
        "the SYN-ACK announces a window of 0 [signal zero-window: about 150 to 1 for syn-proxy]",
        "log-odds of syn-proxy against ordinary (natural logarithm): 6.25 = -5.00 prior: SYN cookies and proxies are rare, \
         +6.25 other handshakes of this listener (listener-context), +5.00 zero-window",
        "(frames: SYN 1, SYN-ACK 2, RST 4)",
        "most likely cause: proxy-leaked-ack: stateless RST",
        "to confirm: tcpdump on the server",
        "2026-11-22 06:28:21.637922 UTC, client 10.0.1.2:54192, a.pcap",
        "uncompleted handshakes per second: at most 900 during the episode, 2 before it",
        "Not read completely",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn episodes_of_several_captures_name_theirs() {
    let mut totals = totals(&[leaked(0)]);
    totals.captures.push(CaptureTotals { name: "caps/b.pcap".into(), ..capture_totals() });
    let mut output = Vec::new();
    table::Table::new(&mut output, PLAIN, true).end(&totals).unwrap();
    let text = unwrapped(&String::from_utf8(output).unwrap());
    assert!(text.contains("2 before it (caps/a.pcap)"), "{text}");
}

#[test]
fn an_episode_in_two_captures_is_one_with_the_time_of_both() {
    let mut totals = totals(&[leaked(0)]);
    let mut other = totals.episodes[0].1.clone();
    let later = |time: Timestamp| Timestamp::from_nanos(time.as_nanos() + 1_000_000_000);
    (other.start, other.end, other.handshakes) = (later(other.start), later(other.end.max(later(other.start))), 9);
    totals.episodes[0].1.end = totals.episodes[0].1.end.max(other.start);
    totals.episodes.push((1, other.clone()));
    assert_eq!(totals.connection_episodes().len(), 2, "the captures may show different connections");
    totals.comparison = Some(Comparison { second_views: vec![SecondView::of(&leaked(0))], ..Comparison::default() });
    let episodes = totals.by_connection().episodes.clone();
    let [(_, episode)] = &episodes[..] else { panic!("{episodes:?}") };
    assert_eq!((episode.start, episode.end, episode.handshakes), (totals.episodes[0].1.start, other.end, 9));
}

#[test]
fn a_narrow_table_keeps_the_number_of_failures() {
    let mut totals = Totals { is_counted_one_by_one: true, ..Totals::default() };
    for (number, outcome) in [(0, Outcome::ResetByServer), (1, Outcome::Unanswered), (2, Outcome::Established)] {
        totals.count(&Finding { outcome, ..leaked(number) });
    }
    let listeners: Vec<_> = totals.listeners.iter().collect();
    let terminal = Terminal { width: 60, is_coloured: false };
    let table = ListenerTable::new(terminal, &listeners, "handshake", true);
    assert!(table.omitted.iter().any(|heading| heading == "Unanswered"), "{:?}", table.omitted);
    let (headings, row) = table.text.split_once('\n').unwrap();
    assert!(headings.contains("Failed") && row.contains("  2 "), "{}", table.text);
}

#[test]
fn the_time_of_cookies_is_of_the_handshakes_that_are_counted_beside_it() {
    let mut totals = Totals::default();
    let at = |second: i64, confidence| {
        let mut finding = leaked(0);
        finding.time = Timestamp::from_nanos(second * 1_000_000_000);
        finding.assessment.confidence = Some(confidence);
        finding
    };
    totals.count(&at(1, Confidence::Possible));
    totals.count(&at(3, Confidence::Certain));
    let listeners: Vec<_> = totals.listeners.iter().collect();
    let terminal = Terminal { width: 200, is_coloured: false };
    let table = ListenerTable::new(terminal, &listeners, "handshake", false).text;
    assert!(table.contains("1970-01-01 00:00:01") && table.contains("00:00:03"), "both are counted: {table}");
}

#[test]
fn evidence_at_even_odds_is_not_listed_and_the_prior_is() {
    let mut finding = leaked(0);
    let mut even = finding.assessment.evidence[0].clone();
    (even.nats, even.detail) = (0.2, "a coin would say the same".into());
    finding.assessment.evidence.push(even);
    let text = unwrapped(&table(&[finding], PLAIN, false));
    assert!(text.contains("zero-window: about 150 to 1 for syn-proxy") && !text.contains("a coin"), "{text}");
    let prior = "SYN cookies and proxies are rare [prior: about 150 to 1 for ordinary]";
    assert!(text.contains(prior), "{text}");
}

#[test]
fn the_table_shows_a_few_similar_findings_and_counts_the_others() {
    let findings: Vec<_> = (0..50).map(leaked).collect();
    let text = unwrapped(&table(&findings, PLAIN, true));
    assert!(text.contains("50 handshakes") && text.contains("and 47 more; --format jsonl lists all"), "{text}");
    assert_eq!(text.matches("client 10.0.1.2:54192").count(), 3);
}

#[test]
fn control_characters_in_names_are_escaped() {
    for (is_coloured, is_verbose) in [(false, false), (true, false), (false, true), (true, true)] {
        let text = table(&[leaked(0)], Terminal { is_coloured, ..PLAIN }, is_verbose);
        assert!(text.contains("b\\u{1b}[31m.pcap ends in the middle") && !text.contains("\x1b[31m"), "{text}");
        assert_eq!(text.contains('\x1b'), is_coloured);
    }
}

#[test]
fn colour_adds_no_information() {
    let coloured = table(&[leaked(0)], Terminal { is_coloured: true, ..PLAIN }, false);
    let stripped: String = coloured
        .split('\x1b')
        .enumerate()
        .map(|(part, text)| match part {
            0 => text,
            _ => &text[text.find('m').unwrap() + 1..],
        })
        .collect();
    assert_eq!(stripped, table(&[leaked(0)], PLAIN, false));
}

#[test]
fn lines_fit_the_width_of_the_terminal() {
    for (width, is_verbose) in [60, 80, 120].into_iter().flat_map(|width| [(width, false), (width, true)]) {
        let text = table(&[leaked(0), unclear()], Terminal { width, ..PLAIN }, is_verbose);
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= width, "{longest} > {width}\n{text}");
    }
}

#[test]
fn a_possible_finding_is_not_reported_as_a_fact() {
    let mut weak = leaked(0);
    weak.assessment.confidence = Some(Confidence::Possible);
    let said =
        "A SYN proxy may have answered for [2001:db8::2]:80: 1 of 2 handshakes; no finding is likely or certain. ";
    let text = unwrapped(&table(&[weak.clone(), unclear()], PLAIN, false));
    assert!(text.contains(said), "{text}");
    let mut working = weak.clone();
    (working.outcome, working.completion.has_failed) = (Outcome::Established, false);
    let said = "Nothing failed; a SYN proxy may have answered for [2001:db8::2]:80. A SYN proxy may have answered 1 of 2 handshakes; no finding is likely \
                or certain. ";
    assert!(unwrapped(&table(&[working, unclear()], PLAIN, false)).starts_with(said));
    let said = "A SYN proxy answered for [2001:db8::2]:80: 1 of 2 handshakes are likely or certain, in 1 episode; 1 more is only \
                possible; highest confidence: likely. ";
    let text = unwrapped(&table(&[leaked(0), weak], PLAIN, false));
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_rejected_cookie_does_not_contradict_the_headline() {
    let mut rejected = unclear();
    rejected.outcome = Outcome::ResetByServer;
    (rejected.causes, rejected.completion) = (leaked(9).causes, leaked(9).completion);
    rejected.causes[0].kind = CauseKind::CookieRejected;
    let text = unwrapped(&table(&[rejected], PLAIN, false));
    let said = "The handshake failed; most likely cause: cookie-rejected. 1 handshake to [2001:db8::2]:80 was reset by \
                the server side, 2026-11-22 06:28:21 UTC. The cause cookie-rejected assumes a SYN cookie, but no packet \
                proves one.";
    assert!(text.starts_with(said), "{text}");
}

#[test]
fn failures_are_in_the_headline_and_counted_by_outcome() {
    let failed = |outcome| {
        let Finding { causes, completion, .. } = leaked(9);
        let mut finding = Finding { outcome, causes, completion, ..unclear() };
        finding.assessment.verdict = Verdict::Ordinary;
        finding.causes[0].kind = CauseKind::AcceptQueueOverflow;
        finding
    };
    let [silent, refused] = [Outcome::Unacknowledged, Outcome::Refused].map(failed);
    let text = unwrapped(&table(&[silent.clone(), refused, unclear()], PLAIN, false));
    let said = "2 of 3 handshakes failed; most likely cause: accept-queue-overflow. 2 handshakes to [2001:db8::2]:80 \
                failed, 2026-11-22 06:28:21 UTC: 1 refused, 1 unacknowledged. No SYN cookie or SYN proxy was found.";
    assert!(text.starts_with(said), "{text}");
    let text = unwrapped(&table(&[leaked(0), silent], PLAIN, false));
    let said = "All 2 handshakes failed; most frequent cause: proxy-leaked-ack (1). 2 handshakes to [2001:db8::2]:80 \
                failed, 2026-11-22 06:28:21 UTC: 1 reset by the server side, 1 unacknowledged. A SYN proxy answered";
    assert!(text.starts_with(said), "{text}");
}

#[test]
fn a_report_without_findings_says_so() {
    assert!(table(&[], PLAIN, false).starts_with("No TCP handshake was found.\n"));
    assert!(
        table(&[unclear()], PLAIN, false)
            .starts_with("Nothing failed; the capture does not show who answered the SYN.\n")
    );
    let mut ordinary = unclear();
    ordinary.assessment.verdict = Verdict::Ordinary;
    assert!(
        table(&[ordinary], PLAIN, false).starts_with("Nothing failed; no SYN cookie or SYN proxy in 1 handshake.\n")
    );
}

#[test]
fn what_would_decide_undetermined_handshakes_is_said_where_nothing_was_found() {
    let decides =
        "Undetermined handshakes, by reason (a handshake can have several) 2 handshakes: the server sent nothing later";
    for is_verbose in [false, true] {
        let text = unwrapped(&table(&[unclear(), unclear()], PLAIN, is_verbose));
        assert!(text.starts_with("Nothing failed; the capture does not show who answered 2 handshakes."), "{text}");
        assert!(text.contains(decides), "{text}");
    }
    let mut ordinary = unclear();
    (ordinary.assessment.verdict, ordinary.assessment.missing) = (Verdict::Ordinary, Vec::new());
    let mut findings = vec![unclear()];
    findings.resize(1001, ordinary);
    let text = unwrapped(&table(&findings, PLAIN, false));
    assert!(text.starts_with("Nothing failed; of 1,001 handshakes, 1,000 ordinary and 1 undetermined. "), "{text}");
    assert!(text.contains("Undetermined handshakes, by reason"), "{text}");
    assert!(!unwrapped(&table(&[leaked(0), unclear()], PLAIN, false)).contains("by reason"));
}

#[test]
fn a_connection_that_got_stuck_is_not_a_handshake_that_failed() {
    let mut stuck = leaked(0);
    stuck.outcome = Outcome::Established;
    stuck.assessment.verdict = Verdict::Ordinary;
    let text = unwrapped(&table(&[stuck.clone(), stuck.clone(), unclear()], PLAIN, false));
    assert!(text.starts_with("2 of 3 connections got stuck; most likely cause: proxy-leaked-ack. "), "{text}");
    assert!(text.contains("2 connections to [2001:db8::2]:80 got stuck after the handshake"), "{text}");
    assert!(text.contains("2 connections to [2001:db8::2]:80, stuck after the handshake: the client's ACK"), "{text}");
    assert!(text.contains("Listener Handshakes Ordinary Undetermined Stuck"), "{text}");
    let text = unwrapped(&table(&[leaked(0), stuck], PLAIN, false));
    assert!(text.starts_with("1 of 2 handshakes failed, 1 stuck; most likely cause: "), "{text}");
}

#[test]
fn the_failed_and_the_delayed_handshakes_of_a_cause_are_counted_apart() {
    let mut late = leaked(0);
    late.outcome = Outcome::Established;
    late.completion.has_failed = false;
    let text = unwrapped(&table(&[leaked(0), leaked(1), late], PLAIN, false));
    assert!(text.contains("3 handshakes to [2001:db8::2]:80, 2 of them failed and 1 delayed"), "{text}");
}

#[test]
fn columns_without_room_are_named() {
    let text = table(&[leaked(0), unclear()], Terminal { width: 60, ..PLAIN }, false);
    assert!(unwrapped(&text).contains("Columns that do not fit: Undetermined"), "{text}");
    assert!(!table(&[leaked(0)], Terminal { width: 200, ..PLAIN }, false).contains("do not fit"));
    let text = table(&[leaked(0)], Terminal { width: 80, ..PLAIN }, true);
    assert!(unwrapped(&text).contains("Time to complete: 95 %, Time to complete: longest"), "{text}");
}

#[test]
fn one_screen_shows_failures_checks_and_how_to_see_more() {
    let text = unwrapped(&table(&[leaked(0), leaked(1), unclear()], PLAIN, false));
    let cause = format!(
        "2 handshakes to [2001:db8::2]:80, reset by the server side: {} (proxy-leaked-ack; likely cause); see frame 2 of a.pcap \
         tcpdump on the server",
        CauseKind::ProxyLeakedAck.clause()
    );
    for part in [cause.as_str(), "More: --verbose", "ends in the middle of frame 7"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!unwrapped(&table(&[leaked(0)], PLAIN, true)).contains("More:"));
}

#[test]
fn the_table_names_a_second_cause_that_is_nearly_as_likely() {
    let mut finding = leaked(0);
    let second =
        Cause { kind: CauseKind::FirewallReset, nats: finding.causes[0].nats - 1.1, ..finding.causes[0].clone() };
    finding.causes.insert(1, second);
    let text = |finding: &Finding| unwrapped(&table(std::slice::from_ref(finding), PLAIN, false));
    assert!(
        text(&finding).contains(
            "(proxy-leaked-ack; one of several causes, about 3 times as probable as firewall-reset); see frame"
        )
    );
    finding.causes[1].nats -= 4.0;
    assert!(text(&finding).contains("(proxy-leaked-ack; likely cause); see frame"));
}

#[test]
fn the_table_fits_on_one_screen_with_any_number_of_findings() {
    let mut findings = Vec::new();
    for (number, cause) in (0..400).zip(CauseKind::ALL.iter().cycle()) {
        let mut finding = leaked(number);
        finding.server.port = number as u16;
        finding.causes[0].kind = *cause;
        finding.causes[0].check = "one command after another ".repeat(6);
        findings.push(finding);
    }
    let mut totals = totals(&findings);
    totals.problems = vec![totals.problems[0].clone(); 500];
    totals.captures.push(capture_totals());
    for (width, height) in [(80, 51), (120, 46)] {
        let mut output = Vec::new();
        let mut report = table::Table::new(&mut output, Terminal { width, ..PLAIN }, false);
        report.begin(&sources()).unwrap();
        findings.iter().for_each(|finding| report.handshake(&totals.captures, finding).unwrap());
        report.end(&totals).unwrap();
        let lines = String::from_utf8(output).unwrap().lines().count();
        assert!(lines <= height, "{lines} lines at {width}");
    }
}

#[test]
fn a_headline_has_at_most_twelve_words() {
    let mut cookie = leaked(1);
    cookie.assessment.verdict = Verdict::SynCookie;
    cookie.server.port = 81;
    let possible = |mut finding: Finding| {
        finding.assessment.confidence = Some(Confidence::Possible);
        finding
    };
    let weak = [possible(leaked(0)), possible(cookie.clone())];
    let working = |mut finding: Finding| {
        (finding.outcome, finding.completion.has_failed) = (Outcome::Established, false);
        finding
    };
    let answered = [working(leaked(0)), working(cookie.clone())];
    let mut stuck = Finding { outcome: Outcome::Established, ..leaked(0) };
    stuck.causes[0].kind = CauseKind::PathMtu;
    let both = vec![leaked(0), stuck, working(leaked(0))];
    assert_eq!(
        answer::headline(&totals(&both)),
        "1 of 3 handshakes failed, 1 stuck; most frequent cause: proxy-leaked-ack (1)."
    );
    for findings in
        [vec![], vec![leaked(0)], answered.to_vec(), vec![leaked(0), cookie], weak.to_vec(), vec![unclear()], both]
    {
        let headline = answer::headline(&totals(&findings));
        assert!(headline.split_whitespace().count() <= 12, "{headline}");
    }
}

#[test]
fn evidence_against_both_names_the_odds_against_each() {
    let mut piece = leaked(0).assessment.evidence[0].clone();
    (piece.favours, piece.nats) = (Verdict::Ordinary, 7.0);
    let cases = [
        (-7.0, -4.0, "about 1,100 to 1 for ordinary against syn-cookie, about 55 to 1 against syn-proxy"),
        (-4.0, -7.0, "about 1,100 to 1 for ordinary against syn-proxy, about 55 to 1 against syn-cookie"),
        (-7.0, -7.0, "about 1,100 to 1 for ordinary"),
        (-7.0, -0.1, "about 1,100 to 1 against syn-cookie"),
        (0.0, -7.0, "about 1,100 to 1 against syn-proxy"),
    ];
    for (cookie, proxy, said) in cases {
        (piece.cookie_nats, piece.proxy_nats) = (cookie, proxy);
        assert_eq!(strength::evidence(&piece), format!("signal zero-window: {said}"));
    }
}

#[test]
fn why_cookies_were_sent_is_not_in_the_list_of_failures() {
    let mut cookie = leaked(0);
    (cookie.assessment.verdict, cookie.assessment.implementations) = (Verdict::SynCookie, vec![Implementation::Linux]);
    let text = table(&[cookie], PLAIN, false);
    let (failures, cookies) = text.split_once("\nWhy SYN cookies were sent, and what to check\n").unwrap();
    assert!(failures.contains("Most likely causes") && !failures.contains("SYN cookies fits Linux"), "{text}");
    assert!(cookies.contains("1 likely or certain SYN cookie fits Linux."), "{text}");
}

#[test]
fn a_scan_is_one_sentence_and_the_headline_says_what_else_failed() {
    let probe = |port: u16| {
        let mut probe = leaked(0);
        (probe.outcome, probe.server.port, probe.frames.ack) = (Outcome::Refused, port, None);
        probe.causes[0].kind = CauseKind::ClosedPort;
        probe
    };
    let other = Finding { client: endpoint("10.0.9.9", 1), ..leaked(0) };
    let said = |findings: &[Finding]| {
        let mut output = Vec::new();
        summary::Line::new(&mut output).end(&totals(findings)).unwrap();
        String::from_utf8(output).unwrap()
    };
    let scan: Vec<Finding> = (1..=50).map(probe).collect();
    let line = said(&scan);
    assert!(line.starts_with("A scan by 10.0.1.2 made 50 of 50 handshakes; no other failed."), "{line}");
    assert!(line.contains("10.0.1.2 scanned 50 ports of 2001:db8::2 (50 handshakes)."), "{line}");
    assert!(!line.contains("closed-port"), "{line}");
    let both = [scan, vec![other]].concat();
    let line = said(&both);
    assert!(
        line.starts_with("1 of 51 handshakes failed besides a scan; most likely cause: proxy-leaked-ack."),
        "{line}"
    );
    for findings in [&both[..], &both[..50]] {
        assert!(answer::headline(&totals(findings)).split_whitespace().count() <= 12);
    }
    let shown = table(&both, PLAIN, false);
    assert!(shown.contains("proxy-leaked-ack") && !shown.contains("closed-port"), "{shown}");
    let summary = serde_json::to_value(model::Summary::from(&totals(&both))).unwrap();
    assert_eq!(summary["scans"], json!([{"client": "10.0.1.2", "handshakes": 50, "hosts": 1, "ports": 50}]));
    assert_eq!(summary["failures"]["handshakes"], 51);
}

#[test]
fn one_line_says_what_failed_since_when_why_and_what_to_check() {
    let mut output = Vec::new();
    let findings = [leaked(0), unclear()];
    summary::Line::new(&mut output).end(&totals(&findings)).unwrap();
    let line = String::from_utf8(output).unwrap();
    for part in [
        "1 of 2 handshakes failed; most likely cause: proxy-leaked-ack.",
        "2026-11-22 06:28:21 UTC. Most likely cause: the client's ACK",
        "To confirm: tcpdump on the server.",
    ] {
        assert!(line.contains(part), "{part:?} is not in {line}");
    }
    let mut answered = leaked(0);
    answered.causes[0].check = "checked in b.pcap (frame 2): the capture confirms this cause".to_owned();
    let mut output = Vec::new();
    let checked = answered.clone();
    summary::Line::new(&mut output).end(&totals(&[answered])).unwrap();
    let text = unwrapped(&table(std::slice::from_ref(&checked), PLAIN, false));
    assert!(text.contains("(proxy-leaked-ack; confirmed); see frame"), "{text}");
    let line = String::from_utf8(output).unwrap();
    assert!(line.contains(". Checked in b.pcap (frame 2): the capture confirms this cause."), "{line}");
}

#[test]
fn delayed_handshakes_are_counted_apart_from_failures() {
    let mut late = unclear();
    late.causes = leaked(9).causes;
    late.causes[0].kind = CauseKind::SynLost;
    let text = unwrapped(&table(&[late, unclear()], PLAIN, false));
    assert!(text.starts_with("Nothing failed; the capture does not show who answered 2 handshakes."), "{text}");
    assert!(text.contains("1 handshake was delayed, 2026-11-22 06:28:21 UTC."), "{text}");
}
