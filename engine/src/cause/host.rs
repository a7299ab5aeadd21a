//! What the kernel of a server says: plain data that a front end read there, or was given.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::{Counter, Finding, Setting, Timestamp};

/// A counter as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its value in the (last) reading: what was counted since boot, or since the network namespace was made.
    pub value: u64,
    /// How much it rose from the first reading to the last; `None` with one reading.
    pub rose: Option<u64>,
}

/// The accept queue of a listening socket, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    /// The port.
    pub port: u16,
    /// Connections that wait to be accepted (Recv-Q).
    pub length: u64,
    /// How many may (Send-Q); the queue is full above it.
    pub bound: u64,
}

/// What one server's kernel says. What is missing was not given, and is never taken for zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// The address it speaks of; `None`: every server of the capture.
    pub address: Option<IpAddr>,
    /// The port it speaks of; `None`: every port.
    pub port: Option<u16>,
    /// Counters.
    pub counters: BTreeMap<Counter, Reading>,
    /// Settings.
    pub settings: BTreeMap<Setting, i64>,
    /// The listening sockets; `None` where they were not listed, which is not the same as none.
    pub queues: Option<Vec<AcceptQueue>>,
    /// When it was read, last; `None` where that is not known: it is then taken to be after the capture.
    pub read: Option<Timestamp>,
    /// When it was read first, where it was read twice.
    pub read_before: Option<Timestamp>,
    /// When counting began.
    pub booted: Option<Timestamp>,
}

/// What a counter says about a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not given, or read before the moment, or begun after it.
    Unknown,
    /// It was zero when read afterwards: it never happened.
    Never,
    /// It did not move between two readings around the moment; its value.
    Flat(u64),
    /// It rose by so much between two readings around the moment.
    Rose(u64),
    /// So often since boot, when is not known.
    Sometime(u64),
}

impl Standing {
    /// It did not happen at the moment.
    pub(crate) const fn did_not(self) -> bool {
        matches!(self, Self::Never | Self::Flat(_))
    }

    /// `is 0 since boot`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Unknown => "was not given".to_owned(),
            Self::Never => "is 0 since boot".to_owned(),
            Self::Flat(value) => format!("stayed at {value} between the readings"),
            Self::Rose(by) => format!("rose by {by} between the readings"),
            Self::Sometime(value) => format!("is {value} since boot"),
        }
    }
}

impl Host {
    /// Whether it speaks of the server of this handshake.
    #[must_use]
    pub fn is_of(&self, finding: &Finding) -> bool {
        let server = finding.server;
        self.address.is_none_or(|ip| ip == server.ip) && self.port.is_none_or(|port| port == server.port)
    }

    /// Whether it was read too early, or counting began too late, to say anything about that moment.
    #[must_use]
    pub fn misses(&self, moment: Timestamp) -> bool {
        self.read.is_some_and(|read| read < moment) || self.booted.is_some_and(|booted| booted > moment)
    }

    /// Weighs a finding's causes anew with what the kernel says, and ranks them. Nothing else of it changes.
    pub fn weigh(&self, finding: &mut Finding) {
        if self.is_of(finding) {
            crate::cause::weigh(self, finding);
        }
    }

    pub(crate) fn standing(&self, counter: Counter, moment: Timestamp) -> Standing {
        let Some(reading) = self.counters.get(&counter).filter(|_| !self.misses(moment)) else {
            return Standing::Unknown;
        };
        // Differences of readings that both came after the moment say nothing about it; the totals do.
        let around = self.read_before.is_none_or(|before| before <= moment);
        match reading.rose.filter(|_| around) {
            _ if reading.value == 0 => Standing::Never,
            Some(0) => Standing::Flat(reading.value),
            Some(by) => Standing::Rose(by),
            None => Standing::Sometime(reading.value),
        }
    }
}
