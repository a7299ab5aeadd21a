//! Hosts: how a server's own stack answers.

pub mod cookie;
pub mod freebsd;
pub mod gvisor;
pub mod host;
pub mod linux;
pub mod onload;
pub mod syncache;
pub mod windows;

pub use host::{Growth, Host, Isn, Offset, Window};
