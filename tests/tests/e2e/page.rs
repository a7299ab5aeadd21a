//! The page that analyses captures in a browser: it gives what the program gives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use syncookie_tests::analyze::run;
use syncookie_tests::browser::Browser;
use syncookie_tests::programs::programs;
use syncookie_tests::{package, sample};
use tempfile::TempDir;

/// The page, in a folder of its own; `None`, with a message, where it cannot be built.
fn page() -> Option<(TempDir, PathBuf)> {
    let root = package().parent().expect("the package is in the workspace");
    let built = Command::new(root.join("script/page")).arg("module").stderr(Stdio::piped()).output();
    let built = built.expect("a shell can be started");
    if !built.status.success() {
        let reason = String::from_utf8_lossy(&built.stderr).into_owned();
        assert!(reason.contains("is missing"), "{reason}");
        eprintln!("SKIPPED: {reason}");
        return None;
    }
    let module = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = TempDir::new().expect("a temporary folder can be made");
    let page = folder.path().join("syncookie.html");
    let mut command = Command::new(&programs().syncookie);
    let done = run(command.arg("page").arg("--module").arg(module.join("page/syncookie.wasm.gz")).arg("-o").arg(&page));
    assert!(done.survived() && page.is_file(), "{}", done.stderr);
    Some((folder, page))
}

/// Waits until a report is shown, the `number`th one of the page.
fn wait_for_report(browser: &mut Browser, number: u32) {
    browser.wait_for(&format!(
        "document.documentElement.dataset.reports === '{number}' && document.documentElement.dataset.ready === 'true'"
    ));
    let problem = browser.text("#problem");
    assert!(problem.is_empty(), "{problem}");
}

/// The file that a click saves.
fn download(browser: &mut Browser, folder: &Path, button: &str, name: &str) -> Vec<u8> {
    browser.click(button);
    let (file, deadline) = (folder.join(name), Instant::now() + Duration::from_secs(60));
    while !file.is_file() {
        assert!(Instant::now() < deadline, "{name} is not saved; complaints: {:#?}", browser.complaints());
        std::thread::sleep(Duration::from_millis(30));
    }
    fs::read(&file).expect("the download can be read")
}

/// What the program writes in the folder of the sample captures.
fn program(args: &[&str]) -> String {
    let mut command = Command::new(&programs().syncookie);
    let done = run(command.current_dir(package().join("captures")).args(args));
    assert!(done.survived(), "{}", done.stderr);
    done.stdout
}

fn assert_quiet(browser: &mut Browser) {
    assert!(browser.complaints().is_empty(), "{:#?}", browser.complaints());
    assert!(browser.requests().is_empty(), "{:#?}", browser.requests());
}

#[test]
fn the_page_finds_in_all_samples_what_the_program_finds_and_asks_nobody() {
    let Some((folder, page)) = page() else { return };
    let Some(mut browser) = Browser::start() else { return };
    browser.look(1280, 900, "light");
    browser.download_to(folder.path());
    browser.open(&page);
    browser.picture("page-start");
    let folders = ["linux-5.10", "linux-6.18", "user-trace"];
    browser.drop_files(&folders.map(sample), (400, 300));
    wait_for_report(&mut browser, 1);
    browser.picture("page-report");

    browser.click("[data-panel=downloads]");
    let found = download(&mut browser, folder.path(), "[data-format=jsonl]", "findings.jsonl");
    let mut args = vec!["analyze", "--quiet", "--format", "jsonl"];
    args.extend(folders);
    let expected = program(&args);
    assert!(expected.lines().count() > 1000);
    assert!(String::from_utf8_lossy(&found) == expected, "the page finds something else");
    assert_quiet(&mut browser);
}
