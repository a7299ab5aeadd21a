//! Findings: plain data, ready to be shown.

pub(crate) mod cookie_cost;
pub(crate) mod durations;
pub(crate) mod flood;
pub(crate) mod frame_refs;
pub(crate) mod link;
pub(crate) mod midstream;
pub(crate) mod odds;
pub(crate) mod signatures;
pub(crate) mod syn_pair;
pub(crate) mod vocabulary;

use std::collections::BTreeMap;

use crate::intake::summary::PacketKind;
use crate::packet::ip::NoSegment;
use crate::packet::segment::Flags;
use crate::{
    CauseKind, Compared, Confidence, CookieCost, Durations, Endpoint, EvidenceKind, Flood, Frame, FrameRefs,
    HandshakeSample, Implementation, Midstream, Outcome, Signatures, SynPair, Timestamp, Verdict,
};

/// Identifies a handshake within one [`crate::Analyzer`]; ascends with the first frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandshakeId(pub u64);

/// The frames a handshake is made of; `None` where none was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// First SYN.
    pub syn: Option<Frame>,
    /// First SYN-ACK: the frame that the verdict is about.
    pub syn_ack: Option<Frame>,
    /// First acknowledgment of the SYN-ACK.
    pub ack: Option<Frame>,
    /// First reset that decided the outcome.
    pub reset: Option<Frame>,
}

impl Frames {
    /// Returns the index of the capture with the SYN-ACK, else the SYN, the ACK or the reset.
    pub(crate) fn capture(&self) -> u32 {
        self.syn_ack.or(self.syn).or(self.ack).or(self.reset).unwrap_or_default().capture
    }
}

/// The judgement of one handshake, by everything that was captured until it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Identifies the handshake within the analyzer.
    pub id: HandshakeId,
    /// The sender of the SYN.
    pub client: Endpoint,
    /// The receiver of the SYN.
    pub server: Endpoint,
    /// Capture time of the first frame.
    pub time: Timestamp,
    /// Frames of the handshake.
    pub frames: Frames,
    /// How the handshake ended.
    pub outcome: Outcome,
    /// Who answered the SYN, and the evidence for it.
    pub assessment: Assessment,
    /// Possible causes of a failure or a delay, most probable first; empty if there was neither. A
    /// health check also has its cause.
    pub causes: Vec<Cause>,
    /// Whether the handshake never completed while its listener was flooded with SYNs.
    pub left_by_flood: bool,
    /// How long the handshake took, and whether it failed.
    pub completion: Completion,
    /// Attributes to be compared with those of other handshakes, where
    /// [`crate::FindingParts::compared`] asks for them and the handshake failed or worked.
    pub compared: Option<Box<Compared>>,
    /// Whether the handshake is the first of a flood, and the flood is the most likely cause of its
    /// failure. What is reported once for a flood is reported for this handshake.
    pub begins_flood: bool,
    /// TCP options that the connection lost because a SYN cookie or SYN proxy answered; `None` for
    /// every other handshake, and where the verdict is not `likely` or above.
    pub cost: Option<Box<CookieCost>>,
    /// Numbers for plots, where [`crate::FindingParts::measured`] asks for them.
    pub measured: Option<Box<Measured>>,
    /// Fields of the SYN and SYN-ACK, to be compared with another capture's, where
    /// [`crate::FindingParts::syn_fields`] asks for them.
    pub syn_pair: Option<SynPair>,
    /// Raw signatures of the SYN and SYN-ACK, where [`crate::FindingParts::signatures`] asks for
    /// them.
    pub signatures: Option<Box<Signatures>>,
}

/// How long a handshake took, and whether it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Completion {
    /// Number of SYNs, without copies that the capture made; 0 if none was captured.
    pub syns: u32,
    /// Seconds from the first SYN to the client's acknowledgment of the SYN-ACK; `None` if one of
    /// them was not captured.
    pub seconds: Option<f64>,
    /// Whether the handshake did not complete, or its connection made no progress afterwards. False
    /// for a health check that ended as intended, and for a handshake that was only delayed.
    pub has_failed: bool,
}

/// Capture times of the frames of a handshake; `None` where a frame was not captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// First SYN.
    pub syn: Option<Timestamp>,
    /// First SYN-ACK.
    pub syn_ack: Option<Timestamp>,
    /// First acknowledgment of the SYN-ACK.
    pub ack: Option<Timestamp>,
    /// First reset that decided the outcome.
    pub reset: Option<Timestamp>,
}

