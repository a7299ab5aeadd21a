//! The README lists what there is.

use syncookie_lab::{record, scenario};

#[test]
fn the_readme_names_every_scenario_and_every_recording() {
    let readme = include_str!("../README.md");
    let names = scenario::all().iter().map(|s| s.name).chain(record::all().iter().map(|r| r.name)).collect::<Vec<_>>();
    let missing: Vec<_> = names.iter().filter(|n| !readme.contains(&format!("| `{n}` |"))).collect();
    assert!(missing.is_empty(), "not in README.md: {missing:?}");
}
