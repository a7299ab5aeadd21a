//! `--help`, manual pages and completions: every option is described and has an example, and every example works.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use syncookie_tests::analyze::{Analyzed, run};
use syncookie_tests::programs::programs;
use syncookie_tests::{assert_none, package, sample};

/// The commands whose examples are run here. Those of `kernel` look at the machine they run on, and are tried in its own
/// tests.
const COMMANDS: [&str; 7] = ["analyze", "annotate", "explain", "observe", "judge", "manual", "completions"];

fn syncookie(arguments: &[&str]) -> Analyzed {
    run(Command::new(&programs().syncookie).args(arguments).stdin(Stdio::null()))
}

fn help(command: &str) -> String {
    let help = syncookie(&[command, "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    help.stdout
}

/// The long options of a command, from its help: `format` of `-f, --format <FORMAT>`.
fn options(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = lines.filter_map(|line| line.split_whitespace().take(2).find_map(|word| word.strip_prefix("--")));
    names.filter(|name| !["help", "version"].contains(name)).map(str::to_owned).collect()
}

#[test]
fn texts_with_a_layout_of_their_own_fit_80_columns() {
    for command in COMMANDS.iter().chain(&["kernel"]) {
        let help = run(Command::new(&programs().syncookie).args([command, "--help"]).env("COLUMNS", "200")).stdout;
        let own = help.lines().skip_while(|line| *line != "Examples:");
        // A command is one line, to be copied.
        let is_wide = |line: &&str| line.chars().count() > 80 && !line.contains("syncookie ");
        assert_none(&own.filter(is_wide).map(str::to_owned).collect::<Vec<_>>());
    }
}

/// The command lines of the examples in a help text.
fn examples(help: &str) -> Vec<String> {
    let Some((_, examples)) = help.split_once("Examples:\n") else { return Vec::new() };
    let block = examples.split("\n\n").next().unwrap_or_default();
    let is_command = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    block.lines().filter(is_command).map(|line| line.trim().to_owned()).collect()
}

/// A folder with everything that the examples speak of.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("captures")).expect("the folder is ours");
    let trace = sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap");
    for (from, to) in [
        (trace.clone(), "trace.pcap"),
        (trace.clone(), "big.pcap"),
        (trace, "captures/trace.pcap"),
        (sample("linux-6.18/episode_ts/client.pcap"), "captures/episode.pcap"),
        (package().join("kernel/user/netstat-s.txt"), "netstat-s.txt"),
        (package().join("kernel/user/sysctl.txt"), "sysctl.txt"),
    ] {
        fs::copy(&from, at(to)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
    let mut yesterday = Command::new(&programs().syncookie);
    let yesterday = yesterday
        .args(["analyze", "trace.pcap", "--format", "json", "-o", "yesterday.json"])
        .current_dir(folder.path());
    assert_eq!(run(yesterday).code, Some(0));
    for snapshot in ["before.txt", "after.txt"] {
        let mut command = Command::new(&programs().syncookie);
        assert_eq!(run(command.args(["kernel", "snapshot", "-o", snapshot]).current_dir(folder.path())).code, Some(0));
    }
    folder
}

/// The programs of a pipe, other than the one under test, that are not installed.
fn missing(example: &str) -> Vec<&str> {
    let programs = example.split('|').filter_map(|part| part.split_whitespace().next());
    let is_there = |program: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).exists())
    };
    programs.filter(|program| *program != "syncookie" && !is_there(program)).collect()
}

/// Runs an example in bash; what is wrong with it.
fn try_out(example: &str, folder: &Path) -> Option<String> {
    let mut path = vec![programs().syncookie.parent().expect("a file lies in a folder").to_path_buf()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path).expect("no folder has a colon in its name");
    let until = if example.contains("--follow") { "timeout 5" } else { "" };
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("set -o pipefail; {until} {example}")]).env("PATH", path).current_dir(folder);
    let ran = run(bash.stdin(Stdio::null()));
    // What goes on until somebody ends it is ended: 124 says that it had to be.
    let expected: &[i32] = match example {
        example if example.contains("--follow") => &[124],
        example if example.contains("--fail-on") => &[0, 3],
        _ => &[0],
    };
    let is_well = ran.code.is_some_and(|code| expected.contains(&code));
    (!is_well).then(|| format!("{example}\n  ended with {:?}: {}", ran.code, ran.stderr))
}

