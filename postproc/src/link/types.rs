//! Table of the link types.

use super::{Layer, family, fddi, linux_sll, linux_sll2, nflog, ppp, wireless};
use crate::capture::LinkType;

/// Number and name of a link type in the LINKTYPE registry
/// (<https://www.tcpdump.org/linktypes.html>), and the first layer of its frames; `None` for a type
/// whose frames are not read and whose name makes a message clearer.
type Row = (u16, &'static str, Option<Layer>);

/// Link types by number.
const LINK_TYPES: [Row; 43] = [
    (0, "NULL", Some(Layer::Header(family))),
    (1, "ETHERNET", Some(Layer::Ethernet)),
    (6, "IEEE802_5", None),
    (8, "SLIP", None),
    (9, "PPP", Some(Layer::PPP)),
    (10, "FDDI", Some(Layer::Header(fddi))),
    // Some BSDs write their own numbers for raw IP.
    (12, "RAW", Some(Layer::RAW)),
    (14, "RAW", Some(Layer::RAW)),
    (50, "PPP_HDLC", Some(Layer::PPP)),
    (51, "PPP_ETHER", Some(Layer::PPPOE)),
    (101, "RAW", Some(Layer::RAW)),
    (104, "C_HDLC", Some(Layer::Header(ppp::cisco_hdlc))),
    (105, "IEEE802_11", Some(Layer::WIRELESS)),
    (107, "FRELAY", Some(Layer::FRAME_RELAY)),
    (108, "LOOP", Some(Layer::Header(family))),
    (109, "ENC", None),
    (113, "LINUX_SLL", Some(Layer::Header(linux_sll))),
    (117, "PFLOG", None),
    (119, "IEEE802_11_PRISM", Some(Layer::Header(wireless::prism))),
    (127, "IEEE802_11_RADIOTAP", Some(Layer::Header(wireless::radiotap))),
    (143, "DOCSIS", None),
    (163, "IEEE802_11_AVS", Some(Layer::Header(wireless::prism))),
    (187, "BLUETOOTH_HCI_H4", None),
    (189, "USB_LINUX", None),
    (192, "PPI", Some(Layer::Header(wireless::ppi))),
    (195, "IEEE802_15_4_WITHFCS", None),
    (197, "ERF", None),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR", None),
    (220, "USB_LINUX_MMAPPED", None),
    (224, "FC_2", None),
    (227, "CAN_SOCKETCAN", None),
    (228, "IPV4", Some(Layer::RAW)),
    (229, "IPV6", Some(Layer::RAW)),
    (231, "DBUS", None),
    (239, "NFLOG", Some(Layer::Header(nflog::nflog))),
    (240, "NETANALYZER", None),
    (242, "IPOIB", None),
    (247, "INFINIBAND", None),
    (249, "USBPCAP", None),
    (252, "WIRESHARK_UPPER_PDU", None),
    // The header is that of a cooked capture.
    (253, "NETLINK", Some(Layer::Header(linux_sll))),
    (271, "VSOCK", None),
    (276, "LINUX_SLL2", Some(Layer::Header(linux_sll2))),
];

/// First layers, indexed by the number of the link type, so that a frame takes no search.
static FIRST_LAYERS: [Option<Layer>; NUMBERS] = {
    let mut layers = [None; NUMBERS];
    let mut row = 0;
    while row < LINK_TYPES.len() {
        layers[LINK_TYPES[row].0 as usize] = LINK_TYPES[row].2;
        row += 1;
    }
    layers
};

/// Number of the last link type in the table, plus one.
const NUMBERS: usize = LINK_TYPES[LINK_TYPES.len() - 1].0 as usize + 1;

/// Returns the first layer of a frame; `None` if frames of the link type are not read.
pub(super) fn first_layer(link: LinkType) -> Option<Layer> {
    FIRST_LAYERS.get(usize::from(link.0)).copied().flatten()
}

/// Returns the name of a link type in the LINKTYPE registry, if the table has it.
pub fn name(link: LinkType) -> Option<&'static str> {
    // LINKTYPE_USER0 to LINKTYPE_USER15, for private use.
    if (147..=162).contains(&link.0) {
        return Some("USER0..USER15");
    }
    LINK_TYPES.iter().find(|(number, ..)| *number == link.0).map(|(_, name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_number() {
        assert!(LINK_TYPES.is_sorted_by_key(|(number, ..)| *number));
    }

    #[test]
    fn the_document_lists_the_link_types_with_a_parser() {
        const BEGIN: &str = "<!-- link types: made from postproc/src/link/types.rs -->\n";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/captures.md");
        let document = std::fs::read_to_string(&path).expect("the document is there");
        let (before, rest) = document.split_once(BEGIN).expect("the list begins");
        let (listed, after) = rest.split_once("<!-- end of link types -->").expect("the list ends");
        let rows = LINK_TYPES.iter().filter(|(.., layer)| layer.is_some());
        let rows: String = rows.map(|(number, name, _)| format!("| {number} | {name} |\n")).collect();
        let table = format!("| number | link type |\n|---|---|\n{rows}");
        if std::env::var_os("SYNCOOKIE_BLESS").is_some() {
            std::fs::write(&path, format!("{before}{BEGIN}{table}<!-- end of link types -->{after}"))
                .expect("it is ours");
            return;
        }
        assert_eq!(listed, table, "SYNCOOKIE_BLESS=1 cargo test -p syncookie writes the list again");
    }

    #[test]
    fn link_types_without_a_parser_have_a_name_and_no_first_layer() {
        for (number, link) in [(117, "PFLOG"), (150, "USER0..USER15"), (271, "VSOCK")] {
            assert_eq!(name(LinkType(number)), Some(link));
            assert!(first_layer(LinkType(number)).is_none(), "{link}");
        }
        assert!(name(LinkType(9999)).is_none() && first_layer(LinkType(9999)).is_none());
    }
}
