//! Known captures, known answers, both programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syncookie_tests::analyze::analyze;
use syncookie_tests::case;
use syncookie_tests::labels::{LEAST_RECALL, score};
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints, generate, package, samples};

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
fn plugin_and_batch_tool_agree_on_every_syn_ack_of_every_capture() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let mut captures = samples();
    captures.extend(case::all().into_iter().flat_map(|case| case.captures));
    captures = captures.iter().map(|path| path.canonicalize().unwrap()).collect();
    captures.sort();
    captures.dedup();
    assert!(captures.len() > 100, "the samples are gone");
    assert_none(&complaints(&captures, |path: &PathBuf| disagreements(&tshark, path)));
}

fn disagreements(tshark: &Tshark, capture: &Path) -> Vec<String> {
    let batch: BTreeMap<u32, String> = analyze([capture])
        .handshakes()
        .into_iter()
        .filter_map(|handshake| Some((handshake.frames.syn_ack?, handshake.verdict)))
        .collect();
    let filter = "syncookie.verdict && tcp.flags.syn == 1 && tcp.flags.ack == 1";
    let fields = ["frame.number", "syncookie.syn_ack_frame", "syncookie.verdict"];
    let rows = tshark.fields(&tshark.stage(capture), &["-2"], filter, &fields);
    // A retransmitted SYN-ACK names the first one, which has the verdict.
    let first = rows.iter().filter(|row| row[1].is_empty() || row[0] == row[1]);
    let plugin: BTreeMap<u32, String> = first.map(|row| (row[0].parse().unwrap_or(0), row[2].clone())).collect();
    let mut frames: Vec<_> = batch.keys().chain(plugin.keys()).collect();
    frames.sort();
    frames.dedup();
    let differ = frames.into_iter().filter(|frame| batch.get(frame) != plugin.get(frame));
    let describe = |frame: &u32| {
        let (plugin, batch) = (plugin.get(frame), batch.get(frame));
        format!("{} frame {frame}: tshark says {plugin:?}, analyze says {batch:?}", capture.display())
    };
    differ.map(describe).collect()
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
