//! Summary of handshakes whose findings were already returned: counts, listeners, episodes.

use std::collections::BTreeMap;

use crate::verdict::episodes::episodes;
use crate::verdict::judgement::{JudgeOptions, Judgement};
use crate::{
    Compared, Durations, Endpoint, Episode, Flood, HandshakeSample, Limits, ListenerReport, Statistics, Tally,
};

/// Counts, listeners and episodes of all handshakes that were judged.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub listeners: BTreeMap<Endpoint, ListenerReport>,
    pub episodes: Vec<Episode>,
    pub tally: Tally,
    pub sample: HandshakeSample,
    /// See [`crate::Findings::missing`].
    pub missing: BTreeMap<&'static str, u64>,
}

/// Counts and episodes of one listener.
#[derive(Debug)]
pub(crate) struct ListenerSummary {
    /// Handshakes that were judged now.
    tally: Tally,
    /// The report with these and all handshakes that were judged before.
    listener: ListenerReport,
    /// Episodes among the handshakes that were judged now.
    episodes: Vec<Episode>,
    /// What is compared between failed and working handshakes.
    compared: Vec<Compared>,
    /// Number of undetermined handshakes by what they lack.
    missing: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Returns the options for judging a listener, after what was judged of it before: how many
    /// findings may still be made for handshakes that a flood left incomplete, and when the flood
    /// was.
    pub(crate) fn options<'a>(&self, server: &Endpoint, options: JudgeOptions<'a>) -> JudgeOptions<'a> {
        let flood = self.listeners.get(server).and_then(|listener| listener.flood.as_ref());
        let Some(flood) = flood else { return options };
        let left = options.flood.saturating_sub(flood.handshakes - flood.counted);
        JudgeOptions { flood: left, last_flood: Some(flood.last), ..options }
    }

    /// Counts a listener's judgements, which are in order of ids, on top of what is known of it.
    /// `None` without judgements.
    pub(crate) fn count(&self, judgements: &[Judgement<'_>]) -> Option<ListenerSummary> {
        let first = judgements.first()?.handshake;
        let mut listener = self.listeners.get(&first.server).cloned().unwrap_or_else(|| ListenerReport {
            server: first.server,
            first: first.time,
            last: first.time,
            tally: Tally::default(),
            strongest: None,
            durations: Durations::default(),
            syns: 0,
            flood: None,
        });
        let mut tally = Tally::default();
        let mut missing = BTreeMap::new();
        for judgement in judgements {
            judgement.assessment.missing.iter().for_each(|lack| *missing.entry(*lack).or_insert(0) += 1);
            tally.add(judgement.assessment.verdict, judgement.outcome);
            add(&mut listener, judgement);
        }
        listener.tally.merge(&tally);
        let compared = judgements.iter().filter_map(|judgement| judgement.compared.as_deref().copied()).collect();
        Some(ListenerSummary { tally, listener, episodes: episodes(judgements), compared, missing })
    }

    /// Adds the summaries of listeners, one of each, in order of their first handshakes.
    pub(crate) fn add(
        &mut self,
        listeners: impl Iterator<Item = ListenerSummary>,
        limits: &Limits,
        statistics: &mut Statistics,
    ) {
        let mut new: Vec<Episode> = Vec::new();
        for ListenerSummary { tally, listener, episodes, compared, missing } in listeners {
            missing.into_iter().for_each(|(lack, number)| *self.missing.entry(lack).or_insert(0) += number);
            compared.into_iter().for_each(|handshake| self.sample.add(handshake));
            self.tally.merge(&tally);
            new.extend(episodes);
            if self.listeners.len() >= limits.listeners && !self.listeners.contains_key(&listener.server) {
                // Its handshakes are in the tally only.
                statistics.listeners_overflow += tally.handshakes;
            } else {
                self.listeners.insert(listener.server, listener);
            }
        }
        new.sort_by_key(|episode| episode.server);
        self.episodes.extend(new);
        statistics.episodes_lost += self.episodes.len().saturating_sub(limits.episodes) as u64;
        self.episodes.truncate(limits.episodes);
    }
}

fn add(listener: &mut ListenerReport, judgement: &Judgement<'_>) {
    let time = judgement.handshake.time;
    listener.first = listener.first.min(time);
    listener.last = listener.last.max(time);
    let completion = judgement.completion();
    completion.seconds.into_iter().for_each(|seconds| listener.durations.add(seconds));
    listener.syns += u64::from(completion.syns);
    if judgement.of_flood {
        listener.flood.get_or_insert_with(|| Flood::new(time)).add(time, judgement.only_counted);
    }
    if judgement.assessment.verdict.is_cookie_style() {
        listener.strongest = listener.strongest.max(judgement.assessment.confidence);
    }
}