/// Numbers read from a handshake's packets, for plots over time; `None` where they could not be
/// seen. The verdict rests on the evidence, not on these.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Capture times of the frames.
    pub times: Times,
    /// Lag of the SYN-ACK's timestamp behind the clock of the server's next segments, in seconds;
    /// negative when it is ahead. With the listener's measured clock rate, else with the usual one
    /// of 1000 Hz.
    pub lag_seconds: Option<f64>,
    /// Window of the SYN-ACK (never scaled: RFC 7323 section 2.2), in bytes.
    pub window: Option<u16>,
    /// Maximum segment size the SYN-ACK announces, in bytes.
    pub segment_size: Option<u16>,
    /// TTL (IPv4) or hop limit (IPv6) of the SYN-ACK.
    pub hop_limit: Option<u8>,
    /// TTL or hop limit of the server's next segment that is not a reset.
    pub later_hop_limit: Option<u8>,
    /// TTL or hop limit of the reset from the server's side that decided the outcome.
    pub reset_hop_limit: Option<u8>,
}

/// Who answered a handshake's SYN, and the evidence for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// Who answered the SYN.
    pub verdict: Verdict,
    /// Confidence of the verdict; `None` for `undetermined`.
    pub confidence: Option<Confidence>,
    /// Log-odds of the verdict over the runner-up, in nats; `None` for `undetermined`.
    pub log_odds: Option<f64>,
    /// Implementations not contradicted, best first; empty when nothing can be said.
    pub implementations: Vec<Implementation>,
    /// Terms of `log_odds` besides the evidence; `None` for `undetermined`.
    pub terms: Option<LogOddsTerms>,
    /// How far the evidence goes, for `undetermined` with a SYN-ACK, where it was asked for.
    pub undecided: Option<Undecided>,
    /// Evidence, strongest first.
    pub evidence: Vec<Evidence>,
    /// What the capture lacks, for `undetermined`, one sentence each.
    pub missing: Vec<&'static str>,
}

impl Assessment {
    /// Returns whether the verdict is cookie-style at `likely` or above, and so can be relied on.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.verdict.is_cookie_style() && self.confidence >= Some(Confidence::Likely)
    }
}

/// Terms of a verdict's log-odds over its runner-up, in nats. Their sum and every
/// [`Evidence::contribution`] are [`Assessment::log_odds`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogOddsTerms {
    /// Second most probable verdict, which the log-odds compare with.
    pub runner_up: Verdict,
    /// Prior, before any packet was seen: cookies and proxies are rare.
    pub prior_nats: f64,
    /// Contribution of the listener's other handshakes.
    pub listener_nats: f64,
    /// Correction for signals of one mechanism, whose sum is limited; 0 where no
    /// limit applies, and where the evidence was not asked for.
    pub cap_nats: f64,
}

/// How probable a SYN cookie or a SYN proxy is where neither it nor an ordinary answer is probable
/// enough for a verdict. The log-odds are the sum of the terms and, for each piece of evidence but
/// [`EvidenceKind::ListenerContext`], of [`Evidence::nats_of`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Undecided {
    /// The more probable one of `syn-cookie` and `syn-proxy`.
    pub closest: Verdict,
    /// Log-odds of this verdict over `ordinary`, in nats.
    pub log_odds: f64,
    /// Terms of the log-odds besides the evidence.
    pub terms: LogOddsTerms,
}

/// One observation in the capture, and the verdict that it favours.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The signal that was observed.
    pub kind: EvidenceKind,
    /// Verdict that the observation favours (`for` in JSON); `undetermined` if it favours none.
    pub favours: Verdict,
    /// Strength in nats (natural logarithm of the likelihood ratio); never negative.
    pub nats: f64,
    /// Log-likelihood ratio of a SYN cookie over an ordinary handshake, in nats.
    pub cookie_nats: f64,
    /// Log-likelihood ratio of a SYN proxy over an ordinary handshake, in nats.
    pub proxy_nats: f64,
    /// Contribution to [`Assessment::log_odds`], in nats: negative where it favours the runner-up.
    /// 0 for `undetermined`, and for `listener-context`, which [`LogOddsTerms::listener_nats`]
    /// counts.
    pub contribution: f64,
    /// The frames that it was read from.
    pub frames: FrameRefs,
    /// One sentence with the values.
    pub detail: String,
}

