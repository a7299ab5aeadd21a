//! S2, S3: options the client offered and the SYN-ACK lacks, against the listener's other answers.
//!
//! A Linux cookie has nowhere to store window scale and SACK unless the client sends timestamps (syncookies.c
//! `cookie_timestamp_decode`; `tcp_clear_options` without them), so clients without timestamps get an MSS and nothing
//! else, while clients with timestamps keep everything. A server that negotiates otherwise shows that by its other
//! answers. gVisor keeps timestamps and drops the rest.
//!
//! Fooled by: a server whose options are off, now or from some moment on; hosts of different make behind one address;
//! a middlebox that strips options for some clients. A listener that never negotiates says next to nothing.

use super::contrast::Turns;
use super::isn_bits::IsnLayout;
use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::Listener;
use crate::listener::clients::Clients;

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
    let (Some(syn), Some(syn_ack)) = (&handshake.syn, &handshake.syn_ack) else { return Class::NotOffered };
    let (offered, answered) = (&syn.options, &syn_ack.options);
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

/// What the listener did with the options of all its clients.
pub(crate) struct OptionBook {
    classes: Vec<Class>,
    /// Turns between [`Class::Kept`] and [`Class::Stripped`].
    plain: Turns,
    /// Turns between [`Class::AllKept`] and [`Class::OnlyTimestamps`].
    stamped: Turns,
    /// An answer with everything kept for a client with timestamps, and how many there are.
    all_kept: Option<SynHeader>,
    all_kept_count: usize,
    /// Looks (MSS, hop limit) of answers that lost everything although the client has timestamps: some host, or
    /// some box on the way, refuses them whatever the client. In order.
    all_gone: Vec<(Option<u16>, Option<u8>)>,
    /// Clients that got an answer with everything kept, and clients that got a stripped one, where there are both.
    sorted_clients: usize,
}

impl OptionBook {
    pub(crate) fn of(handshakes: &[&Handshake], clients: &Clients) -> Self {
        let classes: Vec<Class> = handshakes.iter().map(|h| classify(h)).collect();
        let is = |class: Class| {
            let classes = &classes;
            move |index: usize| classes[index] == class
        };
        let of = |class: Class| handshakes.iter().zip(&classes).filter(move |&(_, &c)| c == class).map(|(&h, _)| h);
        let clients_of = |class| clients.groups().filter(|group| group.iter().any(|&i| is(class)(i as usize))).count();
        let all_gone = of(Class::AllGone).filter_map(|h| h.syn_ack.as_ref()).map(look);
        let mut all_gone: Vec<_> = all_gone.collect();
        all_gone.sort_unstable();
        all_gone.dedup();
        let plain = Turns::of(handshakes, clients, is(Class::Kept), is(Class::Stripped));
        let all_kept_count = of(Class::AllKept).count();
        let is_sorted = all_kept_count > 0 && plain.lost > 0;
        Self {
            stamped: Turns::of(handshakes, clients, is(Class::AllKept), is(Class::OnlyTimestamps)),
            all_kept: of(Class::AllKept).next().and_then(|h| h.syn_ack),
            sorted_clients: if is_sorted { clients_of(Class::AllKept) + clients_of(Class::Stripped) } else { 0 },
            plain,
            all_kept_count,
            all_gone,
            classes,
        }
    }

    /// Whether some answer that looks so lost everything.
    fn is_all_gone(&self, answer: &SynHeader) -> bool {
        self.all_gone.binary_search(&look(answer)).is_ok()
    }

    /// Whether the answer is one that gVisor's cookies give, which carry the clock itself.
    pub(crate) fn is_gvisor_like(&self, index: usize) -> bool {
        self.classes.get(index) == Some(&Class::OnlyTimestamps)
    }
}

/// In a flood.
const FLOOD: f64 = 2.5;
/// Clients with timestamps keep everything, clients without keep nothing: P(ordinary) = 0.01, then halved for every
/// further client on either side that chance would have had to sort.
const BY_TIMESTAMPS: f64 = 4.6;
/// Nothing to compare with: a quarter of all servers never negotiates (19,655 of 68,629 handshakes in public
/// captures).
const ALONE: f64 = 1.2;
/// gVisor's set: P(ordinary) = 0.02, a server with window scale and SACK switched off and timestamps on.
const ONLY_TIMESTAMPS: f64 = 4.0;
/// A Linux cookie cannot keep them.
const KEPT_COOKIE: f64 = -6.0;
/// SYNPROXY and pf cannot either; others can, and do: P(kept | proxy) = 0.6.
const KEPT_PROXY: f64 = -0.5;
/// A Linux cookie keeps everything for a client with timestamps, unless a middlebox hid them from the server.
const GONE_COOKIE: f64 = -3.0;

