//! S2, S3: options the client offered and the SYN-ACK lacks, against the listener's other answers.
//!
//! A Linux cookie has nowhere to store window scale and SACK unless the client sends timestamps (syncookies.c
//! `cookie_timestamp_decode`; `tcp_clear_options` without them), so clients without timestamps get an MSS and nothing
//! else, while clients with timestamps keep everything. A server that negotiates otherwise shows that by its other
//! answers. gVisor keeps timestamps and drops the rest.
//!
//! Fooled by: a server whose options are off, now or from some moment on; hosts of different make behind one address;
//! a middlebox that strips options for some clients. A listener that never negotiates says next to nothing.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::isn_bits::IsnLayout;
use super::{Group, Signal};
use crate::handshake::{Handshake, Opening};
use crate::listener::{Listener, Pressure};
use crate::{EvidenceKind, Frame};

/// What became of what the client offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Nothing that could be lost was offered, or one of the two segments is missing.
    NotOffered,
    /// No timestamps offered; window scale or SACK kept.
    Kept,
    /// No timestamps offered; window scale and SACK gone: what a cookie looks like, and a plain configuration.
    Stripped,
    /// Timestamps and all else kept.
    AllKept,
    /// Timestamps kept, window scale and SACK both gone: gVisor.
    OnlyTimestamps,
    /// Timestamps offered and gone, with everything else.
    AllGone,
    /// Timestamps offered and gone, something else kept.
    TimestampsGone,
}

fn classify(handshake: &Handshake) -> Class {
    let (Some(syn), Some(syn_ack)) = (handshake.syn, handshake.syn_ack) else { return Class::NotOffered };
    let (offered, answered) = (syn.options, syn_ack.options);
    if offered.incomplete || answered.incomplete || offered.authenticated {
        return Class::NotOffered;
    }
    let kept = answered.offers_scale_or_sack();
    match (offered.timestamps.is_some(), answered.timestamps.is_some()) {
        (false, _) if !offered.offers_scale_or_sack() => Class::NotOffered,
        (false, _) => {
            if kept {
                Class::Kept
            } else {
                Class::Stripped
            }
        }
        (true, true) if kept || !offered.offers_scale_or_sack() => Class::AllKept,
        (true, true) if offered.window_scale.is_some() && offered.sack_permitted => Class::OnlyTimestamps,
        (true, true) => Class::NotOffered,
        (true, false) => {
            if kept {
                Class::TimestampsGone
            } else {
                Class::AllGone
            }
        }
    }
}

/// What is alike in the answers of one host to one kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    mss: Option<u16>,
    window: u16,
    ttl: Option<u8>,
}

/// How a stripped answer stands among the others without timestamps.
#[derive(Clone, Copy, Debug, Default)]
struct Contrast {
    /// Stripped answers in a row, this one included.
    run: usize,
    /// The kept answers next to the run on either side, which look the same otherwise.
    before: Option<Frame>,
    after: Option<Frame>,
    /// The kept answers next to it look different: another host.
    unlike: bool,
}

/// What the listener did with the options of all its clients.
pub(crate) struct OptionBook {
    classes: Vec<Class>,
    contrasts: HashMap<usize, Contrast>,
    stripped: usize,
    kept: usize,
    /// A client address got both kinds of answer.
    same_client: bool,
    /// Answers with everything kept for clients with timestamps: frames of the first, and distinct clients.
    all_kept: usize,
    all_kept_clients: HashSet<IpAddr>,
    all_kept_look: Option<(Option<u16>, Option<u8>, Frame)>,
    stripped_clients: HashSet<IpAddr>,
    /// One IP identification counter runs through both kinds of answer.
    one_counter: bool,
    flooded: HashSet<usize>,
}

impl OptionBook {
    /// Whether the answer is one that gVisor's cookies give, which carry the clock itself.
    pub(crate) fn is_gvisor_like(&self, index: usize) -> bool {
        self.classes[index] == Class::OnlyTimestamps
    }

    pub(crate) fn of(handshakes: &[&Handshake], pressure: &Pressure) -> Self {
        let classes: Vec<Class> = handshakes.iter().map(|h| classify(h)).collect();
        let count = |class| classes.iter().filter(|&&c| c == class).count();
        let clients = |class| -> HashSet<IpAddr> {
            handshakes.iter().zip(&classes).filter(|&(_, &c)| c == class).map(|(h, _)| h.client.ip).collect()
        };
        let (kept_clients, stripped_clients) = (clients(Class::Kept), clients(Class::Stripped));
        let first_all_kept = handshakes.iter().zip(&classes).find(|&(_, &c)| c == Class::AllKept);
        let flooded = (0..handshakes.len())
            .filter(|&i| classes[i] == Class::Stripped && pressure.is_flood(handshakes[i].time))
            .collect();
        Self {
            contrasts: contrasts(handshakes, &classes),
            stripped: count(Class::Stripped),
            kept: count(Class::Kept),
            same_client: !kept_clients.is_disjoint(&stripped_clients),
            all_kept: count(Class::AllKept),
            all_kept_clients: clients(Class::AllKept),
            all_kept_look: first_all_kept.and_then(|(h, _)| h.syn_ack).map(|s| (s.options.mss, s.ip.ttl, s.frame)),
            one_counter: one_counter(handshakes, &classes),
            stripped_clients,
            classes,
            flooded,
        }
    }
}

