//! S2, S3: options the client offered and the SYN-ACK lacks, against the listener's other answers.
//!
//! A Linux cookie has nowhere to store window scale and SACK unless the client sends timestamps
//! (syncookies.c `cookie_timestamp_decode`; `tcp_clear_options` without them), so clients without
//! timestamps get an MSS and nothing else, while clients with timestamps keep everything. A server
//! that negotiates otherwise shows that by its other answers. gVisor keeps timestamps and drops the
//! rest. A Linux host whose own timestamps are off (`tcp_timestamps=0`) does not read those of the
//! client, so its cookies have only an MSS for every client. The cookies of some appliances never
//! have more.
//!
//! Fooled by: a server whose options are off, now or from some moment on; hosts of different make
//! behind one address; a middlebox that strips options for some clients. A listener that never
//! negotiates says next to nothing.

use std::fmt;

use super::contrast::contrast;
use super::{Detail, Group, Preview, Reading, detail};
use crate::connection::handshake::SynHeader;
use crate::listener::Listener;
use crate::listener::isn_layout::IsnLayout;
use crate::listener::option_history::{OptionHandling, OptionHistory, host_marks};
use crate::packet::options::OptionNames;

/// Added weight during a flood.
const FLOOD: f64 = 2.5;
/// Weight if clients with timestamps keep all options and clients without keep none: P(ordinary) =
/// 0.01, halved for each further client of either kind, because each gets the right kind of answer
/// by chance with probability 1/2.
const BY_TIMESTAMPS: f64 = 4.6;
/// Nothing to compare with: servers that never negotiate are common (12,655 of 68,629 handshakes in
/// public captures, 18 %); P(all options gone | ordinary) = 0.25 was chosen a little above that.
const ALONE: f64 = 1.2;
/// Weight of gVisor's set of options: P(ordinary) = 0.02, a server with window scale and SACK
/// switched off and timestamps on.
const ONLY_TIMESTAMPS: f64 = 4.0;
/// Weight against a Linux cookie, which cannot keep these options.
const KEPT_COOKIE: f64 = -6.0;
/// Weight against a proxy: SYNPROXY and pf cannot keep these options, others do. P(kept | proxy) =
/// 0.6.
const KEPT_PROXY: f64 = -0.5;
/// All options gone for a client with timestamps: P(cookie) = 0.08, a host whose timestamps are off
/// or an appliance that keeps no options; P(ordinary) = 0.25, as for [`ALONE`].
const GONE_COOKIE: f64 = -1.2;

/// Minimum number of client addresses that lost all options: the probability that all of them fall
/// into one period by chance is 2^-8.
const MANY_CLIENTS: usize = 8;

/// Returns whether the options of some SYN-ACK may favour a cookie or a proxy by more than [`ALONE`].
/// Without a contrast to SYN-ACKs that keep options, only gVisor's set of options favours a cookie,
/// and that is systematic.
pub(super) fn may_favour(preview: &Preview<'_, '_>) -> bool {
    use OptionHandling::{AllGone, AllKept, Kept, OnlyTimestamps, Stripped, TimestampsGone};
    preview.any(|handshake| matches!(OptionHandling::of(handshake), OnlyTimestamps | Stripped | AllGone))
        && (OptionHandling::of(preview.judged) == OnlyTimestamps
            || preview.any(|handshake| matches!(OptionHandling::of(handshake), Kept | AllKept | TimestampsGone)))
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let history = &listener.options;
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let plain = |cookie: f64, proxy: f64, text: D::Text| Reading {
        cookie,
        proxy,
        systematic: true,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text,
    };
    let kept = syn.options.named_in(&syn_ack.options, true);
    let lost = syn.options.named_in(&syn_ack.options, false);
    // FreeBSD keeps everything in its cookies.
    let kept_cookie = if listener.isn_layout == IsnLayout::Freebsd { 0.0 } else { KEPT_COOKIE };
    match history.handling(index)? {
        OptionHandling::NotOffered | OptionHandling::AllKept => None,
        OptionHandling::Kept => Some(plain(
            kept_cookie,
            KEPT_PROXY,
            detail!(D, "the SYN-ACK keeps {kept} for a client without timestamps; a cookie has no room for that"),
        )),
        OptionHandling::TimestampsGone => Some(plain(
            KEPT_COOKIE,
            KEPT_PROXY,
            detail!(D, "the SYN-ACK drops {lost} but keeps {kept}: a configuration, not a cookie"),
        )),
        OptionHandling::AllGone => {
            Some(all_gone(listener, index, Lost(lost), plain(GONE_COOKIE, ALONE, detail!(D, ""))))
        }
        OptionHandling::OnlyTimestamps => {
            Some(only_timestamps(history, index, lost, plain(ONLY_TIMESTAMPS, 0.0, detail!(D, ""))))
        }
        OptionHandling::Stripped => Some(stripped(listener, index, Lost(lost), plain(0.0, 0.0, detail!(D, "")))),
    }
}

/// Options that the client offered and the SYN-ACK lacks, as the beginning of a sentence.
#[derive(Clone, Copy)]
struct Lost(OptionNames);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.0.len() {
            1 => "does not have it",
            2 => "has neither",
            _ => "has none of them",
        };
        write!(f, "the client offered {}; the SYN-ACK {end}", self.0)
    }
}

