//! What the window does with a file: it keeps it open, filters it again and again, reads it anew, and opens another.
//! sharkd does the same without a window.

use serde_json::json;
use syncookie_tests::release::Release;
use syncookie_tests::sample;
use syncookie_tests::sharkd::Sharkd;
use syncookie_tests::tshark::Tshark;

use super::{FEW, in_every_release};

in_every_release! {
    filters_reloads_and_other_files_leave_the_findings_as_they_are
    preferences_changed_while_a_file_is_open_leave_the_findings_as_they_are
    memory_does_not_grow_when_files_are_opened_again_and_again
}

fn start(release: &Release, tshark: &Tshark) -> Sharkd {
    Sharkd::start(tshark, release.is_at_least(3, 6))
}

/// What is marked, and all that is said of it.
fn findings(sharkd: &mut Sharkd) -> Vec<(u64, Vec<String>)> {
    let frames = sharkd.frames("syncookie");
    frames.into_iter().map(|frame| (frame, ours(sharkd.details(frame)))).collect()
}

fn ours(details: Vec<String>) -> Vec<String> {
    let at = details.iter().position(|line| line.contains("SYN") && line.contains("cookie")).unwrap_or(details.len());
    details[at.min(details.len())..].to_vec()
}

fn filters_reloads_and_other_files_leave_the_findings_as_they_are(release: &Release, tshark: &Tshark) {
    let captures: Vec<_> = FEW.iter().map(|name| tshark.stage(&sample(name))).collect();
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
    let tell = |frames: &[(u64, Vec<String>)]| frames.iter().map(|(frame, _)| *frame).collect::<Vec<_>>();
    for (capture, found) in captures.iter().zip(&first).rev() {
        sharkd.load(capture);
        assert_eq!(findings(&mut sharkd), *found, "{:?}", tell(found));
    }
    assert_eq!(sharkd.end(), "");
}

fn preferences_changed_while_a_file_is_open_leave_the_findings_as_they_are(release: &Release, tshark: &Tshark) {
    let mut sharkd = start(release, tshark);
    let capture = tshark.stage(&sample(FEW[0]));
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

fn memory_does_not_grow_when_files_are_opened_again_and_again(release: &Release, tshark: &Tshark) {
    let with = growth(release, tshark);
    // What sharkd itself leaks with every file, in some releases.
    let without = growth(release, &Tshark::without_plugin(release));
    println!("KiB added by 48 more files: {with} with the plugin, {without} without");
    // All that is known of 48 files takes more than this; what an allocator does by chance, less.
    assert!(
        with < without + without / 20 + 4096,
        "KiB added by 48 more files: {with} with the plugin, {without} without"
    );
}

/// KiB that 48 more files add, when caches are filled.
fn growth(release: &Release, tshark: &Tshark) -> i64 {
    let captures: Vec<_> = FEW.iter().map(|name| tshark.stage(&sample(name))).collect();
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
