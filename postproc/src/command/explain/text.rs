//! Explanation of a handshake as text.

use std::io::{self, Write};

use syncookie_engine::{Cause, CheckLine, Confidence, Finding, NarratedPacket, Verdict, check_lines, odds};
use syncookie_terminal::{Terminal, count, escape_controls, grouped, paragraph};

use super::choose::Match;
use super::packets::{Explained, ICMP_ERROR};
use super::{Story, ends};
use crate::report::words::capitalised;
use crate::report::{check, strength, words};
use crate::text::{self, microsecond};
use crate::totals::affected::rival;

/// Maximum checks that are proposed.
const CHECKS: usize = 3;
/// Maximum distance from the most likely cause, in nats, at which the check of a cause is still
/// proposed.
const WORTH_A_CHECK: f64 = 5.0;

/// Writes the explanation; with `is_verbose` also the weights in nats.
pub fn write(output: &mut dyn Write, terminal: Terminal, story: &Story<'_>, is_verbose: bool) -> io::Result<()> {
    let mut page = Page { output, terminal, is_verbose };
    let finding = &story.chosen.finding;
    page.head(story)?;
    page.heading("Packets")?;
    for packet in &story.packets.explained {
        page.packet(packet, story)?;
    }
    if story.packets.omitted > 0 {
        page.line("  ", &format!("and {} of this connection", count(story.packets.omitted, "later packet")))?;
    }
    page.heading("Who answered the SYN")?;
    page.line("  ", &answer(finding))?;
    page.evidence(finding)?;
    page.sum(finding)?;
    page.cost(finding)?;
    page.heading("Outcome and likely causes")?;
    page.line("  ", &format!("{}: {}.", finding.outcome, words::course(finding)))?;
    page.causes(finding)?;
    page.kernel(story)?;
    page.next(finding)?;
    page.others(story)
}

/// Returns the summary in a few sentences.
fn summary(finding: &Finding) -> String {
    let cause = finding.causes.first().map_or_else(String::new, |cause| match cause.ruled_out {
        false => {
            let close = strength::close_cause(rival(&finding.causes), &cause.check)
                .map_or_else(String::new, |close| format!("; {close}"));
            let assumed = words::assumed_by(cause.kind).filter(|verdict| *verdict != finding.assessment.verdict);
            let assumption =
                assumed.map_or_else(String::new, |verdict| format!(" {}", words::assumption(cause.kind, verdict)));
            format!(" Most likely cause: {} ({}{close}).{assumption}", cause.kind.clause(), cause.kind)
        }
        true => format!(" {}.", capitalised(words::NO_CAUSE)),
    });
    let assessment = &finding.assessment;
    let confidence = strength::confidence(assessment)
        .map_or_else(String::new, |confidence| format!(" ({}, {confidence})", assessment.verdict));
    let verdict = match (assessment.verdict, assessment.confidence) {
        (Verdict::SynCookie, Some(Confidence::Possible)) => {
            "The server may have answered the SYN with a SYN cookie".into()
        }
        (Verdict::SynProxy, Some(Confidence::Possible)) => {
            "A SYN proxy may have answered the SYN for the server".into()
        }
        (verdict, _) => capitalised(words::answered_by(verdict, finding.outcome)),
    };
    format!("{verdict}{confidence}. {}.{cause}", capitalised(&words::course(finding)))
}

fn answer(finding: &Finding) -> String {
    let assessment = &finding.assessment;
    let implementations: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    let like = if implementations.is_empty() {
        String::new()
    } else {
        format!(" Implementations that fit (not an identification): {}.", implementations.join(", "))
    };
    let confidence = match (assessment.confidence, assessment.log_odds, assessment.terms) {
        (Some(confidence), Some(nats), Some(terms)) => {
            let compared = match strength::times(nats) {
                Some(times) => format!("{times} as probable as"),
                None => "about as probable as".to_owned(),
            };
            let limit = assessment.why_not_certain().map_or_else(String::new, |why| format!(" {why}."));
            format!(" Confidence: {confidence}, {compared} {}.{limit}", terms.runner_up)
        }
        _ => String::new(),
    };
    format!("{}: {}.{confidence}{like}", assessment.verdict, words::answered_by(assessment.verdict, finding.outcome))
}

