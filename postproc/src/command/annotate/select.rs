//! Selects the connections with findings, and the frames of other connections that their verdicts
//! depend on.
//!
//! A handshake is judged together with the others of its listener, so those cannot simply be left
//! out. The frames that the engine used are kept; the result is analysed again to check that it is
//! enough.

use std::collections::{HashMap, HashSet};
use std::io;

use etherparse::LaxIpSlice;
use syncookie_engine::{
    Analyzer, CauseKind, Endpoint, Finding, Frame, Limits, Observation, Outcome, Packet, Timestamp, Verdict,
};

use super::icmp;
use crate::capture::RawFrame;
use crate::link::{self, Content};

/// Number of frames after which the engine's evicted handshakes are dropped.
const ROUND: u32 = 1 << 14;

/// Properties of a judgement that must not change.
pub type Judgement = (Verdict, Outcome, Option<CauseKind>);

/// Handshakes of a capture that decide which frames are kept.
#[derive(Debug, Default)]
pub struct Selection {
    listeners: HashSet<Endpoint>,
    /// Clients and servers of the findings.
    connections: HashSet<(Endpoint, Endpoint)>,
    /// Frames of the findings: an answer can come from another address than that of the listener.
    frames: HashSet<u32>,
    /// Judgements, by the first frame of the handshake.
    judgements: HashMap<u32, Judgement>,
}

/// Decides which frames are kept.
pub struct Filter<'a> {
    selection: &'a Selection,
    /// Engine that shows which frames are used; without it, all frames of the listeners are kept.
    engine: Option<Analyzer>,
}

impl Selection {
    /// Returns whether there is no finding.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Adds a finding.
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
            let answers = [frames.syn_ack, frames.reset].into_iter().flatten();
            self.frames.extend(answers.map(|frame| frame.number));
        }
        Ok(())
    }

    /// Returns a filter for the frames that the engine uses, or, if `all`, for every frame of the
    /// listeners.
    pub fn filter(&self, all: bool) -> Filter<'_> {
        Filter { selection: self, engine: (!all).then(|| Analyzer::new(Limits::default())) }
    }

    /// Returns the number of handshakes whose judgement differs in a capture with only the frames
    /// `kept`, given by their former numbers.
    pub fn changed(&self, now: &Self, kept: &[u32]) -> usize {
        let before = |frame: u32| self.judgements.get(kept.get(frame as usize - 1)?);
        now.judgements.iter().filter(|&(&frame, judgement)| before(frame) != Some(judgement)).count()
    }
}

impl Filter<'_> {
    /// Returns whether a frame belongs to a connection with findings, or the verdicts depend on it.
    /// Every frame must be passed, in order.
    pub fn keeps(&mut self, frame: &RawFrame<'_>) -> bool {
        let Content::Ip(packet) = link::ip_packet(frame.link, frame.data) else { return false };
        let Some((source, destination)) = endpoints(packet) else { return false };
        let listeners = &self.selection.listeners;
        let is_finding = self.selection.frames.contains(&frame.number);
        if !is_finding && !listeners.contains(&source) && !listeners.contains(&destination) {
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
        is_finding
            || is_of_use.is_some()
            || connections.contains(&(source, destination))
            || connections.contains(&(destination, source))
    }
}

/// Returns source and destination, or those of the packet that an ICMP error quotes, if both ports
/// were captured.
fn endpoints(packet: &[u8]) -> Option<(Endpoint, Endpoint)> {
    let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
    let ip = match icmp::quoted(&ip) {
        Some((_, quoted)) => LaxIpSlice::from_slice(quoted).ok()?.0,
        None => ip,
    };
    let ports = ip.payload().payload.first_chunk::<4>()?;
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    let end = |ip, at| Endpoint { ip, port: port(at) };
    Some((end(ip.source_addr(), 0), end(ip.destination_addr(), 2)))
}
