//! Counts and findings over all captures.

pub mod affected;
mod by_connection;
pub mod clients;
pub mod cross_capture;
pub mod finding_counts;
pub mod scans;
pub mod second_view;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use syncookie_engine::{
    Cause, CauseKind, Confidence, Durations, Endpoint, Episode, Finding, Findings, Flood, HandshakeSample, Limits,
    ListenerReport, Machine, Midstream, OtherCapture, Outcome, ResetAcks, Statistics, Tally, Timestamp,
};

use crate::filter::Unmatched;
use crate::problem::Problem;
use crate::source::frame_times::FrameTimes;
use affected::{Affected, is_delayed};
use clients::Clients;
use cross_capture::{Comparison, CrossCapture, Failure, Place};
use finding_counts::FindingCounts;
use scans::{Scan, Scans};

/// Counts and findings over all captures.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Captures that were opened, in the order in which they were read.
    pub captures: Vec<CaptureTotals>,
    /// Counts of all handshakes.
    pub tally: Tally,
    /// Listeners by address and port, over all captures.
    pub listeners: BTreeMap<Endpoint, ListenerTotals>,
    /// Clients, if the report needs each handshake; `None` if ordinary handshakes are only counted.
    pub clients: Option<Clients>,
    /// Findings by listener, verdict and cause, if metrics are written.
    pub finding_counts: Option<FindingCounts>,
    /// Failed and working handshakes, to be compared.
    pub sample: HandshakeSample,
    /// Number of undetermined handshakes by what the captures lack of them.
    pub missing: BTreeMap<&'static str, u64>,
    /// Connections without a SYN in their capture.
    pub midstream: Midstream,
    /// Episodes, with the index of their capture.
    pub episodes: Vec<(usize, Episode)>,
    /// Problems of the captures.
    pub problems: Vec<Problem>,
    /// Highest confidence of a finding with a SYN cookie or SYN proxy verdict.
    pub strongest: Option<Confidence>,
    /// Number of handshakes with a SYN cookie or SYN proxy verdict at `likely` or above.
    pub reliable: Tally,
    /// Number of handshakes with a SYN cookie or SYN proxy verdict below `likely`.
    pub possible: Tally,
    /// Whether handshakes are counted as they are reported, not by the engine.
    pub is_counted_one_by_one: bool,
    /// Limits of the numbers of listeners and episodes, of all captures together.
    pub limits: Limits,
    /// Number of listeners whose counts an engine reported.
    pub counted_listeners: usize,
    /// Handshakes of all captures, if there are several, until they are compared.
    pub cross_capture: Option<CrossCapture>,
    /// Comparison of captures of the same traffic, if there are several captures.
    pub comparison: Option<Comparison>,
    /// Number of handshakes that `--filter` excluded.
    pub filtered_out: u64,
    /// Conditions of `--filter` on servers that no listener met.
    pub unmatched: Unmatched,
    /// Number of flood handshakes that were counted but not reported, if handshakes are counted as
    /// they are reported.
    pub flood_not_reported: u64,
    /// Number of handshakes of listeners that are not reported individually.
    pub handshakes_of_other_listeners: u64,
    /// Number of episodes that were not kept.
    pub episodes_lost: u64,
    /// Whether the run ended before everything was read.
    pub is_interrupted: bool,
    /// Handshakes that failed, whatever their verdict, except those of floods that are only
    /// counted.
    pub failures: Affected,
    /// Listeners of those whose most likely cause is an ACK that a SYN proxy let through.
    pub leaked: BTreeSet<Endpoint>,
    /// Failures, separated into those of scans and all others.
    pub scans: Scans,
    /// Handshakes that were delayed and did not fail.
    pub delays: Affected,
    /// Files with kernel counters, and which machine each was used for.
    pub kernel: Vec<KernelSource>,
    /// Findings that `--baseline` omitted; with a baseline, everything above covers only the other
    /// findings.
    pub known: Option<Known>,
}

/// Files with counters of one machine's kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelSource {
    /// Machine that the files are used for.
    pub machine: Machine,
    /// Names of the files, safe to print.
    pub files: Vec<String>,
    /// Use of the files and assumptions about them, as a sentence without its period.
    pub sentence: String,
}

/// Findings of an earlier report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name of the report.
    pub report: String,
    /// Number of findings that were omitted.
    pub findings: u64,
}

