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

/// Beginning of a step that another capture answered; its name and the answer follow.
const CHECKED: &str = "checked in ";

/// Name of the readings of a kernel, as that of another capture.
const KERNEL_FILES: &str = "the --kernel files";

/// Answer of the readings of a kernel that confirms the cause.
const READINGS_CONFIRM: &str = "they confirm this cause";

/// Answer of another capture that confirms the cause.
pub(super) const CONFIRMS: &str = "the capture confirms this cause";

impl CheckLine<'_> {
    /// Returns whether another capture, or the readings of a kernel, answered this step, so that nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.machine.starts_with(CHECKED)
    }

    /// Returns whether another capture, or the readings of a kernel, confirmed the cause in this step.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.is_done() && [CONFIRMS, READINGS_CONFIRM].contains(&self.text)
    }

    /// Returns whether the readings of a kernel answered this step.
    #[must_use]
    pub fn is_of_kernel(&self) -> bool {
        self.is_done() && self.machine.ends_with(KERNEL_FILES)
    }
}

/// Answer of another capture to the steps of a check that capture packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked<'a> {
    /// Name of the capture, and the number of the handshake's first frame in it, if it has one.
    pub location: (&'a str, Option<u32>),
    /// What it shows.
    pub answer: &'a str,
}

impl Checked<'_> {
    fn step(&self) -> String {
        let (name, frame) = self.location;
        let frame = frame.map(|frame| format!(" (frame {frame})")).unwrap_or_default();
        format!("{CHECKED}{name}{frame}: {}", self.answer)
    }
}

