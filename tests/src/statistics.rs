//! What *Statistics → SYN cookies* counts, as tshark prints it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::tshark::Tshark;

/// Counts by path of the rows, such as `Outcome/established`.
pub type Counts = BTreeMap<String, i64>;

/// Returns the counts of a capture; rates and bursts left out. `filter` is empty, or a comma and a
/// display filter.
///
/// # Panics
/// When tshark fails or prints another table.
#[must_use]
pub fn counts(tshark: &Tshark, capture: &Path, options: &[&str], filter: &str) -> Counts {
    let statistic = format!("syncookie,tree{filter}");
    let file = capture.to_str().expect("a temporary folder has a plain name");
    let arguments = ["-r", file].into_iter().chain(options.iter().copied()).chain(["-z", &statistic]);
    let printed = tshark.run(arguments);
    let is_silent = printed.stderr.is_empty() || printed.code != Some(0);
    assert!(printed.is_whole_file() && is_silent, "{options:?} {statistic}: {:?} {}", printed.code, printed.stderr);
    counts_in(&printed.stdout)
}

/// Returns the counts in what tshark printed.
///
/// # Panics
/// When there is no table, or another one.
#[must_use]
pub fn counts_in(printed: &str) -> Counts {
    let table = printed.split("SYN cookies:").nth(1).unwrap_or_else(|| panic!("no table in\n{printed}"));
    let mut path: Vec<String> = Vec::new();
    let mut counts = Counts::new();
    for line in table.lines().skip(3).take_while(|line| !line.trim().is_empty()) {
        let depth = line.len() - line.trim_start().len();
        // A name may contain single spaces; two of them end it.
        let (name, rest) = line.trim_start().split_once("  ").unwrap_or((line.trim_start(), ""));
        let count = rest.split_whitespace().next().and_then(|count| count.parse().ok());
        path.truncate(depth);
        path.push(name.to_owned());
        counts.insert(path.join("/"), count.unwrap_or_else(|| panic!("an odd row: {line}")));
    }
    counts
}
