//! Lines of the check of a cause: one for each command, so that it can be copied.

/// Programs whose names begin a command.
const PROGRAMS: [&str; 17] = [
    "cat",
    "conntrack",
    "ethtool",
    "ip",
    "iptables",
    "ipvsadm",
    "netstat",
    "nft",
    "nstat",
    "perf",
    "ping",
    "ps",
    "ss",
    "strace",
    "sysctl",
    "tcpdump",
    "tracepath",
];

/// Arguments that follow the name of a program without an option before them.
const SUBCOMMANDS: [&str; 6] = ["addr", "list", "neigh", "record", "route", "script"];

/// Texts that end a command, outside quotes.
const ENDS: [&str; 4] = [" (", ", ", " and ", " on "];

/// Words that join two commands in a sentence.
const JOINTS: [&str; 2] = [" and", ","];

/// Line of the check of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckLine<'a> {
    /// Machine, as in `on the server`; empty where the check does not name one.
    pub machine: &'a str,
    /// Action on that machine with the expected result; contains the command.
    pub text: &'a str,
    /// Command alone.
    pub command: Option<&'a str>,
}

/// Splits [`Cause::check`](crate::Cause::check) into lines; an empty check has none.
pub fn check_lines(check: &str) -> Vec<CheckLine<'_>> {
    if check.is_empty() {
        return Vec::new();
    }
    let mut machine = "";
    let mut lines = Vec::new();
    for step in steps(check) {
        let begin = machine_end(step);
        if begin > 0 {
            machine = step[..begin].trim_end_matches(": ");
        }
        let step = &step[begin..];
        let commands = commands(step);
        if commands.is_empty() {
            lines.push(CheckLine { machine, text: step, command: None });
        }
        for (index, &(start, end)) in commands.iter().enumerate() {
            let from = if index == 0 { 0 } else { start };
            let until = commands.get(index + 1).map_or(step.len(), |&(next, _)| next);
            let text = JOINTS.iter().fold(step[from..until].trim_end(), |text, joint| text.trim_end_matches(joint));
            lines.push(CheckLine { machine, text, command: Some(&step[start..end]) });
        }
    }
    lines
}

/// Removes the steps that capture packets, because another capture has them, and the steps that only
/// follow from what these would show. Names `place` for what is left of the same machine, or returns
/// `place` with `other` if nothing is left. A check that captures no packets stays as it is.
pub(super) fn without_capture(check: &str, place: &str, other: &str) -> String {
    let captures = |step: &str| step.contains("tcpdump ");
    if !steps(check).into_iter().any(captures) {
        return check.to_owned();
    }
    let mut kept = Vec::new();
    // Machine of the steps so far, while it is that of a step that was removed.
    let mut is_place_removed = false;
    for step in steps(check) {
        let begin = machine_end(step);
        let follows = ["then ", "if it arrives: ", "if the ACK arrives: "].iter().any(|word| step.starts_with(word));
        if captures(step) || follows {
            is_place_removed |= begin > 0;
        } else if begin == 0 && is_place_removed {
            kept.push(format!("{place}{step}"));
            is_place_removed = false;
        } else {
            kept.push(step.to_owned());
            is_place_removed &= begin == 0;
        }
    }
    if kept.is_empty() { format!("{place}{other}") } else { kept.join("; ") }
}

/// Returns the offset after the name of the machine that a step begins with; 0 without one.
fn machine_end(step: &str) -> usize {
    let is_place = ["on ", "at ", "from ", "in front of "].iter().any(|word| step.starts_with(word));
    step.find(": ").filter(|_| is_place).map_or(0, |at| at + 2)
}

/// Returns the steps of a check, which end at semicolons outside quotes and parentheses.
fn steps(check: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut begin = 0;
    for (at, depth) in depths(check) {
        if depth == 0 && check[at..].starts_with("; ") {
            steps.push(&check[begin..at]);
            begin = at + 2;
        }
    }
    steps.push(&check[begin..]);
    steps
}

/// Returns start and end of each command in a step.
fn commands(step: &str) -> Vec<(usize, usize)> {
    let mut commands = Vec::new();
    let mut start = None;
    for (at, depth) in depths(step) {
        if depth == 0
            && let Some(begin) = start.filter(|_| ENDS.iter().any(|end| step[at..].starts_with(end)))
        {
            commands.push((begin, at));
            start = None;
        }
        if depth == 0 && start.is_none() && begins_command(step, at) {
            start = Some(at);
        }
    }
    commands.extend(start.map(|begin| (begin, step.len())));
    commands
}

/// Returns whether a command begins at an offset.
fn begins_command(step: &str, at: usize) -> bool {
    let is_word_start = at == 0 || step[..at].ends_with(' ');
    let mut words = step[at..].split(' ');
    let (program, argument) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // A word of a sentence can be the name of a program, but is not followed by such an argument.
    let is_argument =
        argument.starts_with('-') || argument.contains(['.', '/', ':']) || SUBCOMMANDS.contains(&argument);
    is_word_start && PROGRAMS.contains(&program) && is_argument
}

