//! The clients of a listener.

use std::net::IpAddr;

use crate::connection::handshake::Handshake;

/// The clients of a listener, each by a number. Sorted, not hashed: senders of packets choose their
/// addresses freely, and most listeners have few clients.
#[derive(Debug)]
pub(crate) struct Clients {
    /// The number of each handshake's client.
    numbers: Vec<u32>,
    /// The handshakes, client by client, in order of time for each.
    handshakes: Vec<u32>,
    /// Start index of each client's handshakes, and the end of the last.
    starts: Vec<u32>,
}

impl Clients {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let mut sorted: Vec<(u128, u32)> = handshakes.iter().map(|h| number(h.client.ip)).zip(0..).collect();
        sorted.sort_unstable();
        let (mut numbers, mut starts) = (vec![0; sorted.len()], vec![0]);
        for (number, client) in sorted.chunk_by(|a, b| a.0 == b.0).enumerate() {
            client.iter().for_each(|&(_, index)| numbers[index as usize] = number as u32);
            starts.push(starts[number] + client.len() as u32);
        }
        Self { numbers, handshakes: sorted.into_iter().map(|(_, index)| index).collect(), starts }
    }

    /// Returns the number of clients.
    pub(crate) const fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns the number of a handshake's client; `None` for a listener that never answered.
    pub(crate) fn number(&self, index: usize) -> Option<usize> {
        self.numbers.get(index).map(|&number| number as usize)
    }

    /// Returns the handshakes of each client, by number.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.handshakes[ends[0] as usize..ends[1] as usize])
    }

    /// Returns the handshakes of the same client around one, at most `reach` on either side, in
    /// order of time.
    pub(crate) fn around(&self, index: usize, reach: usize) -> &[u32] {
        let Some(number) = self.number(index) else { return &[] };
        let own = &self.handshakes[self.starts[number] as usize..self.starts[number + 1] as usize];
        let at = own.partition_point(|&other| (other as usize) < index);
        &own[at.saturating_sub(reach)..own.len().min(at + reach + 1)]
    }

    /// Returns the next handshake of the same client.
    pub(crate) fn next(&self, index: usize) -> Option<usize> {
        let number = self.number(index)?;
        let own = &self.handshakes[self.starts[number] as usize..self.starts[number + 1] as usize];
        own.get(own.partition_point(|&other| other as usize <= index)).map(|&next| next as usize)
    }
}

/// Returns an address as a number. A listener and its clients speak one version of IP.
fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::{Endpoint, HandshakeId, Timestamp};

    fn of(clients: &[IpAddr]) -> (Clients, Vec<Vec<u32>>) {
        let server = Endpoint { ip: clients[0], port: 80 };
        let handshake = |(id, &ip): (usize, &IpAddr)| {
            Handshake::new(HandshakeId(id as u64), Endpoint { ip, port: 1 }, server, Timestamp::default())
        };
        let handshakes: Vec<Handshake> = clients.iter().enumerate().map(handshake).collect();
        let clients = Clients::of(&handshakes.iter().collect::<Vec<_>>());
        let groups = clients.groups().map(<[u32]>::to_vec).collect();
        (clients, groups)
    }

    #[test]
    fn handshakes_from_one_address_belong_to_one_client_and_keep_their_order() {
        let [a, b] = [9, 7].map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
        let (clients, groups) = of(&[a, b, b, a, a]);
        assert_eq!((clients.count(), groups), (2, vec![vec![1, 2], vec![0, 3, 4]]));
        assert_eq!((0..5).map(|index| clients.number(index)).collect::<Vec<_>>(), [1, 0, 0, 1, 1].map(Some));
        assert_eq!((clients.number(5), clients.next(5)), (None, None));
        let next: Vec<Option<usize>> = (0..5).map(|index| clients.next(index)).collect();
        assert_eq!(next, [Some(3), Some(2), None, Some(4), None]);
        assert_eq!((clients.around(3, 1), clients.around(0, 1)), (&[0, 3, 4][..], &[0, 3][..]));
        assert_eq!((clients.around(4, 9), clients.around(5, 9)), (&[0, 3, 4][..], &[][..]));
    }

    #[test]
    fn ipv6_addresses_that_differ_anywhere_are_different_clients() {
        let address = |high: u128, low: u128| IpAddr::V6(Ipv6Addr::from_bits(high << 64 | low));
        assert_eq!(of(&[address(1, 2), address(2, 2), address(1, 3), address(1, 2)]).0.count(), 3);
    }
}
