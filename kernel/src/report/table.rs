//! Table for people: the answer, a sentence for each finding, usage and counters, and what is
//! unknown.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};
use syncookie_terminal::{Terminal, count, display_width, escape_controls, paragraph, paragraph_with_code};

use super::SECOND;
use super::answer::answer;
use super::healthy;
use super::rows::{counts, usages};
use crate::resource::{Level, ResourceKind};
use crate::view::View;

/// Maximum number of names and notes that are shown.
const MAX_SHOWN: usize = 8;
/// Maximum number of findings that are shown without `--verbose`.
const MAX_FINDINGS: usize = 20;
/// Columns of usage; those with numbers are aligned right.
const USAGE: [(&str, bool); 6] = [
    ("resource", false),
    ("instance", false),
    ("used", true),
    ("limit", true),
    ("free", true),
    ("limit set by", false),
];
/// Blanks between columns.
const GAP: u16 = 2;
/// Width of the longest name of a resource or a setting.
const NAME_WIDTH: u16 = 23;

/// Writes the tables of all namespaces with findings, then one line for each other namespace. A
/// single namespace always has a table.
pub fn write(terminal: Terminal, is_verbose: bool, views: &[View], output: &mut dyn Write) -> io::Result<()> {
    let is_healthy = |view: &View| !is_verbose && views.len() > 1 && healthy::is_healthy(view, &views[0]);
    let (healthy, others): (Vec<&View>, Vec<&View>) = views.iter().partition(|view| is_healthy(view));
    for (index, view) in others.iter().enumerate() {
        if index > 0 {
            writeln!(output)?;
        }
        one(terminal, is_verbose, view, views.len() > 1, output)?;
    }
    if !others.is_empty() && !healthy.is_empty() {
        writeln!(output)?;
    }
    for view in healthy {
        paragraph(output, terminal.width, "", &healthy::line(view))?;
        hints(terminal, view, output)?;
        notes(terminal, view, output)?;
    }
    output.flush()
}

/// Writes the tables of one namespace.
fn one(
    terminal: Terminal,
    is_verbose: bool,
    view: &View,
    is_one_of_many: bool,
    output: &mut dyn Write,
) -> io::Result<()> {
    let code = match view.level() {
        Some(Level::Exhausted | Level::Overflowing) => "1;31",
        Some(Level::Near) => "1;33",
        _ => "1",
    };
    let lead = match (&view.later.namespace, is_one_of_many) {
        (Some(name), true) => format!("{}: ", escape_controls(name)),
        (None, true) => format!("{}: ", healthy::NAMELESS),
        (_, false) => String::new(),
    };
    // Each line is painted after wrapping, because escape sequences take no columns.
    let mut lines = Vec::new();
    paragraph(&mut lines, terminal.width, "", &format!("{lead}{}", answer(view)))?;
    for line in String::from_utf8_lossy(&lines).lines() {
        writeln!(output, "{}", terminal.paint(code, line))?;
    }
    let findings = view.findings();
    let shown = if is_verbose { findings.len() } else { findings.len().min(MAX_FINDINGS) };
    for (_, finding) in &findings[..shown] {
        let mark = match finding.level {
            Level::Exhausted => "! ",
            Level::Overflowing => "+ ",
            Level::Near => "~ ",
            Level::Overflowed => "- ",
        };
        paragraph(output, terminal.width, &format!("  {mark}"), &finding.sentence)?;
        for cause in &finding.causes {
            paragraph(output, terminal.width, "    ", &format!("Cause: {}", cause.sentence))?;
        }
        if let Some(advice) = &finding.advice {
            paragraph_with_code(output, terminal.width, "    ", &format!("Advice: {advice}"))?;
        }
    }
    if findings.len() > shown {
        let more = count((findings.len() - shown) as u64, "more problem");
        paragraph(output, terminal.width, "", &format!("  {more}: --verbose shows all."))?;
    }
    hints(terminal, view, output)?;
    paragraph(output, terminal.width, "", &source(view))?;
    let (usages, left_out) = usages(view, is_verbose);
    if !usages.is_empty() {
        writeln!(output, "\n{}", table(terminal, &USAGE, &usages))?;
    }
    if left_out > 0 {
        let text = format!("{}, healthy: --verbose shows all.", count(left_out as u64, "more row"));
        paragraph(output, terminal.width, "", &text)?;
    }
    let counts = counts(view, is_verbose);
    if !counts.is_empty() {
        let increases = if view.difference().is_some() { " (increase since the previous sample)" } else { "" };
        let has_trace = view.resources.iter().any(|resource| resource.kind == ResourceKind::Traced);
        let in_trace = if has_trace { ", or in the trace" } else { "" };
        let counters = format!("counters since boot{in_trace}{increases}");
        let header = [("resource", false), ("instance", false), (counters.as_str(), false)];
        writeln!(output, "\n{}", table(terminal, &header, &counts))?;
    }
    writeln!(output)?;
    remarks(terminal, is_verbose, view, is_one_of_many, output)
}

