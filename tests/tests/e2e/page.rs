//! The page that analyses captures in a browser: it gives what the program gives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use syncookie_testkit::rng::XorShift;
use syncookie_tests::analyze::run;
use syncookie_tests::browser::Browser;
use syncookie_tests::browser::firefox::Firefox;
use syncookie_tests::mutate::flip;
use syncookie_tests::programs::programs;
use syncookie_tests::{files_below, package, sample, samples};
use tempfile::TempDir;

/// The page, in a folder of its own; `None`, with a message, where it cannot be built.
pub(crate) fn page() -> Option<(TempDir, PathBuf)> {
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

/// Returns a folder with the page, the page, and a browser in a window of usual size.
fn page_and_browser() -> Option<(TempDir, PathBuf, Browser)> {
    let (folder, page) = page()?;
    let mut browser = Browser::start()?;
    browser.look(1280, 900, "light");
    Some((folder, page, browser))
}

/// Waits until a report is shown, the `number`th one of the page.
pub(crate) fn wait_for_report(browser: &mut Browser, number: u32) {
    browser.wait_for(&format!(
        "document.documentElement.dataset.reports === '{number}' && document.documentElement.dataset.ready === 'true'"
    ));
    let problem = browser.text("#problem");
    assert!(problem.is_empty(), "{problem}");
}

/// What the program writes in the folder of the sample captures.
fn program(args: &[&str]) -> String {
    let mut command = Command::new(&programs().syncookie);
    let done = run(command.current_dir(package().join("captures")).args(args));
    assert!(done.survived(), "{}", done.stderr);
    done.stdout
}

/// The page was quiet, and asked nobody for anything.
pub(crate) fn assert_quiet(browser: &mut Browser) {
    assert!(browser.complaints().is_empty(), "{:#?}", browser.complaints());
    assert!(browser.requests().is_empty(), "{:#?}", browser.requests());
}

#[test]
fn the_page_finds_in_all_samples_what_the_program_finds_and_asks_nobody() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    browser.picture("page-start");
    let folders = ["linux-5.10", "linux-6.18", "user-trace"];
    browser.drop_files(&folders.map(sample), (400, 300));
    wait_for_report(&mut browser, 1);
    browser.picture("page-report");

    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=jsonl]", folder.path(), "findings.jsonl");
    let mut args = vec!["analyze", "--quiet", "--format", "jsonl"];
    args.extend(folders);
    let expected = program(&args);
    assert!(expected.lines().count() > 1000);
    assert!(String::from_utf8_lossy(&found) == expected, "the page finds something else");
    assert_quiet(&mut browser);
}

#[test]
fn in_firefox_the_page_finds_in_all_samples_what_the_program_finds() {
    let Some((folder, page)) = page() else { return };
    let Some(mut browser) = Firefox::start(folder.path()) else { return };
    // A driver can choose files, and no folders: the samples get names of their own in one folder.
    let copies: Vec<String> = (0..samples().len()).map(|number| format!("{number:03}.pcap")).collect();
    for (sample, copy) in samples().iter().zip(&copies) {
        fs::copy(sample, folder.path().join(copy)).expect("a sample can be copied");
    }
    browser.open(&page);
    let chosen: Vec<PathBuf> = copies.iter().map(|copy| folder.path().join(copy)).collect();
    browser.choose("#chosen-files", &chosen);
    browser.wait_for("document.documentElement.dataset.reports === '1'");
    assert_eq!(browser.eval("document.getElementById('problem').innerText"), "");
    browser.wait_for("document.documentElement.dataset.ready === 'true'");
    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=jsonl]", "findings.jsonl");
    let mut command = Command::new(&programs().syncookie);
    command.current_dir(folder.path()).args(["analyze", "--quiet", "--format", "jsonl"]).args(&copies);
    let expected = run(&mut command).stdout;
    assert!(expected.lines().count() > 1000);
    assert!(String::from_utf8_lossy(&found) == expected, "the page finds something else");
    assert_eq!(browser.eval("performance.getEntriesByType('resource').length"), 0, "the page asks nobody");
}

/// What an expression gives in the report that the page shows; `inside` is its document.
fn in_report(browser: &mut Browser, expression: &str) -> serde_json::Value {
    browser.eval(&format!("((inside) => {expression})(document.getElementById('report').contentDocument)"))
}

