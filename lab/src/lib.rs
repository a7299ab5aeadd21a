//! Labelled captures of SYN cookies, SYN proxies and everything that looks like them.
//!
//! [`scenario::all`] lists what can be built packet by packet from published algorithms and descriptions;
//! [`ordinary::Ordinary`] makes as much varied ordinary traffic as wanted; [`disturb`] adds jitter and loss to any of it.
//! Everything is deterministic by seed. Labels are *by source, not observed*: what a packet looks like was read in the
//! implementation's source or in a description of captures, see `README.md`.

pub mod accuracy;
pub mod address;
pub mod alarms;
pub mod answer;
pub mod capture;
pub mod cause_points;
pub mod client;
pub mod clock;
pub mod converse;
pub mod disturb;
pub mod expect;
pub mod interval;
pub mod judge;
pub mod layout;
pub mod likelihoods;
pub mod middlebox;
pub mod ordinary;
pub mod path;
pub mod plan;
pub mod record;
pub mod scenario;
pub mod score;
pub mod site;
pub mod stack;
pub mod synth;
pub mod truth;

pub use capture::Capture;
pub use scenario::Scenario;
pub use truth::{TrueHandshake, Truth, Verdict};