/// A hypothesis on why a handshake failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The cause.
    pub kind: CauseKind,
    /// Weight in nats: the difference of the weights of two causes is the natural logarithm of the
    /// ratio of their probabilities.
    pub nats: f64,
    /// Evidence for it, in the capture and in the server's kernel (`for` in JSON).
    pub supporting: Vec<String>,
    /// Evidence against it.
    pub against: Vec<String>,
    /// Facts that would decide it and could not be observed: never evidence.
    pub not_observable: Vec<String>,
    /// Whether something in `against` contradicts it.
    pub ruled_out: bool,
    /// The command that confirms it, and the machine to run it on.
    pub check: String,
}

impl Cause {
    /// Creates a cause without evidence and without a command.
    #[must_use]
    pub const fn without_evidence(kind: CauseKind) -> Self {
        Self {
            kind,
            nats: 0.0,
            supporting: Vec::new(),
            against: Vec::new(),
            not_observable: Vec::new(),
            ruled_out: false,
            check: String::new(),
        }
    }

    /// Returns the most likely of ranked causes, unless all are ruled out.
    #[must_use]
    pub fn most_likely(ranked: &[Self]) -> Option<&Self> {
        ranked.first().filter(|cause| !cause.ruled_out)
    }
}

/// Numbers of handshakes by verdict and by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All handshakes.
    pub handshakes: u64,
    /// Number of handshakes with each verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Number of handshakes with each outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
}

impl Tally {
    /// Counts one handshake.
    pub fn add(&mut self, verdict: Verdict, outcome: Outcome) {
        self.handshakes += 1;
        self.verdicts[verdict as usize] += 1;
        self.outcomes[outcome as usize] += 1;
    }

    /// Takes one handshake out of the counts.
    pub fn remove(&mut self, verdict: Verdict, outcome: Outcome) {
        let counts = [&mut self.handshakes, &mut self.verdicts[verdict as usize], &mut self.outcomes[outcome as usize]];
        for count in counts {
            *count = count.saturating_sub(1);
        }
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        self.handshakes += other.handshakes;
        for (sum, n) in self.verdicts.iter_mut().zip(other.verdicts) {
            *sum += n;
        }
        for (sum, n) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += n;
        }
    }
}

/// Summary of one server address and port over the whole capture.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerReport {
    /// Address and port.
    pub server: Endpoint,
    /// Time of the first frame of its first handshake.
    pub first: Timestamp,
    /// Time of the first frame of its last handshake.
    pub last: Timestamp,
    /// Counts of its handshakes.
    pub tally: Tally,
    /// The strongest cookie-style confidence among them.
    pub strongest: Option<Confidence>,
    /// Times that its handshakes took.
    pub durations: Durations,
    /// Number of its SYNs, without copies that the capture made.
    pub syns: u64,
    /// The handshakes of `tally` that never completed in a flood; `None` without a flood.
    pub flood: Option<Flood>,
}

/// Period in which a listener answered with SYN cookies or through a SYN proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The listener.
    pub server: Endpoint,
    /// `syn-cookie` or `syn-proxy`.
    pub verdict: Verdict,
    /// Time of its first cookie-style handshake.
    pub start: Timestamp,
    /// Time of its last cookie-style handshake.
    pub end: Timestamp,
    /// Cookie-style handshakes in it, at `likely` or above.
    pub handshakes: u64,
    /// SYNs a second that never led to a completed handshake, in the busiest second of the episode.
    pub peak_unacknowledged_rate: u64,
    /// SYNs a second that never led to a completed handshake, in the busiest of the sixty seconds
    /// before the episode.
    pub prior_unacknowledged_rate: u64,
}

