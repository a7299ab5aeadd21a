//! Handshakes of a listener that were judged early and are kept as examples: later ones of that
//! listener are compared with them.

use std::collections::BTreeMap;

use crate::connection::handshake::Handshake;
use crate::{Endpoint, HandshakeId, Timestamp, Verdict};

/// Maximum number of examples of one verdict for each listener.
const OF_VERDICT: usize = 8;

/// Share of the handshakes that are kept which examples may add, and the largest number of them.
const SHARE: usize = 4;
const MOST: usize = 1 << 12;

/// The latest answered handshakes of a listener, a few of each verdict, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Examples<H>(Vec<(Verdict, H)>);

impl<H> Default for Examples<H> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a> Examples<&'a Handshake> {
    /// Adds a handshake that was judged, in place of the oldest with its verdict. Without an answer
    /// it is an example of nothing.
    pub(crate) fn add(&mut self, handshake: &'a Handshake, verdict: Verdict) {
        if handshake.syn_ack.is_none() {
            return;
        }
        let mut same = (0..self.0.len()).filter(|&index| self.0[index].0 == verdict);
        if let Some(oldest) = same.next().filter(|_| same.count() + 1 >= OF_VERDICT) {
            self.0.remove(oldest);
        }
        self.0.push((verdict, handshake));
    }

    fn latest(&self) -> Option<Timestamp> {
        self.0.iter().map(|(_, handshake)| handshake.time).max()
    }
}

/// The examples of all listeners.
#[derive(Debug, Default)]
pub(crate) struct KnownExamples(BTreeMap<Endpoint, Examples<Handshake>>);

impl KnownExamples {
    /// Returns the examples of a listener.
    pub(crate) fn of(&self, server: Endpoint) -> Examples<&Handshake> {
        let examples = self.0.get(&server).map_or(&[][..], |examples| &examples.0);
        Examples(examples.iter().map(|(verdict, handshake)| (*verdict, handshake)).collect())
    }

    /// Returns the handshakes among the examples of a listener.
    pub(crate) fn handshakes(&self, server: Endpoint) -> impl Iterator<Item = &Handshake> {
        self.0.get(&server).into_iter().flat_map(|examples| examples.0.iter().map(|(_, handshake)| handshake))
    }

    /// Returns an example of a listener.
    pub(crate) fn get(&self, server: Endpoint, id: HandshakeId) -> Option<&Handshake> {
        self.handshakes(server).find(|handshake| handshake.id == id)
    }

    /// Returns these examples, with those of some listeners replaced. If there are too many, those
    /// of the listeners with the latest ones remain; `limit` is the limit of handshakes.
    pub(crate) fn updated<'a>(
        &'a self,
        new: impl Iterator<Item = (Endpoint, Examples<&'a Handshake>)>,
        limit: usize,
    ) -> Self {
        let mut all: BTreeMap<_, _> = self.0.keys().map(|&server| (server, self.of(server))).collect();
        all.extend(new);
        let mut listeners: Vec<_> =
            all.into_iter().filter_map(|(server, all)| Some((all.latest()?, server, all))).collect();
        listeners.sort_unstable_by_key(|&(latest, server, _)| (std::cmp::Reverse(latest), server));
        let mut room = (limit / SHARE).min(MOST);
        let kept = listeners.into_iter().take_while(|(.., all)| {
            let fits = all.0.len() <= room;
            room = room.saturating_sub(all.0.len());
            fits
        });
        let copy = |(verdict, handshake): (Verdict, &Handshake)| {
            let mut copy = handshake.clone();
            // The numbers of link layers change when handshakes are forgotten.
            copy.link = None;
            (verdict, copy)
        };
        Self(kept.map(|(_, server, all)| (server, Examples(all.0.into_iter().map(copy).collect()))).collect())
    }
}
