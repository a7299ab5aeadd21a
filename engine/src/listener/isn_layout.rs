//! Layout of a listener's initial sequence numbers, where it can be read without the secret.
//!
//! FreeBSD (tcp_syncache.c `syncookie_generate`) and pf (pf_syncookies.c) XOR a byte of options
//! with the top byte of a MAC, and send both: `(ISN & 0xff) ^ (ISN >> 24)` is a secret's parity
//! bit, SACK, the window scale's and the MSS's table index. Onload (tcp_syncookie.c) leaves the low
//! byte in clear: three bits of MSS index, five of an 8.39 s clock, and puts both window scales and
//! SACK into nine bits of the timestamp.

use crate::Timestamp;
use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::chance::at_least;
use crate::packet::seq::SeqNumber;

/// MSS table of FreeBSD and pf, in bytes (tcp_syncache.c `tcp_sc_msstab`).
const FREEBSD_MSS: [u16; 8] = [216, 536, 1200, 1360, 1400, 1440, 1452, 1460];
/// Window scale table; index 0 means no window scale (tcp_syncache.c `tcp_sc_wstab`).
const FREEBSD_SCALE: [u8; 8] = [0, 0, 1, 2, 4, 6, 7, 8];
/// MSS table of Onload, in bytes; the last entry also covers larger sizes.
const ONLOAD_MSS: [u16; 7] = [64, 512, 536, 1024, 1220, 1440, 1460];
/// Length of a step of Onload's clock, in seconds.
const ONLOAD_STEP: f64 = 8.39;
/// Handshakes that must agree in seven bits before the stack is called FreeBSD (chance: 2^-21).
const ENOUGH: usize = 3;
/// Minimum number of answers that must agree in the MSS index and in the clock of Onload.
const ONLOAD_ENOUGH: usize = 4;
/// Number of values of Onload's clock.
const CLOCK_VALUES: usize = 32;
/// Chance of the right MSS index, and of a clock within two of its values.
const ONLOAD_CHANCE: f64 = 2.0 / 256.0;
/// Chance of the right MSS index, of the timestamp's bits above those of a Linux cookie, and of a
/// clock within two of its values: the six low bits of one client's cookies all agree or all
/// differ.
const ONLOAD_STAMPED_CHANCE: f64 = ONLOAD_CHANCE / 8.0;
/// Minimum number of answers with timestamps that must agree in the MSS index, the clock and the
/// timestamp of Onload.
pub(crate) const ONLOAD_STAMPED_ENOUGH: usize = 3;
/// Maximum probability that a listener of another stack looks like Onload by chance.
const ONLOAD_ERROR: f64 = 1e-6;

/// The composition that a listener's ISNs establish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsnLayout {
    /// Layout that cannot be read.
    Opaque,
    /// Layout of FreeBSD, with or without cookie mode.
    Freebsd,
    /// Layout of Onload's cookies.
    Onload,
}

impl IsnLayout {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let (mut begin, mut answered, mut freebsd, mut clocks) = (None, 0, 0, Vec::new());
        for handshake in handshakes.iter().filter(|h| h.whole_headers().is_some()) {
            begin.get_or_insert(handshake.time);
            answered += 1;
            freebsd += usize::from(is_freebsd(handshake));
            clocks.extend(onload_clock(handshake).map(|clock| (clock, *handshake)));
        }
        if freebsd >= ENOUGH && freebsd * 10 >= answered * 9 {
            return Self::Freebsd;
        }
        if begin.is_some_and(|begin| is_onload(&clocks, begin, answered)) { Self::Onload } else { Self::Opaque }
    }
}

/// Returns whether the seven predictable bits agree with what the client offered and the server
/// kept.
fn is_freebsd(handshake: &Handshake) -> bool {
    let Some((syn, syn_ack)) = handshake.whole_headers() else { return false };
    let scale = syn.options.window_scale.filter(|_| syn_ack.options.window_scale.is_some());
    encodes(syn_ack.isn, syn, scale, syn.options.sack_permitted && syn_ack.options.sack_permitted)
}

/// Returns whether the seven predictable bits are those of pf's cookies: pf stores the client's
/// window scale, which its SYN-ACK does not show, and never SACK (pf_syncookies.c).
pub(crate) fn is_pf_cookie(handshake: &Handshake) -> bool {
    let Some((syn, syn_ack)) = handshake.whole_headers() else { return false };
    encodes(syn_ack.isn, syn, syn.options.window_scale, false)
}

