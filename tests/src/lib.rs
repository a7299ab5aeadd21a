//! End-to-end tests: compare what the two programs print with what is known about the captures.
//!
//! This package uses the programs, their outputs and the captures, and never the engine: a mistake in the engine must not
//! be repeated here. `syncookie-testkit` reads and writes captures for it.

pub mod analyze;
pub mod browser;
pub mod case;
pub mod contract;
pub mod document;
pub mod fuzz;
pub mod generate;
pub mod labels;
pub mod mutate;
pub mod named;
pub mod programs;
pub mod release;
pub mod sharkd;
pub mod stand_in;
pub mod statistics;
pub mod tshark;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Returns this package's folder.
#[must_use]
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the path of a file below the sample captures.
#[must_use]
pub fn sample(name: &str) -> PathBuf {
    package().join("captures").join(name)
}

/// Returns every file below `folder` with one of these extensions, sorted.
#[must_use]
pub fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| endings.iter().any(|wanted| found == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns every sample capture.
#[must_use]
pub fn samples() -> Vec<PathBuf> {
    files_below(&package().join("captures"), &["pcap", "pcapng"])
}

/// Calls `work` with every item, on a thread per processor, and returns its complaints in the order
/// of the items.
pub fn complaints<T: Sync>(items: &[T], work: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = Mutex::new(0);
    let found = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().expect("no thread panics while it takes a number");
                        *next += 1;
                        *next - 1
                    };
                    let Some(item) = items.get(index) else { return };
                    let complaints = work(item);
                    found.lock().expect("no thread panics while it reports").push((index, complaints));
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no thread panics while it reports");
    found.sort();
    found.into_iter().flat_map(|(_, complaints)| complaints).collect()
}

/// Fails the calling test when there are complaints, and shows all of them.
///
/// # Panics
/// When there is a complaint.
pub fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n  {}", complaints.len(), complaints.join("\n  "));
}
