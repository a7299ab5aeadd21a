//! Reads what Wireshark knows of the frame it dissects. None of the C functions called here throws.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::slice;

use syncookie_engine::{Frame, Observation, Packet, Timestamp};

use super::register::{ICMP, ICMPV6, TCP_STREAM};
use crate::{ffi, locate};

/// A frame that is being dissected.
#[derive(Clone, Copy)]
pub struct Dissected<'a> {
    info: &'a ffi::packet_info,
    tree: *const ffi::proto_tree,
}

impl<'a> Dissected<'a> {
    /// # Safety
    ///
    /// `info` and `tree` must be those that Wireshark handed to a dissector which has not returned yet. `tree` may be
    /// null.
    pub unsafe fn new(info: &'a ffi::packet_info, tree: *const ffi::proto_tree) -> Self {
        Self { info, tree }
    }

    /// Which frame it is.
    pub fn frame(self) -> Frame {
        Frame { capture: 0, number: self.info.num }
    }

    /// Whether Wireshark sees the frame for the first time since the file was opened or read anew.
    pub fn is_first_visit(self) -> bool {
        // SAFETY: a dissector always has frame data.
        unsafe { (*self.info.fd).visited() == 0 }
    }

    /// Every TCP header in the frame that is no quotation, as the engine wants it.
    pub fn observations(self) -> impl Iterator<Item = Observation<'a>> {
        self.items(TCP_STREAM.id())
            .iter()
            .filter_map(|item| Place::of(*item))
            .filter(move |header| !self.is_quoted(*header))
            .filter_map(move |header| self.observation(header))
    }

    fn observation(self, header: Place) -> Option<Observation<'a>> {
        let data: &'a [u8] = header.source_data()?;
        let tcp = usize::try_from(header.start).ok()?;
        let innermost = self.innermost_addresses();
        let packet = if let Some(start) = locate::ip_header(data, tcp, innermost) {
            Packet::Ip(data.get(start..)?)
        } else {
            let (source, destination) = innermost?;
            Packet::Tcp { source, destination, segment: data.get(tcp..)? }
        };
        Some(Observation { frame: self.frame(), time: self.time(), packet })
    }

    /// Source and destination of the IP header that was decoded last.
    fn innermost_addresses(self) -> Option<(IpAddr, IpAddr)> {
        ip_address(&self.info.net_src).zip(ip_address(&self.info.net_dst))
    }

    /// When it was captured; the epoch where the capture does not say.
    pub fn time(self) -> Timestamp {
        if self.info.presence_flags & ffi::PINFO_HAS_TS == 0 {
            return Timestamp::default();
        }
        let time = &self.info.abs_ts;
        #[allow(clippy::useless_conversion, reason = "time_t is not 64 bits wide everywhere")]
        let seconds = i64::from(time.secs);
        Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(time.nsecs.into()))
    }

    /// An ICMP error quotes the header of the packet it is about; Wireshark decodes the quotation like a packet.
    fn is_quoted(self, header: Place) -> bool {
        let mut messages = [&ICMP, &ICMPV6].into_iter().flat_map(|message| self.items(message.id()));
        messages.any(|message| Place::of(*message).is_some_and(|message| message.contains(header)))
    }

    /// What Wireshark kept at hand of a wanted field: one item for each time it stands in the frame.
    fn items(self, id: i32) -> &'a [*mut ffi::field_info] {
        if id <= 0 || self.tree.is_null() {
            return &[];
        }
        // SAFETY: the tree is valid, and the array, if there is one, holds `len` pointers and stays until the frame's
        // dissection ends, which the reference to the packet info outlives.
        unsafe {
            let array = ffi::proto_get_finfo_ptr_array(self.tree, id);
            match array.as_ref() {
                Some(array) if array.len > 0 => slice::from_raw_parts(array.pdata.cast(), array.len as usize),
                _ => &[],
            }
        }
    }
}

/// Where an item stands: offset and length in the bytes of a whole frame, or of what Wireshark made of several frames.
#[derive(Clone, Copy)]
struct Place {
    source: *mut ffi::tvbuff_t,
    start: i32,
    length: i32,
}

impl Place {
    fn of(item: *const ffi::field_info) -> Option<Self> {
        // SAFETY: an item of a tree is null or valid while the tree is.
        let item = unsafe { item.as_ref() }?;
        Some(Self { source: item.ds_tvb, start: item.start, length: item.length }).filter(|p| !p.source.is_null())
    }

    fn contains(self, other: Self) -> bool {
        let end = i64::from(self.start) + i64::from(self.length);
        self.source == other.source && other.start >= self.start && i64::from(other.start) < end
    }

    /// All bytes of the source, which stay until the frame's dissection ends.
    fn source_data<'a>(self) -> Option<&'a [u8]> {
        // SAFETY: the source is valid, and its captured bytes can be had in one piece without an exception.
        unsafe {
            let length = ffi::tvb_captured_length(self.source);
            if length == 0 {
                return None;
            }
            let data = ffi::tvb_get_ptr(self.source, 0, length as _);
            (!data.is_null()).then(|| slice::from_raw_parts(data, length as usize))
        }
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