#[test]
fn somebody_sees_the_cause_of_a_trace_explains_it_and_saves_it_for_wireshark() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    for (width, scheme) in [400, 800, 1280].into_iter().flat_map(|width| [(width, "light"), (width, "dark")]) {
        browser.look(width, 900, scheme);
        browser.open(&page);
        browser.picture(&format!("page-start-{width}-{scheme}"));
        browser.drop_files(&[sample("user-trace")], (150, 200));
        wait_for_report(&mut browser, 1);
        let headline = in_report(&mut browser, "inside.getElementById('answer').innerText");
        assert_eq!(headline, "All 3 handshakes failed; most likely cause: proxy-leaked-ack.");
        let overflow = browser.eval("document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_i64() <= Some(0), "{overflow} pixels are beside the window of {width}");
        browser.picture(&format!("page-{width}-{scheme}"));
    }

    // The report works as if it were alone: rows open, and links lead to its sections.
    in_report(&mut browser, "inside.querySelector('#rows tbody .unfold').click()");
    in_report(&mut browser, "inside.querySelector('.handshakes .unfold').click()");
    let detail = in_report(&mut browser, "inside.querySelector('.handshakes tr.detail').innerText");
    assert!(detail.as_str().is_some_and(|detail| detail.contains("1. proxy-leaked-ack")), "{detail}");
    in_report(&mut browser, "inside.querySelector('nav a[href=\"#findings\"]').click()");
    assert_eq!(in_report(&mut browser, "inside.activeElement.id"), "findings");

    browser.click("[data-panel=explain]");
    browser.click("#explain-form button");
    browser.wait_for("!document.getElementById('story').hidden");
    assert_eq!(browser.eval("document.getElementById('story').textContent"), program(&["explain", "user-trace"]));
    browser.picture("page-explain");

    browser.click("[data-panel=files]");
    browser.picture("page-files");
    browser.click("[data-panel=downloads]");
    browser.picture("page-downloads");
    let annotated = browser.download("#annotate button", folder.path(), "annotated.pcapng");
    let expected = folder.path().join("expected.pcapng");
    program(&["annotate", "user-trace", "--only-findings", "-o", &expected.display().to_string()]);
    let expected = fs::read(expected).expect("the program has written it");
    assert!(annotated == expected, "{} bytes instead of {}", annotated.len(), expected.len());
    assert_quiet(&mut browser);
}

#[test]
fn a_folder_that_is_chosen_has_the_files_that_the_browser_leaves_out_of_a_dropped_one() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    let captures = folder.path().join("captures");
    fs::create_dir(&captures).expect("a folder can be made");
    for name in ["at 12:30.pcap", "other.pcap"] {
        fs::copy(trace(), captures.join(name)).expect("a sample can be copied");
    }
    browser.open(&page);
    assert!(browser.text("#drop").contains("leaves out files of a dropped folder"));
    browser.choose("#chosen-folder", &[captures]);
    wait_for_report(&mut browser, 1);
    browser.click("[data-panel=files]");
    assert_eq!(browser.text("#list"), "captures/at 12:30.pcap (912 bytes)\ncaptures/other.pcap (912 bytes)");
    assert_quiet(&mut browser);
}

#[test]
fn texts_of_a_kernel_are_found_among_the_files_and_used_until_somebody_refuses() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    let text = package().join("kernel/6.1/nstat-az.txt");
    browser.choose("#chosen-files", &[trace(), text]);
    wait_for_report(&mut browser, 1);
    let caveats = "inside.getElementById('caveats').innerText.includes('nstat-az.txt is applied to every server')";
    assert_eq!(in_report(&mut browser, caveats), true);
    browser.click("[data-panel=files]");
    assert!(browser.text("#list").starts_with("nstat-az.txt: texts of a kernel"));
    browser.eval(
        "(() => { const s = document.querySelector('#list select'); s.value = 'none'; s.dispatchEvent(new Event('change')); })()",
    );
    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=jsonl]", folder.path(), "findings.jsonl");
    assert!(String::from_utf8_lossy(&found).contains("nstat-az.txt"), "a download has the options of the report");
    browser.click("[data-panel=files]");
    browser.click("#options button[type=submit]");
    wait_for_report(&mut browser, 2);
    assert_eq!(in_report(&mut browser, caveats), false);
    assert_quiet(&mut browser);
}

/// Presses Tab, with Shift or without, until an expression is true.
fn tab_to(browser: &mut Browser, expression: &str, modifiers: u8) {
    for _ in 0..60 {
        browser.press("Tab", modifiers);
        if browser.eval(expression) == true {
            return;
        }
    }
    panic!("Tab does not lead to {expression}");
}

