//! Resets that only one of two captures of a connection contains: something between the captures sent
//! them, or the other capture missed them.

use syncookie_engine::compare::is_nearer_to_client;
use syncookie_engine::{Crossing, Endpoint};

use super::{Comparison, SeenHandshake};

/// Maximum number of kinds that are kept.
const MAX_KINDS: usize = 100;

/// Connections of a listener whose reset only one of two captures contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneReset {
    /// Endpoint that the SYN was sent to.
    pub server: Endpoint,
    /// Reset, by the side that it is from.
    pub reset: Crossing,
    /// First of the connections in the capture that contains the reset, and in the other one.
    pub locations: [(String, u32); 2],
    /// Number of connections.
    pub connections: u64,
}

impl Comparison {
    /// Records the resets of a connection that only one of two captures contains, if the first is
    /// known to be nearer to the client.
    pub(super) fn add_lone_resets(
        &mut self,
        near: &SeenHandshake,
        far: &SeenHandshake,
        [near_location, far_location]: &[(String, u32); 2],
    ) {
        if !is_nearer_to_client(&near.openings, &far.openings) {
            return;
        }
        let (near_seen, far_seen) = (near.seen_at(), far.seen_at());
        for reset in Crossing::ALL {
            if reset.is_in_both(&near_seen, &far_seen) != Some(false) {
                continue;
            }
            let (with, without) = match reset {
                Crossing::ServerReset => (near_location, far_location),
                Crossing::ClientReset => (far_location, near_location),
            };
            let locations = [with.clone(), without.clone()];
            self.add_lone_reset(LoneReset { server: near.server, reset, locations, connections: 1 });
        }
    }

    fn add_lone_reset(&mut self, new: LoneReset) {
        if let Some(known) = self.lone_resets.iter_mut().find(|known| known.is_like(&new)) {
            known.connections += 1;
        } else if self.lone_resets.len() < MAX_KINDS {
            self.lone_resets.push(new);
        }
    }
}

impl LoneReset {
    fn is_like(&self, other: &Self) -> bool {
        let names = |found: &Self| found.locations.clone().map(|(name, _)| name);
        (self.server, self.reset) == (other.server, other.reset) && names(self) == names(other)
    }
}
