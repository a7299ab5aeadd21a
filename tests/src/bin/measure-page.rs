//! Measures what the page that analyses captures costs in Chromium: `measure-page PAGE CAPTURE` prints the
//! CPU time of all processes of the browser in seconds, from when the capture is chosen to the report, the peak memory
//! of the page's process in MB, and the CPU time before.

use std::ffi::OsString;
use std::path::PathBuf;

use syncookie_tests::browser::Browser;

/// A promise of the first report.
const REPORT: &str = "new Promise((resolve) => {
    const look = () => document.documentElement.dataset.reports && resolve();
    new MutationObserver(look).observe(document.documentElement, { attributes: true });
    look();
})";

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(existing).collect();
    let [page, capture] = arguments.as_slice() else { panic!("usage: measure-page PAGE CAPTURE") };
    let Some(mut browser) = Browser::start() else { return };
    browser.open(page);
    let before = browser.cost();
    browser.choose("#chosen-files", std::slice::from_ref(capture));
    // One question that is answered at the end, because many would cost time.
    browser.eval(REPORT);
    let cost = browser.cost();
    println!("{:.2} {} {:.2}", cost.seconds - before.seconds, cost.peak / 1_000_000, before.seconds);
}

/// The browser has another folder than this program.
fn existing(argument: OsString) -> PathBuf {
    std::fs::canonicalize(&argument).unwrap_or_else(|error| panic!("{}: {error}", argument.display()))
}
