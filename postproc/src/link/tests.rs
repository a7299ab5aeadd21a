use super::*;

const IPV4: &[u8] = &[0x45, 0, 0, 20, 1, 2, 3];
const IPV6: &[u8] = &[0x60, 0, 0, 0, 1, 2, 3];

/// The bytes of a frame, one part after the other.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn ethernet_frame(after_addresses: &[&[u8]]) -> Vec<u8> {
    frame(&[&[0xff; 12], &after_addresses.concat()])
}

#[test]
fn ethernet_carries_both_ip_versions_under_any_number_of_vlan_tags() {
    for (ether_type, ip) in [([8, 0], IPV4), ([0x86, 0xdd], IPV6)] {
        let tags: [&[u8]; 4] = [&[0x81, 0, 0, 7], &[0x88, 0xa8, 0, 7], &[0x91, 0, 0xff, 0xff], &[0x81, 0, 0, 0]];
        for depth in 0..=tags.len() {
            let bytes = ethernet_frame(&[&tags[..depth].concat(), &ether_type, ip]);
            assert_eq!(ip_packet(LinkType(1), &bytes), Content::Ip(ip), "{depth} tags");
        }
    }
}

#[test]
fn tags_without_end_are_given_up() {
    let bytes = ethernet_frame(&[&[0x81, 0, 0, 7].repeat(1000)]);
    assert_eq!(ip_packet(LinkType(1), &bytes), Content::Other);
}

#[test]
fn ethernet_with_a_length_carries_ip_behind_snap_only() {
    let snap = ethernet_frame(&[&[0, 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], IPV4]);
    assert_eq!(ip_packet(LinkType(1), &snap), Content::Ip(IPV4));
    let spanning_tree = ethernet_frame(&[&[0, 60, 0x42, 0x42, 3], IPV4]);
    assert_eq!(ip_packet(LinkType(1), &spanning_tree), Content::Other);
}

#[test]
fn arp_is_something_else_and_a_short_frame_is_cut() {
    assert_eq!(ip_packet(LinkType(1), &ethernet_frame(&[&[8, 6], IPV4])), Content::Other);
    assert_eq!(ip_packet(LinkType(1), &[0; 13]), Content::Cut);
    assert_eq!(ip_packet(LinkType(1), &ethernet_frame(&[&[0x81, 0, 0]])), Content::Cut);
}

#[test]
fn linux_cooked_captures_of_both_versions_carry_ip_and_vlan_tags() {
    let sll = |protocol: &[u8], rest: &[u8]| frame(&[&[0, 0, 0, 1], &[0; 10], protocol, rest]);
    assert_eq!(ip_packet(LinkType(113), &sll(&[8, 0], IPV4)), Content::Ip(IPV4));
    assert_eq!(ip_packet(LinkType(113), &sll(&[0x86, 0xdd], IPV6)), Content::Ip(IPV6));
    assert_eq!(ip_packet(LinkType(113), &sll(&[0, 4], IPV4)), Content::Other);
    let sll2 = |protocol: &[u8], rest: &[u8]| frame(&[protocol, &[0; 6], &[0, 1], &[0; 10], rest]);
    assert_eq!(ip_packet(LinkType(276), &sll2(&[8, 0], IPV4)), Content::Ip(IPV4));
    let tagged = sll2(&[0x81, 0], &frame(&[&[0, 7, 0x86, 0xdd], IPV6]));
    assert_eq!(ip_packet(LinkType(276), &tagged), Content::Ip(IPV6));
    assert_eq!(ip_packet(LinkType(276), &[0; 19]), Content::Cut);
}

#[test]
fn a_cooked_netlink_message_is_no_ip_whatever_its_protocol_says() {
    let bytes = frame(&[&[0, 4], &824_u16.to_be_bytes(), &[0; 10], &[8, 0], IPV4]);
    assert_eq!(ip_packet(LinkType(113), &bytes), Content::Other);
}

#[test]
fn loopback_is_read_in_both_byte_orders_with_every_systems_number_for_ipv6() {
    for link in [LinkType(0), LinkType(108)] {
        for order in [u32::to_le_bytes, u32::to_be_bytes] {
            assert_eq!(ip_packet(link, &frame(&[&order(2), IPV4])), Content::Ip(IPV4));
            for number in [10, 23, 24, 28, 30] {
                assert_eq!(ip_packet(link, &frame(&[&order(number), IPV6])), Content::Ip(IPV6));
            }
            assert_eq!(ip_packet(link, &frame(&[&order(0x800), IPV4])), Content::Ip(IPV4));
            assert_eq!(ip_packet(link, &frame(&[&order(7), IPV4])), Content::Other);
        }
        assert_eq!(ip_packet(link, &[2, 0, 0]), Content::Cut);
    }
}

#[test]
fn raw_ip_is_told_by_its_version() {
    for link in [12, 14, 101, 228, 229] {
        assert_eq!(ip_packet(LinkType(link), IPV4), Content::Ip(IPV4));
        assert_eq!(ip_packet(LinkType(link), IPV6), Content::Ip(IPV6));
        assert_eq!(ip_packet(LinkType(link), &[0x10]), Content::Other);
        assert_eq!(ip_packet(LinkType(link), &[]), Content::Cut);
    }
}

#[test]
fn an_unknown_link_type_is_said_to_be_one() {
    assert_eq!(ip_packet(LinkType(147), IPV4), Content::UnknownLink);
}

#[test]
fn no_bytes_of_any_link_type_panic() {
    for link in 0..=300 {
        for length in 0..64 {
            for byte in [0, 0x02, 0x08, 0x45, 0x81, 0xaa, 0xff] {
                let _ = ip_packet(LinkType(link), &vec![byte; length]);
            }
        }
    }
}
