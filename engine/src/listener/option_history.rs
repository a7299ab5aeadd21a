//! Handling of the TCP options that a listener's clients offered.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::alternation::Alternation;
use crate::listener::clients::Clients;

/// Handling of the SYN's options in the SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionHandling {
    /// Nothing that could be lost was offered, or one of the two segments is missing, or the capture
    /// cut off the options of one.
    NotOffered,
    /// No timestamps offered; window scale or SACK kept.
    Kept,
    /// No timestamps offered; window scale and SACK gone, as in a cookie or with a plain
    /// configuration.
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

impl OptionHandling {
    pub(crate) fn of(handshake: &Handshake) -> Self {
        let (Some(syn), Some(syn_ack)) = (&handshake.syn, &handshake.syn_ack) else { return Self::NotOffered };
        let (offered, answered) = (&syn.options, &syn_ack.options);
        if offered.incomplete || answered.incomplete || offered.authenticated {
            return Self::NotOffered;
        }
        let kept = answered.offers_scale_or_sack();
        match (offered.timestamps.is_some(), answered.timestamps.is_some()) {
            (false, _) if !offered.offers_scale_or_sack() => Self::NotOffered,
            (false, _) if kept => Self::Kept,
            (false, _) => Self::Stripped,
            (true, true) if kept || !offered.offers_scale_or_sack() => Self::AllKept,
            (true, true) if offered.window_scale.is_some() && offered.sack_permitted => Self::OnlyTimestamps,
            (true, true) => Self::NotOffered,
            (true, false) if kept => Self::TimestampsGone,
            (true, false) => Self::AllGone,
        }
    }
}

/// Fields that are alike in all answers of one host: MSS, TTL or hop limit.
pub(crate) type HostMarks = (Option<u16>, Option<u8>);

/// Returns the marks of the host that sent a SYN-ACK.
pub(crate) const fn host_marks(answer: &SynHeader) -> HostMarks {
    (answer.options.mss, answer.ip.ttl())
}

/// Handling of the options of all clients of a listener.
#[derive(Debug)]
pub(crate) struct OptionHistory {
    handling: Vec<OptionHandling>,
    /// Alternation between [`OptionHandling::Kept`] and [`OptionHandling::Stripped`].
    pub without_timestamps: Alternation,
    /// Alternation between [`OptionHandling::AllKept`] and [`OptionHandling::OnlyTimestamps`].
    pub with_timestamps: Alternation,
    /// Alternation, for clients with timestamps, between answers that keep window scale or SACK and
    /// [`OptionHandling::AllGone`].
    pub any_option: Alternation,
    /// The first answer with everything kept for a client with timestamps.
    pub all_kept: Option<SynHeader>,
    /// Answers with everything kept for a client with timestamps.
    pub all_kept_count: usize,
    /// Marks of the hosts whose answers lost everything although the client has timestamps, in
    /// ascending order: that host, or a middlebox before it, refuses options whatever the client
    /// offers.
    all_gone: Vec<HostMarks>,
    /// Clients that got an answer with everything kept, and clients that got a stripped one, where
    /// there are both.
    pub sorted_clients: usize,
}

impl OptionHistory {
    pub(crate) fn of(handshakes: &[&Handshake], clients: &Clients) -> Self {
        use OptionHandling::{AllGone, AllKept, Kept, OnlyTimestamps, Stripped, TimestampsGone};
        let handling: Vec<OptionHandling> = handshakes.iter().map(|h| OptionHandling::of(h)).collect();
        let is = |which: OptionHandling| {
            let handling = &handling;
            move |index: usize| handling[index] == which
        };
        let of = |which| handshakes.iter().zip(&handling).filter(move |&(_, &h)| h == which).map(|(&h, _)| h);
        let clients_of = |which| clients.groups().filter(|group| group.iter().any(|&i| is(which)(i as usize))).count();
        let mut all_gone: Vec<_> = of(AllGone).filter_map(|h| h.syn_ack.as_ref()).map(host_marks).collect();
        all_gone.sort_unstable();
        all_gone.dedup();
        let without_timestamps = Alternation::of(handshakes, clients, is(Kept), is(Stripped));
        let all_kept_count = of(AllKept).count();
        let is_sorted = all_kept_count > 0 && without_timestamps.lost > 0;
        Self {
            with_timestamps: Alternation::of(handshakes, clients, is(AllKept), is(OnlyTimestamps)),
            any_option: Alternation::of(
                handshakes,
                clients,
                |index| matches!(handling[index], AllKept | TimestampsGone),
                is(AllGone),
            ),
            all_kept: of(AllKept).next().and_then(|h| h.syn_ack),
            sorted_clients: if is_sorted { clients_of(AllKept) + clients_of(Stripped) } else { 0 },
            without_timestamps,
            all_kept_count,
            all_gone,
            handling,
        }
    }

    /// Returns the handling of the options in the handshake with this index; `None` for a listener
    /// that never answered.
    pub(crate) fn handling(&self, index: usize) -> Option<OptionHandling> {
        self.handling.get(index).copied()
    }

    /// Returns whether the listener keeps timestamps for some clients.
    pub(crate) const fn grants_timestamps(&self) -> bool {
        self.all_kept_count > 0
    }

    /// Returns whether some answer with the same host marks lost everything although the client has
    /// timestamps.
    pub(crate) fn is_all_gone(&self, answer: &SynHeader) -> bool {
        self.all_gone.binary_search(&host_marks(answer)).is_ok()
    }

    /// Returns whether an answer with these host marks lost everything for a client with timestamps,
    /// although the listener keeps timestamps for others. A Linux cookie does not do that.
    pub(crate) fn loses_more_than_linux(&self, answer: &SynHeader) -> bool {
        self.grants_timestamps() && self.is_all_gone(answer)
    }

    /// Returns whether the answer has the options of a gVisor cookie, whose timestamp is the clock
    /// alone.
    pub(crate) fn is_gvisor_like(&self, index: usize) -> bool {
        self.handling(index) == Some(OptionHandling::OnlyTimestamps)
    }
}
