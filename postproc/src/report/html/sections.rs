//! Sections of the page that are text and tables, readable without scripts.

use std::io::{self, Write};

use syncookie_engine::{Endpoint, Episode, Outcome, Verdict};
use syncookie_terminal::{count, grouped};

use super::Gathered;
use super::escape::Html;
use crate::report::answer::{cookie_style, tally_of};
use crate::report::common_factors::{self, Row};
use crate::report::words::capitalised;
use crate::report::{caveats, comparison};
use crate::text::second;
use crate::totals::clients::Clients;
use crate::totals::{ListenerTotals, Totals};

/// Maximum number of listeners, episodes and problems that a page lists.
const LISTENERS: usize = 200;
const CLIENTS: usize = 20;
const EPISODES: usize = 2_000;
const PROBLEMS: usize = 1_000;

/// Returns the listeners that are shown, those with the strongest findings first.
pub fn by_weight(totals: &Totals) -> Vec<(&Endpoint, &ListenerTotals)> {
    let mut listeners: Vec<_> = totals.listeners.iter().collect();
    listeners.sort_by_key(|(_, listener)| {
        std::cmp::Reverse((listener.strongest, cookie_style(&listener.tally), listener.tally.handshakes))
    });
    listeners.truncate(LISTENERS);
    listeners
}

/// Returns the episodes that are shown.
pub fn shown_episodes(totals: &Totals) -> impl Iterator<Item = &Episode> {
    totals.episodes.iter().map(|(_, episode)| episode).take(EPISODES)
}

/// Returns the heading of a column that counts handshakes or connections.
pub fn counted(totals: &Totals) -> String {
    format!("{}s", capitalised(totals.noun()))
}

/// Writes the comparison of failed and working handshakes; nothing if they differ in nothing.
pub fn common_factors(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let (rows, scope) = common_factors::rows(totals);
    if rows.is_empty() {
        return Ok(());
    }
    let scope = scope.map_or_else(String::new, |scope| format!(" {scope}"));
    let (noun, counted) = (totals.noun(), counted(totals));
    writeln!(
        output,
        "<section id=\"common-factors\" aria-labelledby=\"common-factors-title\">\n\
         <h2 id=\"common-factors-title\">What failed handshakes have in common</h2>\n<table class=\"numbers stack\">\n\
         <caption>Comparison of {noun}s that failed or were delayed with those that worked.{scope}</caption>\n\
         <thead><tr><th scope=\"col\" class=\"text\">{counted} that …</th><th scope=\"col\">Failed or delayed</th>\
         <th scope=\"col\">Working</th></tr></thead>\n<tbody>"
    )?;
    for Row { predicate, failed, working } in rows {
        writeln!(
            output,
            "<tr><th scope=\"row\">{}</th><td data-label=\"Failed or delayed\">{}</td><td data-label=\"Working\">{}</td></tr>",
            Html(&predicate),
            share(failed),
            share(working),
        )?;
    }
    writeln!(output, "</tbody>\n</table>\n</section>\n")
}

/// Returns a number, of how many, and its percentage: all and none are exact, others never look so.
fn share((number, of): (u64, u64)) -> String {
    let percent = match number {
        0 => "0".to_owned(),
        _ if number == of => "100".to_owned(),
        _ => format!("{:.1}", (number as f64 * 100.0 / of as f64).clamp(0.1, 99.9)),
    };
    format!("{} of {} ({percent} %)", grouped(number), grouped(of))
}

