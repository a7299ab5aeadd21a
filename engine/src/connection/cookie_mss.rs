//! The MSS tables of SYN cookies, and the segment sizes that they bound.
//!
//! A cookie stores an index into four sizes (net/ipv4/syncookies.c and net/ipv6/syncookies.c
//! `msstab`). The kernel that sent the cookie later replaces the client's MSS by the largest entry
//! that does not exceed it. NetScaler has a table of its own, with sixteen sizes for both IP versions.

use crate::connection::handshake::Handshake;

/// MSS tables of the kernel, in bytes.
const MSS_V4: [u16; 4] = [536, 1300, 1440, 1460];
const MSS_V6: [u16; 4] = [1220, 1420, 1440, 8940];
/// MSS table of NetScaler, in bytes.
const MSS_NETSCALER: [u16; 16] =
    [128, 384, 536, 956, 1220, 1312, 1320, 1330, 1440, 1460, 2048, 3072, 4196, 6144, 7168, 8192];
/// Number of bytes that timestamps take: the client's MSS must exceed the entry by more.
const MARGIN: u32 = 12;

/// Returns the entry that the kernel picks for a client's MSS, in bytes: the largest entry that
/// does not exceed the MSS.
pub(crate) fn cookie_mss(handshake: &Handshake, client_mss: u16) -> u32 {
    entry(if handshake.server.ip.is_ipv4() { &MSS_V4 } else { &MSS_V6 }, client_mss)
}

/// Returns the largest entry of a table, in bytes, that does not exceed a client's MSS.
fn entry(table: &[u16], client_mss: u16) -> u32 {
    let greater = table.partition_point(|&mss| mss <= client_mss);
    u32::from(table[greater.saturating_sub(1)])
}

/// Stack whose MSS table bounds segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableOwner {
    Linux,
    Netscaler,
}

/// Returns the entries of each table, in bytes, that would limit the server's segments to clearly
/// less than the client accepts: the entry for the MSS of the captured SYN, and the entry for the
/// MSS that the server may have seen instead. Linux comes first.
pub(crate) fn mss_bounds(handshake: &Handshake) -> impl Iterator<Item = (TableOwner, u32)> {
    let headers = handshake.syn.as_ref().zip(handshake.syn_ack.as_ref());
    let sizes = headers.and_then(|(syn, syn_ack)| {
        let mss = syn.options.mss?;
        Some((mss, [mss, mss.min(syn_ack.options.mss.unwrap_or(mss))]))
    });
    sizes.into_iter().flat_map(move |(mss, seen)| {
        let of_linux = seen.map(|seen| (TableOwner::Linux, cookie_mss(handshake, seen)));
        let of_netscaler = seen.map(|seen| (TableOwner::Netscaler, entry(&MSS_NETSCALER, seen)));
        of_linux.into_iter().chain(of_netscaler).filter(move |(_, bound)| u32::from(mss) > bound + MARGIN)
    })
}

/// Returns whether the sizes of the server's segments can show that a cookie limits them.
pub(crate) fn is_mss_bound_observable(handshake: &Handshake) -> bool {
    mss_bounds(handshake).next().is_some()
}
