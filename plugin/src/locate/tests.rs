use super::*;

const PORTS: (u16, u16) = (80, 1024);
const TCP_HEADER: [u8; 20] = [0, 80, 4, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0, 0, 0, 0, 0, 0];

fn ipv4(words: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; usize::from(words) * 4];
    packet[0] = 0x40 | words;
    packet[8] = 64;
    packet[9] = protocol;
    packet[12..20].copy_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
    let total = u16::try_from(packet.len() + payload.len()).unwrap();
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !(((sum & 0xffff) + (sum >> 16)) as u16);
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet.extend(payload);
    packet
}

fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 40];
    packet[0] = 0x60;
    packet[4..6].copy_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet[6] = next_header;
    packet[8..10].copy_from_slice(&[0x20, 1]);
    packet[24..26].copy_from_slice(&[0x20, 1]);
    packet.extend(payload);
    packet
}

fn addresses(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    IpHeader::at(packet, 0).unwrap().addresses()
}

fn after(front: &[u8], packet: &[u8]) -> Vec<u8> {
    [front, packet].concat()
}

/// Returns the offsets of the packets that are found in the frame.
fn offsets(frame: &[u8], layers: &[Layer], innermost: &Innermost) -> Vec<usize> {
    let offset = |packet| match packet {
        Packet::Ip(bytes) => bytes.as_ptr() as usize - frame.as_ptr() as usize,
        Packet::Tcp { .. } | Packet::None => panic!("nothing was reassembled"),
    };
    packets(std::iter::once(frame), TcpLayers::of(layers.iter().copied()), innermost).map(offset).collect()
}

fn known(addresses: Option<(IpAddr, IpAddr)>) -> Innermost {
    Innermost { addresses, ports: PORTS }
}

const ONE: [Layer; 3] = [Layer::Other, Layer::Other, Layer::Tcp];

#[test]
fn an_ipv4_header_of_every_length_is_found() {
    for words in 5..=15 {
        let packet = ipv4(words, TCP, &TCP_HEADER);
        assert_eq!(offsets(&after(&[0xff; 14], &packet), &ONE, &known(addresses(&packet))), [14], "{words} words");
    }
}

