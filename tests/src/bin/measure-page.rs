//! Measures what the page that analyses captures costs in Chromium: `measure-page PAGE CAPTURE` prints the
//! CPU time of all processes of the browser in seconds, from its start to the report, and the peak memory of the
//! page's process in MB.

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
    browser.choose("#chosen-files", std::slice::from_ref(capture));
    // One question that is answered at the end, because many would cost time.
    browser.eval(REPORT);
    let cost = browser.cost();
    println!("{:.2} {}", cost.seconds, cost.peak / 1_000_000);
}

/// The browser has another folder than this program.
fn existing(argument: OsString) -> PathBuf {
    std::fs::canonicalize(&argument).unwrap_or_else(|error| panic!("{}: {error}", argument.display()))
}
