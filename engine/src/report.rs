//! What is kept of handshakes after they were handed out: counts, listeners, episodes.

use std::collections::BTreeMap;

use crate::episode::episodes;
use crate::judged::Judged;
use crate::{Endpoint, Episode, Flood, Limits, ListenerReport, Statistics, Tally};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub listeners: BTreeMap<Endpoint, ListenerReport>,
    pub episodes: Vec<Episode>,
    pub tally: Tally,
}

impl Report {
    /// How many of a listener's handshakes that a flood left behind were handed out.
    pub(crate) fn flood_told(&self, server: &Endpoint) -> u64 {
        let flood = self.listeners.get(server).and_then(|listener| listener.flood.as_ref());
        flood.map_or(0, |flood| flood.handshakes - flood.counted)
    }

    /// Takes in what was judged of listeners, in order of their first handshakes: of each in order of ids.
    pub(crate) fn take(&mut self, listeners: &[Vec<Judged<'_>>], limits: &Limits, statistics: &mut Statistics) {
        let mut new: Vec<Episode> = Vec::new();
        for judged in listeners {
            statistics.unlisted += self.count(judged, limits.listeners);
            new.extend(episodes(judged));
        }
        new.sort_by_key(|episode| episode.server);
        self.episodes.extend(new);
        statistics.episodes_lost += self.episodes.len().saturating_sub(limits.episodes) as u64;
        self.episodes.truncate(limits.episodes);
    }

    /// Counts a listener's handshakes; returns how many of them are in the tally only, as `most` listeners are known.
    fn count(&mut self, judged: &[Judged<'_>], most: usize) -> u64 {
        let Some(first) = judged.first() else { return 0 };
        let mut tally = Tally::default();
        for one in judged {
            tally.add(one.assessment.verdict, one.outcome);
        }
        self.tally.merge(&tally);
        let server = first.handshake.server;
        if self.listeners.len() >= most && !self.listeners.contains_key(&server) {
            return tally.handshakes;
        }
        let listener = self.listeners.entry(server).or_insert_with(|| ListenerReport {
            server,
            first: first.handshake.time,
            last: first.handshake.time,
            tally: Tally::default(),
            strongest: None,
            flood: None,
        });
        listener.tally.merge(&tally);
        judged.iter().for_each(|one| add(listener, one));
        0
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
