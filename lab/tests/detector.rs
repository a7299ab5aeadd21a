//! The detector against everything the laboratory can build.

use std::path::Path;
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::expect::Side;
use syncookie_lab::ordinary::Ordinary;
use syncookie_lab::score::{Score, captures, cases};
use syncookie_lab::{Capture, accuracy, alarms, judge, scenario};
use syncookie_testkit::rng::Rng;

/// Scores a capture and lists what is wrong.
fn score(capture: &Capture, wrong: &mut Vec<String>) -> Score {
    Score::of(&capture.truth, Side::Client, &judge::in_process(capture), |what, j| {
        let said = format!("{} {} {:?}", j.verdict, j.confidence, j.implementations);
        wrong.push(format!("{} frame {:?} {what}: {said}: {}", capture.truth.name, j.syn_ack, j.why()));
    })
}

/// Everything called a false alarm, on all scenarios with that disturbance.
fn false_alarms(worse: Disturbance, seeds: std::ops::Range<u64>) -> Vec<String> {
    let mut wrong = Vec::new();
    for seed in seeds {
        for scenario in scenario::all() {
            let capture = worse.capture(scenario.build(seed), &mut Rng::new(seed));
            score(&capture, &mut wrong);
        }
    }
    wrong.retain(|w| w.contains("false alarm"));
    wrong
}

#[test]
fn no_look_alike_raises_anything_at_likely_or_above() {
    let alarms = false_alarms(Disturbance::default(), 1..4);
    assert!(alarms.is_empty(), "{} false alarms, the first: {:#?}", alarms.len(), &alarms[..alarms.len().min(5)]);
}

#[test]
fn no_look_alike_raises_anything_with_thirty_milliseconds_of_jitter_or_five_percent_loss() {
    for worse in [Disturbance { jitter_ms: 30.0, loss: 0.0 }, Disturbance { jitter_ms: 0.0, loss: 0.05 }] {
        let alarms = false_alarms(worse, 1..3);
        assert!(
            alarms.is_empty(),
            "{worse:?}: {} false alarms, the first: {:#?}",
            alarms.len(),
            &alarms[..alarms.len().min(5)]
        );
    }
}

#[test]
fn the_cookies_of_pf_differ_from_its_stateful_proxy_by_what_their_isn_encodes() {
    for name in ["pf_syncookies", "pf_synproxy", "pf_synproxy_1380"] {
        let capture = scenario::find(name).unwrap_or_else(|| panic!("no scenario {name}")).build(1);
        let named = score(&capture, &mut Vec::new()).implementation;
        // Seven bits agree by chance in one of 128 handshakes.
        assert!(named.all > 0 && named.right + 2 >= named.all, "{name}: {named}");
    }
}

#[test]
fn every_class_of_strangers_captures_is_found_with_the_right_verdict() {
    let classes = [
        ("A", "pf_synproxy"),
        ("A", "synproxy_bare"),
        ("B", "class_b"),
        ("B2", "class_b2"),
        ("C", "class_c"),
        ("D", "class_d"),
        ("E", "class_e_8190"),
        ("E", "class_e_8000"),
        ("F", "class_f"),
        ("G", "class_g"),
    ];
    for (class, name) in classes {
        let capture = scenario::find(name).unwrap_or_else(|| panic!("no scenario {name}")).build(1);
        let mut wrong = Vec::new();
        let score = score(&capture, &mut wrong);
        assert!(
            score.recall() >= 0.9 && score.wrong_kind == 0,
            "class {class}, {name}: {score:?}, {:#?}",
            wrong.first()
        );
    }
}

/// `LAB_HANDSHAKES=10000000 cargo test --release -p syncookie-lab` makes it ten million.
#[test]
fn ordinary_traffic_of_every_kind_raises_nothing_certain_and_one_in_a_million_at_likely() {
    let handshakes = std::env::var("LAB_HANDSHAKES").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000);
    let alarms = alarms::ordinary(2026, handshakes, Disturbance::default(), &|_, _| Ok(())).expect("nothing fails");
    let judged = alarms.total().ordinary as usize;
    assert!(judged >= handshakes * 9 / 10, "only {judged} were judged");
    assert!(alarms.is_acceptable(), "\n{alarms}");
}

