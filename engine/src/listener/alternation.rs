//! Alternation of a listener's answers between keeping an option and losing it, for the same kind
//! of client.
//!
//! Cookies come in episodes, between which the listener answers as it always does. Hosts of
//! different make behind one address alternate at random or by client; a configuration changes
//! once. The order of the answers, and marks of the host that gave them, distinguish these.

use crate::connection::handshake::Handshake;
use crate::listener::clients::Clients;
use crate::packet::segment::IpFacts;
use crate::{Frame, Timestamp};

/// Ratio of the number of runs to the number expected in random order, up to which the order is not
/// random.
const FEW_RUNS: f64 = 1.0 / 3.0;

/// Returns whether `runs` uninterrupted runs of `some` answers among `others` are far fewer than in
/// random order.
pub(crate) fn are_few(runs: usize, some: usize, others: usize) -> bool {
    let random = (some * (others + 1)) as f64 / (some + others).max(1) as f64;
    runs as f64 <= random * FEW_RUNS
}

/// Fields that are alike in all answers of one host to one kind of client: MSS, window, TTL or hop
/// limit.
type HostMarks = (Option<u16>, u16, Option<u8>);

fn host_marks(handshake: &Handshake) -> Option<HostMarks> {
    handshake.syn_ack.as_ref().map(|s| (s.options.mss, s.window, s.ip.ttl()))
}

/// Neighbourhood of one answer that lost the option.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loss {
    /// Answers without the option in a row, this one included.
    pub run: usize,
    /// The answer with the option just before the run, where it has the same host marks.
    pub kept_before: Option<Frame>,
    /// The answer with the option just after the run, where it has the same host marks.
    pub kept_after: Option<Frame>,
}

/// The order in which a listener's answers keep an option and lose it.
#[derive(Debug, Default)]
pub(crate) struct Alternation {
    /// SYN-ACKs that lost the option, by index, in ascending order.
    losses: Vec<(usize, Loss)>,
    /// Number of uninterrupted runs of SYN-ACKs that lost the option.
    pub runs: usize,
    /// Whether some run has SYN-ACKs that kept the option both before and after it.
    pub returned: bool,
    /// Number of SYN-ACKs that lost the option.
    pub lost: usize,
    /// Number of client addresses whose SYN-ACKs lost the option; 0 unless others kept it.
    pub lost_clients: usize,
    /// Number of SYN-ACKs that kept the option.
    pub kept: usize,
    /// Whether one client address got both kinds of answer. This excludes balancing by address, and
    /// a middlebox for some clients.
    pub same_client: bool,
    /// Whether one IP identification counter covers both kinds of SYN-ACK: one host sent them.
    pub one_counter: bool,
}

impl Alternation {
    /// Reads the order of the answers; `kept` and `lost` classify a handshake by its index.
    pub(crate) fn of(
        handshakes: &[&Handshake],
        clients: &Clients,
        kept: impl Fn(usize) -> bool,
        lost: impl Fn(usize) -> bool,
    ) -> Self {
        let count = |which: &dyn Fn(usize) -> bool| (0..handshakes.len()).filter(|&i| which(i)).count();
        let mut alternation = Self { lost: count(&lost), kept: count(&kept), ..Self::default() };
        if alternation.lost == 0 || alternation.kept == 0 {
            return alternation;
        }
        let members: Vec<usize> = (0..handshakes.len()).filter(|&i| kept(i) || lost(i)).collect();
        for run in members.chunk_by(|&a, &b| lost(a) && lost(b)).filter(|run| lost(run[0])) {
            alternation.runs += 1;
            let first = members.partition_point(|&i| i < run[0]);
            let before = first.checked_sub(1).map(|p| members[p]);
            let after = members.get(first + run.len()).copied();
            alternation.returned |= before.is_some() && after.is_some();
            alternation.losses.extend(run.iter().map(|&index| {
                let alike = |other: Option<usize>| {
                    let is_alike = |other: &usize| host_marks(handshakes[*other]) == host_marks(handshakes[index]);
                    Some(handshakes[other.filter(is_alike)?].syn_ack.as_ref()?.frame)
                };
                (index, Loss { run: run.len(), kept_before: alike(before), kept_after: alike(after) })
            }));
        }
        let got = |group: &[u32], which: &dyn Fn(usize) -> bool| group.iter().any(|&i| which(i as usize));
        alternation.lost_clients = clients.groups().filter(|group| got(group, &lost)).count();
        alternation.same_client = clients.groups().any(|group| got(group, &kept) && got(group, &lost));
        alternation.one_counter = one_counter(handshakes, &members, &lost);
        alternation
    }