/// Returns each character's offset, with 1 where it is in quotes or parentheses, or closes them. An
/// apostrophe within a word is not a quote.
fn depths(text: &str) -> impl Iterator<Item = (usize, u32)> + '_ {
    let (mut is_quoted, mut parentheses) = (false, 0_u32);
    text.char_indices().map(move |(at, character)| {
        let is_inside = is_quoted || parentheses > 0;
        match character {
            '\'' if is_quoted => is_quoted = false,
            '\'' => is_quoted = !text[..at].ends_with(char::is_alphanumeric),
            '(' if !is_quoted => parentheses += 1,
            ')' if !is_quoted => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        (at, u32::from(is_inside))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CauseKind;

    fn commands_of(check: &str) -> Vec<&str> {
        check_lines(check).iter().filter_map(|line| line.command).collect()
    }

    #[test]
    fn each_command_has_its_line_with_its_machine_and_what_to_expect() {
        let check = "on the server: tcpdump -ni any 'tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0' (expect: \
                     the ACK arrives; no SYN); on the proxy: sysctl net.netfilter.nf_conntrack_tcp_loose (must \
                     be 0) and cat /proc/net/stat/synproxy (expect: it rises)";
        let shown: Vec<_> = check_lines(check).iter().map(|line| (line.machine, line.text, line.command)).collect();
        let tcpdump = "tcpdump -ni any 'tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'";
        assert_eq!(
            shown,
            [
                ("on the server", format!("{tcpdump} (expect: the ACK arrives; no SYN)").as_str(), Some(tcpdump)),
                (
                    "on the proxy",
                    "sysctl net.netfilter.nf_conntrack_tcp_loose (must be 0)",
                    Some("sysctl net.netfilter.nf_conntrack_tcp_loose")
                ),
                ("on the proxy", "cat /proc/net/stat/synproxy (expect: it rises)", Some("cat /proc/net/stat/synproxy")),
            ]
        );
    }

    #[test]
    fn a_command_ends_where_the_sentence_goes_on() {
        assert_eq!(
            commands_of("on the server: nstat -az A B, before and after a failure (expect: one rises)"),
            ["nstat -az A B"]
        );
        assert_eq!(
            commands_of("strace -f -e trace=close,shutdown on the process, and its log"),
            ["strace -f -e trace=close,shutdown"]
        );
        assert_eq!(
            commands_of("the counters of each firewall: iptables -vnL, nft list ruleset"),
            ["iptables -vnL", "nft list ruleset"]
        );
        assert_eq!(commands_of("ss -Htn 'sport = :80' | wc -l (expect: many)"), ["ss -Htn 'sport = :80' | wc -l"]);
    }

    #[test]
    fn a_step_without_a_command_stays_a_sentence() {
        let shown = check_lines("from the client: connect twice (expect: the second works); the log of the ip filter");
        assert_eq!(
            shown.iter().map(|line| line.text).collect::<Vec<_>>(),
            ["connect twice (expect: the second works)", "the log of the ip filter"]
        );
        assert!(shown.iter().all(|line| line.command.is_none() && line.machine == "from the client"));
    }

    #[test]
    fn a_capture_that_exists_is_not_asked_for() {
        let left = |kind: CauseKind| without_capture(kind.info().check, "on the path: ", "the logs");
        assert_eq!(left(CauseKind::InjectedReset), "on the path: the logs");
        assert!(left(CauseKind::FirewallReset).starts_with("on each firewall on the path: iptables"));
        assert!(left(CauseKind::AckLost).starts_with("on the path: the firewall rules for state INVALID"));
        assert!(left(CauseKind::SilentDrop).starts_with("on the path: nft list ruleset"));
        let other = CauseKind::ApplicationAbort;
        assert_eq!(left(other), other.info().check, "captures no packets");
    }

    #[test]
    fn an_empty_check_has_no_line() {
        assert_eq!(check_lines(""), []);
    }

    #[test]
    fn an_apostrophe_is_no_quote() {
        let shown =
            check_lines("on the server: ss -tan 'sport = :80' (expect: the client's port); on firewalls: an ACK?");
        assert_eq!(
            shown.iter().map(|line| (line.machine, line.text)).collect::<Vec<_>>(),
            [("on the server", "ss -tan 'sport = :80' (expect: the client's port)"), ("on firewalls", "an ACK?")]
        );
    }

    #[test]
    fn no_line_of_a_check_ends_in_the_middle_of_a_quote_or_parenthesis() {
        for check in CauseKind::ALL.iter().map(|kind| kind.info().check) {
            let count = |text: &str, wanted: char| text.chars().filter(|c| *c == wanted).count();
            for line in check_lines(check) {
                assert_eq!(count(line.text, '('), count(line.text, ')'), "{line:?}");
                assert!(line.command.is_none_or(|command| count(command, '\'') % 2 == 0), "{line:?}");
            }
        }
    }
}