#[test]
fn everything_can_be_reached_and_used_with_the_keyboard() {
    const SHIFT: u8 = 8;
    const CTRL: u8 = 2;
    let Some((_folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    tab_to(&mut browser, "document.activeElement.id === 'choose'", 0);
    tab_to(&mut browser, "document.activeElement.id === 'choose-folder'", 0);
    browser.choose("#chosen-files", &[trace()]);
    wait_for_report(&mut browser, 1);

    // The report has the focus: a row opens.
    let inside = "document.getElementById('report').contentDocument";
    tab_to(&mut browser, &format!("{inside}.activeElement.matches('#rows tbody .unfold')"), 0);
    browser.press("Enter", 0);
    assert_eq!(in_report(&mut browser, "inside.activeElement.getAttribute('aria-expanded')"), "true");
    let printed = "{ document.getElementById('report').contentWindow.print = () => (globalThis.printed = true); }";
    browser.eval(printed);
    browser.press("p", CTRL);
    assert_eq!(browser.eval("globalThis.printed"), true, "the whole report is printed");

    // The panels are before it.
    tab_to(&mut browser, "document.activeElement.dataset.panel === 'explain'", SHIFT);
    browser.press("Enter", 0);
    tab_to(&mut browser, "document.activeElement.matches('#explain-form button')", 0);
    browser.press("Enter", 0);
    browser.wait_for("document.documentElement.dataset.ready === 'true' && !document.getElementById('story').hidden");
    assert_eq!(browser.eval("document.activeElement.matches('#explain-form button')"), true, "the focus is lost");
    tab_to(&mut browser, "document.activeElement.id === 'story'", 0);
    tab_to(&mut browser, "document.activeElement.dataset.panel === 'downloads'", SHIFT);
    browser.press("Enter", 0);
    for format in ["html", "json", "jsonl", "csv"] {
        browser.press("Tab", 0);
        assert_eq!(browser.eval("document.activeElement.dataset.format"), format);
    }
    assert_quiet(&mut browser);
}

#[test]
fn the_page_has_the_colours_of_its_report() {
    let Some((_folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    browser.choose("#chosen-files", &[trace()]);
    wait_for_report(&mut browser, 1);
    let bar = "getComputedStyle(document.getElementById('top')).backgroundColor";
    let light = browser.eval(bar);
    in_report(&mut browser, "inside.getElementById('theme').click()");
    browser.wait_for("document.documentElement.dataset.theme === 'dark'");
    assert_ne!(browser.eval(bar), light);
    assert_eq!(
        in_report(&mut browser, "getComputedStyle(inside.querySelector('header')).backgroundColor"),
        browser.eval(bar)
    );
}

/// A capture of a gigabyte that takes no room on the disk.
fn large_capture(folder: &Path) -> PathBuf {
    let large = folder.join("large.pcap");
    let header = fs::read(trace()).expect("the sample is there");
    fs::write(&large, header).expect("a file can be written");
    let file = fs::OpenOptions::new().write(true).open(&large).expect("it was just written");
    file.set_len(1 << 30).expect("the file system has sparse files");
    large
}

#[test]
fn a_long_run_shows_its_progress_and_can_be_cancelled() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    let disk = folder.path().join("disk.img");
    let image = fs::File::create(&disk).and_then(|image| image.set_len(10 << 30));
    image.expect("the file system has sparse files");
    browser.choose("#chosen-files", &[large_capture(folder.path()), disk]);
    browser.wait_for("document.getElementById('status').innerText.endsWith(' left')");
    let said = browser.text("#status");
    assert!(said.contains(" of 1.1 GB, "), "the file that is no capture is not read: {said}");
    browser.drop_files(&[trace()], (400, 300));
    browser.wait_for(
        "document.getElementById('problem').innerText.startsWith('Files can be added when this run has ended')",
    );
    cancel(&mut browser);
    assert_eq!(browser.eval("document.getElementById('report').hidden"), true);
    assert!(browser.text("#start").contains("Drop captures"), "the next capture can be dropped");
    browser.drop_files(&[trace()], (400, 300));
    wait_for_report(&mut browser, 1);
    browser.click("[data-panel=files]");
    assert_eq!(browser.text("#list"), "client.pcap (912 bytes)", "the run that was cancelled left nothing");
    assert_quiet(&mut browser);
}

fn cancel(browser: &mut Browser) {
    browser.click("#cancel");
    browser.wait_for("document.documentElement.dataset.ready === 'true'");
}

/// The capture of the user's trace at the client.
fn trace() -> PathBuf {
    sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")
}

#[test]
fn a_cancelled_run_changes_neither_the_report_nor_what_is_asked_about_it() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    browser.choose("#chosen-files", &[trace()]);
    wait_for_report(&mut browser, 1);
    browser.click("[data-panel=files]");
    browser.eval("document.getElementById('add').focus()");
    browser.choose("#chosen-files", &[large_capture(folder.path())]);
    browser.wait_for("document.getElementById('status').innerText.endsWith(' left')");
    cancel(&mut browser);
    assert_eq!(browser.eval("document.activeElement.id"), "add", "the focus is lost");
    browser.click("[data-panel=explain]");
    browser.click("#explain-form button");
    browser.wait_for("!document.getElementById('story').hidden");
    assert!(browser.text("#story").contains("proxy-leaked-ack"));
    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=jsonl]", folder.path(), "findings.jsonl");
    assert!(!String::from_utf8_lossy(&found).contains("large.pcap"), "the cancelled capture is read");
    assert_quiet(&mut browser);
}

#[test]
fn texts_of_a_kernel_that_are_dropped_first_wait_for_the_captures() {
    let Some((_folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    browser.drop_files(&[package().join("kernel/6.1/nstat-az.txt")], (400, 300));
    browser.wait_for("!document.getElementById('problem').hidden");
    let problem = "nstat-az.txt: texts of a kernel. Add the captures of its machine.";
    assert_eq!(browser.text("#problem"), problem);
    browser.eval("document.getElementById('problem').textContent = ''");
    browser.drop_files(&[package().with_file_name("LICENSE")], (400, 300));
    browser.wait_for(&format!("document.getElementById('problem').innerText === {problem:?}"));
    browser.drop_files(&[trace()], (400, 300));
    wait_for_report(&mut browser, 1);
    let caveats = "inside.getElementById('caveats').innerText.includes('nstat-az.txt is applied to every server')";
    assert_eq!(in_report(&mut browser, caveats), true);
    browser.click("[data-panel=files]");
    assert!(!browser.text("#list").contains("LICENSE"), "what was refused is forgotten");
    assert_quiet(&mut browser);
}

#[test]
fn a_capture_that_is_shortened_while_the_page_reads_it_is_reported() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    let capture = large_capture(folder.path());
    browser.choose("#chosen-files", std::slice::from_ref(&capture));
    browser.wait_for("document.getElementById('status').innerText.endsWith(' left')");
    let file = fs::OpenOptions::new().write(true).open(&capture).expect("it is there");
    file.set_len(1000).expect("a file can be shortened");
    wait_for_report(&mut browser, 1);
    let report = in_report(&mut browser, "inside.body.innerText");
    let reason =
        report.as_str().and_then(|report| report.lines().find(|line| line.starts_with("large.pcap could not be")));
    assert!(reason.is_some_and(|reason| reason.contains("I/O error")), "{report}");
}

/// Makes the page measure each click, in milliseconds from when it came to when a frame that followed it was shown.
const MEASURE_CLICKS: &str = "
    globalThis.answers = [];
    addEventListener('click', ({ timeStamp }) =>
        requestAnimationFrame(() => setTimeout(() => answers.push(performance.now() - timeStamp))), true)";

/// The longest time to answer a click, in milliseconds. The goal is 100, and the page needs less than 50 on a busy machine. A
/// page that does not answer while it reads takes as long as reading does.
const LONGEST_ANSWER: f64 = 1500.0;

#[test]
fn clicks_are_answered_while_the_page_reads() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    browser.open(&page);
    browser.eval(MEASURE_CLICKS);
    browser.choose("#chosen-files", &[large_capture(folder.path())]);
    browser.wait_for("document.getElementById('status').innerText.endsWith(' left')");
    let mut clicks = 0;
    while clicks < 50 && browser.eval("document.getElementById('bar').value < 0.8") == true {
        browser.click("#status");
        clicks += 1;
        browser.wait_for(&format!("answers.length === {clicks}"));
    }
    assert!(clicks >= 5, "the page had read the capture after {clicks} clicks");
    browser.click("#cancel");
    browser.wait_for(&format!("answers.length === {clicks} + 1"));
    assert_eq!(browser.eval("document.getElementById('progress').hidden"), true, "the run is cancelled");
    let longest = browser.eval("Math.max(...answers)").as_f64().expect("it is a number");
    let median = browser.eval("answers.sort((a, b) => a - b)[answers.length >> 1]").as_f64().expect("it is a number");
    eprintln!("{clicks} clicks: answered within {longest:.0} ms, half of them within {median:.0} ms");
    assert!(longest < LONGEST_ANSWER, "a click was answered after {longest:.0} ms");
    assert_quiet(&mut browser);
}

#[test]
fn large_captures_are_read_completely_also_where_the_program_cannot_wait_for_a_stream() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    let text = fs::read_to_string(&page).expect("the page is there");
    let condition = "\"Suspending\" in WebAssembly";
    assert_eq!(text.matches(condition).count(), 1);
    let older = folder.path().join("older.html");
    fs::write(&older, text.replace(condition, "false")).expect("a file can be written");

    let capture = folder.path().join("capture.pcap");
    let mut traffic = Command::new(env!("CARGO_BIN_EXE_make-traffic"));
    let made = traffic.args(["full", "pcap", "40000"]).arg(&capture).status().expect("the program is there");
    assert!(made.success());
    let args = ["analyze", "--quiet", "--format", "jsonl", "capture.pcap"];
    let expected = run(Command::new(&programs().syncookie).current_dir(folder.path()).args(args)).stdout;
    assert!(expected.lines().count() > 1000);
    for page in [page, older] {
        browser.open(&page);
        browser.choose("#chosen-files", std::slice::from_ref(&capture));
        wait_for_report(&mut browser, 1);
        browser.click("[data-panel=downloads]");
        let found = browser.download("[data-format=jsonl]", folder.path(), "findings.jsonl");
        fs::remove_file(folder.path().join("findings.jsonl")).expect("it was just saved");
        assert!(String::from_utf8_lossy(&found) == expected, "{} finds something else", page.display());
    }
    assert_quiet(&mut browser);
}

