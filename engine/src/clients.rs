//! Which of a listener's handshakes are the same client's.

use std::net::IpAddr;

use crate::handshake::Handshake;

/// The clients of a listener, each by a number. Sorted, not hashed: clients are as many as whoever sends the packets wants,
/// and there are few where there are many listeners.
pub(crate) struct Clients {
    /// The number of each handshake's client.
    numbers: Vec<u32>,
    /// The handshakes, client by client, those of each in order.
    handshakes: Vec<u32>,
    /// Where those of each client begin; and the end.
    starts: Vec<u32>,
}

impl Clients {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let mut sorted: Vec<(IpAddr, u32)> = handshakes.iter().map(|h| h.client.ip).zip(0..).collect();
        sorted.sort_unstable();
        let (mut numbers, mut starts) = (vec![0; sorted.len()], vec![0]);
        for (number, client) in sorted.chunk_by(|a, b| a.0 == b.0).enumerate() {
            client.iter().for_each(|&(_, index)| numbers[index as usize] = number as u32);
            starts.push(starts[number] + client.len() as u32);
        }
        Self { numbers, handshakes: sorted.into_iter().map(|(_, index)| index).collect(), starts }
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The number of that handshake's client.
    pub(crate) fn number(&self, index: usize) -> usize {
        self.numbers[index] as usize
    }

    /// The handshakes of each client, by number.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.handshakes[ends[0] as usize..ends[1] as usize])
    }

    /// The next handshake of that one's client.
    pub(crate) fn next(&self, index: usize) -> Option<usize> {
        let number = self.number(index);
        let own = &self.handshakes[self.starts[number] as usize..self.starts[number + 1] as usize];
        own.get(own.partition_point(|&other| other as usize <= index)).map(|&next| next as usize)
    }
}
