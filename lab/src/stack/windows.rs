//! Windows and other stacks without SYN cookies.

use super::host::{BSD_REPEATS, Host, Isn, LINUX_REPEATS, Offset, Window};
use super::linux::Kernel;
use crate::capture::{MICRO, Nanos};
use crate::clock::IpId;
use crate::layout::Layout;
use syncookie_testkit::rng::Rng;

/// Creates a host with Windows 10, Server 2016 or later.
pub fn modern(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Windows,
        wscale: Some(8),
        ts: false,
        ecn: false,
        window: Window::Fixed(65535),
        ttl: 128,
        first_id: IpId::PerHost(300),
        ids: IpId::PerHost(300),
        offset: Offset::PerConnection,
        isn: Isn::Rfc6528,
        repeats: BSD_REPEATS,
        takes: 60 * MICRO,
        ..Kernel::PAIR.host(now, rng)
    }
}

/// Creates a host with Windows 7 or Server 2008: timestamps with ticks of 10 ms, if the client
/// offers them.
pub fn vista(now: Nanos, rng: &mut Rng) -> Host {
    Host { window: Window::Fixed(8192), ts: true, rate: 100, offset: Offset::Global, ..modern(now, rng) }
}

/// Creates a host with Windows XP or Server 2003: timestamp 0 in the SYN-ACK, ticks of 100 ms,
/// window scale 0.
pub fn xp(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        wscale: Some(0),
        ts: true,
        window: Window::Times(44),
        rate: 10,
        offset: Offset::ZeroFirst,
        isn: Isn::Counter,
        ..modern(now, rng)
    }
}

/// Creates a host with macOS.
pub fn mac(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Mac,
        wscale: Some(6),
        ts: true,
        ttl: 64,
        first_id: IpId::Fixed(0),
        ids: IpId::Fixed(0),
        isn: Isn::Random,
        repeats: LINUX_REPEATS,
        ..modern(now, rng)
    }
}

/// Creates a host with OpenBSD: ticks of half a second, random ISNs, IP IDs and offsets.
pub fn openbsd(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Openbsd,
        wscale: Some(6),
        window: Window::Fixed(16384),
        first_id: IpId::Random,
        ids: IpId::Random,
        rate: 2,
        offset: Offset::PerConnection,
        isn: Isn::Random,
        repeats: BSD_REPEATS,
        ..mac(now, rng)
    }
}

/// Creates a host with NetBSD: a clock for each connection, from zero in half seconds.
pub fn netbsd(now: Nanos, rng: &mut Rng) -> Host {
    Host { window: Window::Fixed(32768), wscale: Some(3), offset: Offset::FromZero, ..openbsd(now, rng) }
}

/// Creates a host with Solaris: ticks of 10 ms.
pub fn solaris(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Solaris,
        wscale: Some(0),
        window: Window::Fixed(49640),
        ttl: 64,
        first_id: IpId::PerHost(120),
        ids: IpId::PerHost(120),
        rate: 100,
        offset: Offset::Global,
        isn: Isn::Rfc6528,
        ..mac(now, rng)
    }
}

/// Creates a small device: MSS only, small window, one counter for IP identifications.
pub fn embedded(now: Nanos, rng: &mut Rng) -> Host {
    let window = rng.pick(&[1460, 2144, 2920, 4096, 4128, 5840, 8192, 8760, 16384]);
    Host {
        layout: Layout::Windows,
        mss: rng.pick(&[536, 1024, 1400, 1440, 1460]),
        wscale: None,
        sack: false,
        ts: false,
        window: Window::Fixed(window),
        ttl: rng.pick(&[60, 64, 100, 128, 255]),
        dont_fragment: rng.chance(0.4),
        first_id: IpId::PerHost(7),
        ids: IpId::PerHost(7),
        isn: Isn::Counter,
        repeats: BSD_REPEATS,
        takes: 700 * MICRO,
        ..modern(now, rng)
    }
}

/// Creates a server that negotiates an MSS only, whatever its stack supports.
pub fn never_negotiates(now: Nanos, rng: &mut Rng) -> Host {
    let base = Kernel::PAIR.host(now, rng);
    let window = rng.pick(&[Window::Segments(65535), Window::Fixed(65535), Window::Times(10), Window::Fixed(8192)]);
    Host { wscale: None, sack: false, ts: false, window, ..base }
}
