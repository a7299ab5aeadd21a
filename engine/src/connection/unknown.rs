//! Connections without a SYN of a capture that was observed in stretches.

use std::collections::HashMap;

use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::connection::previous::{first_frame, taking_frame};
use crate::intake::flow::Flow;
use crate::intake::keyed_hash::KeyedHash;
use crate::intake::loose::LooseSegment;
use crate::intake::midstream::MidstreamConnections;
use crate::packet::segment::Flags;
use crate::{Endpoint, Frame, Midstream};

/// Returns what the loose segments of all stretches show, as a [`crate::Observer`] of the whole
/// capture finds it. `first` is the first frame of the first handshake.
pub(crate) fn midstream(loose: &[LooseSegment], handshakes: &Handshakes, first: Option<Frame>) -> Midstream {
    let keyed = KeyedHash::default();
    let flow = |segment: &LooseSegment| Flow::between(keyed, segment.source, segment.destination);
    let is_early = |segment: &&LooseSegment| first.is_none_or(|first| segment.frame < first);
    let mut connections = MidstreamConnections::default();
    loose.iter().filter(is_early).for_each(|segment| connections.push(flow(segment), segment));
    connections.forget();
    // Forgotten handshakes may explain any reset.
    if handshakes.start().0 == 0 {
        let resets = || loose.iter().filter(|segment| !is_early(segment) && Flags(segment.flags).has(Flags::RST));
        let known = Known::of(handshakes, keyed, resets());
        let unknown = resets().filter(|reset| known.leaves_open(flow(reset).hash, reset));
        unknown.for_each(|reset| connections.push_reset_of_listener(flow(reset), reset));
    }
    connections.into_found()
}

/// Connections and listeners of some segments, each with the first frame at which it is known.
struct Known {
    connections: HashMap<u64, Option<Frame>, KeyedHash>,
    listeners: HashMap<Endpoint, Option<Frame>>,
}

impl Known {
    fn of<'a>(
        handshakes: &Handshakes,
        keyed: KeyedHash,
        segments: impl Iterator<Item = &'a LooseSegment> + Clone,
    ) -> Self {
        let hash = |source, destination| Flow::between(keyed, source, destination).hash;
        let mut connections = HashMap::with_hasher(keyed);
        connections.extend(segments.clone().map(|segment| (hash(segment.source, segment.destination), None)));
        let listeners = segments.map(|segment| (segment.source, None)).collect();
        let mut known = Self { connections, listeners };
        if !known.connections.is_empty() {
            handshakes.own_before(handshakes.end()).for_each(|handshake| known.add(handshake, hash));
        }
        known
    }

    fn add(&mut self, handshake: &Handshake, hash: impl Fn(Endpoint, Endpoint) -> u64) {
        let (client, server, began) = (handshake.client, handshake.server, first_frame(handshake));
        note(self.connections.get_mut(&hash(client, server)), began);
        note(self.listeners.get_mut(&server), began);
        if let Some(answer) = handshake.elsewhere() {
            note(self.connections.get_mut(&hash(client, answer.server)), taking_frame(handshake, answer));
        }
    }

    /// Returns whether a segment came from a known listener, and its connection was not known.
    fn leaves_open(&self, hash: u64, segment: &LooseSegment) -> bool {
        let is_known = |since: Option<&Option<Frame>>| since.copied().flatten().is_some_and(|f| f < segment.frame);
        is_known(self.listeners.get(&segment.source)) && !is_known(self.connections.get(&hash))
    }
}

/// Records that something is known after this frame.
fn note(since: Option<&mut Option<Frame>>, frame: Frame) {
    if let Some(since) = since {
        *since = Some(since.map_or(frame, |since| since.min(frame)));
    }
}