/// For every stripped answer its run and its neighbours, in one pass forward and one back.
fn contrasts(handshakes: &[&Handshake], classes: &[Class]) -> HashMap<usize, Contrast> {
    let members: Vec<usize> =
        (0..classes.len()).filter(|&i| matches!(classes[i], Class::Kept | Class::Stripped)).collect();
    let mut found = HashMap::new();
    for run in members.chunk_by(|&a, &b| classes[a] == Class::Stripped && classes[b] == Class::Stripped) {
        if classes[run[0]] != Class::Stripped {
            continue;
        }
        let at = |position: Option<usize>| position.and_then(|p| members.get(p)).copied();
        let first = members.partition_point(|&i| i < run[0]);
        let (before, after) = (at(first.checked_sub(1)), at(Some(first + run.len())));
        for &index in run {
            let same = |other: Option<usize>| other.filter(|&o| look(handshakes[o]) == look(handshakes[index]));
            let frame = |other: Option<usize>| Some(handshakes[other?].syn_ack?.frame);
            let contrast = Contrast {
                run: run.len(),
                before: frame(same(before)),
                after: frame(same(after)),
                unlike: before.or(after).is_some() && same(before).is_none() && same(after).is_none(),
            };
            found.insert(index, contrast);
        }
    }
    found
}

fn look(handshake: &Handshake) -> Option<Look> {
    handshake.syn_ack.map(|s| Look { mss: s.options.mss, window: s.window, ttl: s.ip.ttl })
}

/// Whether the identifications of the SYN-ACKs of both kinds, in order of time, form one slowly rising counter.
fn one_counter(handshakes: &[&Handshake], classes: &[Class]) -> bool {
    let ids: Vec<(Class, u16)> = handshakes
        .iter()
        .zip(classes)
        .filter_map(|(h, &c)| Some((c, h.syn_ack?.ip.identification?)))
        .filter(|(c, _)| matches!(c, Class::Kept | Class::Stripped | Class::AllKept))
        .collect();
    let changes = ids.windows(2).filter(|w| w[0].0 != w[1].0).count();
    let rising = ids.windows(2).filter(|w| (1..4096).contains(&w[1].1.wrapping_sub(w[0].1))).count();
    changes >= 2 && ids.len() >= 4 && rising * 10 >= (ids.len() - 1) * 9
}

/// The same listener kept these options for the same kind of client before or after, and looked the same otherwise.
const CONTRAST: f64 = 1.5;
/// It did so both before and after: a configuration that was changed would have had to be changed back.
const RETURNED: f64 = 3.0;
/// Most that an unbroken run may add against "different hosts at random".
const RUN: f64 = 4.0;
/// The same client address got both answers: no balancing by address, no middlebox for some clients.
const SAME_CLIENT: f64 = 1.5;
/// One counter runs through both kinds of answer: one host.
const ONE_COUNTER: f64 = 4.0;
/// In a flood.
const FLOOD: f64 = 2.5;
/// Clients with timestamps keep everything, clients without keep nothing: P(ordinary) = 0.01, then halved for every
/// further client on either side that chance would have had to sort.
const BY_TIMESTAMPS: f64 = 4.6;
/// Nothing to compare with: a quarter of all servers never negotiates (19,655 of 68,629 handshakes in public
/// captures).
const ALONE: f64 = 1.2;
/// gVisor's set, nothing to compare with: P(ordinary) = 0.004, a server with both switched off and timestamps on;
/// and where the listener kept window scale or SACK for others.
const ONLY_TIMESTAMPS: f64 = 5.5;
const ONLY_TIMESTAMPS_CONTRAST: f64 = 8.0;
/// A Linux cookie cannot keep them.
const KEPT_COOKIE: f64 = -6.0;
/// SYNPROXY and pf cannot either; others can, and do: P(kept | proxy) = 0.6.
const KEPT_PROXY: f64 = -0.5;
/// A Linux cookie keeps everything for a client with timestamps, unless a middlebox hid them from the server.
const GONE_COOKIE: f64 = -3.0;