/// Counts of what was read, and of what had to be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets pushed.
    pub packets: u64,
    /// TCP segments among them.
    pub segments: u64,
    /// SYNs among the segments, retransmissions included.
    pub syns: u64,
    /// SYN-ACKs among the segments, retransmissions included.
    pub syn_acks: u64,
    /// IP packets that are not TCP.
    pub not_tcp: u64,
    /// IP fragments, which are not analysed.
    pub fragments: u64,
    /// Packets too short or too malformed to find a TCP header in.
    pub unreadable: u64,
    /// Handshakes judged before the end because [`crate::Limits::handshakes`] was reached: later
    /// handshakes of their listener could not be used for them.
    pub evicted_early: u64,
    /// Handshakes that are in the tally only, as there are more listeners than
    /// [`crate::Limits::listeners`].
    pub handshakes_of_other_listeners: u64,
    /// Episodes that were not kept, as there were more than [`crate::Limits::episodes`].
    pub episodes_lost: u64,
}

impl Statistics {
    /// Counts packets of a kind; those that need a full parse are counted when they were parsed.
    #[inline]
    pub(crate) const fn count(&mut self, kind: PacketKind, packets: u64) {
        match kind {
            PacketKind::NoIp | PacketKind::NeedsFullParse => return,
            PacketKind::NotTcp => self.not_tcp += packets,
            PacketKind::Data | PacketKind::PureAck | PacketKind::Control => self.segments += packets,
        }
        self.packets += packets;
    }

    /// Counts a SYN or SYN-ACK.
    #[inline]
    pub(crate) fn count_flags(&mut self, flags: Flags) {
        self.syns += u64::from(flags.is_syn());
        self.syn_acks += u64::from(flags.is_syn_ack());
    }

    /// Counts a packet in which the full parser found no segment.
    pub(crate) fn count_unread(&mut self, reason: NoSegment) {
        self.packets += u64::from(reason != NoSegment::NoPacket);
        match reason {
            NoSegment::NoPacket => {}
            NoSegment::NotTcp => self.not_tcp += 1,
            NoSegment::Fragment => self.fragments += 1,
            NoSegment::Unreadable => self.unreadable += 1,
        }
    }

    /// Adds the statistics of other packets.
    pub const fn add(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.segments = self.segments.saturating_add(other.segments);
        self.syns = self.syns.saturating_add(other.syns);
        self.syn_acks = self.syn_acks.saturating_add(other.syn_acks);
        self.not_tcp = self.not_tcp.saturating_add(other.not_tcp);
        self.fragments = self.fragments.saturating_add(other.fragments);
        self.unreadable = self.unreadable.saturating_add(other.unreadable);
        self.evicted_early = self.evicted_early.saturating_add(other.evicted_early);
        self.handshakes_of_other_listeners =
            self.handshakes_of_other_listeners.saturating_add(other.handshakes_of_other_listeners);
        self.episodes_lost = self.episodes_lost.saturating_add(other.episodes_lost);
    }

    /// Returns the difference to earlier statistics.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            packets: self.packets - earlier.packets,
            segments: self.segments - earlier.segments,
            syns: self.syns - earlier.syns,
            syn_acks: self.syn_acks - earlier.syn_acks,
            not_tcp: self.not_tcp - earlier.not_tcp,
            fragments: self.fragments - earlier.fragments,
            unreadable: self.unreadable - earlier.unreadable,
            evicted_early: self.evicted_early - earlier.evicted_early,
            handshakes_of_other_listeners: self.handshakes_of_other_listeners - earlier.handshakes_of_other_listeners,
            episodes_lost: self.episodes_lost - earlier.episodes_lost,
        }
    }
}

impl Finding {
    /// Increases the capture index of every frame by `first`.
    pub fn renumber(&mut self, first: u32) {
        if first == 0 {
            return;
        }
        let frames = [&mut self.frames.syn, &mut self.frames.syn_ack, &mut self.frames.ack, &mut self.frames.reset];
        let cited = self.assessment.evidence.iter_mut().flat_map(|evidence| evidence.frames.iter_mut());
        frames.into_iter().flatten().chain(cited).for_each(|frame| frame.capture += first);
    }

    /// Returns whether the connection made no progress after the client had acknowledged the SYN-ACK.
    #[must_use]
    pub fn got_stuck(&self) -> bool {
        self.outcome == Outcome::Established && self.completion.has_failed
    }

