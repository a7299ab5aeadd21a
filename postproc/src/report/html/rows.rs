//! Findings table: a row of columns per finding, and a line of details that is read when the row is
//! expanded. Both are formatted as they arrive, so that no finding is kept.
//!
//! Findings with the same listener, verdict, outcome and most likely cause share one row of the
//! page. The first findings of such a group are listed, and the others are counted. All numbers are
//! limited, so that a page opens quickly whatever the captures contain.

use std::collections::{HashMap, HashSet};
use std::io;

use serde::Serialize;
use syncookie_engine::{Cause, CauseKind, Endpoint, Finding, Frame, Outcome, Timestamp, Verdict, odds};

use super::escape::ScriptSafe;
use super::texts::{Phrase, Text, Texts};
use crate::report::{check, strength};
use crate::text::capture;
use crate::totals::CaptureTotals;
use crate::totals::second_view::SecondView;

/// Number of classes of findings: SYN cookie or SYN proxy at `likely` or above, the same below
/// `likely`, and other failures.
const CLASSES: usize = 3;

/// Maximum number of groups of each class. The first finding of each is listed.
const GROUPS: usize = 5_000;

/// Maximum number of further findings of each class that are listed.
const FURTHER: u64 = 5_000;

/// Maximum number of findings of a group that are listed; further ones are only counted.
const LISTED: u64 = 500;

/// What the findings of a group have in common: listener, verdict, outcome and likely cause.
type Key = (Endpoint, Verdict, Outcome, Option<CauseKind>);

/// Values of a row, in the order that filters.js names; the last one is the odds as text.
#[derive(Serialize)]
struct Row(i64, Text, String, Text, Option<Text>, Option<f64>, Text, Option<Text>, Text, u32, Text, Option<Text>);

/// Details of a row, shown when it is expanded: packets, values in them, evidence, terms, causes, and
/// what the capture lacks. Causes are JSON within text, because a few recur in thousands of findings.
#[derive(Serialize)]
struct Details([Option<Packet>; 4], [Option<f64>; 5], Vec<Piece>, Option<Terms>, Vec<Text>, Vec<Phrase>);

/// Second most probable verdict, then the prior, the listener's contribution and the correction for
/// related evidence, in nats.
type Terms = (Text, f64, f64, f64);

/// Kind of a piece of evidence, what it favours, its odds in words, its contribution in
/// nats, its text and its frames.
type Piece = (Text, Text, Option<Text>, f64, Phrase, Vec<u32>);

/// Frame number, microseconds since the first frame, and the capture if it is not the finding's.
#[derive(Serialize)]
struct Packet(u32, Option<i64>, Option<Text>);

/// Findings of one class.
#[derive(Debug, Default)]
struct Pot {
    /// Number of findings that belong to no group with a row.
    beyond: u64,
    /// Number of listed findings that are not the first of their group.
    further: u64,
    rows: Vec<u8>,
    details: Vec<u8>,
    /// Findings, in the order of their rows.
    entries: Vec<Entry>,
    groups: HashMap<Key, Counted>,
}

/// Number and times of the findings of a group.
#[derive(Clone, Copy, Debug)]
struct Counted {
    findings: u64,
    listed: u64,
    first: Timestamp,
    last: Timestamp,
}

/// Group with findings that are not listed: listener, verdict, outcome, cause, number of all its
/// findings, and the times of the first and the last.
#[derive(Debug, Serialize)]
pub struct GroupRow(Text, Text, Text, Option<Text>, u64, i64, i64);

/// Finding with a row: its frame, and where its row and details end.
#[derive(Clone, Copy, Debug)]
struct Entry {
    frame: Frame,
    row_end: usize,
    details_end: usize,
}

/// Findings that get a row.
#[derive(Debug, Default)]
pub struct Rows {
    pots: [Pot; CLASSES],
    /// Frames of findings that have no row, because another capture shows their connections, too.
    removed: HashSet<Frame>,
}

