//! Known captures, known answers, both programs.

use syncookie_tests::case;
use syncookie_tests::labels::{LEAST_RECALL, score};
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints, generate, package};

#[test]
fn the_batch_tool_reports_every_case_as_expected() {
    let cases = case::all();
    assert_none(&complaints(&cases, |case| case.captures.iter().flat_map(|path| case.check_in_batch(path)).collect()));
}

#[test]
fn tshark_reports_every_case_as_expected() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let cases = case::all();
    let check = |case: &case::Case| case.captures.iter().flat_map(|path| case.check_in_tshark(&tshark, path)).collect();
    assert_none(&complaints(&cases, check));
}

#[test]
fn the_committed_captures_are_what_the_generator_makes() {
    for (case, name, made) in generate::all() {
        let path = package().join("cases").join(case).join(name);
        let committed = std::fs::read(&path).unwrap();
        assert!(
            committed == made,
            "{} is stale: run `cargo run -p syncookie-tests --bin make-captures`",
            path.display()
        );
    }
}

#[test]
fn labelled_handshakes_are_found_and_ordinary_ones_stay_unmarked() {
    let score = score();
    println!(
        "recall {:.4} ({} found, {} missed), {} ordinary ones clean",
        score.recall(),
        score.found,
        score.missed_count,
        score.clean
    );
    assert_none(&score.unreadable);
    assert_none(&score.false_alarms);
    assert!(score.found > 1000 && score.clean > 1000, "the samples are gone: {score:?}");
    assert!(score.recall() >= LEAST_RECALL, "recall {:.4}; missed:\n  {}", score.recall(), score.missed.join("\n  "));
}