    /// Returns about how many bytes of memory the finding takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Assessment { evidence, .. } = &self.assessment;
        let details = evidence.iter().map(|one| block(one.detail.capacity()));
        let causes = self.causes.iter().map(|cause| {
            let Cause { supporting, against, not_observable, check, .. } = cause;
            block(check.capacity()) + [supporting, against, not_observable].map(texts).iter().sum::<usize>()
        });
        let signatures = self.signatures.as_ref().map_or(0, |signatures| signatures.bytes());
        let lists =
            block(evidence.capacity() * size_of::<Evidence>()) + block(self.causes.capacity() * size_of::<Cause>());
        signatures + size_of::<Self>() + lists + details.sum::<usize>() + causes.sum::<usize>()
    }

    /// Frees the memory that is reserved for more evidence and for longer texts.
    pub fn shrink_to_fit(&mut self) {
        let Self { assessment: Assessment { evidence, .. }, causes, .. } = self;
        evidence.shrink_to_fit();
        evidence.iter_mut().for_each(|one| one.detail.shrink_to_fit());
        causes.shrink_to_fit();
        for Cause { supporting, against, not_observable, check, .. } in causes {
            check.shrink_to_fit();
            for reasons in [supporting, against, not_observable] {
                reasons.shrink_to_fit();
                reasons.iter_mut().for_each(String::shrink_to_fit);
            }
        }
    }

    /// Returns the same as [`Assessment::is_reliable`].
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.assessment.is_reliable()
    }

    /// Returns whether the handshake is one of those that make a SYN flood: the flood is its most
    /// likely cause, and its SYN was not retransmitted. A client that found the queue full
    /// retransmits its SYN.
    #[must_use]
    pub fn is_part_of_flood(&self) -> bool {
        is_part_of_flood(&self.causes, self.completion.syns)
    }

    /// Returns whether the handshake is a finding: a SYN cookie or SYN proxy answered it; or it has
    /// a cause, because it failed or was delayed, or because its connection got stuck.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        is_notable(&self.assessment, &self.causes)
    }

    /// Returns the first frame, by number.
    #[must_use]
    pub fn first_frame(&self) -> Frame {
        let Frames { syn, syn_ack, ack, reset } = self.frames;
        [syn, syn_ack, ack, reset].into_iter().flatten().min().unwrap_or_default()
    }

    /// Returns the index of the capture with the frame that the verdict is about: the SYN-ACK, else
    /// the SYN, the ACK or the reset.
    #[must_use]
    pub fn capture(&self) -> u32 {
        self.frames.capture()
    }
}

/// Bytes that an allocator adds to a block of memory, on average.
const ALLOCATION: usize = 16;

/// Returns about how many bytes a block of memory takes.
const fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + ALLOCATION }
}

/// Returns about how many bytes a list of texts takes.
#[allow(clippy::ptr_arg, reason = "a slice has no capacity")]
fn texts(texts: &Vec<String>) -> usize {
    block(texts.capacity() * size_of::<String>()) + texts.iter().map(|text| block(text.capacity())).sum::<usize>()
}

/// Returns what [`Finding::is_notable`] returns for this verdict and these causes.
pub(crate) fn is_notable(assessment: &Assessment, causes: &[Cause]) -> bool {
    assessment.verdict.is_cookie_style() || !causes.is_empty()
}

/// Returns what [`Finding::is_part_of_flood`] returns for these causes and this number of SYNs.
pub(crate) fn is_part_of_flood(causes: &[Cause], syns: u32) -> bool {
    syns < 2 && causes.first().is_some_and(|cause| cause.kind == CauseKind::SynFlood)
}

/// All results of an [`crate::Analyzer`].
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Findings not returned by [`crate::Analyzer::take_evicted`] or in portions before, in
    /// order of their ids.
    pub handshakes: Vec<Finding>,
    /// Listeners, by address and port.
    pub listeners: Vec<ListenerReport>,
    /// Episodes, by listener and start.
    pub episodes: Vec<Episode>,
    /// Counts of all handshakes, with those whose findings were returned before.
    pub tally: Tally,
    /// Failed and working handshakes, to be compared; empty where
    /// [`crate::FindingParts::compared`] asks for them in the findings.
    pub sample: HandshakeSample,
    /// Number of undetermined handshakes by what the capture lacks of them
    /// ([`Assessment::missing`]); those of a flood that are only counted are not among them.
    pub missing: BTreeMap<&'static str, u64>,
    /// Connections without a SYN in the capture.
    pub midstream: Midstream,
    /// Counts of what was read.
    pub statistics: Statistics,
}