impl Rows {
    /// Adds a finding that is worth a row: answered by a SYN cookie or SYN proxy, or failed with a
    /// cause.
    pub fn add(&mut self, captures: &[CaptureTotals], finding: &Finding, texts: &mut Texts) -> io::Result<()> {
        let has_cause = !finding.causes.is_empty();
        let Some(sort) = sort(finding.assessment.verdict, finding.is_reliable(), has_cause) else { return Ok(()) };
        let pot = &mut self.pots[sort];
        if !pot.lists(finding) {
            return Ok(());
        }
        serde_json::to_writer(ScriptSafe(&mut pot.rows), &row(captures, finding, texts))?;
        serde_json::to_writer(ScriptSafe(&mut pot.details), &details(captures, finding, texts)?)?;
        pot.details.push(b'\n');
        let frame = anchor(finding).unwrap_or_default();
        pot.entries.push(Entry { frame, row_end: pot.rows.len(), details_end: pot.details.len() });
        Ok(())
    }

    /// Returns the number of findings that belong to no group with a row.
    pub fn beyond(&self) -> u64 {
        self.pots.iter().map(|pot| pot.beyond).sum()
    }

    /// Returns the number of findings that are counted in their group, but not listed.
    pub fn unlisted(&self) -> u64 {
        self.pots.iter().flat_map(|pot| pot.groups.values()).map(Counted::unlisted).sum()
    }

    /// Returns the groups with findings that are not listed.
    pub fn groups(&self, texts: &mut Texts) -> Vec<GroupRow> {
        let groups = self.pots.iter().flat_map(|pot| &pot.groups).filter(|(_, group)| group.unlisted() > 0);
        let mut groups: Vec<_> = groups.collect();
        groups.sort_unstable_by_key(|(key, group)| (**key, group.findings));
        groups.into_iter().map(|(key, group)| GroupRow::new(key, group, texts)).collect()
    }

    /// Returns the number of findings that have a row.
    #[cfg(test)]
    pub fn kept(&self) -> u64 {
        self.pots.iter().map(|pot| pot.entries.len() as u64).sum()
    }

    /// Leaves out the rows of these handshakes.
    pub fn remove(&mut self, views: &[SecondView]) {
        self.removed.extend(views.iter().map(|view| view.frame));
        views.iter().for_each(|view| self.uncount(view));
    }

    fn uncount(&mut self, view: &SecondView) {
        let counted = &view.counted;
        let key = (view.server, counted.verdict, counted.outcome, counted.likely_cause);
        let sort = sort(counted.verdict, counted.is_reliable, counted.first_cause.is_some());
        if let Some(group) = sort.and_then(|sort| self.pots[sort].groups.get_mut(&key)) {
            group.findings = group.findings.saturating_sub(1);
        }
    }

    /// Returns the elements of the JSON array of rows, with commas between them.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let rows = self.parts(|pot| &pot.rows, |entry| entry.row_end);
        rows.enumerate().flat_map(|(number, row)| [if number == 0 { &b""[..] } else { b"," }, row])
    }

    /// Returns the details: one JSON object per line, in the order of the rows.
    pub fn details(&self) -> impl Iterator<Item = &[u8]> {
        self.parts(|pot| &pot.details, |entry| entry.details_end)
    }

    /// Returns the parts of a buffer that belong to rows.
    fn parts(&self, buffer: fn(&Pot) -> &Vec<u8>, end: fn(&Entry) -> usize) -> impl Iterator<Item = &[u8]> {
        self.pots.iter().flat_map(move |pot| {
            let starts = std::iter::once(0).chain(pot.entries.iter().map(end));
            let kept = starts.zip(&pot.entries).filter(|(_, entry)| !self.removed.contains(&entry.frame));
            kept.map(move |(start, entry)| &buffer(pot)[start..end(entry)])
        })
    }
}

impl Pot {
    /// Counts a finding, and returns whether it is listed.
    fn lists(&mut self, finding: &Finding) -> bool {
        let cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
        let key = (finding.server, finding.assessment.verdict, finding.outcome, cause);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            self.beyond += 1;
            return false;
        }
        let group = self.groups.entry(key).or_insert_with(|| Counted::new(finding.time));
        group.add(finding.time);
        let is_further = group.listed > 0;
        if is_further && (group.listed >= LISTED || self.further >= FURTHER) {
            return false;
        }
        group.listed += 1;
        self.further += u64::from(is_further);
        true
    }
}

impl Counted {
    const fn new(time: Timestamp) -> Self {
        Self { findings: 0, listed: 0, first: time, last: time }
    }

