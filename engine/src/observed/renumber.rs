//! Changes the frames of an observation: a stretch of a capture counts its frames from its start.

use super::ObservedHandshake;
use crate::Frame;
use crate::connection::handshake::{Handshake, SegmentFacts};

impl ObservedHandshake {
    /// Replaces every frame.
    pub fn renumber(&mut self, change: impl Fn(Frame) -> Frame) {
        frames(&mut self.handshake, |frame| *frame = change(*frame));
    }
}

/// Visits every frame of a handshake.
fn frames(handshake: &mut Handshake, mut visit: impl FnMut(&mut Frame)) {
    let Handshake { syn, syn_ack, ack, client_data, wrong_ack, reset, server_data, server_segments, .. } = handshake;
    syn.iter_mut().chain(syn_ack).for_each(|header| visit(&mut header.frame));
    let mut of_segment = |segment: &mut SegmentFacts| visit(&mut segment.frame);
    ack.iter_mut().chain(client_data).chain(server_segments).for_each(&mut of_segment);
    wrong_ack.as_deref_mut().into_iter().for_each(&mut of_segment);
    reset.as_deref_mut().into_iter().for_each(|(_, segment)| of_segment(segment));
    server_data.iter_mut().for_each(&mut visit);
    let repeats = [&mut handshake.rto_retransmission, &mut handshake.prompted_retransmission];
    repeats.into_iter().flatten().for_each(|repeat| visit(&mut repeat.frame));
    let Some(rare) = handshake.known_rare_mut() else { return };
    rare.isn_changed.iter_mut().for_each(&mut visit);
    rare.elsewhere.iter_mut().for_each(|answer| visit(&mut answer.syn_ack.frame));
    rare.rejection.iter_mut().for_each(|rejection| visit(&mut rejection.error.frame));
    rare.too_big.iter_mut().for_each(|error| visit(&mut error.frame));
    if let Some(wrong) = &mut rare.wrong_acknowledgment {
        wrong.refusal.iter_mut().for_each(|segment| visit(&mut segment.frame));
        wrong.accepted.iter_mut().for_each(|header| visit(&mut header.frame));
    }
    for stuck in rare.stuck.iter_mut().flatten() {
        stuck.sack.iter_mut().for_each(|(frame, _)| visit(frame));
        stuck.asked_again.iter_mut().for_each(|(frame, _)| visit(frame));
    }
}
