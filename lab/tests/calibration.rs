//! The levels of confidence keep what they promise, on recorded, synthetic and disturbed captures.

use std::path::Path;
use syncookie_lab::accuracy::{CONDITIONS, calibrated};
use syncookie_lab::score::{LEVELS, Score};

/// Least share of right findings: of cookie-style ones by confidence, and of `ordinary` at `likely`
/// or above.
const LIKELY: f64 = 0.95;
const CERTAIN: f64 = 0.999;
const ORDINARY: f64 = 0.995;

fn check(score: &Score) {
    let [_, likely, certain] = LEVELS;
    let found = [
        (likely, "syn-cookie", LIKELY),
        (likely, "syn-proxy", LIKELY),
        (certain, "syn-cookie", CERTAIN),
        (certain, "syn-proxy", CERTAIN),
        (likely, "ordinary", ORDINARY),
        (certain, "ordinary", CERTAIN),
    ];
    for (level, verdict, least) in found {
        let cell = score.calibration(level, verdict);
        assert!(cell.findings.all > 0, "no {verdict} at {level}");
        assert!(cell.findings.share() >= least, "{verdict} at {level}: {} right", cell.findings);
    }
}

fn under(condition: usize) {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
    check(&calibrated(&recorded, CONDITIONS[condition]).expect("the recordings can be read"));
}

#[test]
fn confidence_is_right_as_often_as_promised_on_undisturbed_captures() {
    under(0);
}

#[test]
fn confidence_is_right_as_often_as_promised_with_jitter() {
    under(1);
}

#[test]
fn confidence_is_right_as_often_as_promised_with_loss() {
    under(2);
}
