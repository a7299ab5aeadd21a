//! The quick check of a SYN-ACK against the preview that it decides about.

use std::path::Path;
use syncookie_engine::{Analyzer, DetailLevel, Frame, HandshakeId, Limits, Observation, Packet, Role, Timestamp};
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::ordinary::Ordinary;
use syncookie_lab::score::{captures, cases};
use syncookie_lab::{Capture, accuracy, scenario};
use syncookie_testkit::rng::Rng;

/// SYN-ACKs, by what the quick check and the preview said of each when it was captured.
#[derive(Default)]
struct Checked {
    all: usize,
    passed: usize,
    /// SYN-ACKs that the preview calls cookie-style and the quick check did not pass.
    missed: Vec<String>,
}

impl Checked {
    /// Checks every SYN-ACK of a capture at the moment it is captured.
    fn add(&mut self, capture: &Capture) {
        let mut analyzer = Analyzer::new(Limits::default());
        for (number, (time, packet)) in (1..).zip(&capture.packets) {
            let pushed = analyzer.push(&Observation {
                frame: Frame { capture: 0, number },
                time: Timestamp::from_nanos(*time as i64),
                packet: Packet::Ip(packet),
            });
            if let Some(pushed) = pushed.filter(|pushed| pushed.role == Role::SynAck) {
                self.check(&mut analyzer, pushed.handshake, &format!("{} frame {number}", capture.truth.name));
            }
        }
    }

    fn check(&mut self, analyzer: &mut Analyzer, handshake: HandshakeId, place: &str) {
        let passes = analyzer.preview_if_cookie_style(handshake).is_some();
        self.all += 1;
        self.passed += usize::from(passes);
        let finding = analyzer.preview(handshake, DetailLevel::All).expect("a handshake that was just seen");
        if finding.assessment.verdict.is_cookie_style() && !passes {
            let why: Vec<&str> = finding.assessment.evidence.iter().map(|evidence| evidence.kind.as_str()).collect();
            self.missed.push(format!("{place}: {}, by {}", finding.assessment.verdict, why.join(", ")));
        }
    }

    /// Fails where a SYN-ACK was missed.
    fn assert_none_missed(&self) {
        assert!(self.all > 0, "no SYN-ACK was captured");
        let missed = &self.missed;
        assert!(missed.is_empty(), "{} of {} missed: {:#?}", missed.len(), self.all, &missed[..missed.len().min(9)]);
    }
}

#[test]
fn every_syn_ack_that_the_preview_calls_cookie_style_passes_the_quick_check() {
    let disturbances = [
        Disturbance::default(),
        Disturbance { jitter_ms: 30.0, loss: 0.0 },
        Disturbance { jitter_ms: 0.0, loss: 0.05 },
    ];
    let mut checked = Checked::default();
    for (seed, worse) in (1..).zip(disturbances) {
        for scenario in scenario::all() {
            checked.add(&worse.capture(scenario.build(seed), &mut Rng::new(seed)));
        }
    }
    checked.assert_none_missed();
}

#[test]
fn every_recorded_syn_ack_that_the_preview_calls_cookie_style_passes_the_quick_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
    let mut checked = Checked::default();
    for case in cases(&folder).expect("recordings are kept") {
        for (path, _) in captures(&case) {
            checked.add(&accuracy::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
    checked.assert_none_missed();
}

#[test]
fn few_ordinary_syn_acks_pass_the_quick_check() {
    let mut checked = Checked::default();
    for capture in Ordinary::new(2026, 10_000) {
        checked.add(&capture);
    }
    checked.assert_none_missed();
    assert!(checked.passed * 10 <= checked.all, "{} of {} passed", checked.passed, checked.all);
}