/// Contents and counts of one capture.
#[derive(Clone, Debug, Default)]
pub struct CaptureTotals {
    /// Name of the capture.
    pub name: String,
    /// Number of frames, as Wireshark counts them.
    pub frames: u64,
    /// Time of the earliest frame.
    pub first: Option<Timestamp>,
    /// Time of the latest frame.
    pub last: Option<Timestamp>,
    /// Times of its first and last frames.
    pub frame_times: FrameTimes,
    /// Number of frames without an IP packet, or too short to know.
    pub not_ip: u64,
    /// Number of frames in simple packet blocks, which have no time.
    pub without_time: u64,
    /// Number of its handshakes that were counted; only notable ones if the report shows no others.
    pub handshakes: u64,
    /// The engine's counts of its IP packets.
    pub statistics: Statistics,
}

/// One listener, over all captures.
#[derive(Clone, Debug, Default)]
pub struct ListenerTotals {
    /// Time of the first frame of its first handshake.
    pub first: Option<Timestamp>,
    /// Time of the first frame of its last handshake.
    pub last: Option<Timestamp>,
    /// Counts of its handshakes.
    pub tally: Tally,
    /// Number of its handshakes that failed, without those that completed.
    pub failed: u64,
    /// Number of its handshakes that completed and whose connection made no progress afterwards.
    pub stuck: u64,
    /// Highest confidence of a SYN cookie or SYN proxy verdict among them.
    pub strongest: Option<Confidence>,
    /// Times of the first and the last handshake with a SYN cookie or SYN proxy verdict.
    pub cookie_style: Option<(Timestamp, Timestamp)>,
    /// Times that its handshakes took.
    pub durations: Durations,
    /// Number of its SYNs.
    pub syns: u64,
    /// Handshakes during SYN floods that never completed.
    pub flood: Option<Flood>,
}

impl Totals {
    /// Returns the number of flood handshakes that are counted and not reported individually.
    #[must_use]
    pub fn flood_counted(&self) -> u64 {
        let floods = self.listeners.values().filter_map(|listener| listener.flood.as_ref());
        self.flood_not_reported + floods.map(|flood| flood.counted).sum::<u64>()
    }

    /// Returns the scans, the largest first, and the failures that belong to none.
    #[must_use]
    pub fn apart(&self) -> (&[Scan], &Affected) {
        self.scans.apart()
    }

