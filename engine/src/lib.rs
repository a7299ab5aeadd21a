//! Decides which TCP handshakes were answered by a SYN cookie or a SYN proxy, from the bytes of IP packets alone.
//!
//! *bytes → segments → handshakes → evidence → assessment.* A front end finds IP packets and their times, pushes them
//! into an [`Analyzer`] as [`Observation`]s, or many frames at a time, and shows the [`Finding`]s that
//! come out. The engine does no I/O, reads no clock, has no globals and no `unsafe`; the same packets always give the same
//! findings, whatever the number of threads that [`Analyzer::set_threads`] lets it judge on.
//!
//! An [`Analyzer`] is two steps in one: an [`Observer`] turns packets into observations of handshakes, and a [`Judge`]
//! turns these into findings. Both can run apart, because an [`ObservedHandshake`] can be written and read.
//!
//! ```
//! use syncookie_engine::{Analyzer, Frame, Limits, Observation, Packet, Timestamp};
//!
//! let mut analyzer = Analyzer::new(Limits::default());
//! let packet = [0x45, 0, 0, 20]; // cut off: counted, not an error
//! analyzer.push(&Observation {
//!     frame: Frame { capture: 0, number: 1 },
//!     time: Timestamp::from_nanos(0),
//!     packet: Packet::Ip(&packet),
//! });
//! let findings = analyzer.finish();
//! assert_eq!(findings.statistics.unreadable, 1);
//! ```
#![forbid(unsafe_code)]

mod analyzer;
mod cause;
mod common_factor;
pub mod compare;
mod connection;
mod evidence;
mod finding;
mod intake;
mod judge;
mod judging;
mod limits;
mod listener;
mod narrative;
mod observed;
mod observer;
mod packet;
mod parallel;
mod text;
mod verdict;

pub use analyzer::Analyzer;
pub use cause::DELAY_SECONDS;
pub use cause::capture_point::CapturePoint;
pub use cause::check::{CheckLine, check_lines};
pub use cause::host::{AcceptQueue, CounterReading, Host, Machine, Traced, TracedEvent};
pub use cause::other_capture::{Crossing, OtherCapture, OtherSide, SeenAt};
pub use common_factor::{Attribute, CommonFactor, Compared, Feature, HandshakeSample};
pub use connection::{Pushed, Role};
pub use finding::cookie_cost::{CookieCost, RoundedMss};
pub use finding::durations::Durations;
pub use finding::flood::Flood;
pub use finding::frame_refs::FrameRefs;
pub use finding::link::{Link, MacAddress, Tunnel, TunnelKind};
pub use finding::midstream::{Midstream, ResetAcks};
pub use finding::odds::{odds, rounded_nats};
pub use finding::signatures::Signatures;
pub use finding::syn_pair::{LaterPackets, SynFields, SynPair};
pub use finding::vocabulary::{
    CauseKind, Confidence, Counter, EvidenceKind, Implementation, Outcome, Setting, Verdict,
};
pub use finding::{
    Assessment, Cause, Completion, Episode, Evidence, Finding, Findings, Frames, HandshakeId, ListenerReport,
    LogOddsTerms, Measured, Statistics, Tally, Times, Undecided,
};
pub use intake::flow::Endpoint;
pub use intake::loose::LooseSegment;
pub use judge::Judge;
pub use limits::{DetailLevel, FindingParts, Limits};
pub use narrative::errors::NarratedError;
pub use narrative::shows::span;
pub use narrative::{NarratedPacket, Narrator, NoSegment, SegmentDescription, describe};
pub use observed::fields::{Field, Fields};
pub use observed::{Observed, ObservedHandshake, Opening};
pub use observer::{EndOfPackets, Observer};
pub use packet::observation::{Frame, Observation, Packet, Timestamp};
pub use packet::options::{TcpOption, tcp_options};
pub use verdict::missing::NO_SYN_ACK;
