//! Implementations that a handshake does not contradict, named only on evidence specific to them.
//!
//! What each writes was read in its source. Options that the snap length cut off contradict nothing
//! and name nothing.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::evidence::{Kinds, keeps_layout, linux_layout};
use crate::listener::Listener;
use crate::listener::isn_layout::is_pf_cookie;
use crate::{EvidenceKind, Implementation, Verdict};

/// Returns the implementations compatible with a cookie-style verdict, best first, given the
/// signals that favour it.
pub(super) fn compatible(
    listener: &Listener<'_>,
    handshake: &Handshake,
    verdict: Verdict,
    favouring: Kinds,
) -> Vec<Implementation> {
    let Some(syn_ack) = handshake.syn_ack.as_ref().filter(|syn_ack| !syn_ack.options.incomplete) else {
        return Vec::new();
    };
    // No known implementation fails to acknowledge the SYN, and only reflectors without a name fail
    // to echo its timestamp.
    let breaks_rules = [EvidenceKind::WrongAcknowledgment, EvidenceKind::TimestampEcho];
    if breaks_rules.into_iter().any(|kind| favouring.contains(kind)) {
        return Vec::new();
    }
    match verdict {
        Verdict::SynCookie => Vec::from_iter(cookie(listener, handshake, syn_ack, favouring)),
        Verdict::SynProxy if turns_syn_round(favouring) => Vec::from_iter(reflector(handshake, syn_ack)),
        Verdict::SynProxy if syn_ack.window == 0 => closed_window(handshake, syn_ack),
        Verdict::SynProxy | Verdict::Ordinary | Verdict::Undetermined => Vec::new(),
    }
}

fn cookie(
    listener: &Listener<'_>,
    handshake: &Handshake,
    syn_ack: &SynHeader,
    favouring: Kinds,
) -> Option<Implementation> {
    let only_timestamps = syn_ack.options.timestamps.is_some()
        && !syn_ack.options.offers_scale_or_sack()
        && handshake.syn.is_some_and(|s| s.options.window_scale.is_some() && s.options.sack_permitted);
    if only_timestamps {
        return Some(Implementation::Gvisor);
    }
    if favouring.contains(EvidenceKind::IsnBits) {
        return Some(Implementation::Onload);
    }
    if syn_ack.options.timestamps.is_none() && listener.options.loses_more_than_linux(syn_ack) {
        return None;
    }
    let linux = [
        EvidenceKind::TimestampLag,
        EvidenceKind::TimestampBits,
        EvidenceKind::TimestampResidue,
        EvidenceKind::WindowRecomputed,
        EvidenceKind::OptionsDropped,
        EvidenceKind::IsnAlgebra,
    ];
    let is_favoured = linux.into_iter().any(|kind| favouring.contains(kind));
    // BPF programs make the kernel's ISN and write options of their own.
    let may_be_linux = favouring.contains(EvidenceKind::IsnAlgebra) || has_linux_options(syn_ack);
    (is_favoured && may_be_linux).then_some(Implementation::Linux)
}

/// Returns whether a SYN-ACK has the options of a Linux cookie: an MSS alone, or with timestamps in
/// the order of `tcp_options_write` (net/ipv4/tcp_output.c), which always begins with the MSS.
fn has_linux_options(syn_ack: &SynHeader) -> bool {
    if syn_ack.options.timestamps.is_some() { linux_layout(syn_ack.layout()) } else { syn_ack.options.mss.is_some() }
}

/// Returns whether the SYN-ACK was made by rewriting the SYN in place.
fn turns_syn_round(favouring: Kinds) -> bool {
    favouring.contains(EvidenceKind::ReflectedOptions) || favouring.contains(EvidenceKind::IpIdEcho)
}

fn reflector(handshake: &Handshake, syn_ack: &SynHeader) -> Option<Implementation> {
    let syn = handshake.syn.as_ref()?;
    if syn_ack.layout().is_empty() {
        // SmartCookie-HalfSipHash.p4 `craft_synack_reply`: a header without options, all else the
        // client's. A SYN without options shows nothing.
        let is_rest_kept = syn_ack.window == syn.window && !syn.layout().is_empty();
        return is_rest_kept.then_some(Implementation::Smartcookie);
    }
    // ip_vs_synproxy.c `syn_proxy_parse_set_opts`: the MSS is lowered and never removed, and refused
    // options are overwritten in place.
    let keeps_mss = syn.options.mss.is_some() == syn_ack.options.mss.is_some();
    (keeps_mss && keeps_layout(syn.layout(), syn_ack.layout())).then_some(Implementation::Dpvs)
}

fn closed_window(handshake: &Handshake, syn_ack: &SynHeader) -> Vec<Implementation> {
    let mut found = Vec::new();
    // SYNPROXY (nf_synproxy_core.c, xdp_synproxy_kern.c) and nmsynproxy (synproxy.c `send_synack`) send
    // identification 0; pf draws one at random.
    let zero_id = syn_ack.ip.identification().is_none_or(|id| id == 0);
    let is_mss_only = matches!(syn_ack.layout(), [2, 4, _, _]);
    // Without timestamps, SYNPROXY keeps no other option than the MSS (`synproxy_build_options`, and
    // `tcp_mkoptions` of the XDP program).
    if zero_id && (is_mss_only || linux_layout(syn_ack.layout())) {
        found.push(Implementation::LinuxSynproxy);
    }
    // Window scale first, whether or not the client offered it.
    if zero_id && matches!(syn_ack.layout(), [3, 3, _, 1, 2, 4, ..]) {
        found.push(Implementation::Nmsynproxy);
    }
    // pf's two forms send an MSS and nothing else.
    if is_mss_only {
        found.extend(has_pf_cookie(handshake, syn_ack).then_some(Implementation::PfSyncookies));
        found.push(Implementation::PfSynproxy);
    }
    found
}

/// Returns whether a SYN-ACK with an MSS alone may be a cookie of pf (pf_syncookies.c): it echoes the
/// client's MSS, and its ISN encodes what the client offered.
fn has_pf_cookie(handshake: &Handshake, syn_ack: &SynHeader) -> bool {
    let asked = handshake.syn.and_then(|syn| syn.options.mss);
    asked.is_some() && asked == syn_ack.options.mss && is_pf_cookie(handshake)
}
