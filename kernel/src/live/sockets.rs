//! Sockets, listed by the kernel over netlink (`sock_diag`), as `ss` does.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_SOCK_DIAG};

use super::{SnapshotText, files};
use crate::facts::LocalAddress;

/// Maximum number of destinations that are counted separately, because a busy host has many.
const MAX_DESTINATIONS: usize = 65_536;

/// Adds listeners, half-open connections and the busiest destinations; returns the inode numbers of
/// the listeners.
pub fn add(text: &mut SnapshotText) -> Vec<u64> {
    let listening = dump(StateFlags::LISTEN, ExtensionFlags::SKMEMINFO).and_then(|rows| {
        let half_open = dump(StateFlags::SYN_RECV, ExtensionFlags::empty())?;
        Ok((rows, half_open))
    });
    let (listening, half_open) = match listening {
        Ok(both) => both,
        Err(error) => {
            text.note(&format!("cannot list sockets (netlink sock_diag): {error}"));
            return Vec::new();
        }
    };
    text.heading("ss -lntme");
    listening.iter().for_each(|row| add_listener(row, text));
    text.entry("half-open-known", "yes");
    let mut ends: BTreeMap<LocalAddress, u64> = BTreeMap::new();
    half_open.iter().for_each(|row| *ends.entry(local(row)).or_default() += 1);
    ends.iter().for_each(|(local, count)| text.entry("half-open", &format!("{local} {count}")));
    add_destinations(text);
    listening.iter().map(|row| u64::from(row.header.inode)).collect()
}

/// Adds the two lines that `ss -lntme` prints for a listener.
fn add_listener(row: &InetResponse, text: &mut SnapshotText) {
    let header = &row.header;
    text.line(format_args!(
        "LISTEN {} {} {} *:* ino:{}",
        header.recv_queue,
        header.send_queue,
        local(row),
        header.inode
    ));
    let memory = row.nlas.iter().find_map(|nla| if let Nla::MemInfo(memory) = nla { Some(memory) } else { None });
    if let Some(memory) = memory {
        text.line(format_args!(
            "\t skmem:(r{},rb{},d{})",
            memory.receive_queue, memory.receive_queue_max, memory.drops
        ));
    }
}

/// Returns the local end of a socket.
fn local(row: &InetResponse) -> LocalAddress {
    let id = &row.header.socket_id;
    let is_dual = row.nlas.iter().any(|nla| matches!(nla, Nla::SkV6Only(false)));
    let address = match id.source_address {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) if is_dual => None,
        IpAddr::V6(six) => Some(six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4)),
        four => Some(four),
    };
    let interface = (id.interface_id != 0).then(|| format!("if{}", id.interface_id));
    LocalAddress { address, interface, port: id.source_port }
}

/// Adds the remote ends with most connections from an ephemeral port.
fn add_destinations(text: &mut SnapshotText) {
    let range = files::read(&files::setting_path("net.ipv4.ip_local_port_range")).unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|word| word.parse::<u16>().ok());
    let (Some(low), Some(high)) = (ends.next(), ends.next()) else { return };
    let states = StateFlags::all() - StateFlags::LISTEN - StateFlags::SYN_RECV - StateFlags::CLOSE;
    let mut counts: BTreeMap<(IpAddr, u16), u64> = BTreeMap::new();
    let counted = for_each_socket(states, ExtensionFlags::empty(), |row| {
        let id = &row.header.socket_id;
        let key = (id.destination_address, id.destination_port);
        let is_ours = (low..=high).contains(&id.source_port) && !(low..=high).contains(&id.destination_port);
        if is_ours && (counts.len() < MAX_DESTINATIONS || counts.contains_key(&key)) {
            *counts.entry(key).or_default() += 1;
        }
    });
    if let Err(error) = counted {
        text.note(&format!("cannot count connections (netlink sock_diag): {error}"));
        return;
    }
    text.entry("towards-known", "yes");
    let mut busiest: Vec<_> = counts.into_iter().collect();
    busiest.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((address, port), count) in busiest.into_iter().take(16) {
        text.entry("towards", &format!("{address} {port} {count}"));
    }
}

/// Lists the TCP sockets in these states.
fn dump(states: StateFlags, extensions: ExtensionFlags) -> io::Result<Vec<InetResponse>> {
    let mut rows = Vec::new();
    for_each_socket(states, extensions, |row| rows.push(row))?;
    Ok(rows)
}

/// Calls `row` with each TCP socket of both families in one of these states.
fn for_each_socket(
    states: StateFlags,
    extensions: ExtensionFlags,
    mut row: impl FnMut(InetResponse),
) -> io::Result<()> {
    let socket_id = |address| SocketId { source_address: address, destination_address: address, ..SocketId::new_v4() };
    for (family, any) in [(AF_INET, IpAddr::V4(Ipv4Addr::UNSPECIFIED)), (AF_INET6, IpAddr::V6(Ipv6Addr::UNSPECIFIED))] {
        let request = InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: extensions.clone(),
            states: states.clone(),
            socket_id: socket_id(any),
        };
        send_request(request, &mut row)?;
    }
    Ok(())
}

/// Sends a request and calls `row` with each socket in the answer.
fn send_request(request: InetRequest, row: &mut impl FnMut(InetResponse)) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    loop {
        let (datagram, _) = socket.recv_from_full()?;
        if !read_datagram(&datagram, row)? {
            return Ok(());
        }
    }
}

/// Calls `row` with each socket in a datagram; returns false if the answer ends with it.
fn read_datagram(mut bytes: &[u8], row: &mut impl FnMut(InetResponse)) -> io::Result<bool> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(bytes).map_err(io::Error::other)?;
        // Messages are padded to four bytes.
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX).next_multiple_of(4).max(4);
        bytes = bytes.get(length..).unwrap_or_default();
        match message.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => row(*response),
            NetlinkPayload::Done(_) => return Ok(false),
            NetlinkPayload::Error(error) => return error.code.map_or(Ok(false), |_| Err(error.to_io())),
            _ => {}
        }
    }
    Ok(true)
}
