//! The detector against everything the laboratory can build.

use syncookie_lab::disturb::Disturbance;
use syncookie_lab::expect::Side;
use syncookie_lab::ordinary::Ordinary;
use syncookie_lab::rng::Rng;
use syncookie_lab::score::Score;
use syncookie_lab::{Capture, Verdict, judge, scenario};

/// Scores a capture and lists what is wrong.
fn score(capture: &Capture, wrong: &mut Vec<String>) -> Score {
    Score::of(&capture.truth, Side::Client, &judge::in_process(capture), |what, j| {
        let said = format!("{} {} {:?}", j.verdict, j.confidence, j.implementations);
        wrong.push(format!("{} frame {:?} {what}: {said}: {}", capture.truth.name, j.syn_ack, j.why));
    })
}

/// Everything called a false alarm, on all scenarios with that disturbance.
fn alarms(worse: Disturbance, seeds: std::ops::Range<u64>) -> Vec<String> {
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
    let alarms = alarms(Disturbance::default(), 1..4);
    assert!(alarms.is_empty(), "{} false alarms, the first: {:#?}", alarms.len(), &alarms[..alarms.len().min(5)]);
}

#[test]
fn nor_with_thirty_milliseconds_of_jitter_and_five_percent_of_the_packets_gone() {
    for worse in [Disturbance { jitter_ms: 30.0, loss: 0.0 }, Disturbance { jitter_ms: 0.0, loss: 0.05 }] {
        let alarms = alarms(worse, 1..3);
        assert!(
            alarms.is_empty(),
            "{worse:?}: {} false alarms, the first: {:#?}",
            alarms.len(),
            &alarms[..alarms.len().min(5)]
        );
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

/// `LAB_HANDSHAKES=1000000 cargo test --release -p syncookie-lab` makes it the million.
#[test]
fn ordinary_traffic_of_many_stacks_raises_nothing_at_likely_or_above() {
    let handshakes = std::env::var("LAB_HANDSHAKES").ok().and_then(|n| n.parse().ok()).unwrap_or(30_000);
    let (mut wrong, mut total) = (Vec::new(), Score::default());
    for capture in Ordinary::new(2026, handshakes) {
        assert!(capture.truth.handshakes.iter().all(|h| h.verdict == Verdict::Ordinary));
        total += &score(&capture, &mut wrong);
    }
    wrong.retain(|w| w.contains("false alarm"));
    assert!(total.ordinary as usize >= handshakes * 9 / 10, "only {} were judged", total.ordinary);
    assert_eq!(total.false_alarms, 0, "of {}: {:#?}", total.ordinary, &wrong[..wrong.len().min(5)]);
}