pub(super) fn observe(listener: &Listener<'_>, index: usize) -> Option<Signal> {
    let book = &listener.options;
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn?, handshake.syn_ack?);
    let plain = |cookie: f64, proxy: f64, detail: &str| Signal {
        kind: EvidenceKind::OptionsDropped,
        group: Group::Options,
        cookie,
        proxy,
        habitual: true,
        frames: vec![syn.frame, syn_ack.frame],
        detail: detail.to_owned(),
    };
    // FreeBSD keeps everything in its cookies.
    let kept_cookie = if listener.isn_layout == IsnLayout::Freebsd { 0.0 } else { KEPT_COOKIE };
    match book.classes[index] {
        Class::NotOffered => None,
        Class::Kept => Some(plain(
            kept_cookie,
            KEPT_PROXY,
            "window scale or SACK kept for a client without timestamps: a cookie has no room for them",
        )),
        Class::AllKept => None,
        Class::TimestampsGone => {
            Some(plain(KEPT_COOKIE, KEPT_PROXY, "timestamps dropped but window scale or SACK kept: a configuration"))
        }
        Class::AllGone => Some(plain(
            GONE_COOKIE,
            ALONE,
            "client offered timestamps, window scale or SACK; the SYN-ACK has none of them",
        )),
        Class::OnlyTimestamps => {
            let contrast = book.all_kept > 0;
            let cookie = if contrast { ONLY_TIMESTAMPS_CONTRAST } else { ONLY_TIMESTAMPS };
            Some(plain(
                cookie,
                0.0,
                "SYN-ACK keeps the timestamps and drops both window scale and SACK, as gVisor's cookies do",
            ))
        }
        Class::Stripped => Some(stripped(book, index, &syn_ack, plain(0.0, 0.0, ""))),
    }
}

fn stripped(book: &OptionBook, index: usize, answer: &Opening, mut signal: Signal) -> Signal {
    let contrast = book.contrasts.get(&index).copied().unwrap_or_default();
    let flood = if book.flooded.contains(&index) { FLOOD } else { 0.0 };
    let counter = if book.one_counter { ONE_COUNTER } else { 0.0 };
    let offered = "client offered window scale or SACK, the SYN-ACK has neither";
    if contrast.before.is_some() || contrast.after.is_some() {
        let returned = contrast.before.is_some() && contrast.after.is_some();
        let share = (book.stripped + 1) as f64 / (book.stripped + book.kept + 2) as f64;
        let run = ((contrast.run - 1) as f64 * -share.ln()).min(RUN);
        let client = if book.same_client { SAME_CLIENT } else { 0.0 };
        signal.cookie = if returned { RETURNED } else { CONTRAST } + run + client + counter + flood;
        signal.proxy = signal.cookie - 2.0;
        // Without a return it may be a configuration that was changed: its repetition proves nothing.
        signal.habitual = !(returned || book.one_counter || flood > 0.0);
        signal.frames.extend(contrast.before);
        signal.frames.extend(contrast.after);
        signal.detail = format!(
            "{offered}; this listener kept them for the same kind of client {} ({} of {} answers lack them, {} in a row)",
            if returned {
                "before and after"
            } else if contrast.before.is_some() {
                "before"
            } else {
                "after"
            },
            book.stripped,
            book.stripped + book.kept,
            contrast.run
        );
    } else if contrast.unlike || book.kept > 0 {
        signal.cookie = ALONE / 2.0;
        signal.detail =
            format!("{offered}; answers of this listener that have them look different otherwise: another host");
    } else if let Some((mss, ttl, frame)) = book.all_kept_look {
        let ours = (book.all_kept_clients.len() + book.stripped_clients.len()).saturating_sub(2) as f64;
        let same_host = (answer.options.mss, answer.ip.ttl) == (mss, ttl);
        let shared = !book.all_kept_clients.is_disjoint(&book.stripped_clients);
        let sorted = ours.mul_add(std::f64::consts::LN_2, if shared { SAME_CLIENT } else { 0.0 });
        signal.cookie = if same_host { BY_TIMESTAMPS + sorted + counter + flood } else { ALONE };
        signal.proxy = signal.cookie - 2.0;
        signal.frames.push(frame);
        signal.detail = format!(
            "{offered}; this listener keeps everything for clients with timestamps ({} handshakes) and nothing for clients without ({})",
            book.all_kept, book.stripped
        );
    } else {
        // A closed window is no host's: there it can only be a proxy's.
        signal.cookie = if answer.window == 0 { 0.0 } else { ALONE };
        signal.proxy = ALONE;
        signal.detail = format!("{offered}; no other answer of this listener shows whether it ever does");
    }
    signal.cookie = signal.cookie.min(Group::Options.cap());
    signal.proxy = signal.proxy.min(Group::Options.cap());
    signal
}