#[test]
fn an_ipv6_header_is_found_with_extension_headers() {
    let hop_by_hop = [60, 0, 1, 4, 0, 0, 0, 0];
    let destination_options = [44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let atomic_fragment = [51, 0, 0, 0, 0, 0, 0, 9];
    let authentication = [6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let chain = [&hop_by_hop[..], &destination_options, &atomic_fragment, &authentication, &TCP_HEADER].concat();
    for packet in [ipv6(0, &chain), ipv6(TCP, &TCP_HEADER)] {
        assert_eq!(offsets(&after(&[0xff; 14], &packet), &ONE, &known(addresses(&packet))), [14]);
    }
}

#[test]
fn the_inner_header_of_a_tunnel_is_found() {
    let inner = ipv4(5, TCP, &TCP_HEADER);
    let known = known(addresses(&inner));
    assert_eq!(offsets(&ipv4(5, 4, &inner), &ONE, &known), [20]);
    let six = ipv6(TCP, &TCP_HEADER);
    assert_eq!(offsets(&ipv4(5, 41, &six), &ONE, &Innermost { addresses: addresses(&six), ..known }), [20]);
}

#[test]
fn an_ipv6_address_that_looks_like_an_ipv4_header_is_not_taken_for_one() {
    let mut packet = after(&[0xff; 14], &ipv6(TCP, &TCP_HEADER));
    let front = ipv4(5, TCP, &[]);
    packet[14 + 20..14 + 40].copy_from_slice(&front);
    packet[14 + 22] = 0;
    let right = addresses(&packet[14..]);
    assert_eq!(offsets(&packet, &ONE, &known(right)), [14]);
}

#[test]
fn addresses_and_ports_that_were_changed_later_do_not_hide_the_packet() {
    let packet = after(&[0xff; 14], &ipv4(5, TCP, &TCP_HEADER));
    let elsewhere = Some(("198.51.100.1".parse().unwrap(), "198.51.100.2".parse().unwrap()));
    assert_eq!(offsets(&packet, &ONE, &known(elsewhere)), [14]);
    assert_eq!(offsets(&packet, &ONE, &Innermost { addresses: None, ports: (1, 2) }), [14]);
}

#[test]
fn of_a_packet_that_icmp_quotes_only_the_message_is_found() {
    let quoted = ipv4(5, TCP, &TCP_HEADER);
    let message = ipv4(5, ICMP, &after(&[3, 4, 0, 0, 0, 0, 0, 0], &quoted));
    let layers = [Layer::Other, Layer::Icmp, Layer::Other, Layer::Tcp];
    assert_eq!(offsets(&after(&[0xff; 14], &message), &layers, &known(addresses(&quoted))), [14]);
    assert_eq!(offsets(&after(&[0xff; 5], &message), &layers, &known(addresses(&quoted))), [5]);
    let multiplexed = after(&message, &quoted);
    let layers = [&layers[..], &[Layer::Other, Layer::Tcp]].concat();
    assert_eq!(offsets(&multiplexed, &layers, &known(addresses(&quoted))), [message.len()]);
}

#[test]
fn several_packets_in_a_frame_are_all_found() {
    let (one, other) = (ipv4(5, TCP, &TCP_HEADER), ipv6(TCP, &TCP_HEADER));
    let frame = [&[0xff; 9][..], &one, &[0x21], &other].concat();
    let layers = [Layer::Tcp, Layer::Other, Layer::Tcp];
    assert_eq!(offsets(&frame, &layers, &known(addresses(&other))), [9, 50]);
}

#[test]
fn a_segment_reassembled_from_fragments_is_found_without_an_ip_header() {
    let last = ipv4(5, TCP, &[0; 8]);
    let frame = &last[..20];
    let ends = addresses(&last);
    let tcp_layers = TcpLayers::of(ONE.into_iter());
    let found: Vec<_> = packets([frame, &TCP_HEADER].into_iter(), tcp_layers, &known(ends)).collect();
    assert!(matches!(found[..], [Packet::Tcp { segment, .. }] if segment == TCP_HEADER));
    // A reassembled tunnel contains an IP header.
    let whole = ipv4(5, TCP, &TCP_HEADER);
    let found: Vec<_> = packets([frame, &whole].into_iter(), tcp_layers, &known(ends)).collect();
    assert!(matches!(found[..], [Packet::Ip(bytes)] if bytes == whole));
}

#[test]
fn nothing_is_found_without_tcp_or_without_an_ip_header() {
    let packet = ipv4(5, TCP, &TCP_HEADER);
    assert!(offsets(&packet, &[Layer::Other], &known(addresses(&packet))).is_empty());
    assert!(offsets(&TCP_HEADER, &ONE, &known(None)).is_empty());
    assert!(offsets(&ipv4(5, 17, &TCP_HEADER), &ONE, &known(None)).is_empty(), "UDP");
    let mut later_fragment = packet;
    later_fragment[7] = 3;
    assert!(offsets(&later_fragment, &ONE, &known(None)).is_empty());
}

#[test]
fn arbitrary_bytes_cause_no_panic() {
    let mut state = 1_u32;
    let data: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        [0x45, 0x60, 0, 6, 44, 1, 58, (state >> 24) as u8][(state >> 16) as usize % 8]
    })
    .take(1200)
    .collect();
    for end in 0..data.len() {
        let sources = [&data[..end], &data[end..]];
        for count in 0..3 {
            let tcp_layers = TcpLayers { count, after_icmp: 0 };
            assert!(packets(sources.into_iter(), tcp_layers, &known(None)).count() <= count);
        }
    }
}
