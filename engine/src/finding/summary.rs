//! What is kept of handshakes after they were handed out: counts, listeners, episodes.

use std::collections::BTreeMap;

use crate::finding::episode::episodes;
use crate::verdict::judgement::Judged;
use crate::{Endpoint, Episode, Flood, Limits, ListenerReport, Statistics, Tally};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub listeners: BTreeMap<Endpoint, ListenerReport>,
    pub episodes: Vec<Episode>,
    pub tally: Tally,
}

/// What was counted of a listener.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Of its handshakes that were judged now.
    tally: Tally,
    /// With those that were judged before.
    listener: ListenerReport,
    episodes: Vec<Episode>,
}

impl Report {
    /// How many of a listener's handshakes that a flood left behind were handed out.
    pub(crate) fn flood_told(&self, server: &Endpoint) -> u64 {
        let flood = self.listeners.get(server).and_then(|listener| listener.flood.as_ref());
        flood.map_or(0, |flood| flood.handshakes - flood.counted)
    }

    /// Counts what was judged of a listener's handshakes, in order of their ids, with what is known of it from before.
    pub(crate) fn count(&self, judged: &[Judged<'_>]) -> Option<Counted> {
        let first = judged.first()?.handshake;
        let mut listener = self.listeners.get(&first.server).cloned().unwrap_or_else(|| ListenerReport {
            server: first.server,
            first: first.time,
            last: first.time,
            tally: Tally::default(),
            strongest: None,
            flood: None,
        });
        let mut tally = Tally::default();
        for one in judged {
            tally.add(one.assessment.verdict, one.outcome);
            add(&mut listener, one);
        }
        listener.tally.merge(&tally);
        Some(Counted { tally, listener, episodes: episodes(judged) })
    }

    /// Takes in what was counted of listeners, of each once, in order of their first handshakes.
    pub(crate) fn take(
        &mut self,
        listeners: impl Iterator<Item = Counted>,
        limits: &Limits,
        statistics: &mut Statistics,
    ) {
        let mut new: Vec<Episode> = Vec::new();
        for Counted { tally, listener, episodes } in listeners {
            self.tally.merge(&tally);
            new.extend(episodes);
            if self.listeners.len() >= limits.listeners && !self.listeners.contains_key(&listener.server) {
                // Those are in the tally only.
                statistics.unlisted += tally.handshakes;
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

fn add(listener: &mut ListenerReport, one: &Judged<'_>) {
    let time = one.handshake.time;
    listener.first = listener.first.min(time);
    listener.last = listener.last.max(time);
    if one.of_flood {
        listener.flood.get_or_insert_with(|| Flood::new(time)).add(time, one.counted);
    }
    if one.assessment.verdict.is_cookie_style() {
        listener.strongest = listener.strongest.max(one.assessment.confidence);
    }
}