/// Returns the checks to run; that of the most likely cause is first.
pub fn checks(finding: &Finding) -> Vec<&str> {
    worth_a_check(finding).map(|cause| cause.check.as_str()).take(CHECKS).collect()
}

fn worth_a_check(finding: &Finding) -> impl Iterator<Item = &Cause> {
    let best = finding.causes.first().map_or(0.0, |cause| cause.nats);
    finding.causes.iter().filter(move |cause| !cause.ruled_out && best - cause.nats <= WORTH_A_CHECK)
}

/// Says why the checks of the other causes are not proposed; `None` if there are no others.
fn rest(finding: &Finding) -> Option<String> {
    let worth = worth_a_check(finding).count();
    if worth > CHECKS {
        return Some("The others are less probable.".to_owned());
    }
    let mut possible = finding.causes.iter().filter(|cause| !cause.ruled_out);
    let next = possible.nth(worth)?;
    let times = strength::times(finding.causes.first()?.nats - next.nats)?;
    let rank = worth + 1;
    Some(match possible.next() {
        None => format!("Cause {rank} can wait: cause 1 is {times} as probable."),
        Some(_) => format!("The others can wait: cause 1 is {times} as probable as cause {rank}."),
    })
}

/// Says that the other causes need no check if the first one is confirmed; `None` if there are none.
fn rest_of_confirmed(finding: &Finding) -> Option<String> {
    match finding.causes.iter().filter(|cause| !cause.ruled_out).count() {
        0 | 1 => None,
        2 => Some("Cause 2 needs no check.".to_owned()),
        _ => Some("The other causes need no check.".to_owned()),
    }
}

struct Page<'a> {
    output: &'a mut dyn Write,
    terminal: Terminal,
    is_verbose: bool,
}

