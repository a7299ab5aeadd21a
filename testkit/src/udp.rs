//! UDP (RFC 768), without checksums, which IPv4 allows.

/// Returns the header of a datagram with `payload` bytes of content. Ports: source, destination.
#[must_use]
pub fn header(ports: [u16; 2], payload: usize) -> [u8; 8] {
    let mut header = [0; 8];
    header[..2].copy_from_slice(&ports[0].to_be_bytes());
    header[2..4].copy_from_slice(&ports[1].to_be_bytes());
    header[4..6].copy_from_slice(&(8 + payload as u16).to_be_bytes());
    header
}

/// Returns a whole datagram. Ports: source, destination.
#[must_use]
pub fn datagram(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    [&header(ports, payload.len()), payload].concat()
}