/// Writes changes that can matter and are not findings.
pub fn hints(terminal: Terminal, view: &View, output: &mut dyn Write) -> io::Result<()> {
    view.hints().iter().try_for_each(|hint| paragraph_with_code(output, terminal.width, "  ", &format!("Hint: {hint}")))
}

/// Returns what the facts were read from.
fn source(view: &View) -> String {
    let facts = &view.later;
    let mut parts = vec![match &facts.namespace {
        Some(namespace) if namespace == "host" => {
            format!("Host network namespace of {}", escape_controls(&facts.source))
        }
        Some(namespace) => {
            format!("Network namespace {} of {}", escape_controls(namespace), escape_controls(&facts.source))
        }
        None => format!("Read from {}", escape_controls(&facts.source)),
    }];
    parts.extend(facts.kernel.as_ref().map(|kernel| format!("Linux {}", escape_controls(kernel))));
    parts.extend(facts.uptime.map(|uptime| format!("up {}", duration(uptime.as_secs()))));
    parts.extend(facts.taken_at.map(|time| format!("{} UTC", time.strftime(SECOND))));
    if let Some(earlier) = &view.earlier {
        let difference = view.difference();
        let name = escape_controls(&earlier.source);
        // Samples of one file, or of the running machine, have one name.
        let sample = if earlier.source == facts.source { "the sample" } else { &*name };
        let comma = if earlier.source == facts.source { "" } else { "," };
        parts.push(match difference.and_then(|difference| difference.elapsed()) {
            _ if difference.is_none() => format!("not compared with {name}"),
            Some(time) if time.as_millis() < 1000 => format!("compared with {sample}{comma} less than 1 s earlier"),
            Some(time) => format!("compared with {sample}{comma} {} earlier", duration(time.as_secs())),
            None => format!("compared with {name}"),
        });
    }
    format!("{}.", parts.join(", "))
}

/// Formats a duration in a suitable unit.
fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Formats a table without the columns that are empty in all rows.
fn table<const N: usize>(terminal: Terminal, header: &[(&str, bool); N], rows: &[[String; N]]) -> String {
    let columns: Vec<usize> = (0..N).filter(|&column| rows.iter().any(|row| !row[column].is_empty())).collect();
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(terminal.width as u16)
        .set_header(columns.iter().map(|&column| header[column].0));
    for row in rows {
        table.add_row(columns.iter().map(|&column| row[column].as_str()));
    }
    for (index, &column) in columns.iter().enumerate() {
        if let Some(shown) = table.column_mut(index) {
            shown.set_cell_alignment(if header[column].1 { CellAlignment::Right } else { CellAlignment::Left });
            shown.set_padding((0, GAP));
            if index == 0 || index + 1 == columns.len() {
                // Names of resources, settings and counters must not be broken; names of listeners
                // and processes may.
                let cells = rows.iter().map(|row| row[column].as_str()).chain([header[column].0]);
                let widest = cells.map(display_width).max().unwrap_or(0).min(usize::from(NAME_WIDTH)) as u16;
                shown.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(widest + GAP)));
            }
        }
    }
    table.trim_fmt()
}

/// Writes which resources are unknown, what could not be read, and which namespaces were not read.
fn remarks(
    terminal: Terminal,
    is_verbose: bool,
    view: &View,
    is_one_of_many: bool,
    output: &mut dyn Write,
) -> io::Result<()> {
    // Files without a namespace among others are parts of a sample, and no sample.
    let is_part = is_one_of_many && view.later.namespace.is_none();
    let unknown: Vec<&str> = view.unknown_resources().iter().map(|resource| resource.kind.title()).collect();
    if !unknown.is_empty() && !is_part {
        let text = if view.later.is_live {
            format!("No usage and no counters on this machine: {}.", unknown.join(", "))
        } else {
            let remedy = "To collect everything, run syncookie kernel snapshot on that machine";
            format!("No usage and no counters in these files: {}. {remedy}.", unknown.join(", "))
        };
        paragraph(output, terminal.width, "", &text)?;
    }
    let missing = view.missing_counters();
    if !missing.is_empty() {
        let why = if view.later.is_live { "" } else { ", or the files leave them out" };
        let number = count(missing.len() as u64, "counter");
        let lead = format!("Missing: {number}; this kernel does not have them{why}");
        let text = match is_verbose {
            true => format!("{lead}. {}.", by_group(&missing)),
            false => format!("{lead} (--verbose lists them)."),
        };
        paragraph(output, terminal.width, "", &text)?;
    }
    notes(terminal, view, output)?;
    if !view.later.other_namespaces.is_empty() {
        let others = match view.later.other_namespaces.len() as u64 {
            1 => "the other network namespace".to_owned(),
            number => format!("the {}", count(number, "other network namespace")),
        };
        let names = some(&view.later.other_namespaces);
        let text = format!("Not examined: {others} {names} (use --netns NAME or --netns all).");
        paragraph(output, terminal.width, "", &text)?;
    }
    if view.later.unrecognised_lines > 0 && !view.later.is_live {
        let text = format!("{} skipped.", count(view.later.unrecognised_lines, "unrecognised line"));
        paragraph(output, terminal.width, "", &text)?;
    }
    Ok(())
}

