//! Headers of packets, without checksums: nobody here looks at them.

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

/// What stands before the Ethernet type.
pub const ETHERNET: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// Of a segment: source and destination port, sequence number, acknowledgment number (0 without the flag), flags.
pub fn tcp(ports: [u16; 2], seq: u32, ack: u32, flags: u8, window: u16, options: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(60);
    header.extend(ports.map(u16::to_be_bytes).as_flattened());
    header.extend(seq.to_be_bytes());
    header.extend(if flags & ACK == 0 { 0 } else { ack }.to_be_bytes());
    header.extend([(((20 + options.len()) / 4) << 4) as u8, flags]);
    header.extend(window.to_be_bytes());
    header.extend([0, 0, 0, 0]);
    header.extend(options);
    header
}

/// Of a datagram with so many bytes.
pub fn udp(ports: [u16; 2], payload: usize) -> Vec<u8> {
    [ports[0], ports[1], 8 + payload as u16, 0].map(u16::to_be_bytes).concat()
}

/// Of a packet with so many bytes behind this header.
pub fn ipv4(payload: usize, id: u16, ttl: u8, protocol: u8, source: [u8; 4], destination: [u8; 4]) -> [u8; 20] {
    let mut header = [0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, protocol, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    header[2..4].copy_from_slice(&(20 + payload as u16).to_be_bytes());
    header[4..6].copy_from_slice(&id.to_be_bytes());
    header[12..16].copy_from_slice(&source);
    header[16..].copy_from_slice(&destination);
    header
}