    /// Returns the number of handshakes that failed, those of floods that are only counted
    /// included.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.handshakes + self.flood_counted_failed()
    }

    /// Returns the most frequent of the most likely causes of failures, and its number of
    /// handshakes, those of floods that are only counted included.
    #[must_use]
    pub fn most_frequent_failure(&self) -> Option<(CauseKind, u64)> {
        let of_flood = |kind| if kind == CauseKind::SynFlood { self.flood_counted_failed() } else { 0 };
        let causes = self.failures.causes.iter().map(|(&kind, count)| (kind, count.handshakes + of_flood(kind)));
        // The first of equally frequent ones.
        causes.rev().max_by_key(|&(_, number)| number)
    }

    /// Returns the number of flood handshakes that failed and are only counted.
    #[must_use]
    pub fn flood_counted_failed(&self) -> u64 {
        self.listeners.values().filter_map(|listener| Some(listener.flood.as_ref()?.counted_failed)).sum()
    }

    /// Returns the times that handshakes took, of all listeners that are reported individually.
    #[must_use]
    pub fn durations(&self) -> Durations {
        let mut all = Durations::default();
        self.listeners.values().for_each(|listener| all.merge(&listener.durations));
        all
    }

    /// Returns the sum of a number over all captures.
    pub fn sum(&self, number: fn(&CaptureTotals) -> u64) -> u64 {
        self.captures.iter().map(number).sum()
    }

    /// Counts a handshake that is reported, and that has this place in the comparison of captures.
    pub fn count_at(&mut self, place: Option<Place>, finding: &Finding) {
        self.count(finding);
        if let Some((place, captures)) = place.zip(self.cross_capture.as_mut()) {
            captures.count(place, finding);
        }
    }

    /// Counts a handshake that is reported.
    pub fn count(&mut self, finding: &Finding) {
        if self.is_counted_one_by_one {
            self.tally.add(finding.assessment.verdict, finding.outcome);
            finding.compared.iter().for_each(|handshake| self.sample.add(**handshake));
            finding.assessment.missing.iter().for_each(|lack| *self.missing.entry(*lack).or_insert(0) += 1);
            match self.listener(finding.server) {
                Some(listener) => listener.add(finding),
                None => self.handshakes_of_other_listeners += 1,
            }
        }
        if let Some(capture) = self.captures.get_mut(finding.capture() as usize) {
            capture.handshakes += 1;
        }
        self.clients.iter_mut().for_each(|clients| clients.add(finding));
        self.finding_counts.iter_mut().for_each(|counts| counts.add(finding));
        let is_reliable = finding.is_reliable();
        if finding.completion.has_failed {
            self.failures.add(finding);
            self.scans.add(finding);
            if Cause::most_likely(&finding.causes).is_some_and(|cause| cause.kind == CauseKind::ProxyLeakedAck) {
                self.leaked.insert(finding.server);
            }
            if let Some(listener) = self.listener(finding.server) {
                *listener.failed_mut(finding.outcome) += 1;
            }
        } else if is_delayed(finding) {
            self.delays.add(finding);
        }
        if !finding.assessment.verdict.is_cookie_style() {
            return;
        }
        self.strongest = self.strongest.max(finding.assessment.confidence);
        let tally = if is_reliable { &mut self.reliable } else { &mut self.possible };
        tally.add(finding.assessment.verdict, finding.outcome);
        if let Some(listener) = self.listener(finding.server) {
            listener.cookie_style = Some(extended(listener.cookie_style, (finding.time, finding.time)));
        }
    }

    /// Returns the entry of the listener; `None` if it is not reported individually.
    fn listener(&mut self, server: Endpoint) -> Option<&mut ListenerTotals> {
        let is_full = self.is_counted_one_by_one && self.listeners.len() >= self.limits.listeners;
        match self.listeners.entry(server) {
            Entry::Vacant(_) if is_full => None,
            entry => Some(entry.or_default()),
        }
    }

    /// Compares the captures of the same traffic, after the last handshake was counted; not with a
    /// baseline.
    pub fn compare(&mut self) {
        let Some(captures) = self.cross_capture.take().filter(|_| self.known.is_none()) else { return };
        let names: Vec<&str> = self.captures.iter().map(|capture| capture.name.as_str()).collect();
        self.comparison = Some(captures.compare(&names));
    }

    /// Weighs the causes of failures with all captures of their connections.
    pub fn weigh(&mut self, failures: &mut [Failure]) {
        let names: Vec<&str> = self.captures.iter().map(|capture| capture.name.as_str()).collect();
        let listeners = &self.listeners;
        let is_counted = |server| listeners.get(&server).is_some_and(|listener| listener.flood.is_some());
        if let Some(captures) = &mut self.cross_capture {
            captures.weigh(&names, failures, is_counted);
        }
        for failure in failures {
            self.add_reset_acks(&mut failure.finding);
        }
    }

    /// Adds to a finding that another capture contains ACKs without a SYN that its server reset.
    fn add_reset_acks(&self, finding: &mut Finding) {
        let is_elsewhere =
            |resets: &&ResetAcks| resets.server == finding.server && resets.reset.capture != finding.capture();
        let Some(resets) = self.midstream.servers.iter().find(is_elsewhere) else { return };
        if let Some(capture) = self.captures.get(resets.reset.capture as usize) {
            OtherCapture::name_reset_acks(finding, &capture.name, resets);
        }
    }

    /// Adds the counts and episodes of a series whose handshakes were reported.
    pub fn finish(&mut self, captures: RangeInclusive<usize>, findings: Findings) {
        if !self.is_counted_one_by_one {
            self.tally.merge(&findings.tally);
            self.sample.merge(findings.sample);
            findings.missing.into_iter().for_each(|(lack, number)| *self.missing.entry(lack).or_insert(0) += number);
            self.handshakes_of_other_listeners += findings.statistics.handshakes_of_other_listeners;
            findings.listeners.iter().for_each(|report| self.merge_listener(report));
        }
        self.midstream.merge(&findings.midstream);
        self.episodes_lost += findings.statistics.episodes_lost;
        for episode in findings.episodes {
            // The capture in which the episode begins: the earliest that had not ended by then.
            let begins = |index: &usize| self.captures[*index].last >= Some(episode.start);
            let index = captures.clone().find(begins).unwrap_or(*captures.end());
            if self.episodes.len() < self.limits.episodes {
                self.episodes.push((index, episode));
            } else {
                self.episodes_lost += 1;
            }
        }
    }

    /// Adds the counts of a listener, if it is reported individually.
    fn merge_listener(&mut self, report: &ListenerReport) {
        self.strongest = self.strongest.max(report.strongest);
        let is_counted = self.listeners.get(&report.server).is_some_and(|listener| listener.first.is_some());
        if !is_counted && self.counted_listeners >= self.limits.listeners {
            self.handshakes_of_other_listeners += report.tally.handshakes;
            return;
        }
        self.counted_listeners += usize::from(!is_counted);
        self.listeners.entry(report.server).or_default().merge(report);
    }
}

