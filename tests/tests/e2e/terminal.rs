//! The table on a real terminal: one that `script` makes.

use std::process::Command;

use syncookie_tests::package;
use syncookie_tests::programs::programs;

/// Returns the table as printed on a terminal with this number of columns and these environment
/// variables.
fn on_terminal(columns: u32, variables: &[(&str, &str)]) -> Option<String> {
    let capture = "captures/user-trace/synproxy_mid_misconfig_loose1/client.pcap";
    let mut command = Command::new("script");
    command.current_dir(package());
    // The shell gets the names as variables: they may have any characters in them.
    let shown = format!("stty cols {columns} rows 50; \"$PROGRAM\" analyze \"$CAPTURE\"");
    command.args(["--quiet", "--return", "--command", &shown, "/dev/null"]);
    command.env("PROGRAM", &programs().syncookie).env("CAPTURE", capture).env("TERM", "xterm").env_remove("NO_COLOR");
    command.env("SHELL", "/bin/sh").env_remove("COLUMNS").envs(variables.iter().copied());
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: no `script` here (Debian: bsdutils); nothing was tried on a terminal");
        return None;
    };
    let printed = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert!(output.status.success(), "{printed}");
    // What is written to standard error and taken away again is progress.
    Some(printed.split("\x1b[K").last().unwrap_or_default().to_owned())
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let Some(coloured) = on_terminal(100, &[]) else { return };
    assert!(coloured.contains("\x1b[1;33m"), "{coloured:?}");
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = on_terminal(100, &[unwanted]).expect("it was there a moment ago");
        assert!(!plain.contains('\x1b'), "{unwanted:?}: {plain:?}");
        let stripped: String = coloured
            .split("\x1b[")
            .map(|part| {
                part.split_once('m').map_or(part, |(code, rest)| {
                    if code.chars().all(|c| c.is_ascii_digit() || c == ';') { rest } else { part }
                })
            })
            .collect();
        assert_eq!(stripped, plain, "colour says nothing of its own");
    }
}

#[test]
fn the_table_is_as_wide_as_the_terminal_and_one_screen_high() {
    for (columns, rows) in [(80, 43), (120, 36)] {
        let Some(table) = on_terminal(columns, &[("NO_COLOR", "1")]) else { return };
        let longest = table.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest <= columns as usize && longest > columns as usize - 20, "{longest} of {columns}:\n{table}");
        assert!(table.lines().count() <= rows, "{table}");
    }
}