/// Writes the captures of the fuzz corpus into a folder.
fn write_corpus(folder: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With the features of the programs under test, so that nothing is compiled twice.
    cargo.args(["run", "--quiet", "-p", "syncookie-properties", "--features", "parquet"]);
    cargo.args(["--bin", "corpus-captures", "--"]).arg(folder).current_dir(package());
    assert!(cargo.status().expect("cargo can be started").success());
}

#[test]
fn what_the_fuzzer_found_gives_the_findings_of_the_program_or_a_message() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).expect("a folder can be made");
    write_corpus(&corpus);
    browser.open(&page);
    browser.drop_files(std::slice::from_ref(&corpus), (400, 300));
    wait_for_report(&mut browser, 1);
    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=jsonl]", folder.path(), "findings.jsonl");
    let mut command = Command::new(&programs().syncookie);
    let expected = run(command.current_dir(folder.path()).args(["analyze", "--quiet", "--format", "jsonl", "corpus"]));
    assert!(String::from_utf8_lossy(&found) == expected.stdout, "the page finds something else");

    let captures = files_below(&corpus, &["pcap"]);
    assert!(captures.len() > 500);
    let (mut reports, mut messages) = (0, 0);
    for capture in captures.iter().step_by(30) {
        browser.open(&page);
        browser.choose("#chosen-files", std::slice::from_ref(capture));
        browser
            .wait_for("document.documentElement.dataset.reports === '1' || !document.getElementById('problem').hidden");
        let problem = browser.text("#problem");
        assert!(!problem.contains("panicked") && !problem.contains("Error:"), "{}: {problem}", capture.display());
        *if problem.is_empty() { &mut reports } else { &mut messages } += 1;
    }
    assert!(reports > 5 && messages > 0, "{reports} reports and {messages} messages");
    assert_quiet(&mut browser);
}

