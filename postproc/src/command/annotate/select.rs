//! The connections that matter, and what of the others their verdicts rest on.
//!
//! A handshake is judged in the light of the listener's others, so that they cannot simply be left out. Of those, the
//! frames are kept that the engine had a use for; whether that was enough is looked at afterwards.

use std::collections::{HashMap, HashSet};
use std::io;

use etherparse::LaxIpSlice;
use syncookie_engine::{
    Analyzer, CauseKind, Endpoint, Finding, Frame, Limits, Observation, Outcome, Packet, Timestamp, Verdict,
};

use crate::capture::RawFrame;
use crate::link::{self, Content};

/// Frames between two times at which the engine is relieved of what it has settled.
const ROUND: u32 = 1 << 14;

/// What must not change.
pub type Judgement = (Verdict, Outcome, Option<CauseKind>);

/// What the findings of a capture say of what to keep.
#[derive(Debug, Default)]
pub struct Selection {
    listeners: HashSet<Endpoint>,
    /// Client and server.
    connections: HashSet<(Endpoint, Endpoint)>,
    /// By the first frame of a handshake.
    judgements: HashMap<u32, Judgement>,
}

/// Keeps frames, or not.
pub struct Filter<'a> {
    selection: &'a Selection,
    /// Says what is of use; without it everything of the listeners is kept.
    engine: Option<Analyzer>,
}

impl Selection {
    /// True where nothing was found.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Adds what a finding says of what to keep.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let frames = finding.frames;
        let first = [frames.syn, frames.syn_ack, frames.ack, frames.reset].into_iter().flatten().min();
        let cause = finding.causes.first().map(|cause| cause.kind);
        if let Some(first) = first {
            self.judgements.insert(first.number, (finding.assessment.verdict, finding.outcome, cause));
        }
        if finding.is_notable() {
            self.listeners.insert(finding.server);
            self.connections.insert((finding.client, finding.server));
        }
        Ok(())
    }

    /// Returns what keeps the frames that the engine has a use for, or, if `all`, every frame of the listeners.
    pub fn filter(&self, all: bool) -> Filter<'_> {
        Filter { selection: self, engine: (!all).then(|| Analyzer::new(Limits::default())) }
    }

    /// How many handshakes are judged otherwise in a capture that has only the frames `kept`, by their numbers here.
    pub fn changed(&self, now: &Self, kept: &[u32]) -> usize {
        let before = |frame: u32| self.judgements.get(kept.get(frame as usize - 1)?);
        now.judgements.iter().filter(|&(&frame, judgement)| before(frame) != Some(judgement)).count()
    }
}

impl Filter<'_> {
    /// Whether a frame belongs to the connections that matter, or their verdicts rest on it. All frames have to be asked
    /// for, in order.
    pub fn keeps(&mut self, frame: &RawFrame<'_>) -> bool {
        let Content::Ip(packet) = link::ip_packet(frame.link, frame.data) else { return false };
        let Some((source, destination)) = endpoints(packet) else { return false };
        let listeners = &self.selection.listeners;
        if !listeners.contains(&source) && !listeners.contains(&destination) {
            return false;
        }
        let Some(engine) = &mut self.engine else { return true };
        let is_of_use = engine.push(&Observation {
            frame: Frame { capture: 0, number: frame.number },
            time: frame.time.unwrap_or(Timestamp::from_nanos(0)),
            packet: Packet::Ip(packet),
        });
        if frame.number.is_multiple_of(ROUND) {
            engine.take_evicted();
        }
        let connections = &self.selection.connections;
        is_of_use.is_some()
            || connections.contains(&(source, destination))
            || connections.contains(&(destination, source))
    }
}

/// Who sends and who receives, where both ports were captured.
fn endpoints(packet: &[u8]) -> Option<(Endpoint, Endpoint)> {
    let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
    let ports = ip.payload().payload.first_chunk::<4>()?;
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    let end = |ip, at| Endpoint { ip, port: port(at) };
    Some((end(ip.source_addr(), 0), end(ip.destination_addr(), 2)))
}
