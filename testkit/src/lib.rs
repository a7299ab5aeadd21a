//! Packets and captures, written from their specifications.
//!
//! All tests, the benchmarks and the laboratory take their packets and captures from here. This
//! crate uses neither the engine nor the command-line tool, and no crate that they use: a mistake
//! in their readers cannot hide behind the same mistake in the writer.
//!
//! - [`ip`], [`tcp`], [`udp`], [`icmp`], [`link`]: headers and whole packets; [`checksum`]: the Internet checksum; [`example`]: a
//!   handshake between two hosts.
//! - [`pcap`], [`pcapng`]: capture files.
//! - [`memory`]: the memory of running programs.
//! - [`rng`]: pseudo-random numbers that are the same in every run.

#![forbid(unsafe_code)]

pub mod byte_order;
pub mod checksum;
pub mod example;
pub mod icmp;
pub mod ip;
pub mod link;
pub mod memory;
pub mod pcap;
pub mod pcapng;
pub mod rng;
pub mod tcp;
pub mod udp;

pub use byte_order::ByteOrder;