pub(super) fn observe<W: Words>(listener: &Listener<'_>, index: usize) -> Option<Signal<W>> {
    let book = &listener.options;
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let plain = |cookie: f64, proxy: f64, detail: &str| Signal {
        kind: EvidenceKind::OptionsDropped,
        group: Group::Options,
        cookie,
        proxy,
        habitual: true,
        frames: W::cite([syn.frame, syn_ack.frame]),
        detail: say!(W, "{detail}"),
    };
    // FreeBSD keeps everything in its cookies.
    let kept_cookie = if listener.isn_layout == IsnLayout::Freebsd { 0.0 } else { KEPT_COOKIE };
    match *book.classes.get(index)? {
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
        Class::OnlyTimestamps => Some(only_timestamps(book, index, plain(ONLY_TIMESTAMPS, 0.0, ""))),
        Class::Stripped => Some(stripped(listener, index, syn_ack, plain(0.0, 0.0, ""))),
    }
}

fn only_timestamps<W: Words>(book: &OptionBook, index: usize, mut signal: Signal<W>) -> Signal<W> {
    let what = "SYN-ACK keeps the timestamps and drops both window scale and SACK, as gVisor's cookies do";
    signal.detail = say!(W, "{what}");
    if let Some(contrast) = book.stamped.contrast::<W>(index) {
        signal.cookie += contrast.nats;
        signal.habitual = !contrast.episodic;
        signal.frames.extend(contrast.frames.into_iter().flatten());
        signal.detail = say!(W, "{what}; {}", contrast.detail);
    }
    capped(signal)
}

fn stripped<W: Words>(listener: &Listener<'_>, index: usize, answer: &SynHeader, mut signal: Signal<W>) -> Signal<W> {
    let book = &listener.options;
    let flood = if listener.pressure.is_flood(listener.handshakes[index].time) { FLOOD } else { 0.0 };
    let offered = "client offered window scale or SACK, the SYN-ACK has neither";
    if let Some(contrast) = book.plain.contrast::<W>(index).filter(|_| !book.is_all_gone(answer)) {
        // The same look as the answers that keep them: the host itself, not a proxy.
        signal.cookie = contrast.nats + flood;
        // Otherwise it may be a configuration that was changed, or another host: its repetition proves nothing.
        signal.habitual = !(contrast.episodic || flood > 0.0);
        signal.frames.extend(contrast.frames.into_iter().flatten());
        signal.detail = say!(W, "{offered}; {}", contrast.detail);
    } else if book.plain.kept > 0 {
        signal.cookie = ALONE / 2.0;
        signal.proxy = ALONE;
        signal.detail =
            say!(W, "{offered}; answers of this listener that have them look different otherwise: another machine");
    } else if let Some(kept) = sorted_by_timestamps(book, answer) {
        let sorted = book.sorted_clients.saturating_sub(2) as f64;
        signal.cookie = sorted.mul_add(std::f64::consts::LN_2, BY_TIMESTAMPS + flood);
        signal.frames.extend([kept.frame]);
        signal.detail = say!(
            W,
            "{offered}; this listener keeps everything for clients with timestamps ({} handshakes) and nothing for clients without ({})",
            book.all_kept_count,
            book.plain.lost
        );
    } else {
        // A closed window is no host's: there it can only be a proxy's.
        signal.cookie = if answer.window == 0 { 0.0 } else { ALONE };
        signal.proxy = ALONE;
        signal.detail = say!(W, "{offered}; no other answer of this listener shows whether it ever does");
    }
    capped(signal)
}

/// An answer that keeps everything for a client with timestamps and otherwise looks like this one, where none that
/// looks so loses everything.
fn sorted_by_timestamps(book: &OptionBook, answer: &SynHeader) -> Option<SynHeader> {
    book.all_kept.filter(|kept| look(kept) == look(answer) && !book.is_all_gone(answer))
}

/// What is alike in the answers of one host.
const fn look(answer: &SynHeader) -> (Option<u16>, Option<u8>) {
    (answer.options.mss, answer.ip.ttl)
}

fn capped<W: Words>(mut signal: Signal<W>) -> Signal<W> {
    signal.cookie = signal.cookie.min(Group::Options.cap());
    signal.proxy = signal.proxy.min(Group::Options.cap());
    signal
}
