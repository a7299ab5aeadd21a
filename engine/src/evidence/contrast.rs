//! How a listener's answers take turns: with an option and without it, for the same kind of client.
//!
//! Cookies come in episodes, between which the listener answers as it always does. Hosts of different make behind one
//! address take turns at random or by client; a configuration changes once. The order of the answers, and marks of
//! the host that gave them, tell these apart.

use super::{Words, say};
use crate::connection::handshake::Handshake;
use crate::listener::clients::Clients;
use crate::{Frame, Timestamp};

/// The listener did otherwise for the same kind of client before or after, and looked the same.
const CHANGED: f64 = 1.5;
/// It did so both before and after, few times: a configuration that was changed would have had to be changed back.
const RETURNED: f64 = 3.0;
/// Most that an unbroken run may add against hosts that take turns at random.
const RUN: f64 = 4.0;
/// Share of the runs that answers in random order would make, below which the order is not random.
const FEW_RUNS: f64 = 1.0 / 3.0;
/// The same client address got both answers: no balancing by address, no middlebox for some clients.
const SAME_CLIENT: f64 = 1.5;
/// One IP identification counter runs through both kinds of answer: one host.
const ONE_COUNTER: f64 = 6.5;

/// What is alike in the answers of one host to one kind of client.
type Look = (Option<u16>, u16, Option<u8>);

fn look(handshake: &Handshake) -> Option<Look> {
    handshake.syn_ack.as_ref().map(|s| (s.options.mss, s.window, s.ip.ttl))
}

/// Where one answer without the option stands among the others.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Answers without it in a row, this one included.
    run: usize,
    /// The answers with it next to the run on either side, where they look the same otherwise.
    before: Option<Frame>,
    after: Option<Frame>,
}

/// The turns of a listener between answers that keep something and answers that lose it.
#[derive(Default)]
pub(crate) struct Turns {
    /// Of each answer that loses it, in order of their indices.
    places: Vec<(usize, Place)>,
    runs: usize,
    pub lost: usize,
    pub kept: usize,
    same_client: bool,
    one_counter: bool,
}

/// What the turns say about one answer.
pub(crate) struct Contrast<W: Words> {
    /// Nats for a cookie.
    pub nats: f64,
    /// Whether it fits an episode, rather than a changed configuration or hosts that take turns.
    pub episodic: bool,
    /// The answers of the other kind next to it.
    pub frames: [Option<Frame>; 2],
    pub detail: W::Sentence,
}

impl Turns {
    /// `kept` and `lost` say of a handshake's index which kind of answer it got.
    pub(crate) fn of(
        handshakes: &[&Handshake],
        clients: &Clients,
        kept: impl Fn(usize) -> bool,
        lost: impl Fn(usize) -> bool,
    ) -> Self {
        let count = |which: &dyn Fn(usize) -> bool| (0..handshakes.len()).filter(|&i| which(i)).count();
        let mut turns = Self { lost: count(&lost), kept: count(&kept), ..Self::default() };
        if turns.lost == 0 || turns.kept == 0 {
            return turns;
        }
        let members: Vec<usize> = (0..handshakes.len()).filter(|&i| kept(i) || lost(i)).collect();
        for run in members.chunk_by(|&a, &b| lost(a) && lost(b)).filter(|run| lost(run[0])) {
            turns.runs += 1;
            let first = members.partition_point(|&i| i < run[0]);
            let before = first.checked_sub(1).map(|p| members[p]);
            let after = members.get(first + run.len()).copied();
            turns.places.extend(run.iter().map(|&index| {
                let alike = |other: Option<usize>| {
                    let other = handshakes[other.filter(|&o| look(handshakes[o]) == look(handshakes[index]))?];
                    Some(other.syn_ack.as_ref()?.frame)
                };
                (index, Place { run: run.len(), before: alike(before), after: alike(after) })
            }));
        }
        let got = |group: &[u32], which: &dyn Fn(usize) -> bool| group.iter().any(|&i| which(i as usize));
        turns.same_client = clients.groups().any(|group| got(group, &kept) && got(group, &lost));
        turns.one_counter = one_counter(handshakes, &members, &lost);
        turns
    }

    /// What they say about that answer; `None` where no answer of the other kind that looks the same is next to it.
    pub(crate) fn contrast<W: Words>(&self, index: usize) -> Option<Contrast<W>> {
        let place = self.places[self.places.binary_search_by_key(&index, |&(index, _)| index).ok()?].1;
        let returned = place.before.is_some() && place.after.is_some();
        if place.before.is_none() && place.after.is_none() {
            return None;
        }
        let share = (self.lost + 1) as f64 / (self.lost + self.kept + 2) as f64;
        let random = (self.lost * (self.kept + 1)) as f64 / (self.lost + self.kept) as f64;
        let few = self.runs as f64 <= random * FEW_RUNS;
        // Hosts that take turns at random make runs, too: the longest of many is no surprise.
        let run = ((place.run - 1) as f64 * -share.ln() - (self.runs as f64).ln()).clamp(0.0, RUN);
        let mut nats = if returned && few { RETURNED } else { CHANGED } + run;
        if self.same_client && few {
            nats += SAME_CLIENT;
        }
        if self.one_counter {
            nats += ONE_COUNTER;
        }
        let when = match (place.before, place.after) {
            (Some(_), Some(_)) => "before and after",
            (Some(_), None) => "before",
            _ => "after",
        };
        Some(Contrast {
            nats,
            episodic: (returned && few) || self.one_counter,
            frames: [place.before, place.after],
            detail: say!(
                W,
                "this listener kept them for the same kind of client {when} ({} of {} answers lack them, {} in a row{})",
                self.lost,
                self.lost + self.kept,
                place.run,
                if self.one_counter { "; one IP ID counter runs through all of them: one host" } else { "" }
            ),
        })
    }
}

/// Steps of an IP identification counter between two answers of a busy host.
const COUNTER_STEPS: std::ops::Range<u16> = 1..4096;

/// Whether the identifications of the server's first packets, in order of time, form one rising counter through both
/// kinds of answer. Zero means that none is counted (RFC 6864 section 4.1).
fn one_counter(handshakes: &[&Handshake], members: &[usize], lost: impl Fn(usize) -> bool) -> bool {
    let mut readings: Vec<(Timestamp, Frame, bool, u16)> = Vec::new();
    for &index in members {
        let handshake = handshakes[index];
        let syn_ack = handshake.syn_ack.as_ref().map(|s| (s.time, s.frame, s.ip));
        let first = handshake.server_segments.first().map(|l| (l.time, l.frame, l.ip));
        for (time, frame, ip) in syn_ack.into_iter().chain(first) {
            readings.extend(ip.identification.filter(|&id| id != 0).map(|id| (time, frame, lost(index), id)));
        }
    }
    readings.sort_unstable();
    let changes = readings.windows(2).filter(|w| w[0].2 != w[1].2).count();
    let rising = readings.windows(2).filter(|w| COUNTER_STEPS.contains(&w[1].3.wrapping_sub(w[0].3))).count();
    changes >= 2 && readings.len() >= 6 && rising * 10 >= (readings.len() - 1) * 9
}