/// Replaces the steps that capture packets, because another capture has them, with its answer.
/// Removes the steps that only follow from what these would show. Names `place` for what is left of
/// the same machine, or adds `place` with `other`, unless it is empty, if nothing is left. A check that captures no packets
/// stays as it is.
pub(super) fn without_capture(check: &str, checked: Checked<'_>, place: &str, other: &str) -> String {
    let captures = |step: &str| step.contains("tcpdump ");
    if !steps(check).into_iter().any(captures) {
        return check.to_owned();
    }
    let mut kept = vec![checked.step()];
    // Machine of the steps so far, while it is that of a step that was removed.
    let mut is_place_removed = false;
    for step in steps(check) {
        let begin = machine_end(step);
        let follows = ["then ", "if they arrive: ", "if the ACK arrives: "].iter().any(|word| step.starts_with(word));
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
    if kept.len() == 1 && !other.is_empty() {
        kept.push(format!("{place}{other}"));
    }
    kept.join("; ")
}

/// Replaces the first step, which asks whether a packet arrives and is answered, with the answer of
/// another capture. The steps for a packet that arrives remain, because that capture may have been
/// taken before the machine. A check with other steps stays as it is.
pub(super) fn with_arrival(check: &str, checked: Checked<'_>) -> String {
    let Some((first, rest)) = check.split_once("; if they arrive: ").filter(|(first, _)| first.contains("tcpdump "))
    else {
        return check.to_owned();
    };
    let machine = first[..machine_end(first)].trim_end_matches(": ");
    format!("{}; {machine}, if that capture was taken there: {rest}", checked.step())
}

/// Returns the check of a cause that the readings of a kernel confirm: only the step that shows the
/// reason for the drops remains, unless they have it.
pub(super) fn confirmed_by_kernel(check: &str, has_reason: bool) -> String {
    let done = format!("{CHECKED}{KERNEL_FILES}: {READINGS_CONFIRM}");
    match steps(check).into_iter().find(|step| step.starts_with("perf ")) {
        Some(reason) if !has_reason => format!("{done}; on the server: {reason}"),
        _ => done,
    }
}

/// Returns the offset after the name of the machine that a step begins with; 0 without one.
fn machine_end(step: &str) -> usize {
    let is_place = ["on ", "at ", "from ", "in front of ", CHECKED].iter().any(|word| step.starts_with(word));
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
    fn each_command_has_its_line_with_its_machine_and_what_confirms_the_cause() {
        let check = "on the server: tcpdump -ni any 'tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0' (confirmed \
                     if the ACK arrives; no SYN); on the proxy: sysctl net.netfilter.nf_conntrack_tcp_loose (must \
                     be 0) and cat /proc/net/stat/synproxy (confirmed if it rises)";
        let shown: Vec<_> = check_lines(check).iter().map(|line| (line.machine, line.text, line.command)).collect();
        let tcpdump = "tcpdump -ni any 'tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'";
        assert_eq!(
            shown,
            [
                ("on the server", format!("{tcpdump} (confirmed if the ACK arrives; no SYN)").as_str(), Some(tcpdump)),
                (
                    "on the proxy",
                    "sysctl net.netfilter.nf_conntrack_tcp_loose (must be 0)",
                    Some("sysctl net.netfilter.nf_conntrack_tcp_loose")
                ),
                (
                    "on the proxy",
                    "cat /proc/net/stat/synproxy (confirmed if it rises)",
                    Some("cat /proc/net/stat/synproxy")
                ),
            ]
        );
    }

    #[test]
    fn a_command_ends_where_the_sentence_goes_on() {
        assert_eq!(
            commands_of("on the server: nstat -az A B, before and after a failure (confirmed if one rises)"),
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
        assert_eq!(commands_of("ss -Htn 'sport = :80' | wc -l (confirmed if many)"), ["ss -Htn 'sport = :80' | wc -l"]);
    }

    #[test]
    fn a_step_without_a_command_stays_a_sentence() {
        let shown =
            check_lines("from the client: connect twice (confirmed if the second works); the log of the ip filter");
        assert_eq!(
            shown.iter().map(|line| line.text).collect::<Vec<_>>(),
            ["connect twice (confirmed if the second works)", "the log of the ip filter"]
        );
        assert!(shown.iter().all(|line| line.command.is_none() && line.machine == "from the client"));
    }

    #[test]
    fn a_capture_that_exists_is_not_asked_for() {
        let checked = Checked { location: ("b.pcap", Some(7)), answer: "the capture confirms this cause" };
        let all = |kind: CauseKind| without_capture(kind.info().check, checked, "on the path: ", "the logs");
        let left = |kind| {
            all(kind).strip_prefix("checked in b.pcap (frame 7): the capture confirms this cause; ").map(str::to_owned)
        };
        assert_eq!(left(CauseKind::InjectedReset).as_deref(), Some("on the path: the logs"));
        let begins = |kind, text| left(kind).is_some_and(|left| left.starts_with(text));
        assert!(begins(CauseKind::FirewallReset, "on each firewall on the path: iptables"));
        assert!(begins(CauseKind::AckLost, "on the path: the firewall rules for state INVALID"));
        assert!(begins(CauseKind::SilentDrop, "on the path: nft list ruleset"));
        let other = CauseKind::ApplicationAbort;
        assert_eq!(all(other), other.info().check, "captures no packets");
        let checked = check_lines("checked in b.pcap: it does; on the path: the logs");
        assert_eq!(checked.iter().map(CheckLine::is_done).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn what_follows_from_the_arrival_of_a_packet_remains_for_the_machine_itself() {
        let checked = Checked { location: ("b.pcap", None), answer: "the SYN arrives" };
        let check = with_arrival(CauseKind::SilentDrop.info().check, checked);
        let lines = check_lines(&check);
        assert_eq!((lines[0].machine, lines[0].text), ("checked in b.pcap", "the SYN arrives"));
        assert_eq!(lines[1].machine, "on the server, if that capture was taken there");
        assert!(lines[1].text.starts_with("nstat -az") && !check.contains("tcpdump"), "{check}");
        let other = CauseKind::InjectedReset.info().check;
        assert_eq!(with_arrival(other, checked), other);
    }

    #[test]
    fn what_a_kernel_confirms_needs_at_most_the_reason_for_the_drops() {
        let check = CauseKind::SilentDrop.info().check;
        let confirmed = confirmed_by_kernel(check, false);
        let lines = check_lines(&confirmed);
        assert!(lines[0].is_confirmed() && lines[0].is_of_kernel(), "{confirmed}");
        assert_eq!(lines[1].machine, "on the server");
        assert!(lines.len() == 2 && lines[1].text.starts_with("perf record"), "{confirmed}");
        let all = confirmed_by_kernel(check, true);
        assert!(check_lines(&all).iter().all(CheckLine::is_confirmed), "{all}");
    }

    #[test]
    fn an_empty_check_has_no_line() {
        assert_eq!(check_lines(""), []);
    }

    #[test]
    fn an_apostrophe_is_no_quote() {
        let shown =
            check_lines("on the server: ss -tan 'sport = :80' (confirmed if the client's port); on firewalls: an ACK?");
        assert_eq!(
            shown.iter().map(|line| (line.machine, line.text)).collect::<Vec<_>>(),
            [("on the server", "ss -tan 'sport = :80' (confirmed if the client's port)"), ("on firewalls", "an ACK?")]
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