impl Page<'_> {
    fn line(&mut self, lead: &str, text: &str) -> io::Result<()> {
        paragraph(self.output, self.terminal.width, lead, &escape_controls(text))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "\n{}", self.terminal.bold(text))
    }

    fn head(&mut self, story: &Story<'_>) -> io::Result<()> {
        let finding = &story.chosen.finding;
        let title = ends(finding.client, finding.server);
        writeln!(self.output, "{}", self.terminal.bold(&title))?;
        let place = format!("{}, {} UTC", text::capture(&story.chosen.capture), microsecond(finding.time));
        paragraph(self.output, self.terminal.width, "", &place)?;
        writeln!(self.output)?;
        let wrong_ack = story.packets.explained.iter().find(|packet| packet.is_wrong_ack());
        let why = wrong_ack.filter(|_| finding.causes.first().is_some_and(|cause| cause.ruled_out)).map(|packet| {
            let shown: String = packet.shows().iter().map(|shown| format!(" {shown}")).collect();
            format!(" The client's ACK in frame {}{shown}.", packet.frame().number)
        });
        self.line("", &format!("{}{}", summary(finding), why.unwrap_or_default()))
    }

    fn packet(&mut self, packet: &Explained, story: &Story<'_>) -> io::Result<()> {
        let (from, is_to_client, what, header) = match packet {
            Explained::Segment(packet) if packet.from_client => ("client", false, packet.what, header(packet)),
            Explained::Segment(packet) => ("server", true, packet.what, header(packet)),
            Explained::Error(error) => {
                let header = format!("from {}, {} {}", error.sender, error.ttl_field(), error.ttl);
                (error.from, error.is_to_client, ICMP_ERROR, header)
            }
        };
        let arrow = format!("{from} → {}", if is_to_client { "client" } else { "server" });
        let own = story.chosen.finding.capture();
        let frame = packet.frame();
        let other_file = match story.captures.get(frame.capture as usize) {
            Some(name) if frame.capture != own => format!("  in {}", text::capture(name)),
            _ => String::new(),
        };
        let (what, frame) = (self.terminal.bold(what), frame.number);
        writeln!(self.output, "  {frame:>6}  {:>11.6} s  {arrow:<15}  {what}{other_file}", packet.since_start())?;
        self.line("          ", &header)?;
        packet.shows().iter().try_for_each(|shown| self.line("          - ", shown))
    }

    fn evidence(&mut self, finding: &Finding) -> io::Result<()> {
        for piece in strength::listed(&finding.assessment) {
            let numbers: Vec<String> = piece.frames.iter().map(|frame| frame.number.to_string()).collect();
            let frames = match &numbers[..] {
                [] => String::new(),
                [one] => format!("; frame {one}"),
                several => format!("; frames {}", several.join(", ")),
            };
            self.line("  - ", &format!("{} [{}{frames}]", piece.detail, strength::evidence(piece)))?;
        }
        if let Some(prior) = strength::prior(&finding.assessment) {
            self.line("  - ", &prior)?;
        }
        for missing in &finding.assessment.missing {
            self.line("  - ", &format!("undecided because {missing}"))?;
        }
        Ok(())
    }

    /// Writes what the connection lost because a SYN cookie or SYN proxy answered.
    fn cost(&mut self, finding: &Finding) -> io::Result<()> {
        let Some(cost) = &finding.cost else { return Ok(()) };
        let sentences = cost.sentences();
        if sentences.is_empty() {
            return Ok(());
        }
        self.heading("What the SYN cookie or SYN proxy cost the connection")?;
        sentences.iter().try_for_each(|sentence| self.line("  - ", sentence))
    }

    /// Writes the terms that add up to the log-odds.
    fn sum(&mut self, finding: &Finding) -> io::Result<()> {
        let Some(sum) = strength::sum(&finding.assessment).filter(|_| self.is_verbose) else { return Ok(()) };
        writeln!(self.output)?;
        self.line("  ", &format!("{}:", capitalised(&sum.heading)))?;
        for (nats, name) in sum.terms {
            self.line(&format!("  {nats:>+8.2}  "), &name)?;
        }
        self.line(&format!("  {:>8.2}  ", sum.total), &format!("total: {}", odds(sum.total)))
    }

    fn causes(&mut self, finding: &Finding) -> io::Result<()> {
        let best = finding.causes.first().map_or(0.0, |cause| cause.nats);
        for (rank, cause) in finding.causes.iter().enumerate() {
            writeln!(self.output)?;
            let lead = match (cause.ruled_out, rank) {
                (true, _) => "  ruled out: ".to_owned(),
                (false, 0) => "  1. (most likely) ".to_owned(),
                (false, rank) => format!("  {}. ", rank + 1),
            };
            let against = match cause.ruled_out || rank == 0 {
                true => String::new(),
                false => match strength::times(best - cause.nats) {
                    Some(times) => format!(" (cause 1 is {times} as probable)"),
                    None => " (about as probable as cause 1)".to_owned(),
                },
            };
            let nats = if self.is_verbose { format!(" [{:+.2} nats]", cause.nats) } else { String::new() };
            self.line(&lead, &format!("{}: {}{against}{nats}", cause.kind, cause.kind.clause()))?;
            self.reasons(cause)?;
        }
        Ok(())
    }

    fn reasons(&mut self, cause: &Cause) -> io::Result<()> {
        if cause.ruled_out {
            return cause.against.iter().try_for_each(|reason| self.line("       because ", reason));
        }
        let parts = [
            ("       for: ", &cause.supporting),
            ("       against: ", &cause.against),
            ("       not observable: ", &cause.not_observable),
        ];
        for (lead, sentences) in parts {
            sentences.iter().try_for_each(|sentence| self.line(lead, sentence))?;
        }
        check::write(self.output, self.terminal, "       ", "to confirm", &cause.check)
    }

    fn kernel(&mut self, story: &Story<'_>) -> io::Result<()> {
        if story.kernel.is_empty() {
            return Ok(());
        }
        self.heading("Kernel counters")?;
        for source in story.kernel {
            self.line("  ", &format!("{}.", source.sentence))?;
        }
        self.line(
            "  ",
            "A counter that has been 0 since boot rules out the event that it counts, except SyncookiesFailed, which counts \
             only in the two minutes after the listener sent a SYN cookie. A counter above 0 does not prove that it \
             counted this handshake; one that rose between two readings supports it. Each network namespace, \
             such as that of a container, has its own counters.",
        )
    }

    fn next(&mut self, finding: &Finding) -> io::Result<()> {
        let number = checks(finding).len();
        if number == 0 {
            return Ok(());
        }
        self.heading("What to do next")?;
        // The causes have the commands.
        let lines = finding.causes.first().map_or_else(Vec::new, |first| check_lines(&first.check));
        let is_confirmed = lines.iter().any(CheckLine::is_confirmed);
        let first = if lines.iter().any(CheckLine::is_of_kernel) {
            "The --kernel files have confirmed cause 1. The reasons for it show what to repair."
        } else if is_confirmed && lines.iter().all(CheckLine::is_done) {
            "Another of these captures has confirmed cause 1."
        } else if is_confirmed {
            "Another of these captures has confirmed cause 1. The remaining commands of cause 1 show what to repair."
        } else if lines.iter().any(CheckLine::is_done) {
            "Another of these captures answers a part of the check of cause 1. Run the remaining commands."
        } else {
            "Run the check of cause 1."
        };
        let which = match number {
            1 => "",
            _ if is_confirmed => "",
            2 => " If it does not confirm the cause, run that of cause 2.",
            _ => " If it does not confirm the cause, run those of causes 2 and 3.",
        };
        let rest = if is_confirmed { rest_of_confirmed(finding) } else { rest(finding) };
        let rest = rest.map_or_else(String::new, |rest| format!(" {rest}"));
        self.line("  ", &format!("{first}{which}{rest}"))
    }

    fn others(&mut self, story: &Story<'_>) -> io::Result<()> {
        if story.matching < 2 {
            return Ok(());
        }
        self.heading("Other handshakes")?;
        let rest = story.matching - 1;
        let which = match (story.is_selected, rest) {
            (false, _) if story.captures.len() > 1 => format!(
                "The captures contain {}; a connection that several captures contain is one handshake in each",
                count(rest, "other handshake")
            ),
            (false, _) => format!("The captures contain {}", count(rest, "other handshake")),
            (true, 1) => "1 other handshake matches the options".into(),
            (true, _) => format!("{} match the options", count(rest, "other handshake")),
        };
        let how = match story.captures {
            [_] => "Choose one with --frame, --client or --server:",
            _ => "Choose one with --client or --server, or with --frame and its capture alone:",
        };
        self.line("  ", &format!("{which}. {how}"))?;
        story.others.iter().try_for_each(|other| self.other(other))?;
        match rest.saturating_sub(story.others.len() as u64) {
            0 => Ok(()),
            more => self.line("  ", &format!("and {} more", grouped(more))),
        }
    }

    fn other(&mut self, other: &Match) -> io::Result<()> {
        let finding = &other.finding;
        let frames = finding.frames;
        let frame = frames.syn_ack.or(frames.syn).or(frames.ack).or(frames.reset);
        let place = frame.map_or_else(String::new, |frame| format!("frame {} of ", frame.number));
        let cause = finding.causes.first().map_or_else(String::new, |cause| format!(", {}", cause.kind));
        let stuck = if finding.got_stuck() { ", stuck" } else { "" };
        let sentence = format!(
            "{place}{}: {}, {}, {}{stuck}{cause}",
            text::capture(&other.capture),
            ends(finding.client, finding.server),
            finding.assessment.verdict,
            finding.outcome
        );
        self.line("  - ", &sentence)
    }
}

/// Formats a segment: `[SYN, ACK] seq 3120… (0), ack 88… (1), win 0, MSS 1380, TTL 64, IP ID
/// 0x0000`.
fn header(packet: &NarratedPacket) -> String {
    let segment = &packet.segment;
    // A number before the first one is that of another connection.
    let relative = |number: Option<u32>| {
        number.filter(|&number| number < 1 << 31).map_or_else(String::new, |number| format!(" ({number})"))
    };
    let mut parts = vec![format!("[{}] seq {}{}", segment.flags, segment.seq, relative(packet.relative_seq))];
    if segment.flags.split(", ").any(|flag| flag == "ACK") {
        parts.push(format!("ack {}{}", segment.ack, relative(packet.relative_ack)));
    }
    parts.push(format!("win {}", segment.window));
    if segment.payload > 0 {
        let plural = if segment.payload == 1 { "" } else { "s" };
        parts.push(format!("{} payload byte{plural}", segment.payload));
    }
    if !segment.options.is_empty() {
        parts.push(segment.options.clone());
    }
    parts.extend(segment.ttl.map(|ttl| format!("{} {ttl}", segment.ttl_field())));
    parts.extend(segment.identification.map(|id| format!("IP ID {id:#06x}")));
    parts.join(", ")
}