    fn add(&mut self, time: Timestamp) {
        self.findings += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    const fn unlisted(&self) -> u64 {
        self.findings.saturating_sub(self.listed)
    }
}

impl GroupRow {
    fn new((server, verdict, outcome, cause): &Key, group: &Counted, texts: &mut Texts) -> Self {
        Self(
            texts.text(&server.to_string()),
            texts.text(verdict.as_str()),
            texts.text(outcome.as_str()),
            cause.map(|cause| texts.text(cause.as_str())),
            group.findings,
            micros(group.first),
            micros(group.last),
        )
    }
}

/// Returns the pot of a finding; `None` if it gets no row.
const fn sort(verdict: Verdict, is_reliable: bool, has_cause: bool) -> Option<usize> {
    match (verdict.is_cookie_style(), is_reliable, has_cause) {
        (true, true, _) => Some(0),
        (true, false, _) => Some(1),
        (false, _, true) => Some(2),
        (false, _, false) => None,
    }
}

fn row(captures: &[CaptureTotals], finding: &Finding, texts: &mut Texts) -> Row {
    let assessment = &finding.assessment;
    let implementations: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    Row(
        micros(finding.time),
        texts.text(&finding.server.to_string()),
        finding.client.to_string(),
        texts.text(assessment.verdict.as_str()),
        assessment.confidence.map(|confidence| texts.text(confidence.as_str())),
        assessment.log_odds.map(hundredths),
        texts.text(finding.outcome.as_str()),
        Cause::most_likely(&finding.causes).map(|cause| texts.text(cause.kind.as_str())),
        name(captures, finding.capture(), texts),
        anchor(finding).map_or(0, |frame| frame.number),
        texts.text(&implementations.join(" or ")),
        assessment.log_odds.map(|nats| texts.text(&odds(nats))),
    )
}

fn details(captures: &[CaptureTotals], finding: &Finding, texts: &mut Texts) -> io::Result<Details> {
    let (frames, measured) = (finding.frames, finding.measured.as_deref().copied().unwrap_or_default());
    let times = measured.times;
    let mut packet = |frame: Option<Frame>, time: Option<Timestamp>| {
        let frame = frame?;
        let elsewhere = (frame.capture != finding.capture()).then(|| name(captures, frame.capture, texts));
        let since = time.map(|time| micros(time).saturating_sub(micros(finding.time)));
        Some(Packet(frame.number, since, elsewhere))
    };
    let frames = [
        packet(frames.syn, times.syn),
        packet(frames.syn_ack, times.syn_ack),
        packet(frames.ack, times.ack),
        packet(frames.reset, times.reset),
    ];
    let seen = [
        measured.window.map(f64::from),
        measured.segment_size.map(f64::from),
        measured.hop_limit.map(f64::from),
        measured.reset_hop_limit.or(measured.later_hop_limit).map(f64::from),
        measured.lag_seconds.map(|seconds| hundredths(seconds * 1e3)),
    ];
    let evidence = finding.assessment.evidence.iter().map(|seen| {
        let frames = seen.frames.iter().map(|frame| frame.number).collect();
        let (kind, side) = (texts.text(seen.kind.as_str()), texts.text(&strength::side(seen)));
        let strength = strength::times(seen.nats).map(|_| texts.text(&odds(seen.nats)));
        (kind, side, strength, hundredths(seen.contribution), texts.phrase(&seen.detail), frames)
    });
    let evidence = evidence.collect();
    let terms = finding.assessment.terms.map(|terms| {
        let nats = [terms.prior_nats, terms.listener_nats, terms.cap_nats].map(hundredths);
        (texts.text(terms.runner_up.as_str()), nats[0], nats[1], nats[2])
    });
    let causes = finding.causes.iter().map(|cause| hypothesis(cause, texts)).collect::<io::Result<_>>()?;
    let missing = finding.assessment.missing.iter().map(|sentence| texts.phrase(sentence)).collect();
    Ok(Details(frames, seen, evidence, terms, causes, missing))
}

fn hypothesis(cause: &Cause, texts: &mut Texts) -> io::Result<Text> {
    let kind = texts.text(cause.kind.as_str());
    let supporting: Vec<Phrase> = cause.supporting.iter().map(|sentence| texts.phrase(sentence)).collect();
    let against: Vec<Phrase> = cause.against.iter().map(|sentence| texts.phrase(sentence)).collect();
    let unseen: Vec<Phrase> = cause.not_observable.iter().map(|sentence| texts.phrase(sentence)).collect();
    let check = texts.phrase(&check::unwrapped("", &cause.check));
    let written = serde_json::to_string(&(kind, supporting, against, unseen, cause.ruled_out, check))?;
    Ok(texts.text(&written))
}

/// Returns the frame to show: the one that the verdict is about.
fn anchor(finding: &Finding) -> Option<Frame> {
    let frames = finding.frames;
    frames.syn_ack.or(frames.syn).or(frames.ack).or(frames.reset)
}

fn name(captures: &[CaptureTotals], index: u32, texts: &mut Texts) -> Text {
    texts.text(&captures.get(index as usize).map_or_else(String::new, |found| capture(&found.name).into_owned()))
}

/// Returns microseconds since 1970, which JavaScript represents exactly until the year 2255.
pub fn micros(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1000)
}

