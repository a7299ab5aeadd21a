//! Reads what Wireshark knows about the frame that it dissects. None of the C functions called here
//! throws.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::slice;

use syncookie_engine::{Frame, Packet, Timestamp};

use super::ids::{ICMP, ICMPV6, OtherProtocol, TCP};
use crate::ffi;
use crate::locate::{self, Innermost, Layer, Packets, TcpLayers};

/// A frame that is being dissected.
#[derive(Clone, Copy)]
pub struct DissectedFrame<'a> {
    info: &'a ffi::packet_info,
}

impl<'a> DissectedFrame<'a> {
    /// Wraps the packet info of a frame.
    ///
    /// # Safety
    ///
    /// `info` must be what Wireshark passed to a dissector that has not returned yet.
    pub unsafe fn new(info: &'a ffi::packet_info) -> Self {
        Self { info }
    }

    /// Returns the frame's number.
    pub fn number(self) -> Frame {
        Frame { capture: 0, number: self.info.num }
    }

    /// Returns whether Wireshark dissects the frame for the first time since the file was opened or
    /// reloaded.
    pub fn is_first_visit(self) -> bool {
        // SAFETY: a dissector always has frame data.
        unsafe { (*self.info.fd).visited() == 0 }
    }

    /// Returns every packet with TCP in the frame, except those that ICMP quotes.
    pub fn packets(self) -> impl Iterator<Item = Packet<'a>> {
        let tcp_layers = TcpLayers::of(self.layers());
        if tcp_layers.count == 0 {
            return Packets::One(None);
        }
        let innermost = Innermost { addresses: self.innermost_addresses(), ports: self.innermost_ports() };
        locate::packets(self.sources(), tcp_layers, &innermost)
    }

    /// Returns the decoded protocols, in order.
    fn layers(self) -> impl Iterator<Item = Layer> {
        let [tcp, icmp, icmpv6] = [&TCP, &ICMP, &ICMPV6].map(OtherProtocol::id);
        // SAFETY: a dissector always has a list of layers, which lives while the frame is
        // dissected. Each element holds the id of a protocol, not a pointer.
        let mut element = unsafe { ffi::wmem_list_head(self.info.layers) };
        std::iter::from_fn(move || {
            if element.is_null() {
                return None;
            }
            // SAFETY: as above; a null element ends the list.
            let id = unsafe { ffi::wmem_list_frame_data(element) } as usize as i32;
            // SAFETY: as above.
            element = unsafe { ffi::wmem_list_frame_next(element) };
            Some(if id == tcp {
                Layer::Tcp
            } else if id == icmp || id == icmpv6 {
                Layer::Icmp
            } else {
                Layer::Other
            })
        })
    }

    /// Returns the bytes of the frame, then those of its other data sources (reassembled,
    /// decompressed).
    fn sources(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        let mut element = self.info.data_src;
        std::iter::from_fn(move || {
            // SAFETY: an element of a list is null or valid, and lives while the frame is
            // dissected.
            let current = unsafe { element.as_ref() }?;
            element = current.next;
            // SAFETY: the elements of this list are data sources.
            Some(unsafe { bytes(ffi::get_data_source_tvb(current.data.cast())) })
        })
    }

    /// Returns source and destination of the IP header that was decoded last.
    fn innermost_addresses(self) -> Option<(IpAddr, IpAddr)> {
        ip_address(&self.info.net_src).zip(ip_address(&self.info.net_dst))
    }

    /// Returns source and destination port of the transport header that was decoded last.
    fn innermost_ports(self) -> (u16, u16) {
        (self.info.srcport as u16, self.info.destport as u16)
    }

    /// Returns the time of capture; the epoch where the capture has no timestamps.
    pub fn time(self) -> Timestamp {
        if self.info.presence_flags & ffi::PINFO_HAS_TS == 0 {
            return Timestamp::default();
        }
        let time = &self.info.abs_ts;
        #[allow(clippy::useless_conversion, reason = "time_t is not 64 bits wide everywhere")]
        let seconds = i64::from(time.secs);
        Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(time.nsecs.into()))
    }
}

/// Returns all captured bytes of a data source, which live until the frame's dissection ends.
///
/// # Safety
///
/// The source must be null or one of the frame that is being dissected.
unsafe fn bytes<'a>(source: *mut ffi::tvbuff_t) -> &'a [u8] {
    if source.is_null() {
        return &[];
    }
    // SAFETY: as the caller promised; captured bytes are available as one slice without an
    // exception.
    unsafe {
        let length = ffi::tvb_captured_length(source);
        if length == 0 {
            return &[];
        }
        let data = ffi::tvb_get_ptr(source, 0, length as _);
        if data.is_null() { &[] } else { slice::from_raw_parts(data, length as usize) }
    }
}

fn ip_address(address: &ffi::address) -> Option<IpAddr> {
    // SAFETY: an address holds `len` bytes at `data`.
    unsafe {
        match (address.type_ as ffi::address_type, address.len) {
            (ffi::AT_IPv4, 4) => Some(Ipv4Addr::from_octets(*address.data.cast::<[u8; 4]>().as_ref()?).into()),
            (ffi::AT_IPv6, 16) => Some(Ipv6Addr::from_octets(*address.data.cast::<[u8; 16]>().as_ref()?).into()),
            _ => None,
        }
    }
}
