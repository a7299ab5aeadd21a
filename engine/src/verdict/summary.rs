//! Summary of handshakes whose findings were already returned: counts, listeners, episodes.

use std::collections::BTreeMap;

use crate::connection::handshake::Handshake;
use crate::verdict::episodes::{Answer, episodes};
use crate::verdict::judgement::{JudgeOptions, Judgement};
use crate::{
    Compared, Completion, Durations, Endpoint, Episode, Flood, HandshakeSample, Limits, ListenerReport, Statistics,
    Tally,
};

/// Counts, listeners and episodes of all handshakes that were judged.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub listeners: BTreeMap<Endpoint, ListenerReport>,
    pub episodes: Vec<Episode>,
    pub tally: Tally,
    pub sample: HandshakeSample,
    /// What captures lack to decide, as in [`crate::Findings::missing`].
    pub missing: BTreeMap<&'static str, u64>,
}

/// Counts and episodes of one listener.
#[derive(Debug)]
pub(crate) struct ListenerSummary {
    /// Counts of the handshakes that were judged now.
    tally: Tally,
    /// The report with these and all handshakes that were judged before. Its tally has these only
    /// when the summary is closed.
    listener: ListenerReport,
    /// What the episodes among the handshakes that were judged now depend on, until it is closed.
    answers: Vec<Answer>,
    /// Durations in seconds that the report lacks until the summary is closed: sorting them in among
    /// those of all handshakes is quick where it is done in a row.
    seconds: Vec<f64>,
    episodes: Vec<Episode>,
    /// What is compared between failed and working handshakes.
    compared: Vec<Compared>,
    /// Number of undetermined handshakes by what they lack.
    missing: BTreeMap<&'static str, u64>,
}

impl ListenerSummary {
    /// Adds a judgement; they come in order of ids.
    pub(crate) fn add(&mut self, judgement: &Judgement<'_>) {
        self.tally.add(judgement.assessment.verdict, judgement.outcome);
        self.answers.push(judgement.into());
        self.compared.extend(judgement.compared.as_deref());
        judgement.assessment.missing.iter().for_each(|lack| *self.missing.entry(lack).or_insert(0) += 1);
        let completion = judgement.completion();
        self.seconds.extend(completion.seconds);
        add(&mut self.listener, judgement, &completion);
    }

    /// Completes the report, and finds the episodes: no judgement follows.
    pub(crate) fn close(&mut self) {
        self.listener.tally.merge(&self.tally);
        std::mem::take(&mut self.seconds).into_iter().for_each(|seconds| self.listener.durations.add(seconds));
        self.episodes = episodes(self.listener.server, &std::mem::take(&mut self.answers));
    }
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

    /// Creates the summary of a listener with this first handshake, on top of what is known of it.
    pub(crate) fn of_listener(&self, first: &Handshake) -> ListenerSummary {
        let listener = self.listeners.get(&first.server).cloned().unwrap_or_else(|| ListenerReport {
            server: first.server,
            first: first.time,
            last: first.time,
            tally: Tally::default(),
            strongest: None,
            durations: Durations::default(),
            syns: 0,
            flood: None,
        });
        ListenerSummary {
            tally: Tally::default(),
            listener,
            answers: Vec::new(),
            seconds: Vec::new(),
            episodes: Vec::new(),
            compared: Vec::new(),
            missing: BTreeMap::new(),
        }
    }

    /// Adds the summaries of listeners, one of each, in order of their first handshakes.
    pub(crate) fn add(
        &mut self,
        listeners: impl Iterator<Item = ListenerSummary>,
        limits: &Limits,
        statistics: &mut Statistics,
    ) {
        let mut new: Vec<Episode> = Vec::new();
        for ListenerSummary { tally, listener, episodes, compared, missing, .. } in listeners {
            if tally.handshakes == 0 {
                continue;
            }
            missing.into_iter().for_each(|(lack, number)| *self.missing.entry(lack).or_insert(0) += number);
            compared.into_iter().for_each(|handshake| self.sample.add(handshake));
            self.tally.merge(&tally);
            new.extend(episodes);
            if self.listeners.len() >= limits.listeners && !self.listeners.contains_key(&listener.server) {
                // Its handshakes are in the tally only.
                statistics.handshakes_of_other_listeners += tally.handshakes;
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

fn add(listener: &mut ListenerReport, judgement: &Judgement<'_>, completion: &Completion) {
    let time = judgement.handshake.time;
    listener.first = listener.first.min(time);
    listener.last = listener.last.max(time);
    listener.syns += u64::from(completion.syns);
    if judgement.of_flood {
        let flood = listener.flood.get_or_insert_with(|| Flood::new(time));
        if judgement.only_counted { flood.count(time, completion.has_failed) } else { flood.add(time) }
    }
    if judgement.assessment.verdict.is_cookie_style() {
        listener.strongest = listener.strongest.max(judgement.assessment.confidence);
    }
}
