//! Handshakes of a listener that were judged early and are kept as examples: later ones of that
//! listener are compared with them.

use std::collections::{BTreeMap, VecDeque};

use crate::connection::handshake::Handshake;
use crate::{Endpoint, HandshakeId, Timestamp, Verdict};

/// Maximum number of examples of one verdict for each listener.
const OF_VERDICT: usize = 8;

/// Divisor of the limit of handshakes, and maximum, for the examples of all listeners together.
const SHARE: usize = 4;
const MOST: usize = 1 << 10;

/// The latest answered handshakes of a listener, a few of each verdict, each verdict's oldest
/// first.
#[derive(Clone, Debug)]
pub(crate) struct Examples<H>([VecDeque<H>; Verdict::ALL.len()]);

impl<H> Default for Examples<H> {
    fn default() -> Self {
        Self([const { VecDeque::new() }; Verdict::ALL.len()])
    }
}

impl<'a> Examples<&'a Handshake> {
    /// Adds a handshake that was judged, in place of the oldest with its verdict. A handshake
    /// without an answer is not added.
    pub(crate) fn add(&mut self, handshake: &'a Handshake, verdict: Verdict) {
        if handshake.syn_ack.is_none() {
            return;
        }
        let same = &mut self.0[verdict as usize];
        if same.len() >= OF_VERDICT {
            same.pop_front();
        }
        same.push_back(handshake);
    }

    fn latest(&self) -> Option<Timestamp> {
        self.0.iter().flatten().map(|handshake| handshake.time).max()
    }

    fn count(&self) -> usize {
        self.0.iter().map(VecDeque::len).sum()
    }
}

/// The examples of all listeners.
#[derive(Debug, Default)]
pub(crate) struct KnownExamples(BTreeMap<Endpoint, Examples<Handshake>>);

impl KnownExamples {
    /// Returns the examples of a listener.
    pub(crate) fn of(&self, server: Endpoint) -> Examples<&Handshake> {
        self.0
            .get(&server)
            .map_or_else(Examples::default, |Examples(all)| Examples(all.each_ref().map(|same| same.iter().collect())))
    }

    /// Returns the handshakes among the examples of a listener.
    pub(crate) fn handshakes(&self, server: Endpoint) -> impl Iterator<Item = &Handshake> {
        self.0.get(&server).into_iter().flat_map(|examples| examples.0.iter().flatten())
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
            let fits = all.count() <= room;
            room = room.saturating_sub(all.count());
            fits
        });
        let copy = |handshake: &Handshake| {
            let mut copy = handshake.clone();
            // The numbers of link layers change when handshakes are forgotten.
            copy.link = None;
            copy
        };
        let copies =
            |Examples(all): Examples<&Handshake>| Examples(all.map(|same| same.into_iter().map(copy).collect()));
        Self(kept.map(|(_, server, all)| (server, copies(all))).collect())
    }
}
