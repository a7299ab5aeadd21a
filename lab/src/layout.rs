//! Orders of TCP options, by which stacks differ.

use syncookie_testkit::tcp::TcpOption;

/// The order in which a stack writes its options, with its padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// MSS, SACK, TS, NOP, WS.
    Linux,
    /// MSS, NOP, WS, NOP, NOP, SACK.
    Windows,
    /// MSS, NOP, WS, SACK, TS.
    Freebsd,
    /// MSS, NOP, WS, NOP, NOP, TS, SACK, EOL, EOL.
    Mac,
    /// MSS, NOP, NOP, SACK, NOP, WS, NOP, NOP, TS.
    Openbsd,
    /// SACK, TS, MSS, NOP, WS.
    Solaris,
}

impl Layout {
    /// Returns the negotiated options in this order.
    #[must_use]
    pub fn write(self, mss: Option<u16>, wscale: Option<u8>, sack: bool, ts: Option<(u32, u32)>) -> Vec<TcpOption> {
        use TcpOption::{End, Mss, Nop, SackPermitted, Timestamps, WindowScale};
        let mss: Vec<TcpOption> = mss.map(Mss).into_iter().collect();
        let scale: Vec<TcpOption> = wscale.map_or(vec![], |w| vec![Nop, WindowScale(w)]);
        let stamp = ts.map(|(a, b)| Timestamps(a, b));
        let bare = |s: bool| if s { vec![SackPermitted] } else { vec![] };
        let padded = |s: bool| if s { vec![Nop, Nop, SackPermitted] } else { vec![] };
        let stamped = |pad: bool| match stamp {
            Some(t) if pad => vec![Nop, Nop, t],
            Some(t) => vec![t],
            None => vec![],
        };
        match self {
            Self::Linux if stamp.is_some() && sack => [mss, bare(true), stamped(false), scale].concat(),
            Self::Linux => [mss, stamped(true), padded(sack), scale].concat(),
            Self::Windows => [mss, scale, padded(sack), stamped(true)].concat(),
            Self::Freebsd if stamp.is_some() => [mss, scale, bare(sack), stamped(!sack)].concat(),
            Self::Freebsd => [mss, scale, bare(sack), if sack { vec![End, End] } else { vec![] }].concat(),
            Self::Mac => [mss, scale, stamped(true), bare(sack), if sack { vec![End, End] } else { vec![] }].concat(),
            Self::Openbsd => [mss, padded(sack), scale, stamped(true)].concat(),
            Self::Solaris if stamp.is_some() && sack => [bare(true), stamped(false), mss, scale].concat(),
            Self::Solaris => [stamped(true), mss, scale, padded(sack)].concat(),
        }
    }
}
