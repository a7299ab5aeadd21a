//! Link layers of SYNs. Most handshakes share one, so each is kept once, and a handshake has its
//! number.

use std::collections::HashMap;
use std::num::NonZeroU32;

use crate::{Link, MacAddress};

/// Maximum number of link layers. Forged MAC addresses could otherwise fill the memory, about 130
/// bytes each.
const MOST: usize = 1 << 16;

/// Number of a link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkNumber(NonZeroU32);

/// Link layers and their numbers.
#[derive(Debug, Default)]
pub(crate) struct Links {
    known: Vec<Link>,
    numbers: HashMap<Link, LinkNumber>,
    recent: Recent,
}

/// Number of places for recent link layers, a power of two. Most captures have fewer.
const RECENT: usize = 32;

/// Recent link layers, at places that their addresses and VLAN choose: faster than a hash that
/// forged addresses cannot make slow.
#[derive(Debug)]
struct Recent([Option<(Link, LinkNumber)>; RECENT]);

impl Default for Recent {
    fn default() -> Self {
        Self([None; RECENT])
    }
}

impl Recent {
    #[inline]
    fn place(&mut self, link: &Link) -> &mut Option<(Link, LinkNumber)> {
        let low = |address: Option<MacAddress>| address.map_or(0, MacAddress::low_bits);
        let addresses = low(link.source) ^ low(link.destination) << 1 ^ low(link.inner_source) << 2;
        let place = addresses ^ usize::from(link.vlan.unwrap_or_default());
        &mut self.0[place % RECENT]
    }
}

impl Links {
    /// Returns the number of a link layer, a new one if it is not known; `None` if there are too
    /// many.
    #[inline]
    pub(crate) fn number(&mut self, link: &Link) -> Option<LinkNumber> {
        if let Some((recent, number)) = self.recent.place(link)
            && recent == link
        {
            return Some(*number);
        }
        self.find_or_add(*link)
    }

    #[inline(never)]
    fn find_or_add(&mut self, link: Link) -> Option<LinkNumber> {
        let known = self.numbers.get(&link).copied();
        let number = known.or_else(|| self.add(link))?;
        *self.recent.place(&link) = Some((link, number));
        Some(number)
    }

    fn add(&mut self, link: Link) -> Option<LinkNumber> {
        if self.is_full() {
            return None;
        }
        self.known.push(link);
        let number = LinkNumber(NonZeroU32::new(self.known.len() as u32)?);
        self.numbers.insert(link, number);
        Some(number)
    }

    /// Returns the link layer with a number.
    pub(crate) fn get(&self, number: LinkNumber) -> Option<Link> {
        self.known.get(number.0.get() as usize - 1).copied()
    }

    /// Returns whether there is no room for another link layer.
    pub(crate) const fn is_full(&self) -> bool {
        self.known.len() >= MOST
    }

    /// Forgets the link layers that have none of these numbers, and replaces the numbers.
    pub(crate) fn keep_only<'a>(&mut self, numbers: impl Iterator<Item = &'a mut Option<LinkNumber>>) {
        let before = std::mem::take(self);
        for number in numbers {
            *number = number.and_then(|number| self.number(&before.get(number)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(index: usize) -> Link {
        let [a, b, c, d] = (index as u32).to_be_bytes();
        Link { source: MacAddress::new([2, 0, a, b, c, d]), ..Link::default() }
    }

    #[test]
    fn equal_link_layers_share_a_number() {
        let mut links = Links::default();
        let numbers = [1, 2, 1, 1, 2].map(|index| links.number(&link(index)));
        assert_eq!(numbers[0], numbers[2]);
        assert_eq!(numbers[1], numbers[4]);
        assert_eq!(numbers.map(|number| links.get(number?)), [1, 2, 1, 1, 2].map(|index| Some(link(index))));
        assert_eq!(links.known.len(), 2);
    }

    #[test]
    fn full_memory_is_freed_when_handshakes_are_forgotten() {
        let mut links = Links::default();
        let mut numbers: Vec<_> = (0..=MOST).map(|index| links.number(&link(index))).collect();
        assert!(links.is_full() && numbers[MOST].is_none() && numbers[MOST - 1].is_some());
        let kept = &mut numbers[MOST - 2..];
        links.keep_only(kept.iter_mut());
        let found = kept.iter().map(|number| links.get((*number)?));
        assert!(found.eq([Some(link(MOST - 2)), Some(link(MOST - 1)), None]));
        assert!(!links.is_full() && links.number(&link(MOST)).is_some());
    }
}