impl CaptureTotals {
    /// Sets the contents of the capture; its handshakes may be counted later.
    pub fn read(&mut self, read: &Self) {
        let handshakes = self.handshakes;
        self.clone_from(read);
        self.handshakes = handshakes;
    }

    /// Adds the contents of the next stretch of the capture.
    #[cfg(feature = "parquet")]
    pub fn merge(&mut self, next: &Self) {
        self.frames = self.frames.saturating_add(next.frames);
        self.first = [self.first, next.first].into_iter().flatten().min();
        self.last = self.last.max(next.last);
        self.frame_times.append(&next.frame_times);
        self.not_ip = self.not_ip.saturating_add(next.not_ip);
        self.without_time = self.without_time.saturating_add(next.without_time);
        self.statistics.add(&next.statistics);
    }

    /// Extends the time range to frames with these times.
    pub fn times(&mut self, times: impl Iterator<Item = Option<Timestamp>>) {
        let (mut first, mut last) = (self.first.unwrap_or(Timestamp::MAX), self.last.unwrap_or(Timestamp::MIN));
        for time in times {
            match time {
                Some(time) => (first, last) = (first.min(time), last.max(time)),
                None => self.without_time += 1,
            }
        }
        if first <= last {
            (self.first, self.last) = (Some(first), Some(last));
        }
    }

    /// Returns whether a frame has a time far from those of the frames around it.
    #[must_use]
    pub fn has_wrong_time(&self) -> bool {
        self.frame_times.is_exceeded_by(self.first, self.last)
    }
}

/// Returns the period from the earlier start to the later end.
fn extended(known: Option<(Timestamp, Timestamp)>, (first, last): (Timestamp, Timestamp)) -> (Timestamp, Timestamp) {
    known.map_or((first, last), |known| (known.0.min(first), known.1.max(last)))
}

impl ListenerTotals {
    /// Returns the number of its handshakes that failed, those of floods that are only counted
    /// included, without those that completed.
    #[must_use]
    pub fn all_failed(&self) -> u64 {
        self.failed + self.flood.as_ref().map_or(0, |flood| flood.counted_failed)
    }

    /// Returns the number to which a failure with this outcome belongs.
    pub const fn failed_mut(&mut self, outcome: Outcome) -> &mut u64 {
        if outcome.is_failure() { &mut self.failed } else { &mut self.stuck }
    }

    /// Counts a handshake.
    pub fn add(&mut self, finding: &Finding) {
        let mut tally = Tally::default();
        tally.add(finding.assessment.verdict, finding.outcome);
        let is_cookie_style = finding.assessment.verdict.is_cookie_style();
        let mut durations = Durations::default();
        finding.completion.seconds.into_iter().for_each(|seconds| durations.add(seconds));
        self.merge(&ListenerReport {
            server: finding.server,
            first: finding.time,
            last: finding.time,
            tally,
            strongest: finding.assessment.confidence.filter(|_| is_cookie_style),
            durations,
            syns: u64::from(finding.completion.syns),
            flood: None,
        });
    }

    fn merge(&mut self, report: &ListenerReport) {
        self.first = Some(self.first.map_or(report.first, |first| first.min(report.first)));
        self.last = self.last.max(Some(report.last));
        self.tally.merge(&report.tally);
        self.strongest = self.strongest.max(report.strongest);
        self.durations.merge(&report.durations);
        self.syns += report.syns;
        if let Some(flood) = &report.flood {
            match &mut self.flood {
                Some(known) => known.merge(flood),
                None => self.flood = Some(flood.clone()),
            }
        }
    }
}
