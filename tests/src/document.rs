//! Commands in documents: run and compared with the output that the document shows, or parsed by
//! the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::programs;
use crate::tshark::Tshark;

/// Environment variable: write what the commands print into the document, instead of comparing.
const BLESS: &str = "SYNCOOKIE_BLESS";

/// Runs every command of the document's `console` blocks from the repository's root, and returns
/// the differences. A block is one command, after `$ `, and its standard output. tshark runs with
/// the plugin.
///
/// # Panics
/// When the document cannot be read, or has no such block.
#[must_use]
pub fn differences(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()));
    let mut parts: Vec<String> = text.split("```console\n").map(str::to_owned).collect();
    assert!(parts.len() > 1, "{} shows no command", document.display());
    let mut complaints = Vec::new();
    for part in &mut parts[1..] {
        let (block, rest) = part.split_once("```\n").expect("a block ends");
        let (command, shown) = block.split_once('\n').expect("a command is a line");
        let command = command.strip_prefix("$ ").unwrap_or_else(|| panic!("a block begins with a command: {command}"));
        let printed = run(command).unwrap_or_else(|| shown.to_owned());
        if printed != shown {
            complaints.push(format!("$ {command}\nshown:\n{shown}\nprinted:\n{printed}"));
        }
        *part = format!("$ {command}\n{printed}```\n{rest}");
    }
    if std::env::var_os(BLESS).is_some() {
        fs::write(document, parts.join("```console\n")).expect("the document can be written");
        return Vec::new();
    }
    complaints
}

fn root() -> PathBuf {
    crate::package().join("..")
}

/// Returns what a command prints; `None` where tshark is to be skipped.
fn run(command: &str) -> Option<String> {
    match command.strip_prefix("tshark ") {
        Some(arguments) => Some(in_tshark(&Tshark::with_plugin()?, arguments)),
        None => Some(in_shell(command)),
    }
}

/// Runs tshark with copies of the named files, as its user may not be able to read the repository.
fn in_tshark(tshark: &Tshark, arguments: &str) -> String {
    let staged = |word: &str| {
        let file = root().join(word);
        if file.is_file() { tshark.stage(&file) } else { word.into() }
    };
    tshark.run(words(arguments).map(staged)).stdout
}

/// Splits the arguments of a command as a shell does. Single quotes keep spaces.
fn words(arguments: &str) -> impl Iterator<Item = &str> {
    arguments.split('\'').enumerate().flat_map(|(place, part)| {
        let is_quoted = place % 2 == 1;
        let quoted = is_quoted.then_some(part);
        let plain = if is_quoted { "" } else { part };
        quoted.into_iter().chain(plain.split_whitespace())
    })
}

/// Runs a command in a shell. A function of the shell calls the program, whose folder may
/// not fit into `PATH`.
fn in_shell(command: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", &format!("syncookie() {{ \"$SYNCOOKIE_PROGRAM\" \"$@\"; }}\n{command}")])
        .current_dir(root())
        .env("SYNCOOKIE_PROGRAM", &programs().syncookie)
        .env("COLUMNS", "100")
        .output()
        .expect("there is a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the commands in the document's `sh` blocks that the program rejects. They name files and
/// machines that are not here, so nothing is run: with `--help` at its end the program parses a
/// command, or says what is wrong with it.
///
/// # Panics
/// When the document cannot be read.
#[must_use]
pub fn refused(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()));
    let blocks = text.split("```sh\n").skip(1).filter_map(|part| part.split("```").next());
    blocks.flat_map(str::lines).filter_map(arguments).filter_map(|arguments| refusal(&arguments)).collect()
}

/// Returns the arguments of the program in a line of a shell.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let mut words = line.split_whitespace();
    let is_program = |word: &str| word == "syncookie" || word.ends_with("/syncookie");
    // `cargo build -p syncookie` names the package.
    words.find(|word| is_program(word) || *word == "cargo").filter(|word| *word != "cargo")?;
    Some(words.take_while(|word| !word.starts_with(['#', '|', '>'])).collect())
}

fn refusal(arguments: &[&str]) -> Option<String> {
    let output = Command::new(&programs().syncookie).args(arguments).arg("--help").output();
    let output = output.expect("the program can be started");
    let why = String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| format!("syncookie {}: {}", arguments.join(" "), why.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_keep_words_together() {
        let arguments = "-2 -r a.pcap -Y 'tcp.port == 80 and tcp.len > 0'";
        assert_eq!(
            words(arguments).collect::<Vec<_>>(),
            ["-2", "-r", "a.pcap", "-Y", "tcp.port == 80 and tcp.len > 0"]
        );
    }
}
