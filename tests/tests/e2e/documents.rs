//! What the documents show and name: commands print it, the program takes it, files are there.

use std::fs;
use std::path::{Path, PathBuf};

use syncookie_tests::{assert_none, contract, document, files_below, named, package};
use tempfile::TempDir;

/// Most lines of a page about a cause.
const PAGE: usize = 70;

fn at_root(name: &str) -> PathBuf {
    package().join("..").join(name)
}

/// Returns the documents for users and contributors.
fn documents() -> Vec<PathBuf> {
    let folders = ["docs", "lab", "tests"].map(|folder| files_below(&at_root(folder), &["md"]));
    let at_root = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(at_root);
    at_root.into_iter().chain(folders.into_iter().flatten()).collect()
}

/// The page of `docs/patterns` about a cause.
fn page(cause: &str) -> PathBuf {
    at_root("docs/patterns").join(cause).with_extension("md")
}

/// Returns the pages of `docs/patterns`, without their list.
fn pages() -> Vec<PathBuf> {
    files_below(&at_root("docs/patterns"), &["md"]).into_iter().filter(|path| !path.ends_with("README.md")).collect()
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
fn every_cause_has_a_page() {
    let missing: Vec<String> = contract::causes().into_iter().filter(|cause| !page(cause).is_file()).collect();
    assert_none(&missing);
}

#[test]
fn every_page_of_a_cause_shows_what_the_program_and_tshark_print() {
    let causes = contract::causes();
    let differences = causes.iter().map(|cause| page(cause)).filter(|page| page.is_file());
    assert_none(&differences.flat_map(|page| document::differences(&page)).collect::<Vec<_>>());
}

#[test]
fn every_page_of_a_cause_is_linked_from_the_list() {
    let list = fs::read_to_string(at_root("docs/patterns/README.md")).expect("the list can be read");
    let name = |page: &Path| page.file_name().expect("a page has a name").to_string_lossy().into_owned();
    let names = pages().iter().map(|page| name(page)).collect::<Vec<_>>();
    assert_none(&names.into_iter().filter(|name| !list.contains(&format!("]({name})"))).collect::<Vec<String>>());
}

#[test]
fn every_page_of_a_cause_is_short() {
    let lines = |page: &Path| fs::read_to_string(page).expect("a page can be read").lines().count();
    let pages = pages();
    let long = pages.iter().filter(|page| lines(page) > PAGE).map(|page| format!("{}", page.display()));
    assert_none(&long.collect::<Vec<String>>());
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
