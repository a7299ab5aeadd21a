//! Sums of drop counters that have several names.

use super::{Difference, Facts};

/// Drops that are counted under several names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathDrops {
    /// Packets that XDP programs dropped.
    Xdp,
    /// Packets that network cards lost.
    Card,
    /// Packets that rules of the packet filter dropped or rejected.
    PacketFilter,
    /// Packets dropped because a neighbour table was full.
    NeighbourTable,
}

impl PathDrops {
    /// Returns whether a counter is one of these.
    fn counts(self, counter: &str) -> bool {
        let of_interface = |is_it: fn(&str) -> bool| interface_counter(counter).is_some_and(|(_, name)| is_it(name));
        match self {
            Self::Xdp => of_interface(is_xdp_drop),
            Self::Card => of_interface(|name| name == "rx_fifo" || is_card_drop(name)),
            Self::PacketFilter => counter.starts_with("packet_filter."),
            Self::NeighbourTable => counter.ends_with("_cache.table_fulls"),
        }
    }
}

impl Facts {
    /// Returns the sum of these counters; `None` if the source has none of them.
    pub fn path_drops(&self, drops: PathDrops) -> Option<u64> {
        let mut values =
            self.counters.iter().filter(|(name, _)| drops.counts(name)).map(|(_, value)| *value).peekable();
        values.peek().is_some().then(|| values.fold(0, u64::saturating_add))
    }
}

impl Difference<'_> {
    /// Returns by how much these counters increased together; `None` if no increase is known.
    pub fn path_drops(&self, drops: PathDrops) -> Option<u64> {
        let counters = self.later().counters.keys().filter(|name| drops.counts(name));
        let mut increases = counters.filter_map(|name| self.increase(name)).peekable();
        increases.peek().is_some().then(|| increases.fold(0, u64::saturating_add))
    }
}

/// Returns the interface of a counter, and the counter's name there: `eth0.100` and `rx_drop` for
/// `interface.eth0.100.rx_drop`. `None` for a counter that is not an interface's.
pub(crate) fn interface_counter(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("interface.")?.rsplit_once('.')
}

/// Returns whether a counter of `ethtool -S` counts packets that an XDP program dropped.
pub(crate) fn is_xdp_drop(name: &str) -> bool {
    name.contains("xdp") && name.contains("drop")
}

/// Returns whether a counter of `ethtool -S` or `ip -s link` counts received packets that the
/// network card or its driver lost; those that an XDP program dropped are not lost. Drivers choose
/// the names.
pub(crate) fn is_card_drop(name: &str) -> bool {
    let is_received = name.starts_with("rx") || name.starts_with("port_rx") || name.starts_with("veb_rx");
    let words = [
        "drop",
        "discard",
        "missed",
        "no_buf",
        "nobuf",
        "out_of_buffer",
        "no_dma",
        "alloc_err",
        "alloc_fail",
        "over_err",
    ];
    // The columns of /proc/net/dev have findings of their own.
    let is_column = matches!(name, "rx_drop" | "rx_fifo" | "rx_errs");
    is_received && !is_column && !is_xdp_drop(name) && words.iter().any(|word| name.contains(word))
}
