//! The previous connection of the same client and server. An observation does not have it: it is
//! derived from the handshakes of the listener, wherever these are judged.

use std::collections::HashMap;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::handshake::{Handshake, Previous};
use crate::connection::handshakes::Handshakes;
use crate::intake::flow::Flow;
use crate::intake::keyed_hash::KeyedHash;
use crate::{Endpoint, Frame, HandshakeId};

/// Returns the facts of a handshake that are compared with the next one of the same client and server;
/// `None` if it had no answer.
pub(super) fn of(latest: &Handshake) -> Option<Previous> {
    let syn_ack = latest.acceptable_syn_ack()?;
    Some(Previous {
        client_isn: latest.client_isn()?,
        server_isn: syn_ack.isn,
        time: syn_ack.time,
        syn_ack: syn_ack.frame,
    })
}

/// The latest handshake of each client with each server, of handshakes that were observed elsewhere.
#[derive(Debug, Default)]
pub(crate) struct LatestHandshakes {
    keyed: KeyedHash,
    /// Hash of client and server, and the handshake.
    table: HashTable<(u64, HandshakeId)>,
}

impl LatestHandshakes {
    /// Adds the handshake that is added to `handshakes` next, and sets its previous connection.
    pub(crate) fn add(&mut self, handshakes: &Handshakes, handshake: &mut Handshake) {
        let (id, flow) = (handshakes.end(), Flow::between(self.keyed, handshake.client, handshake.server));
        let hash = self.keyed.mix(flow.hash, flow.direction as u64);
        match self.table.entry(hash, |(other, _)| *other == hash, |(other, _)| *other) {
            Entry::Occupied(mut known) => {
                let latest = handshakes.get(std::mem::replace(&mut known.get_mut().1, id));
                handshake.previous = latest.and_then(of).map(Box::new);
            }
            Entry::Vacant(place) => _ = place.insert((hash, id)),
        }
    }

    /// Forgets the handshakes before `oldest`.
    pub(crate) fn forget_before(&mut self, oldest: HandshakeId) {
        self.table.retain(|&mut (_, id)| id >= oldest);
    }
}

/// Handshakes whose place in the index of connections another one took that has other ends: one in
/// the other direction, or one that was answered from elsewhere.
#[derive(Debug, Default)]
pub(super) struct Displaced(HashMap<(Endpoint, Endpoint), u32>);

impl Displaced {
    /// Adds a handshake; `number` is the low half of its id.
    #[cold]
    pub(super) fn add(&mut self, handshake: &Handshake, number: u32) {
        self.0.insert((handshake.client, handshake.server), number);
    }

    /// Returns the low half of the id of the latest one with these ends.
    #[cold]
    pub(super) fn find(&self, client: Endpoint, server: Endpoint) -> Option<u32> {
        self.0.get(&(client, server)).copied()
    }

    /// Forgets the handshakes for whose number `is_kept` returns `false`.
    pub(super) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.0.retain(|_, number| is_kept(*number));
    }
}

/// Returns the frame with which a handshake took the four-tuple of an answer from elsewhere, which
/// may have been captured before its SYN.
pub(super) fn taking_frame(handshake: &Handshake, answer: &AnswerElsewhere) -> Frame {
    answer.syn_ack.frame.max(first_frame(handshake))
}

/// Returns the frame with which a handshake began.
pub(crate) fn first_frame(handshake: &Handshake) -> Frame {
    let headers = handshake.syn.iter().chain(&handshake.syn_ack);
    headers.map(|header| header.frame).min().unwrap_or_default()
}