#[test]
fn damaged_and_foreign_files_give_the_findings_of_the_program_or_a_message() {
    let Some((folder, page, mut browser)) = page_and_browser() else { return };
    let damaged = folder.path().join("damaged");
    fs::create_dir(&damaged).expect("a folder can be made");
    let mut random = XorShift::new(24);
    for (number, capture) in samples().iter().enumerate() {
        let mut bytes = fs::read(capture).expect("the samples are there");
        flip(&mut bytes, &mut random);
        bytes.truncate(bytes.len().saturating_sub(number % 50));
        fs::write(damaged.join(format!("{number:03}.pcap")), bytes).expect("a file can be written");
    }
    browser.open(&page);
    browser.drop_files(std::slice::from_ref(&damaged), (400, 300));
    wait_for_report(&mut browser, 1);
    browser.click("[data-panel=downloads]");
    let found = browser.download("[data-format=csv]", folder.path(), "findings.csv");
    let mut command = Command::new(&programs().syncookie);
    let expected = run(command.current_dir(folder.path()).args(["analyze", "--quiet", "--format", "csv", "damaged"]));
    assert!(String::from_utf8_lossy(&found) == expected.stdout, "the page finds something else");

    let license = package().with_file_name("LICENSE");
    browser.open(&page);
    browser.choose("#chosen-files", &[license]);
    browser.wait_for("!document.getElementById('problem').hidden");
    let problem = browser.text("#problem");
    assert!(problem.contains("LICENSE"), "{problem}");
    assert_quiet(&mut browser);
}
