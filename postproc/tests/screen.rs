//! `analyze --follow` and `kernel --watch` on a real terminal, one that `script` makes: they redraw
//! in place.

mod following;
mod sandbox;

use std::fs;
use std::process::Command;

use following::{capture, make_quiet, put, put_late};
use sandbox::Sandbox;

/// Returns what a shell command prints on a terminal of this size; `None` without `script`.
fn on_terminal(sandbox: &Sandbox, (columns, rows): (usize, usize), command: &str, no_color: &str) -> Option<String> {
    let mut script = Command::new("script");
    let command = format!("stty cols {columns} rows {rows}; {command}");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]).current_dir(sandbox.path(""));
    script.env("PROGRAM", env!("CARGO_BIN_EXE_syncookie")).env("TERM", "xterm").env("NO_COLOR", no_color);
    script.env("SHELL", "/bin/sh").env_remove("COLUMNS");
    let Ok(output) = script.output() else {
        eprintln!("SKIPPED: no `script` here (Debian: bsdutils); nothing was tried on a terminal");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
}

/// Returns the lines of each text that was drawn, and checks that a screen holds it.
fn screens(printed: &str, (columns, rows): (usize, usize)) -> Vec<Vec<String>> {
    let lines = |drawn: &str| {
        let drawn = drawn.trim_start_matches("\x1b[2J").split("\x1b[J").next().unwrap_or_default();
        let lines: Vec<String> = drawn.lines().map(|line| line.trim_end_matches("\x1b[K").into()).collect();
        assert!(lines.len() < rows, "{} lines of {rows}: {lines:#?}", lines.len());
        for line in &lines {
            assert!(line.chars().count() <= columns, "{line:?} is longer than {columns}");
        }
        lines
    };
    printed.split("\x1b[H").skip(1).map(lines).collect()
}

/// Returns the lines that are marked as changed.
fn marked(screen: &[String]) -> Vec<&String> {
    screen.iter().filter(|line| line.starts_with("* ")).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn kernel_watch_redraws_in_place_within_the_size_of_the_terminal() {
    let sandbox = Sandbox::new("screen-kernel");
    fs::create_dir_all(sandbox.path("")).unwrap();
    for size in [(80, 24), (40, 10)] {
        let command = "\"$PROGRAM\" kernel --watch 0.2 --count 3; echo end";
        let Some(printed) = on_terminal(&sandbox, size, command, "1") else { return };
        let found = screens(&printed, size);
        assert_eq!((found.len(), printed.matches("\x1b[2J").count()), (3, 1), "{printed:?}");
        assert!(printed.ends_with("\x1b[Jend\n"), "the cursor is below the text: {printed:?}");
        for screen in &found {
            let last = screen.last().unwrap();
            assert!(last.ends_with(" more lines; enlarge the window)"), "{screen:#?}");
            assert_eq!(screen.len(), size.1 - 1);
        }
        assert!(marked(&found[0]).is_empty(), "{found:#?}");
        assert!(size.1 < 24 || !marked(&found[1]).is_empty(), "it is compared with the first: {found:#?}");
        assert!(!printed.contains("\x1b[1"), "NO_COLOR: {printed:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_cannot_be_redrawn_gets_changes_like_a_pipe() {
    let sandbox = Sandbox::new("screen-dumb");
    let command = "TERM=dumb \"$PROGRAM\" kernel --watch 0.2 --count 3";
    let Some(printed) = on_terminal(&sandbox, (80, 24), command, "") else { return };
    assert!(!printed.contains('\x1b') && !printed.is_empty(), "{printed:?}");
}

#[test]
fn follow_redraws_the_answer_and_the_findings_and_marks_what_is_new() {
    let sandbox = Sandbox::new("screen-follow");
    let (head, records) = capture(40);
    // Only the SYNs, which nobody answers.
    let silent: Vec<Vec<u8>> = records.chunks(3).map(|handshake| handshake[0].clone()).collect();
    make_quiet(&sandbox, &put(&sandbox, 1, &head, &silent[..30]));
    make_quiet(&sandbox, &put(&sandbox, 2, &head, &silent[30..]));
    let command = "mkdir new; (for file in in/*; do sleep 1.5; cp -p $file new/; done) & \
         timeout --foreground --signal INT 5 \"$PROGRAM\" analyze new --follow --state state; echo end";
    let size = (80, 24);
    let Some(printed) = on_terminal(&sandbox, size, command, "1") else { return };
    let found = screens(&printed, size);
    let Some(last) = found.last() else { panic!("{printed:?}") };
    assert!(last[0].contains("handshakes failed"), "the answer comes first: {last:#?}");
    assert!(last.iter().any(|line| line.contains("Following new until Ctrl-C")), "{last:#?}");
    assert!(last.iter().any(|line| line.contains("192.0.2.2:80") && line.contains("unanswered")), "{last:#?}");
    assert!(last.last().unwrap().contains("more lines"), "{last:#?}");
    let is_marked = |screen: &[String], text| marked(screen).iter().any(|line| line.contains(text));
    let is_new = |screen: &Vec<String>| is_marked(screen, "192.0.2.2:80  ") && screen[0].starts_with("* All");
    assert!(found.iter().filter(|screen| is_new(screen)).count() >= 2, "the answer and the row changed: {found:#?}");
    assert!(!found[0][0].starts_with('*') && found[0][0].contains("No capture is finished"), "{found:#?}");
    assert!(printed.ends_with("\x1b[Jend\n"), "the cursor is below the text: {printed:?}");
    // A pipe gets each finding as a line, and no escape sequence.
    let command = "timeout --foreground --signal INT 3 \"$PROGRAM\" analyze in --follow 2>&1 | cat";
    put_late(&sandbox, 9);
    let piped = on_terminal(&sandbox, size, command, "").unwrap();
    let findings = piped.lines().filter(|line| line.contains("192.0.2.2:80: ")).count();
    // The capture ends with the last SYN, so that it is not unanswered.
    assert!(findings == 39 && !piped.contains('\x1b'), "{findings}: {piped:?}");
}
