//! State files of `--follow`: any file is read or rejected, and what was read is kept.

use std::ffi::OsStr;

use crate::place::Place;

/// Checks a run that ends at once with the input as its state file. It ends all later runs of this
/// process, too.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    syncookie::interrupt();
    let place = Place::new();
    let _ = place.write("state.json", bytes);
    if run(&place) != 0 {
        assert_eq!(place.read("state.json").as_deref(), Some(bytes), "a state that is rejected stays");
        return;
    }
    let state = place.read("state.json");
    assert_eq!(run(&place), 0, "a state that was written is read");
    assert_eq!(place.read("state.json"), state, "a run without captures changes nothing");
}

/// Follows an empty folder.
fn run(place: &Place) -> u8 {
    let folder = place.path("folder");
    std::fs::create_dir_all(&folder).expect("a folder can be created");
    let [state, output] = ["state.json", "output.jsonl"].map(|name| place.path(name));
    let words = ["syncookie", "analyze", "--follow", "--quiet", "--threads=1", "--format=jsonl", "--state"];
    let words = words.iter().map(OsStr::new);
    let paths = [state.as_os_str(), OsStr::new("--output"), output.as_os_str(), folder.as_os_str()];
    syncookie::run_with(words.chain(paths), false)
}
