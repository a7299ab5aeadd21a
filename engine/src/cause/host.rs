//! Holds what the kernel of a server reports: plain data that a front end read there, or was given.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::{Counter, Setting, Timestamp};

/// Value of a kernel counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterReading {
    /// Value in the latest reading, counted since boot or since the network namespace was created.
    pub value: u64,
    /// Increase from the first reading to the last; `None` with one reading.
    pub rose: Option<u64>,
}

/// Accept queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Port.
    pub port: u16,
    /// Connections that wait to be accepted (Recv-Q).
    pub length: u64,
    /// Limit of the queue (Send-Q), in connections; the queue is full above it.
    pub bound: u64,
}

/// Counters, settings and queues of one server's kernel. A value that was not given is missing,
/// never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Address of the server; `None`: every server of the capture.
    pub address: Option<IpAddr>,
    /// Port of the server; `None`: every port.
    pub port: Option<u16>,
    /// Counters.
    pub counters: BTreeMap<Counter, CounterReading>,
    /// Settings.
    pub settings: BTreeMap<Setting, i64>,
    /// Listening sockets; `None` where they were not listed, which differs from an empty list.
    pub queues: Option<Vec<AcceptQueue>>,
    /// Time of the latest reading; `None` where it is unknown, which is taken to be after the
    /// capture.
    pub read: Option<Timestamp>,
    /// Time of the first reading, where there were two.
    pub read_before: Option<Timestamp>,
    /// Time at which counting began.
    pub booted: Option<Timestamp>,
}
