//! Check of a cause as text, with each command in one line, so that it can be copied.

use std::io::{self, Write};

use syncookie_engine::{CheckLine, check_lines};
use syncookie_terminal::{Terminal, escape_controls, paragraph, paragraph_with_command};

/// Writes a check, indented with `indent`. `lead` is written before it, such as `to confirm`, unless
/// it is empty.
pub fn write(output: &mut dyn Write, terminal: Terminal, indent: &str, lead: &str, check: &str) -> io::Result<()> {
    let check = escape_controls(check);
    for (place, lines) in by_place(lead, &check) {
        let lead = format!("{indent}{place}");
        match &lines[..] {
            [line] if place.is_empty() => one(output, terminal, indent, line)?,
            [line] if line.is_done() => paragraph(output, terminal.width, indent, &format!("{place} {}", line.text))?,
            [line] => one(output, terminal, &format!("{lead} "), line)?,
            several => {
                if !place.is_empty() {
                    writeln!(output, "{lead}")?;
                }
                several.iter().try_for_each(|line| one(output, terminal, &format!("{indent}  "), line))?;
            }
        }
    }
    Ok(())
}

/// Returns a check without the folder in the names of captures that answered a part of it.
pub fn below(folder: &str, check: &str) -> String {
    check.replace(&format!("checked in {folder}"), "checked in ")
}

fn one(output: &mut dyn Write, terminal: Terminal, lead: &str, line: &CheckLine<'_>) -> io::Result<()> {
    paragraph_with_command(output, terminal.width, lead, line.text, line.command.unwrap_or_default())
}

/// Returns a check as text whose lines are not wrapped.
pub fn unwrapped(lead: &str, check: &str) -> String {
    let mut text = Vec::new();
    for (place, lines) in by_place(lead, check) {
        match &lines[..] {
            [line] => text.push(format!("{place} {}", line.text).trim_start().to_owned()),
            several => {
                text.extend(Some(place).filter(|place| !place.is_empty()));
                text.extend(several.iter().map(|line| format!("  {}", line.text)));
            }
        }
    }
    text.join("\n")
}

/// Groups the lines of a check by machine, each with what is written before it: `on the server:`.
fn by_place<'a>(lead: &str, check: &'a str) -> Vec<(String, Vec<CheckLine<'a>>)> {
    let lines = check_lines(check);
    // It asks for what is left to do, once.
    let mut lead = Some(lead);
    let groups = lines.chunk_by(|one, next| one.machine == next.machine);
    groups
        .map(|lines| {
            let lead = lead.take_if(|_| !lines[0].is_done()).unwrap_or_default();
            let parts: Vec<&str> = [lead, lines[0].machine].into_iter().filter(|part| !part.is_empty()).collect();
            let place = if parts.is_empty() { String::new() } else { format!("{}:", parts.join(", ")) };
            (place, lines.to_vec())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = "on the server: tcpdump -ni any 'tcp port 80' (expect: an ACK); on the proxy: sysctl net.a \
                         (expect: 1); cat /proc/net/b (expect: it rises)";

    fn written(width: usize) -> String {
        let terminal = Terminal { width, is_coloured: false };
        let mut output = Vec::new();
        write(&mut output, terminal, "  ", "to confirm", CHECK).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn several_commands_have_a_line_each_below_their_machine() {
        let expected = "  to confirm, on the server: tcpdump -ni any 'tcp port 80' (expect: an ACK)\n  on the proxy:\n    \
                        sysctl net.a (expect: 1)\n    cat /proc/net/b (expect: it rises)\n";
        assert_eq!(written(100), expected);
        assert_eq!(format!("{}\n", unwrapped("to confirm", CHECK)), expected.replace("\n  ", "\n").trim_start());
    }

    #[test]
    fn what_another_capture_answered_is_not_to_be_confirmed() {
        let check =
            "checked in b.pcap (frame 7): the capture confirms this cause; on the proxy: sysctl net.a (expect: 1)";
        let lines = "checked in b.pcap (frame 7): the capture confirms this cause\nto confirm, on the proxy: sysctl net.a (expect: 1)";
        assert_eq!(unwrapped("to confirm", check), lines);
    }

    #[test]
    fn no_width_breaks_a_command() {
        for width in 1..100 {
            assert!(written(width).contains("tcpdump -ni any 'tcp port 80'"), "{width} columns");
        }
    }

    #[test]
    fn an_empty_check_writes_nothing() {
        assert_eq!(unwrapped("to confirm", ""), "");
    }
}
