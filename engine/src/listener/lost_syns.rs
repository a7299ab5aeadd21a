//! Counts of handshakes whose SYN was retransmitted before it was answered, by properties of the
//! SYN.

use crate::connection::handshake::Handshake;
use crate::packet::segment::Flags;

/// Number of answered handshakes, and of those among them whose first SYN was lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    pub lost: usize,
    pub all: usize,
}

impl Share {
    const fn add(&mut self, is_lost: bool) {
        self.all += 1;
        self.lost += is_lost as usize;
    }
}

/// Counts of answered handshakes, by properties of the SYN that middleboxes are known to mishandle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LostSyns {
    pub all: Share,
    /// SYNs from a port whose previous connection is in the capture.
    pub reused_port: Share,
    /// SYNs that ask for ECN (RFC 3168 section 6.1.1).
    pub ecn: Share,
    /// SYNs with a Fast Open option (RFC 7413).
    pub fast_open: Share,
    /// SYNs with a Multipath TCP option (RFC 8684).
    pub multipath: Share,
}

impl LostSyns {
    /// Counts a handshake that was answered.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        let (Some(syn), Some(_)) = (&handshake.syn, &handshake.syn_ack) else { return };
        let is_lost = handshake.seconds_to_answered_syn() > 0.0;
        self.all.add(is_lost);
        let properties = [
            (&mut self.reused_port, handshake.previous.is_some()),
            (&mut self.ecn, syn.flags.has(Flags::ECE | Flags::CWR)),
            (&mut self.fast_open, syn.options.fast_open),
            (&mut self.multipath, syn.options.multipath),
        ];
        properties.into_iter().filter(|(_, holds)| *holds).for_each(|(share, _)| share.add(is_lost));
    }
}