#[test]
fn a_connection_that_is_challenged_by_a_wrong_number_is_one_handshake_of_a_proxy() {
    for name in ["safe_reset", "safe_reset_disguised"] {
        let capture = scenario::find(name).unwrap_or_else(|| panic!("no scenario {name}")).build(1);
        let (judged, mut wrong) = (judge::in_process(&capture), Vec::new());
        let score = score(&capture, &mut wrong);
        assert_eq!(judged.len(), capture.truth.handshakes.len(), "{name}");
        assert_eq!((score.hits, score.false_alarms), (4, 0), "{name}: {wrong:#?}");
        assert_eq!((score.cause.all, score.cause.right), (4, 4), "{name}");
        assert!(judged.iter().all(|j| j.outcome == "established"), "{name}");
    }
}

#[test]
fn a_flood_during_which_the_queue_refills_is_one_episode() {
    let expected = [("episode_refills", 2), ("episode_flood", 1), ("episode_ts", 1), ("class_g", 1)];
    let found = expected.map(|(name, _)| {
        let capture = scenario::find(name).unwrap_or_else(|| panic!("no scenario {name}")).build(1);
        (name, judge::analyzer(&capture).finish().episodes.len())
    });
    assert_eq!(found, expected);
}

/// A recording that is kept in the repository.
fn kept(name: &str) -> Capture {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/linux-6.18").join(name);
    accuracy::read(&case.join("client.pcap")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn a_cookie_without_timestamps_and_its_ordinary_twin_get_the_same_answer_alone() {
    let answers = ["cookie_nots", "plain_srv_minimal_nots"].map(|name| {
        let mut said: Vec<_> = judge::in_process(&kept(name)).into_iter().map(|j| (j.verdict, j.confidence)).collect();
        said.sort();
        said.dedup();
        said
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].len(), 1, "and every handshake the same one: {answers:?}");
}

#[test]
fn the_same_cookies_amid_ordinary_answers_get_the_right_verdict() {
    for name in ["episode_nots", "episode_ts"] {
        let (capture, mut wrong) = (kept(name), Vec::new());
        let score = score(&capture, &mut wrong);
        assert_eq!((score.wrong_kind, score.false_alarms), (0, 0), "{name}: {wrong:#?}");
        // Of cookies with timestamps one in 64 has no lag.
        assert!(score.hits >= 38 && score.misses <= 2, "{name}: {score:?} {wrong:#?}");
    }
}

#[test]
fn recordings_with_thirty_milliseconds_of_jitter_raise_nothing_false_at_likely_or_above() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
    let worse = Disturbance { jitter_ms: 30.0, loss: 0.0 };
    let mut wrong = Vec::new();
    for case in cases(&folder).expect("recordings are kept") {
        for (path, side) in captures(&case) {
            let capture = accuracy::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let capture = worse.capture(capture, &mut Rng::new(1));
            Score::of(&capture.truth, side, &judge::in_process(&capture), |what, j| {
                wrong.push(format!("{} frame {:?} {what}: {}", path.display(), j.syn_ack, j.why()));
            });
        }
    }
    wrong.retain(|w| w.contains("false alarm"));
    assert!(wrong.is_empty(), "{} false alarms, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
}

/// Causes that neither ordinary traffic nor any scenario has.
const ON_THE_PATH: [&str; 4] = ["icmp-rejected", "answered-elsewhere", "bad-checksum", "path-mtu"];

#[test]
fn ordinary_handshakes_and_all_scenarios_have_no_cause_on_the_path() {
    let loss = Disturbance { jitter_ms: 30.0, loss: 0.05 };
    for worse in [Disturbance::default(), loss] {
        let scenarios = scenario::all().into_iter().map(|scenario| scenario.build(7));
        for capture in Ordinary::new(7, 10_000).chain(scenarios) {
            let capture = worse.capture(capture, &mut Rng::new(7));
            for judged in judge::without_ordinary_evidence(&capture) {
                let first = judged.causes.first().map_or("", String::as_str);
                assert!(!ON_THE_PATH.contains(&first), "{} with {worse:?}: {judged:#?}", capture.truth.name);
            }
        }
    }
}