/// Writes the clients whose handshakes took the longest; nothing if there is only one client.
pub fn clients(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let clients = totals.clients.as_ref().map_or_else(Vec::new, Clients::slowest_first);
    if clients.len() < 2 {
        return Ok(());
    }
    let counted = counted(totals);
    writeln!(
        output,
        "<details id=\"clients\">\n<summary>Clients: how long their handshakes took</summary>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of clients\">\n<table class=\"numbers cards\">\n\
         <caption>Time from the first SYN to the client's ACK. Clients with the longest times come first.</caption>\n<thead><tr>\
         <th scope=\"col\" class=\"text\">Client</th><th scope=\"col\">{counted}</th><th scope=\"col\">Failed</th>\
         <th scope=\"col\">Median (ms)</th><th scope=\"col\">95 % (ms)</th><th scope=\"col\">Longest (ms)</th></tr></thead>\n<tbody>"
    )?;
    for (ip, client) in clients.iter().take(CLIENTS) {
        let times = [0.5, 0.95, 1.0].map(|share| client.durations.quantile(share));
        let [median, p95, longest] =
            times.map(|seconds| seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{:.1}", seconds * 1e3)));
        writeln!(
            output,
            "<tr><th scope=\"row\">{ip}</th><td data-label=\"{counted}\">{}</td><td data-label=\"Failed\">{}</td>\
             <td data-label=\"Median (ms)\">{median}</td><td data-label=\"95 % (ms)\">{p95}</td>\
             <td data-label=\"Longest (ms)\">{longest}</td></tr>",
            grouped(client.handshakes),
            grouped(client.failed),
        )?;
    }
    writeln!(output, "</tbody>\n</table>\n</div>\n</details>")
}

/// Writes the rows of the table of listeners.
pub fn listeners(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let counted = counted(totals);
    for (number, (server, listener)) in by_weight(totals).into_iter().enumerate() {
        write!(
            output,
            "<tr><th scope=\"row\">{server} <button type=\"button\" data-listener=\"{number}\" \
             aria-label=\"Show charts and findings of {server}\">Show</button></th>",
            server = Html(&server.to_string())
        )?;
        let outcome = |outcome: Outcome| listener.tally.outcomes[outcome as usize];
        let verdict = |verdict| tally_of(&listener.tally, verdict);
        let counts = [
            (&*counted, listener.tally.handshakes),
            ("Failed", listener.all_failed()),
            ("Ordinary", verdict(Verdict::Ordinary)),
            ("SYN cookie", verdict(Verdict::SynCookie)),
            ("SYN proxy", verdict(Verdict::SynProxy)),
            ("Undetermined", verdict(Verdict::Undetermined)),
            ("Reset", outcome(Outcome::ResetByServer) + outcome(Outcome::ResetByClient)),
            ("Refused", outcome(Outcome::Refused)),
            ("Unanswered", outcome(Outcome::Unanswered)),
            ("Unacknowledged", outcome(Outcome::Unacknowledged)),
            ("Stuck", listener.stuck),
        ];
        for (label, count) in counts {
            let class = if count == 0 { " class=\"zero\"" } else { "" };
            write!(output, "<td data-label=\"{label}\"{class}>{}</td>", grouped(count))?;
        }
        let strongest = listener.strongest.map_or("–", |confidence| confidence.as_str());
        write!(output, "<td class=\"text\" data-label=\"Confidence (max)\">{strongest}</td>")?;
        let period = period(listener);
        writeln!(output, "<td class=\"text\" data-label=\"Cookie or proxy\">{period}</td></tr>")?;
    }
    Ok(())
}

/// Returns since when and until when SYN cookies or a SYN proxy answered, to be broken only between
/// the two.
fn period(listener: &ListenerTotals) -> String {
    let Some((first, last)) = listener.cookie_style else { return "–".into() };
    let (first, last) = (second(first), second(last));
    if first == last {
        return format!("<span>{first}</span>");
    }
    let day = first.split(' ').next().unwrap_or_default();
    let until = last.strip_prefix(day).map_or(&*last, str::trim_start);
    format!("<span>{first}</span> <span>to {until}</span>")
}

/// Writes the rows of the table of episodes.
pub fn episodes(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let counted = counted(totals);
    for (number, episode) in shown_episodes(totals).enumerate() {
        writeln!(
            output,
            "<tr><th scope=\"row\">{}</th><td class=\"text\" data-label=\"Verdict\">{}</td>\
             <td class=\"text\" data-label=\"From\">{}</td><td class=\"text\" data-label=\"To\">{}</td>\
             <td data-label=\"{counted}\">{}</td><td data-label=\"Never completed, per second\">{}</td>\
             <td data-label=\"Before\">{}</td>\
             <td class=\"text\"><button type=\"button\" data-episode=\"{number}\">Show</button></td></tr>",
            Html(&episode.server.to_string()),
            episode.verdict,
            second(episode.start),
            second(episode.end),
            grouped(episode.handshakes),
            grouped(episode.peak_unacknowledged_rate),
            grouped(episode.prior_unacknowledged_rate),
        )?;
    }
    Ok(())
}

/// Writes how captures of the same connections differ; nothing if none do.
pub fn comparison(output: &mut dyn Write, totals: &Totals, folder: &str) -> io::Result<()> {
    let lines = totals.comparison.iter().flat_map(|compared| comparison::lines(compared, folder));
    listed(output, "captures", "Same connections in several captures", &lines.collect::<Vec<_>>())
}

/// Writes which servers reset ACKs without a SYN, if there are handshakes, too.
pub fn resets_without_syn(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let resets: Vec<_> = caveats::reset_acks(totals).into_iter().collect();
    listed(output, "without-syn", "ACKs without a SYN", &resets)
}

/// Writes a section with these items; nothing without any.
fn listed(output: &mut dyn Write, id: &str, title: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(output, "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n<ul>")?;
    items(output, lines, "")?;
    writeln!(output, "</ul>\n</section>\n")
}

/// Writes the caveats as list items.
pub fn caveats(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    items(output, &caveats::caveats(totals), "No caveats for these captures.")
}

/// Writes how many findings the table has no row for, and where they are; nothing if it has them all.
pub fn beyond(output: &mut dyn Write, gathered: &Gathered) -> io::Result<()> {
    let beyond = gathered.rows.beyond();
    if beyond == 0 {
        return Ok(());
    }
    writeln!(
        output,
        "<p id=\"beyond\" class=\"note\">The table has no row for {}. To get a smaller report, \
         select listeners, causes or times with <code>--filter</code>; <code>--format jsonl</code> lists all findings.</p>",
        count(beyond, "further finding")
    )
}

/// Writes the numbers of items that are counted but not shown, as list items.
pub fn limits(output: &mut dyn Write, totals: &Totals, gathered: &Gathered) -> io::Result<()> {
    let all = "; --format jsonl lists all";
    let beyond = [
        (totals.listeners.len().saturating_sub(LISTENERS) as u64, "listener", "not listed", all),
        (totals.episodes.len().saturating_sub(EPISODES) as u64, "episode", "not listed", all),
        (gathered.rows.beyond(), "finding", "counted, but not listed in the table of findings", all),
        (
            gathered.rows.unlisted(),
            "finding",
            "counted in a row of the table of findings, but not listed below it",
            all,
        ),
        (totals.flood_counted(), "flood handshake", "only counted, and not listed (--max-flood)", ""),
        (gathered.timelines.dropped, "listener", "dropped from the charts over time to limit memory", ""),
    ];
    let mut limits: Vec<String> = beyond
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, noun, what, rest)| {
            let verb = if number == 1 { "is" } else { "are" };
            format!("{} {verb} {what}{rest}.", count(number, noun))
        })
        .collect();
    let (shown, offered) = (gathered.points.by_time().len() as u64, gathered.points.offered());
    if shown < offered {
        limits.push(format!(
            "The evidence charts show a sample of {} of {}.",
            grouped(shown),
            count(offered, "answered handshake")
        ));
    }
    items(output, &limits, "Everything is shown.")
}

/// Writes the problems of captures, as list items.
pub fn unread(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let mut problems: Vec<String> = totals.problems.iter().take(PROBLEMS).map(ToString::to_string).collect();
    if totals.problems.len() > PROBLEMS {
        problems.push(format!("and {} more; --format jsonl lists all", totals.problems.len() - PROBLEMS));
    }
    items(output, &problems, "All captures were read completely.")
}

fn items(output: &mut dyn Write, items: &[String], none: &str) -> io::Result<()> {
    if items.is_empty() {
        return writeln!(output, "<li>{none}</li>");
    }
    items.iter().try_for_each(|item| writeln!(output, "<li>{}</li>", Html(&syncookie_terminal::escape_controls(item))))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn only_all_of_them_are_a_hundred_percent() {
        assert_eq!(share((3, 3)), "3 of 3 (100 %)");
        assert_eq!(share((0, 57)), "0 of 57 (0 %)");
        assert_eq!(share((99_999, 100_000)), "99,999 of 100,000 (99.9 %)");
        assert_eq!(share((1, 100_000)), "1 of 100,000 (0.1 %)");
    }
}
