//! The signals, one file each: definition, what it needs, its weights and what fools it. The table
//! below lists them.
//!
//! A signal that cannot be observed yields nothing; a signal that is seen, or seen to be absent,
//! yields a [`Signal`].

#[macro_use]
mod table;

pub(crate) mod detail;
mod signal;

mod bits;
mod contrast;
mod extensions;
pub(crate) mod hop_limit;
mod identification;
mod isn;
mod isn_bits;
mod lag;
mod options;
mod repetition;
pub(crate) mod reset;
mod retry;
mod round_trip;
mod segment_size;
mod window;
mod zero_window;

pub(crate) use detail::{Detail, NoDetail, WithDetail, detail};
pub(crate) use signal::{Group, Kinds, Observed, Signal};

use crate::EvidenceKind;
use crate::connection::handshake::Handshake;
use crate::listener::Listener;

// A row has the kind of the signal, its group, what must have been captured before it can favour a
// cookie or a proxy, and the function that observes it. The order of the rows is the order in which
// weights are added up. The needs are:
//
// - `SynAck`: SYN and SYN-ACK, with the previous connection on the same four-tuple. The function
//   takes the handshake.
// - `Listener(may_favour)`: SYN and SYN-ACK, and the listener's other handshakes. The function
//   takes the listener and the index of the handshake. `may_favour` takes the handshake alone, and
//   returns false only where no others could make the signal favour a cookie or a proxy.
// - `Later`: segments after the SYN-ACK, silence after it, or more handshakes than
//   `Analyzer::preview` judges. The function takes the listener and the index of the handshake.
signals! {
    ZeroWindow,             ZeroWindow, SynAck,               zero_window::observe;
    WindowUpdate,           ZeroWindow, Later,                zero_window::opened;
    OptionsDropped,         Options,    Listener(may_favour), options::observe;
    TimestampLag,           Clock,      Later,                lag::observe;
    TimestampBits,          Clock,      Listener(may_favour), bits::bare;
    TimestampResidue,       Clock,      Later,                bits::behind_offset;
    WindowRecomputed,       Window,     Later,                window::observe;
    SegmentSizeBound,       Window,     Later,                segment_size::observe;
    ExtensionRefused,       Options,    Listener(may_favour), extensions::observe;
    SynAckRetransmitted,    Memory,     Later,                repetition::by_timer;
    IsnChanged,             Memory,     Later,                repetition::isn_changed;
    SynAckNotRetransmitted, Memory,     Later,                repetition::silent;
    TtlChange,              Machine,    Later,                hop_limit::observe;
    IpIdEcho,               Machine,    Listener(may_favour), identification::echo;
    ReflectedOptions,       Machine,    SynAck,               identification::reflected_options;
    IsnAlgebra,             Isn,        SynAck,               isn::algebra;
    SynproxyBackendSyn,     Isn,        SynAck,               isn::backend_syn;
    IsnBits,                Isn,        Listener(may_favour), isn_bits::observe;
    SynAnsweredSooner,      Machine,    Later,                round_trip::observe;
    ResetShape,             Reset,      Later,                reset::observe;
    RetryAnsweredOtherwise, Reset,      Later,                retry::observe;
}
