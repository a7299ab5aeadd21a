//! Resources that limit a Linux host in accepting TCP connections: accept queues, SYN queues,
//! memory, connection tracking, file descriptors and others.
//!
//! ```text
//! live ──► text of every source ─┐
//!                                ├─► read: Facts ──► resource: usage, limit, overflows ──► report
//! saved outputs, a snapshot ─────┘
//! ```
//!
//! [`read`] parses what people save of a kernel (`netstat -s`, `nstat`, `sysctl -a`, `ss`, files of
//! `/proc`, the log) into [`facts`]. [`live`] collects the same texts from the running machine, so
//! that there is one parser for each format, and a snapshot is the collected text. [`resource`]
//! turns facts into the usage, the limit and the overflows of each resource. [`report`] writes a
//! [`view::View`] of them as a table, as JSON, or as metrics for Prometheus.
//!
//! ```no_run
//! use std::io;
//!
//! use syncookie_kernel::report::{self, Format, Options};
//! use syncookie_kernel::{read, view::View};
//!
//! let samples = read::files(["before.txt", "after.txt"])?;
//! let options = Options { format: Format::Json, ..Options::default() };
//! report::write(options, &[View::from(samples)], &mut io::stdout())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod facts;
#[cfg(target_os = "linux")]
pub mod live;
pub mod read;
pub mod report;
pub mod resource;
pub mod view;