    /// Returns whether the SYN-ACKs that lost the option come in far fewer runs than in random
    /// order.
    pub(crate) fn is_in_few_runs(&self) -> bool {
        are_few(self.runs, self.lost, self.kept)
    }

    /// Returns the loss of the handshake with that index, if its SYN-ACK lost the option and some
    /// other kept it.
    pub(crate) fn loss(&self, index: usize) -> Option<Loss> {
        Some(self.losses[self.losses.binary_search_by_key(&index, |&(index, _)| index).ok()?].1)
    }
}

/// Steps of an IP identification counter between two packets of a busy host.
const COUNTER_STEPS: std::ops::Range<u16> = 1..4096;
/// Largest distance of the identifications of one kind of answer from the line through all. Counters
/// of two hosts rise like one where they are no further apart than that, of 65,536 values: P(two
/// hosts) = 1/256.
const LARGEST_DISTANCE: f64 = 128.0;

/// An IP identification: time, frame, whether its handshake lost the option, value.
type Identification = (Timestamp, Frame, bool, u16);

/// Returns whether the identifications of the SYN-ACKs form one rising counter through both kinds of
/// answer, alone or with the server's first packet after each: Linux counts the later packets by
/// socket (`inet_id`), other hosts count all packets together. Zero means that none is counted (RFC
/// 6864 section 4.1).
fn one_counter(handshakes: &[&Handshake], members: &[usize], lost: impl Fn(usize) -> bool) -> bool {
    let counted = |index: usize, time: Timestamp, frame: Frame, ip: IpFacts| {
        ip.identification().filter(|&id| id != 0).map(|id| (time, frame, lost(index), id))
    };
    let syn_acks = members.iter().filter_map(|&index| {
        let syn_ack = handshakes[index].syn_ack.as_ref()?;
        counted(index, syn_ack.time, syn_ack.frame, syn_ack.ip)
    });
    let next = members.iter().filter_map(|&index| {
        let first = handshakes[index].server_segments.first()?;
        counted(index, first.time, first.frame, first.ip)
    });
    let syn_acks: Vec<Identification> = syn_acks.collect();
    let all = syn_acks.iter().copied().chain(next).collect();
    is_one_counter(syn_acks) || is_one_counter(all)
}

/// Returns whether identifications form one rising counter through both kinds of answer. The distance
/// between two counters lengthens the steps from one kind to the other, and shortens those back.
fn is_one_counter(mut samples: Vec<Identification>) -> bool {
    samples.sort_unstable();
    let step = |pair: &[Identification]| pair[1].3.wrapping_sub(pair[0].3);
    let seconds = |pair: &[Identification]| pair[1].0.seconds_since(pair[0].0);
    let rising = || samples.windows(2).filter(|pair| COUNTER_STEPS.contains(&step(pair)));
    let (count, steps, time) = rising().fold((0, 0.0, 0.0), |(count, steps, time), pair| {
        (count + 1, steps + f64::from(step(pair)), time + seconds(pair))
    });
    let rate = if time > 0.0 { steps / time } else { 0.0 };
    let mean_excess = |to_lost: bool| {
        let changes = rising().filter(|pair| pair[0].2 != pair[1].2 && pair[1].2 == to_lost);
        let excess = changes.map(|pair| f64::from(step(pair)) - rate * seconds(pair));
        let (count, sum) = excess.fold((0_u32, 0.0), |(count, sum), excess| (count + 1, sum + excess));
        (count > 0).then(|| sum / f64::from(count))
    };
    let Some((there, back)) = mean_excess(true).zip(mean_excess(false)) else { return false };
    samples.len() >= 6 && count * 10 >= (samples.len() - 1) * 9 && (there - back).abs() / 2.0 <= LARGEST_DISTANCE
}
