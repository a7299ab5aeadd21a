//! Wireshark plugin.
