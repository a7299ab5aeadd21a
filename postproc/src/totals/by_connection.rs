//! Counts of connections: a connection that several captures show counts once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use syncookie_engine::{Endpoint, Timestamp, Verdict};

use super::Totals;
use super::second_view::SecondView;

/// Capture, start and end of an episode.
type Period = (usize, Timestamp, Timestamp);

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
        once.merge_episodes();
        Cow::Owned(once)
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
        if counted.has_failed && !counted.outcome.is_failure() {
            listener.stuck = listener.stuck.saturating_sub(1);
        }
        if counted.left_by_flood {
            listener.flood.iter_mut().for_each(|flood| flood.remove(view.time));
        }
    }

    /// Leaves out episodes that another capture shows at the same time, of listeners whose
    /// connections are in several captures.
    fn merge_episodes(&mut self) {
        let mut kept: BTreeMap<(Endpoint, Verdict), Vec<Period>> = BTreeMap::new();
        for view in self.second_views() {
            for &verdict in Verdict::ALL {
                kept.entry((view.server, verdict)).or_default();
            }
        }
        self.episodes.retain(|(capture, episode)| {
            let Some(kept) = kept.get_mut(&(episode.server, episode.verdict)) else { return true };
            let overlaps =
                |&(other, start, end): &Period| other != *capture && start <= episode.end && episode.start <= end;
            let is_repeated = kept.iter().any(overlaps);
            if !is_repeated {
                kept.push((*capture, episode.start, episode.end));
            }
            !is_repeated
        });
    }
}
