//! Feeds the dissector with mutants of the sample captures, in each release.
//!
//! `SYNCOOKIE_FUZZ` sets the number of mutants per release, `SYNCOOKIE_FUZZ_SEED` the first seed.
//! By default there are a few, the same in every run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::Resolution;
use syncookie_tests::fuzz::mutants;
use syncookie_tests::release::Release;
use syncookie_tests::tshark::{Printed, Tshark};
use syncookie_tests::{in_every_release, samples};

in_every_release! {
    mutated_captures_neither_crash_tshark_nor_cause_messages
    address_sanitizer_sees_no_invalid_access
}

/// Mutants per run of tshark: few enough to find the one that made it fail.
const BATCH: usize = 500;

fn number(variable: &str, default: usize) -> usize {
    let value = std::env::var(variable).ok();
    value.map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{variable}={value} is not a number")))
}

fn mutated_captures_neither_crash_tshark_nor_cause_messages(release: &Release, tshark: &Tshark) {
    let (count, seed) = (number("SYNCOOKIE_FUZZ", 200), number("SYNCOOKIE_FUZZ_SEED", 1));
    let sources = sources();
    let plain = Tshark::without_plugin(release);
    let (mut frames, mut marked) = (0, 0);
    for batch in 0..count.div_ceil(BATCH) {
        let seed = (seed + batch) as u64;
        for (link, capture) in mutants(&sources, BATCH.min(count - batch * BATCH), seed) {
            let bytes = capture.write(ByteOrder::Little, Resolution::Nano);
            frames += capture.records.len();
            marked += check(tshark, &plain, &bytes, &format!("seed {seed}, link type {link}"));
        }
    }
    println!("{count} mutants, {frames} frames, {marked} of them marked");
    assert!(
        marked > count / 10,
        "{marked} frames of {count} mutants are marked: the mutants are not handshakes any more"
    );
}

fn sources() -> Vec<PathBuf> {
    samples().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "pcap")).collect()
}

/// Runs the installed release under valgrind. A few mutants take half a minute, so this is
/// optional.
#[test]
fn valgrind_sees_no_invalid_access_in_the_plugin() {
    if std::env::var_os("SYNCOOKIE_VALGRIND").is_none() {
        eprintln!("SKIPPED: SYNCOOKIE_VALGRIND=1 runs the plugin under valgrind");
        return;
    }
    let Some(tshark) = Tshark::with_plugin() else { return };
    let (count, seed) = (number("SYNCOOKIE_FUZZ", 40), number("SYNCOOKIE_FUZZ_SEED", 1));
    for (link, capture) in mutants(&sources(), count, seed as u64) {
        let staged = tshark.stage_bytes(&capture.write(ByteOrder::Little, Resolution::Nano));
        let mut command = tshark.command_below(&["valgrind", "--num-callers=40"], "tshark");
        let output = command.args(["-2", "-V", "-r"]).arg(&staged).output().expect("valgrind is installed");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("ERROR SUMMARY") && !stderr.contains("syncookie"), "link type {link}:\n{stderr}");
        println!("link type {link}: {} packets, {}", capture.records.len(), stderr.lines().last().unwrap_or_default());
    }
}

/// Mutants per run of tshark under AddressSanitizer, which takes a second to start.
const CHECKED_TOGETHER: usize = 2000;

#[test]
fn address_sanitizer_sees_no_invalid_access_in_the_plugin() {
    if let Some((plugin, runtime)) = address_sanitizer() {
        check_accesses(&Tshark::with_other_plugin(&plugin), &runtime);
    }
}

fn address_sanitizer_sees_no_invalid_access(release: &Release, _: &Tshark) {
    if let Some((plugin, runtime)) = address_sanitizer() {
        check_accesses(&Tshark::of(&Release { plugin, ..release.clone() }), &runtime);
    }
}

/// Returns a plugin that `script/fuzz` built with AddressSanitizer, and the runtime, which also
/// checks the allocations of Wireshark.
fn address_sanitizer() -> Option<(PathBuf, PathBuf)> {
    let variables = ["SYNCOOKIE_ASAN_PLUGIN", "SYNCOOKIE_ASAN_RUNTIME"].map(std::env::var_os);
    let [Some(plugin), Some(runtime)] = variables else {
        eprintln!("SKIPPED: script/fuzz runs the plugin under AddressSanitizer");
        return None;
    };
    Some((plugin.into(), runtime.into()))
}

fn check_accesses(tshark: &Tshark, runtime: &Path) {
    let (seed, seconds) = (number("SYNCOOKIE_FUZZ_SEED", 1), number("SYNCOOKIE_FUZZ_SECONDS", 60));
    let (start, sources, runtime) = (Instant::now(), sources(), tshark.stage(runtime));
    let (mut count, mut frames, mut marked) = (0, 0, 0);
    while count == 0 || start.elapsed() < Duration::from_secs(seconds as u64) {
        for (link, capture) in mutants(&sources, CHECKED_TOGETHER, (seed + count) as u64) {
            let staged = tshark.stage_bytes(&capture.write(ByteOrder::Little, Resolution::Nano));
            let mut command = tshark.command("tshark");
            // Each of Wireshark's allocations is one of the C library, which the runtime checks.
            command.env("LD_PRELOAD", &runtime).env("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple");
            command.env("G_SLICE", "always-malloc").env("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0");
            let output = command.args(["-2", "-V", "-r"]).arg(&staged).output().expect("tshark is installed");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "seed {seed}, batch {count}, link type {link}:\n{stderr}");
            assert!(!stderr.contains("AddressSanitizer"), "seed {seed}, batch {count}, link type {link}:\n{stderr}");
            marked += String::from_utf8_lossy(&output.stdout).matches("\n[SYN cookie analysis").count();
            frames += capture.records.len();
            std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
        }
        count += CHECKED_TOGETHER;
    }
    println!("{count} mutants, {frames} frames, {marked} of them marked");
    assert!(marked > 0, "the plugin was not loaded");
}

/// Checks that the plugin changes nothing of what tshark does with a mutant but adds findings.
/// Returns their number.
fn check(tshark: &Tshark, plain: &Tshark, bytes: &[u8], what: &str) -> usize {
    let (capture, same) = (tshark.stage_bytes(bytes), plain.stage_bytes(bytes));
    for options in [&["-2", "-V"][..], &["-q", "-z", "expert"]] {
        let (with, without) = (run(tshark, &capture, options), run(plain, &same, options));
        assert_eq!(with.code, without.code, "{what}: tshark {options:?}: {}", with.stderr);
        assert_eq!(with.stderr, without.stderr, "{what}: tshark {options:?}");
        assert!(!with.stdout.contains("Dissector bug, protocol SYNCOOKIE"), "{what}: tshark {options:?}");
    }
    let marked = run(tshark, &capture, &["-Y", "syncookie", "-T", "ek"]);
    assert!(matches!(marked.code, Some(0..=2)), "{what}: {marked:?}");
    for (tshark, staged) in [(tshark, &capture), (plain, &same)] {
        std::fs::remove_file(tshark.outside(staged)).expect("we wrote it");
    }
    marked.stdout.lines().filter(|line| line.starts_with("{\"timestamp\"")).count()
}

fn run(tshark: &Tshark, capture: &Path, options: &[&str]) -> Printed {
    let capture = capture.to_str().expect("a temporary folder has a plain name");
    let mut printed = tshark.run(["-r", capture].iter().chain(options));
    // The two copies of the capture have different names.
    printed.stderr = printed.stderr.replace(capture, "the capture");
    assert!(printed.code.is_some(), "tshark {options:?} crashed: {}", printed.stderr);
    printed
}