/// Writes what could not be read.
fn notes(terminal: Terminal, view: &View, output: &mut dyn Write) -> io::Result<()> {
    for note in view.later.notes.iter().take(MAX_SHOWN) {
        paragraph(output, terminal.width, "", &format!("Note: {}.", escape_controls(note)))?;
    }
    if view.later.notes.len() > MAX_SHOWN {
        let more = count((view.later.notes.len() - MAX_SHOWN) as u64, "more note");
        paragraph(output, terminal.width, "", &format!("{more}: --format json shows all."))?;
    }
    Ok(())
}

/// Joins all names of counters, which are sorted, with each group named once: `Tcp: EstabResets,
/// OutRsts; TcpExt: ListenDrops`.
fn by_group(names: &[&str]) -> String {
    let parts = |name: &'_ str| {
        name.rsplit_once('.').map_or((String::new(), name.to_owned()), |(group, counter)| {
            (escape_controls(group).into_owned(), escape_controls(counter).into_owned())
        })
    };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (group, counter) in names.iter().map(|name| parts(name)) {
        match groups.last_mut() {
            Some((last, counters)) if *last == group => counters.push(counter),
            _ => groups.push((group, vec![counter])),
        }
    }
    let groups: Vec<String> =
        groups.into_iter().map(|(group, counters)| format!("{group}: {}", counters.join(", "))).collect();
    groups.join("; ")
}

/// Joins the first names, and counts the others.
fn some<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_SHOWN).map(|name| escape_controls(name.as_ref())).collect();
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    /// Returns the table about this text, compared with an earlier one.
    fn shown(earlier: &str, later: &str, is_verbose: bool) -> String {
        let facts = |text: &str| read::document("test", text.as_bytes()).unwrap();
        let view = View::new(facts(later), Some(facts(earlier)));
        let mut text = Vec::new();
        write(Terminal::detect(false), is_verbose, &[view], &mut text).unwrap();
        String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn missing_counters_are_listed_only_if_all_is_asked_for() {
        let text = "TcpExt: ListenDrops ListenOverflows\nTcpExt: 57 41\n";
        let short = shown(text, text, false);
        assert!(
            short.contains(
                " counters; this kernel does not have them, or the files leave them out (--verbose lists them)."
            ),
            "{short}"
        );
        assert!(!short.contains("TCPReqQFullDrop"), "{short}");
        assert!(shown(text, text, true).contains("TCPReqQFullDrop"));
    }

    #[test]
    fn names_of_resources_are_not_broken_on_a_narrow_terminal() {
        let texts = "LISTEN 0 128 0.0.0.0:2024 *:*\nnet.ipv4.tcp_max_orphans = 131072\n\
            TCP: inuse 1 orphan 0 tw 3 alloc 1 mem 5\nnet.ipv4.tcp_mem = 100 1100 1000\n\
            net.ipv4.ip_local_port_range = 1001 2000\nsyncookie: towards 203.0.113.80 443 4\n";
        let view = View::new(read::document("test", texts.as_bytes()).unwrap(), None);
        let mut text = Vec::new();
        write(Terminal { width: 80, ..Terminal::detect(false) }, false, &[view], &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for name in ["TCP memory (pages)  ", "orphaned sockets  ", "ephemeral ports  "] {
            assert!(text.contains(name), "{name} is not in\n{text}");
        }
        assert!(text.lines().all(|line| display_width(line) <= 80), "{text}");
    }

    #[test]
    fn rising_resets_that_nothing_explains_are_a_hint() {
        let at = |resets: u32, aborts: u32| {
            format!("Tcp: InSegs OutRsts\nTcp: 9 {resets}\nTcpExt: TCPAbortOnData ListenDrops\nTcpExt: {aborts} 0\n")
        };
        let text = shown(&at(0, 0), &at(5, 2), false);
        assert!(
            text.contains("Hint: 3 resets since the previous sample answered segments without a connection"),
            "{text}"
        );
        assert!(!shown(&at(0, 0), &at(2, 2), false).contains("Hint:"), "an application aborted connections");
    }

    #[test]
    fn every_missing_counter_is_named_below_its_group() {
        let many: Vec<String> = (10..30).map(|number| format!("TcpExt.Counter{number}")).collect();
        let mut names = vec!["Tcp.EstabResets", "Tcp.OutRsts"];
        names.extend(many.iter().map(String::as_str));
        let text = by_group(&names);
        assert!(text.starts_with("Tcp: EstabResets, OutRsts; TcpExt: Counter10, "), "{text}");
        assert!(text.ends_with("Counter29"), "{text}");
    }
}
