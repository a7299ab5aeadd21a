//! What the documents show and name: commands print it, the program takes it, files are there.

use std::fs;
use std::path::{Path, PathBuf};

use syncookie_tests::{assert_none, document, files_below, named, package};
use tempfile::TempDir;

fn at_root(name: &str) -> PathBuf {
    package().join("..").join(name)
}

/// Every document that somebody may read who uses or changes the programs.
fn documents() -> Vec<PathBuf> {
    let folders = ["docs", "lab", "tests"].map(|folder| files_below(&at_root(folder), &["md"]));
    let at_root = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(at_root);
    at_root.into_iter().chain(folders.into_iter().flatten()).collect()
}

/// A document with that text.
fn wrong(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let document = folder.path().join("wrong.md");
    fs::write(&document, text).expect("the folder is ours");
    (folder, document)
}

#[test]
fn the_documented_answer_is_what_the_program_prints() {
    assert_none(&document::differences(&at_root("docs/the-question.md")));
}

#[test]
fn the_readme_shows_what_the_program_and_tshark_print() {
    assert_none(&document::differences(&at_root("README.md")));
}

#[test]
fn the_program_takes_every_command_that_the_documents_show() {
    let mut documents = files_below(&at_root("docs"), &["md"]);
    documents.push(at_root("README.md"));
    let refused: Vec<String> = documents.iter().flat_map(|path| document::refused(path)).collect();
    assert_none(&refused);
}

#[test]
fn a_shown_command_that_the_program_does_not_take_is_noticed() {
    let text = "```sh\ncargo build -p syncookie\nsudo target/release/syncookie plugin install a.so # for all\n```\n";
    let (_folder, document) = wrong(text);
    let refused = document::refused(&document);
    assert!(refused.len() == 1 && refused[0].contains("unexpected argument 'a.so'"), "{refused:?}");
}

#[test]
fn files_and_headings_that_the_documents_name_are_there() {
    let missing: Vec<String> = documents().iter().flat_map(|path| named::missing(path)).collect();
    assert_none(&missing);
}

#[test]
fn modules_that_the_architecture_names_are_there() {
    assert_none(&named::missing_modules(&at_root("ARCHITECTURE.md")));
}

#[test]
fn a_file_a_heading_and_a_module_that_are_not_there_are_noticed() {
    let text = "# A heading: of `two`\n[one](#a-heading-of-two) [two](#another) [three](gone.md) [four](https://example.org/)\n\
                `tests/src/lib.rs` `tests/src/gone.rs` `script/lint --all` `tests/src/l*.rs` `tests/src/g*ne.rs` `src/gone.rs`\n\
                *gone* *connection/tracker*\n";
    let (_folder, document) = wrong(text);
    let named: Vec<String> = ["#another", "gone.md", "tests/src/gone.rs", "tests/src/g*ne.rs", "src/gone.rs"]
        .map(|name| format!("{} names {name}", document.display()))
        .to_vec();
    assert_eq!(named::missing(&document), named);
    assert_eq!(named::missing_modules(Path::new(&document)), ["gone"]);
}