#[test]
fn every_example_works_and_every_option_has_one() {
    let folder = scratch();
    let mut complaints = Vec::new();
    let of_analyze = options(&help("analyze"));
    for command in COMMANDS {
        let help = help(command);
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{command} has no example");
        // The options of a report have their examples where they are described first.
        let is_shown = |option: &String| command == "judge" && of_analyze.contains(option);
        for option in options(&help).into_iter().filter(|option| !is_shown(option)) {
            let short = help.lines().find_map(|line| {
                let (short, rest) = line.trim_start().split_once(", --")?;
                rest.starts_with(&option).then(|| short.to_owned())
            });
            let shows = |example: &String| {
                example.split_whitespace().any(|word| word == format!("--{option}") || Some(word) == short.as_deref())
            };
            if !examples.iter().any(shows) {
                complaints.push(format!("{command} --{option} is in no example"));
            }
        }
        for example in examples {
            match &missing(&example)[..] {
                [] => complaints.extend(try_out(&example, folder.path())),
                absent => eprintln!("SKIPPED: {example}: {absent:?} not installed"),
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_options_of_help_are_found() {
    let found = options(&help("analyze"));
    for option in ["format", "output", "fail-on", "baseline", "quiet", "verbose"] {
        assert!(found.iter().any(|name| name == option), "{option} is not in {found:?}");
    }
    assert!(options(&help("annotate")).contains(&"only-findings".to_owned()));
}

#[test]
fn every_command_has_a_page_that_man_takes() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let pages = folder.path().join("man1");
    let wrote = syncookie(&["manual", "--output", pages.to_str().expect("UTF-8")]);
    assert_eq!((wrote.code, wrote.stderr.as_str()), (Some(0), ""));
    let commands = syncookie(&["--help"]).stdout;
    for command in COMMANDS.iter().chain(&["kernel"]) {
        assert!(commands.contains(&format!("\n  {command} ")), "{command} is not in:\n{commands}");
        let page = fs::read_to_string(pages.join(format!("syncookie-{command}.1"))).expect("it was written");
        assert_eq!(page, syncookie(&["manual", command]).stdout);
        for option in options(&help(command)) {
            assert!(page.contains(&format!("\\-\\-{}", option.replace('-', "\\-"))), "{command} --{option}:\n{page}");
        }
    }
    assert!(pages.join("syncookie.1").exists());
    if !missing("groff").is_empty() {
        eprintln!("SKIPPED: groff is not installed, the pages were not formatted");
        return;
    }
    for page in fs::read_dir(&pages).expect("it was made").flatten() {
        let formatted = run(Command::new("groff").args(["-man", "-Tutf8", "-ww"]).arg(page.path()));
        assert_eq!((formatted.code, formatted.stderr.as_str()), (Some(0), ""), "{:?}", page.path());
        assert!(formatted.stdout.len() > 500, "{}", formatted.stdout);
    }
}

#[test]
fn a_page_of_no_command_is_exit_code_1() {
    let wrong = syncookie(&["manual", "analyse"]);
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.stderr.contains("there is no command analyse") && wrong.stderr.contains("annotate"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn bash_completes_with_what_is_written_for_it() {
    let script = syncookie(&["completions", "bash"]).stdout;
    let ask = "COMP_WORDS=(syncookie annotate --an); COMP_CWORD=2; _syncookie syncookie --an annotate; \
               printf '%s\\n' \"${COMPREPLY[@]}\"";
    let completed = run(Command::new("bash").args(["-c", &format!("{script}\n{ask}")]));
    assert_eq!((completed.stdout.trim(), completed.code), ("--anonymize", Some(0)), "{}", completed.stderr);
    let ask = "COMP_WORDS=(syncookie analyze --filter cause=path); COMP_CWORD=3; \
               _syncookie syncookie cause=path --filter; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let completed = run(Command::new("bash").args(["-c", &format!("{script}\n{ask}")]));
    assert_eq!((completed.stdout.trim(), completed.code), ("cause=path-mtu", Some(0)), "{}", completed.stderr);
    for (words, current, previous, completed) in [
        ("analyze --format = h", "h", "=", "html"),
        ("analyze --filter cause = path", "path", "=", "path-mtu"),
        ("analyze --filter = verdict = syn-c", "syn-c", "=", "syn-cookie"),
        ("/ --fai", "--fai", "/", "--fail-on"),
    ] {
        let last = words.split(' ').count();
        let ask = format!(
            "COMP_WORDS=(syncookie {words}); COMP_CWORD={last}; _syncookie_words syncookie {current} {previous}; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let ran = run(Command::new("bash").args(["-c", &format!("{script}\n{ask}")]));
        assert_eq!((ran.stdout.trim(), ran.code), (completed, Some(0)), "{words}: {}", ran.stderr);
    }
    assert!(script.contains("complete -F _syncookie_words "), "{script}");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = syncookie(&["completions", shell]);
        assert!(script.code == Some(0) && script.stdout.contains("only-findings"), "{shell}");
    }
}
