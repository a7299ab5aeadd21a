//! The signals, one file each: definition, what it needs, its weights and what fools it. The table
//! below lists them.
//!
//! A signal that cannot be observed yields nothing; a signal that is seen, or seen to be absent,
//! yields a [`Signal`].

#[macro_use]
mod table;

pub(crate) mod detail;
mod signal;

mod acknowledgment;
mod bits;
mod contrast;
mod extensions;
pub(crate) mod hop_limit;
mod identification;
mod isn;
mod isn_bits;
mod lag;
mod options;
mod preview;
mod repetition;
pub(crate) mod reset;
mod retry;
mod round_trip;
mod segment_size;
mod timestamp_echo;
mod window;
mod zero_window;

pub(crate) use identification::keeps_layout;
pub(crate) use lag::linux_layout;

pub(crate) use detail::{Detail, NoDetail, WithDetail, detail};
pub(crate) use preview::{PREVIEWED, Preview};
pub(crate) use signal::{Group, Kinds, Reading, Signal};

use crate::EvidenceKind;
use crate::connection::handshake::Handshake;
use crate::listener::Listener;

// A row has the kind of the signal, its group, what it needs, and the function that observes it. The
// order of the rows is the order in which weights are added up. The needs are:
//
// - `Handshake`: the packets of the handshake, with the previous connection on the same four-tuple.
//   The function takes the handshake. The signal is systematic, so a preview needs it only of the
//   handshake that it judges.
// - `Listener(may_favour)`: the listener's other handshakes, too. The function takes the listener
//   and the index of the handshake. `may_favour` is its gate in the quick check: it takes the
//   preview, is cheap, and returns false only where the signal cannot favour a cookie or a proxy on
//   any of its handshakes by more than 1.5 nats, too little against the prior, or where it is
//   systematic and favours one only on a handshake that is not judged.
// - `ListenerAlone(may_favour)`: the same, but the gate looks at a single handshake. It takes the
//   handshake and whether the preview judges it, and returns the same until the next packet of the
//   handshake.
// - `MoreThanPreview`: time after the SYN-ACK, or more handshakes than `Analyzer::preview` judges, so
//   that the signal alone never makes a preview cookie-style. The function takes the listener and
//   the index of the handshake.
signals! {
    ZeroWindow,             ZeroWindow, Handshake,                 zero_window::observe;
    WindowUpdate,           ZeroWindow, Handshake,                 zero_window::opened;
    OptionsDropped,         Options,    Listener(may_favour),      options::observe;
    TimestampLag,           Clock,      ListenerAlone(may_favour), lag::observe;
    TimestampBits,          Clock,      ListenerAlone(may_favour), bits::without_offset;
    TimestampResidue,       Clock,      Listener(may_repeat),      bits::behind_offset;
    WindowRecomputed,       Window,     ListenerAlone(may_favour), window::observe;
    SegmentSizeBound,       Window,     Handshake,                 segment_size::observe;
    ExtensionRefused,       Options,    Listener(may_favour),      extensions::observe;
    SynAckRetransmitted,    Memory,     Handshake,                 repetition::by_timer;
    IsnChanged,             Memory,     Handshake,                 repetition::isn_changed;
    SynAckNotRetransmitted, Memory,     MoreThanPreview,           repetition::silent;
    TtlChange,              Machine,    Handshake,                 hop_limit::observe;
    IpIdEcho,               Machine,    ListenerAlone(may_favour), identification::echo;
    ReflectedOptions,       Machine,    Handshake,                 identification::reflected_options;
    IsnAlgebra,             Isn,        ListenerAlone(may_favour), isn::algebra;
    SynproxyBackendSyn,     Isn,        Handshake,                 isn::backend_syn;
    IsnBits,                Isn,        Listener(may_favour),      isn_bits::observe;
    SynAnsweredSooner,      Machine,    MoreThanPreview,           round_trip::observe;
    ResetShape,             Reset,      Handshake,                 reset::observe;
    RetryAnsweredOtherwise, Reset,      ListenerAlone(may_favour), retry::observe;
    WrongAcknowledgment,    Isn,        ListenerAlone(may_favour), acknowledgment::observe;
    TimestampEcho,          Machine,    Handshake,                 timestamp_echo::observe;
}