/// Returns whether the seven predictable bits encode the client's MSS, a window scale, and SACK.
fn encodes(isn: SeqNumber, syn: &SynHeader, scale: Option<u8>, sack: bool) -> bool {
    let mss = syn.options.mss.unwrap_or(FREEBSD_MSS[1]);
    let mss_index = FREEBSD_MSS.iter().rposition(|&entry| entry <= mss).unwrap_or(0);
    let scale_index = |shift| FREEBSD_SCALE.iter().rposition(|&entry| entry <= shift).unwrap_or(1).max(1);
    let byte = (isn.0 & 0xff) ^ (isn.0 >> 24);
    byte as usize >> 1 == (mss_index << 4 | scale.map_or(0, scale_index) << 1 | usize::from(sack))
}

/// Returns the five bits of Onload's clock, where the three bits of MSS index agree.
pub(crate) fn onload_clock(handshake: &Handshake) -> Option<u8> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    let mss = syn.options.mss.unwrap_or(ONLOAD_MSS[2]);
    let index = ONLOAD_MSS.iter().rposition(|&entry| entry <= mss).unwrap_or(0);
    (syn_ack.isn.0 & 7 == index as u32).then_some((syn_ack.isn.0 >> 3 & 31) as u8)
}

/// Returns whether the timestamp's low nine bits are the server's window scale, the client's, and
/// SACK; `None` without timestamps.
pub(crate) fn has_onload_timestamp(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    let value = syn_ack.options.timestamps?.value;
    let shift = |scale: Option<u8>| u32::from(scale.unwrap_or(0));
    let sack = u32::from(syn_ack.options.sack_permitted) << 8;
    Some(value & 0x1ff == shift(syn_ack.options.window_scale) | shift(syn.options.window_scale) << 4 | sack)
}

/// Returns whether the clocks in the low bytes tick together, and have moved or come with Onload's
/// timestamps. Ordinary answers may lie between the cookies: those that fit must be far more than
/// chance gives among all that were `answered`.
fn is_onload(clocks: &[(u8, &Handshake)], begin: Timestamp, answered: usize) -> bool {
    let (mut all, mut stamped) = (Starts::default(), Starts::default());
    let mut values = Vec::new();
    for &(clock, handshake) in clocks {
        let Some(syn_ack) = &handshake.syn_ack else { continue };
        // What each clock would have read when the first handshake was answered: the same for all,
        // give or take a step.
        let steps = syn_ack.time.seconds_since(begin) / ONLOAD_STEP;
        let start = (f64::from(clock) - steps).rem_euclid(CLOCK_VALUES as f64) as usize % CLOCK_VALUES;
        all.add(start, clock);
        if has_onload_timestamp(handshake) == Some(true) {
            values.extend(syn_ack.options.timestamps.map(|timestamps| (timestamps.value, start, clock)));
        }
    }
    // The same timestamp twice is one sample.
    values.sort_unstable();
    values.dedup_by_key(|&mut (value, ..)| value);
    values.iter().for_each(|&(_, start, clock)| stamped.add(start, clock));
    let is_enough = |agreeing: usize, enough: usize, each: f64| {
        agreeing >= enough && CLOCK_VALUES as f64 * at_least(agreeing, answered, each) < ONLOAD_ERROR
    };
    (0..CLOCK_VALUES).any(|start| {
        is_enough(stamped.near(start).0, ONLOAD_STAMPED_ENOUGH, ONLOAD_STAMPED_CHANCE)
            || all.near(start).1 > 1 && is_enough(all.near(start).0, ONLOAD_ENOUGH, ONLOAD_CHANCE)
    })
}

/// Onload's clocks by what they would have read at the beginning.
#[derive(Default)]
struct Starts {
    count: [usize; CLOCK_VALUES],
    /// Values of the clocks, one bit each.
    seen: [u32; CLOCK_VALUES],
}

impl Starts {
    fn add(&mut self, start: usize, clock: u8) {
        self.count[start] += 1;
        self.seen[start] |= 1 << clock;
    }

    /// Returns the clocks that began with one value or the next, and their different values now.
    const fn near(&self, start: usize) -> (usize, u32) {
        let next = (start + 1) % CLOCK_VALUES;
        (self.count[start] + self.count[next], (self.seen[start] | self.seen[next]).count_ones())
    }
}
