//! Counts of connections: a connection that several captures show counts once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use syncookie_engine::{Endpoint, Episode, HandshakeSample, Verdict};

use super::Totals;
use super::second_view::SecondView;

/// Listener and verdict of episodes.
type Kind = (Endpoint, Verdict);

impl Totals {
    /// Returns the handshakes by which connections are counted twice.
    #[must_use]
    pub fn second_views(&self) -> &[SecondView] {
        self.comparison.as_ref().map_or(&[], |comparison| &comparison.second_views)
    }

    /// Returns the number of connections; `None` if captures were not compared, so that some may be
    /// in several captures.
    #[must_use]
    pub fn connections(&self) -> Option<u64> {
        let is_known = self.captures.len() <= 1 || self.comparison.is_some();
        is_known.then(|| self.tally.handshakes.saturating_sub(self.second_views().len() as u64))
    }

    /// Returns what is counted: `connection` if some are in several captures and the counts are of
    /// connections, otherwise `handshake`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        if self.second_views().is_empty() { "handshake" } else { "connection" }
    }

    /// Returns totals in which each connection counts once, with the verdict, outcome and causes of
    /// the client's side. Handshakes of SYN floods that are only counted are not compared. Times
    /// and the highest confidence are those of all captures.
    #[must_use]
    pub fn by_connection(&self) -> Cow<'_, Self> {
        if self.second_views().is_empty() {
            return Cow::Borrowed(self);
        }
        let mut once = self.clone();
        self.second_views().iter().for_each(|view| once.discount(view));
        once.episodes = self.connection_episodes().into_owned();
        Cow::Owned(once)
    }

    /// Returns the handshakes that are compared to find what failed ones have in common, each
    /// connection once.
    #[must_use]
    pub fn connection_sample(&self) -> Cow<'_, HandshakeSample> {
        if self.second_views().is_empty() {
            return Cow::Borrowed(&self.sample);
        }
        let place = |view: &SecondView| (view.frame.capture, view.client.ip, view.server, view.time);
        let second: HashSet<_> = self.second_views().iter().map(place).collect();
        let mut sample = self.sample.clone();
        sample.remove(|capture, client, server, time| second.contains(&(capture, client, server, time)));
        Cow::Owned(sample)
    }

    /// Takes a handshake out of the counts.
    fn discount(&mut self, view: &SecondView) {
        let counted = &view.counted;
        self.tally.remove(counted.verdict, counted.outcome);
        for lack in &counted.missing {
            self.missing.entry(lack).and_modify(|number| *number = number.saturating_sub(1));
        }
        if counted.verdict.is_cookie_style() {
            let tally = if counted.is_reliable { &mut self.reliable } else { &mut self.possible };
            tally.remove(counted.verdict, counted.outcome);
        }
        if counted.has_failed {
            self.failures.remove(counted);
            self.scans.remove(view);
        } else if counted.is_delayed {
            self.delays.remove(counted);
        }
        self.clients.iter_mut().for_each(|clients| clients.remove(view));
        let Some(listener) = self.listeners.get_mut(&view.server) else {
            self.handshakes_of_other_listeners = self.handshakes_of_other_listeners.saturating_sub(1);
            return;
        };
        listener.tally.remove(counted.verdict, counted.outcome);
        if counted.has_failed {
            let failed = listener.failed_mut(counted.outcome);
            *failed = failed.saturating_sub(1);
        }
        if counted.left_by_flood {
            listener.flood.iter_mut().for_each(|flood| flood.remove(view.time));
        }
    }

    /// Returns the episodes. If several captures show connections of a listener, episodes that they
    /// show at the same time are one, with the time of all of them, and the numbers of the capture
    /// that shows the most.
    #[must_use]
    pub fn connection_episodes(&self) -> Cow<'_, [(usize, Episode)]> {
        if self.second_views().is_empty() {
            return Cow::Borrowed(&self.episodes);
        }
        let shared: BTreeSet<Endpoint> = self.second_views().iter().map(|view| view.server).collect();
        let mut joined: Vec<(usize, Episode)> = Vec::new();
        let mut places: BTreeMap<Kind, Vec<(usize, usize)>> = BTreeMap::new();
        for (capture, episode) in self.episodes.iter().cloned() {
            let places = places.entry((episode.server, episode.verdict)).or_default();
            let known = places.iter().find(|&&(other, place)| {
                let known = &joined[place].1;
                other != capture && known.start <= episode.end && episode.start <= known.end
            });
            match known.filter(|_| shared.contains(&episode.server)) {
                Some(&(_, place)) => join(&mut joined[place].1, &episode),
                None => {
                    places.push((capture, joined.len()));
                    joined.push((capture, episode));
                }
            }
        }
        Cow::Owned(joined)
    }
}

/// Extends an episode by what another capture shows of it.
fn join(known: &mut Episode, other: &Episode) {
    known.start = known.start.min(other.start);
    known.end = known.end.max(other.end);
    known.handshakes = known.handshakes.max(other.handshakes);
    known.peak_unacknowledged_rate = known.peak_unacknowledged_rate.max(other.peak_unacknowledged_rate);
    known.prior_unacknowledged_rate = known.prior_unacknowledged_rate.max(other.prior_unacknowledged_rate);
}