fn only_timestamps<D: Detail>(
    history: &OptionHistory,
    index: usize,
    lost: OptionNames,
    mut observed: Reading<D>,
) -> Reading<D> {
    observed.text = detail!(D, "the SYN-ACK keeps timestamps but drops {lost}, as gVisor's cookies do");
    if let Some(contrast) = contrast::<D>(&history.with_timestamps, index) {
        observed.cookie += contrast.nats;
        observed.systematic = !contrast.episodic;
        observed.frames.extend(contrast.frames.into_iter().flatten());
        observed.text =
            detail!(D, "the SYN-ACK keeps timestamps but drops {lost}, as gVisor's cookies do; {}", contrast.text);
    }
    capped(observed)
}

fn all_gone<D: Detail>(listener: &Listener<'_>, index: usize, offered: Lost, mut observed: Reading<D>) -> Reading<D> {
    let history = &listener.options;
    observed.text = detail!(D, "{offered}");
    let flood = flood(listener, index);
    let contrast =
        contrast::<D>(&history.any_option, index).filter(|_| keeps_nothing_for_a_while(history, flood > 0.0));
    let Some(contrast) = contrast else { return observed };
    observed.cookie = contrast.nats + flood;
    observed.proxy = 0.0;
    observed.systematic = !(contrast.episodic || flood > 0.0);
    observed.frames.extend(contrast.frames.into_iter().flatten());
    observed.text = detail!(D, "{offered}; {}", contrast.text);
    capped(observed)
}

/// Returns the weight that a flood at the time of the handshake adds to a loss of options.
fn flood(listener: &Listener<'_>, index: usize) -> f64 {
    if listener.floods.is_flood(listener.handshakes[index].time) { FLOOD } else { 0.0 }
}

/// Returns whether the answers that keep no option for clients with timestamps are an exception:
/// they come and go in few runs, or in a flood. Otherwise they can be explained by a changed
/// configuration, or by several hosts behind one address that have different settings.
///
/// Where the host grants timestamps, an answer without any option is not a Linux cookie. It is an
/// appliance's cookie, or a middlebox in front of the host overwrites the options of some clients.
/// Such a middlebox always treats one client alike, and does not treat many clients differently at
/// different times.
fn keeps_nothing_for_a_while(history: &OptionHistory, in_flood: bool) -> bool {
    let order = &history.any_option;
    let comes_and_goes = order.returned && order.is_in_few_runs();
    if history.grants_timestamps() {
        comes_and_goes && (order.same_client || order.one_counter || order.lost_clients >= MANY_CLIENTS)
    } else {
        comes_and_goes || order.kept > 0 && in_flood
    }
}

/// Returns whether the host that sent an answer, or a box before it, refuses options whatever the
/// client offers.
fn refuses_always(history: &OptionHistory, answer: &SynHeader, in_flood: bool) -> bool {
    history.is_all_gone(answer) && !keeps_nothing_for_a_while(history, in_flood)
}

fn stripped<D: Detail>(listener: &Listener<'_>, index: usize, offered: Lost, mut observed: Reading<D>) -> Reading<D> {
    let history = &listener.options;
    let Some(answer) = listener.handshakes[index].syn_ack.as_ref() else { return observed };
    let flood = flood(listener, index);
    let contrast =
        contrast::<D>(&history.without_timestamps, index).filter(|_| !refuses_always(history, answer, flood > 0.0));
    if let Some(contrast) = contrast {
        // The same marks as the answers that keep them: the host itself, not a proxy.
        observed.cookie = contrast.nats + flood;
        // Otherwise it may be a configuration that was changed, or another host: its repetition
        // proves nothing.
        observed.systematic = !(contrast.episodic || flood > 0.0);
        observed.frames.extend(contrast.frames.into_iter().flatten());
        observed.text = detail!(D, "{offered}; {}", contrast.text);
    } else if history.without_timestamps.kept > 0 {
        observed.cookie = ALONE / 2.0;
        observed.proxy = ALONE;
        observed.text = detail!(
            D,
            "{offered}; this listener's SYN-ACKs that have them differ in other fields, too: another machine sent them"
        );
    } else if let Some(kept) = sorted_by_timestamps(history, answer) {
        let sorted = history.sorted_clients.saturating_sub(2) as f64;
        observed.cookie = sorted.mul_add(std::f64::consts::LN_2, BY_TIMESTAMPS + flood);
        observed.frames.extend([kept.frame]);
        observed.text = detail!(
            D,
            "{offered}; this listener grants all options to clients with timestamps ({} handshakes) and none to clients \
             without ({})",
            history.all_kept_count,
            history.without_timestamps.lost
        );
    } else {
        // No host closes the window in its own cookie, so only a proxy can have sent it.
        observed.cookie = if answer.window == 0 { 0.0 } else { ALONE };
        observed.proxy = ALONE;
        observed.text = detail!(D, "{offered}; nothing else in the capture shows whether this listener grants them");
    }
    capped(observed)
}

/// Returns the answer that keeps everything for a client with timestamps, where it has the host
/// marks of this one and none with these marks loses everything.
fn sorted_by_timestamps(history: &OptionHistory, answer: &SynHeader) -> Option<SynHeader> {
    history.all_kept.filter(|kept| host_marks(kept) == host_marks(answer) && !history.is_all_gone(answer))
}

fn capped<D: Detail>(mut observed: Reading<D>) -> Reading<D> {
    observed.cookie = observed.cookie.min(Group::Options.cap());
    observed.proxy = observed.proxy.min(Group::Options.cap());
    observed
}