/// Rounds to hundredths: further digits are arithmetic, not evidence.
pub fn hundredths(number: f64) -> f64 {
    // Adding 0 turns -0 into 0.
    (number * 100.0).round() / 100.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{leaked, unclear};
    use super::*;

    fn array(rows: &Rows) -> Vec<serde_json::Value> {
        let array = [b"[", rows.rows().collect::<Vec<_>>().concat().as_slice(), b"]"].concat();
        serde_json::from_slice(&array).unwrap()
    }

    #[test]
    fn every_row_has_a_line_of_details() {
        let (mut rows, mut texts) = (Rows::default(), Texts::default());
        let mut weak = leaked(1);
        weak.assessment.confidence = Some(syncookie_engine::Confidence::Possible);
        for finding in [leaked(0), weak, unclear(), leaked(2)] {
            rows.add(&[], &finding, &mut texts).unwrap();
        }
        let array = array(&rows);
        let details: Vec<_> = rows.details().collect();
        let details = String::from_utf8(details.concat()).unwrap();
        assert_eq!((array.len(), details.lines().count(), rows.kept()), (3, 3, 3), "{array:?}");
        let first: serde_json::Value = serde_json::from_str(details.lines().next().unwrap()).unwrap();
        assert_eq!(first[0], serde_json::json!([[1, null, null], [2, null, null], null, [4, null, null]]));
        rows.remove(&[SecondView::of(&leaked(0))]);
        assert_eq!((self::array(&rows).len(), rows.details().count()), (0, 0), "all are in the same frame");
    }

    #[test]
    fn the_first_findings_of_a_group_are_listed_and_the_others_are_counted() {
        let (mut rows, mut texts) = (Rows::default(), Texts::default());
        (0..LISTED + 7).for_each(|_| rows.add(&[], &leaked(0), &mut texts).unwrap());
        assert_eq!((rows.kept(), rows.beyond(), rows.unlisted()), (LISTED, 0, 7));
        let groups = serde_json::to_value(rows.groups(&mut texts)).unwrap();
        assert_eq!((groups.as_array().unwrap().len(), &groups[0][4]), (1, &serde_json::json!(LISTED + 7)));
        rows.remove(&[SecondView::of(&leaked(0))]);
        assert_eq!(rows.unlisted(), 6, "another capture shows the same connection");
    }

    #[test]
    fn findings_beyond_the_limits_are_counted_and_each_group_lists_one() {
        let (mut rows, mut texts) = (Rows::default(), Texts::default());
        let mut of = |listeners: std::ops::Range<u32>, each: u64| {
            for address in listeners {
                let server = Endpoint { ip: std::net::IpAddr::V4(address.into()), ..leaked(0).server };
                (0..each).for_each(|_| rows.add(&[], &Finding { server, ..leaked(0) }, &mut texts).unwrap());
            }
            (rows.kept(), rows.beyond(), rows.unlisted())
        };
        let (groups, each) = (GROUPS as u32, LISTED + 1);
        assert_eq!(of(0..10, each), (10 * LISTED, 0, 10));
        let kept = FURTHER + 20;
        assert_eq!(of(10..20, each), (kept, 0, 20 * each - kept), "ten lists were full");
        assert_eq!(of(20..groups + 7, 1), (FURTHER + u64::from(groups), 7, 20 * each - kept));
    }
}
