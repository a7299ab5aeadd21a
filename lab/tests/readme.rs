//! The README lists what there is.

use syncookie_lab::record::{self, causes};
use syncookie_lab::scenario;

#[test]
fn the_readme_names_every_scenario_and_every_recording() {
    let readme = include_str!("../README.md");
    let recordings = record::all().into_iter().map(|r| r.name).chain(causes::all().into_iter().map(|r| r.name));
    let names = scenario::all().iter().map(|s| s.name).chain(recordings).collect::<Vec<_>>();
    let missing: Vec<_> = names.iter().filter(|n| !readme.contains(&format!("| `{n}` |"))).collect();
    assert!(missing.is_empty(), "not in README.md: {missing:?}");
}
