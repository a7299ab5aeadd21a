//! `docs/evidence.md` describes every word of the engine's vocabulary and every weight, as they are in the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syncookie_engine::{CauseKind, Confidence, EvidenceKind, Implementation, Outcome, Verdict};

const EVIDENCE: &str = include_str!("../../docs/evidence.md");

/// Folders of the engine whose every constant the document quotes.
const QUOTED_FOLDERS: &[&str] = &["evidence", "listener"];

/// Further files of the engine whose every constant the document quotes.
const QUOTED_FILES: &[&str] = &[
    "cause/hypothesis.rs",
    "cause/nearby.rs",
    "cause/reset_context.rs",
    "cause/stall.rs",
    "connection/cookie_mss.rs",
    "verdict/episodes.rs",
    "verdict/hmm.rs",
    "verdict/mod.rs",
    "verdict/outcome.rs",
];

fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The constants of a file by name, with their values as written. Those of tests are indented, and
/// left out.
fn constants(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let item = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|v| line.strip_prefix(v)).unwrap_or(line);
        let Some(mut item) = item.strip_prefix("const ").map(str::to_owned) else { continue };
        // Constants without a name are checked by the compiler.
        if item.starts_with("fn ") || item.starts_with("_:") {
            continue;
        }
        while !item.ends_with(';') {
            item = format!("{item} {}", lines.next().expect("a constant ends with a semicolon").trim());
        }
        let (name, value) = item.split_once(':').expect("a constant has a type");
        let value = value.split_once(" = ").expect("a constant has a value").1.trim_end_matches(';');
        found.insert(name.to_owned(), value.to_owned());
    }
    found
}

/// Returns the texts between back-quotes.
fn quotes(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// A section: the files of the engine it names, and the constants it quotes.
struct Section<'a> {
    files: Vec<&'a str>,
    constants: Vec<(&'a str, &'a str)>,
}

fn sections() -> Vec<Section<'static>> {
    let is_constant = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
    };
    let section = |text: &'static str| Section {
        files: quotes(text).filter_map(|q| q.strip_prefix("engine/src/")).collect(),
        constants: quotes(text).filter_map(|q| q.split_once(" = ").filter(|(name, _)| is_constant(name))).collect(),
    };
    EVIDENCE.split("\n## ").flat_map(|part| part.split("\n### ")).map(section).collect()
}

#[test]
fn every_word_of_the_engine_is_explained() {
    let words = Verdict::ALL.iter().map(|w| w.as_str());
    let words = words.chain(Confidence::ALL.iter().map(|w| w.as_str())).chain(Outcome::ALL.iter().map(|w| w.as_str()));
    let words = words.chain(EvidenceKind::ALL.iter().map(|w| w.as_str()));
    let words = words.chain(Implementation::ALL.iter().map(|w| w.as_str()));
    let words = words.chain(CauseKind::ALL.iter().map(|w| w.as_str()));
    // A row of a table begins with it, or, for a signal, the number of the signal comes first.
    let rows: Vec<&str> = EVIDENCE.lines().filter(|l| l.starts_with('|')).collect();
    let explained = |word: &str| {
        let quoted = format!("`{word}`");
        rows.iter().any(|row| row.split('|').skip(1).take(2).any(|cell| cell.trim() == quoted))
    };
    let missing: Vec<_> = words.filter(|word| !explained(word)).collect();
    assert!(missing.is_empty(), "no row in docs/evidence.md: {missing:?}");
}

#[test]
fn every_signal_has_a_section() {
    let headings: Vec<&str> = EVIDENCE.lines().filter(|l| l.starts_with("### ")).collect();
    let has = |kind: &&EvidenceKind| headings.iter().any(|h| quotes(h).any(|q| q == kind.as_str()));
    let missing: Vec<_> = EvidenceKind::ALL.iter().filter(|kind| !has(kind)).collect();
    assert!(missing.is_empty(), "no section in docs/evidence.md: {missing:?}");
}

#[test]
fn every_constant_that_is_quoted_has_that_value_in_the_source() {
    for section in sections() {
        let sources: Vec<_> = section.files.iter().map(|f| constants(&read(&engine().join(f)))).collect();
        for (name, value) in section.constants {
            let is_current = sources.iter().any(|s| s.get(name).is_some_and(|v| v == value));
            let there: Vec<_> = sources.iter().filter_map(|s| s.get(name)).collect();
            assert!(is_current, "docs/evidence.md has {name} = {value}; {:?} have {there:?}", section.files);
        }
    }
}

#[test]
fn every_constant_of_signals_and_listener_facts_is_quoted() {
    let files_in = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(engine().join(folder)).expect("the engine is next to the laboratory");
        entries.map(|e| format!("{folder}/{}", e.expect("an entry").file_name().to_string_lossy())).collect()
    };
    let files = QUOTED_FOLDERS.iter().flat_map(|folder| files_in(folder));
    let sections = sections();
    let mut missing = Vec::new();
    for file in files.chain(QUOTED_FILES.iter().map(|&f| f.to_owned())) {
        let about: Vec<_> = sections.iter().filter(|s| s.files.contains(&file.as_str())).collect();
        for (name, value) in constants(&read(&engine().join(&file))) {
            if !about.iter().any(|s| s.constants.contains(&(&name, &value))) {
                missing.push(format!("{file}: {name} = {value}"));
            }
        }
    }
    assert!(missing.is_empty(), "not quoted in a section of docs/evidence.md that names the file: {missing:#?}");
}

#[test]
fn the_caps_of_the_groups_are_current() {
    let source = read(&engine().join("evidence/signal.rs"));
    let arms = source.lines().filter_map(|l| l.trim().strip_prefix("Self::")?.split_once(" => "));
    let mut seen = 0;
    for (groups, cap) in arms {
        let cap = cap.trim_end_matches(',').trim_end_matches(".0");
        for group in groups.split(" | ").map(|g| g.trim_start_matches("Self::")) {
            let row = EVIDENCE.lines().find(|l| l.starts_with(&format!("| `{group}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for the group {group} in docs/evidence.md"));
            assert!(row.ends_with(&format!("| {cap} |")), "the cap of {group} is {cap}: {row}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "only {seen} groups were found in evidence/signal.rs");
}

#[test]
fn the_table_of_signals_has_their_current_groups() {
    let table = read(&engine().join("evidence/mod.rs"));
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').map(str::trim).collect()).collect();
    for kind in EvidenceKind::ALL.iter().filter(|&&kind| kind != EvidenceKind::ListenerContext) {
        let row = rows.iter().find(|row| row[0] == format!("{kind:?}"));
        let group = row.unwrap_or_else(|| panic!("no row for {kind:?} in evidence/mod.rs"))[1];
        let begin = format!("| `{kind}` | {group} |");
        assert!(EVIDENCE.contains(&begin), "docs/evidence.md has no row with {begin}");
    }
}
