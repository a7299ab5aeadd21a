//! Does with sharkd what the user interface does with a file: keeps it open, filters it repeatedly,
//! reloads it, and opens another one.

use serde_json::json;
use syncookie_tests::release::Release;
use syncookie_tests::sharkd::Sharkd;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{in_every_release, sample};

use super::VARIED;

in_every_release! {
    filters_reloads_and_other_files_do_not_change_findings
    preferences_changed_while_a_file_is_open_do_not_change_findings
    memory_does_not_grow_when_files_are_opened_repeatedly
}

fn start(release: &Release, tshark: &Tshark) -> Sharkd {
    Sharkd::start(tshark, release.is_at_least(3, 6))
}

/// Returns the marked frames, each with its details.
fn findings(sharkd: &mut Sharkd) -> Vec<(u64, Vec<String>)> {
    let frames = sharkd.frames("syncookie");
    frames.into_iter().map(|frame| (frame, plugin_details(sharkd.details(frame)))).collect()
}

fn plugin_details(details: Vec<String>) -> Vec<String> {
    let at = details.iter().position(|line| line.contains("SYN") && line.contains("cookie")).unwrap_or(details.len());
    details[at.min(details.len())..].to_vec()
}

fn filters_reloads_and_other_files_do_not_change_findings(release: &Release, tshark: &Tshark) {
    let captures: Vec<_> = VARIED.iter().map(|name| tshark.stage(&sample(name))).collect();
    let mut sharkd = start(release, tshark);
    let mut first = Vec::new();
    for capture in &captures {
        sharkd.load(capture);
        first.push(findings(&mut sharkd));
        for filter in ["tcp.flags.syn == 1", "syncookie.verdict == \"syn-proxy\"", "syncookie.expert", "!tcp"] {
            sharkd.frames(filter);
        }
        assert_eq!(Some(&findings(&mut sharkd)), first.last());
    }
    assert!(first.iter().filter(|found| !found.is_empty()).count() >= 4, "{first:?}");
    let numbers = |frames: &[(u64, Vec<String>)]| frames.iter().map(|(frame, _)| *frame).collect::<Vec<_>>();
    for (capture, found) in captures.iter().zip(&first).rev() {
        sharkd.load(capture);
        assert_eq!(findings(&mut sharkd), *found, "{:?}", numbers(found));
    }
    assert_eq!(sharkd.end(), "");
}

fn preferences_changed_while_a_file_is_open_do_not_change_findings(release: &Release, tshark: &Tshark) {
    let mut sharkd = start(release, tshark);
    let capture = tshark.stage(&sample(VARIED[0]));
    sharkd.load(&capture);
    let verdicts = sharkd.frames("syncookie.verdict");
    assert_eq!(verdicts, [2, 6, 10]);
    for (name, value) in
        [("tcp.relative_sequence_numbers", "FALSE"), ("ip.defragment", "FALSE"), ("tcp.check_checksum", "TRUE")]
    {
        sharkd.ask("setconf", &json!({"name": name, "value": value}));
        assert_eq!(sharkd.frames("syncookie.verdict"), verdicts, "{name}");
        sharkd.load(&capture);
        assert_eq!(sharkd.frames("syncookie.verdict"), verdicts, "{name}, read again");
    }
    assert_eq!(sharkd.end(), "");
}

fn memory_does_not_grow_when_files_are_opened_repeatedly(release: &Release, tshark: &Tshark) {
    let with = growth(release, tshark);
    // In some releases sharkd itself leaks memory with every file.
    let without = growth(release, &Tshark::without_plugin(release));
    println!("KiB added by 48 more files: {with} with the plugin, {without} without");
    // The state of 48 files takes more than this, random effects of the allocator less.
    assert!(
        with < without + without / 20 + 4096,
        "KiB added by 48 more files: {with} with the plugin, {without} without"
    );
}

/// Returns how much memory 48 more files take once caches are filled, in KiB.
fn growth(release: &Release, tshark: &Tshark) -> i64 {
    let captures: Vec<_> = VARIED.iter().map(|name| tshark.stage(&sample(name))).collect();
    let mut sharkd = start(release, tshark);
    let mut sizes = [24, 48].map(|files| {
        for capture in captures.iter().cycle().take(files) {
            sharkd.load(capture);
            sharkd.frames("tcp.flags.reset == 1");
        }
        sharkd.memory()
    });
    sizes.reverse();
    assert_eq!(sharkd.end(), "");
    sizes[0] as i64 - sizes[1] as i64
}
