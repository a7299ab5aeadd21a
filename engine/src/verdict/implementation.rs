//! Implementations that a handshake does not contradict, named only on evidence specific to them.

use crate::connection::handshake::Handshake;
use crate::evidence::Kinds;
use crate::listener::Listener;
use crate::{EvidenceKind, Implementation, Verdict};

/// Returns the implementations compatible with a cookie-style verdict, best first, given the
/// signals that favour it.
pub(super) fn compatible(
    listener: &Listener<'_>,
    handshake: &Handshake,
    verdict: Verdict,
    favouring: Kinds,
) -> Vec<Implementation> {
    let favoured = |kind: EvidenceKind| favouring.contains(kind);
    match verdict {
        Verdict::SynCookie => cookie(listener, handshake, favoured),
        Verdict::SynProxy => proxy(handshake, favoured),
        Verdict::Ordinary | Verdict::Undetermined => Vec::new(),
    }
}

fn cookie(
    listener: &Listener<'_>,
    handshake: &Handshake,
    favoured: impl Fn(EvidenceKind) -> bool,
) -> Vec<Implementation> {
    let Some(syn_ack) = handshake.syn_ack else { return Vec::new() };
    let only_timestamps = syn_ack.options.timestamps.is_some()
        && !syn_ack.options.incomplete
        && !syn_ack.options.offers_scale_or_sack()
        && handshake.syn.is_some_and(|s| s.options.window_scale.is_some() && s.options.sack_permitted);
    if only_timestamps {
        return vec![Implementation::Gvisor];
    }
    if favoured(EvidenceKind::IsnBits) {
        return vec![Implementation::Onload];
    }
    if syn_ack.options.timestamps.is_none() && listener.options.loses_more_than_linux(&syn_ack) {
        return Vec::new();
    }
    let linux = [
        EvidenceKind::TimestampLag,
        EvidenceKind::TimestampBits,
        EvidenceKind::TimestampResidue,
        EvidenceKind::WindowRecomputed,
        EvidenceKind::OptionsDropped,
        EvidenceKind::IsnAlgebra,
    ];
    if linux.into_iter().any(favoured) { vec![Implementation::Linux] } else { Vec::new() }
}

fn proxy(handshake: &Handshake, favoured: impl Fn(EvidenceKind) -> bool) -> Vec<Implementation> {
    let Some(syn_ack) = handshake.syn_ack else { return Vec::new() };
    if favoured(EvidenceKind::ReflectedOptions) || favoured(EvidenceKind::IpIdEcho) {
        return vec![Implementation::Dpvs];
    }
    if syn_ack.window != 0 {
        return Vec::new();
    }
    let options = syn_ack.options;
    if options.timestamps.is_some() || options.offers_scale_or_sack() {
        // pf's two forms send an MSS and nothing else.
        return vec![Implementation::LinuxSynproxy];
    }
    let mut found = Vec::new();
    // SYNPROXY sends identification 0 (nf_synproxy_core.c); pf draws one at random.
    let zero_id = syn_ack.ip.identification.is_none_or(|id| id == 0);
    if zero_id {
        found.push(Implementation::LinuxSynproxy);
    }
    found.push(Implementation::PfSynproxy);
    let echoes_mss = handshake.syn.is_some_and(|s| s.options.mss.is_some() && s.options.mss == options.mss);
    let layout = (syn_ack.isn.0 & 0xff) ^ (syn_ack.isn.0 >> 24);
    // pf_syncookies.c: bit 1 (SACK) is never set, bits 2 to 4 are 0 (no window scale).
    if echoes_mss && layout & 0b1_1110 == 0 {
        found.push(Implementation::PfSyncookies);
    }
    found
}
