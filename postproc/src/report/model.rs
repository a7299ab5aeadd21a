//! Data model of the formats for programs: the objects of JSON and JSON Lines, from which rows of
//! CSV and Parquet are made. Keys are added; a key is renamed only when [`SCHEMA`] is raised.

use std::fmt;

use serde::{Serialize, Serializer};
use syncookie_engine as engine;
use syncookie_engine::{Outcome, Timestamp, Verdict, rounded_nats};

use super::common_factors::{self, CommonFactor};
use super::comparison::Comparison;
use super::connection_id::connection_id;
use super::endpoint::Endpoint;
use crate::problem::Problem;
use crate::source::walk::Source;
use crate::text::Rfc3339;
use crate::totals::affected;
use crate::totals::clients::{ClientTotals, Clients};
use crate::totals::scans;
use crate::totals::{CaptureTotals, KernelSource, ListenerTotals, Totals};

pub use crate::SCHEMA;

/// Maximum number of clients that the summary lists.
const CLIENTS: usize = 100;

/// Object of any type.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Object<'a> {
    Run(Run),
    Capture(Capture<'a>),
    Handshake(&'a Handshake<'a>),
    Listener(Box<Listener>),
    Episode(Episode<'a>),
    Summary(Box<Summary<'a>>),
}

/// Program that wrote the report.
#[derive(Serialize)]
pub struct Run {
    program: &'static str,
    version: &'static str,
    schema: u32,
}

/// Capture that will be read, written before its first packet is read. The summary has the results.
#[derive(Serialize)]
pub struct Capture<'a> {
    capture: &'a str,
    /// `null` for a stream, which is not opened before its turn.
    format: Option<&'static str>,
    /// `null` if it is not compressed, and for a stream.
    compression: Option<&'static str>,
    bytes: Option<u64>,
}

/// One TCP handshake.
#[derive(Serialize)]
pub struct Handshake<'a> {
    pub(super) capture: &'a str,
    pub(super) frames: Frames,
    /// Frames that are in another capture than `capture`, if a handshake continues from one file
    /// into the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) other_files: Vec<OtherFile<'a>>,
    pub(super) time: Time,
    /// Name of the connection, the same in every capture; `null` without the client's initial
    /// sequence number.
    pub(super) connection_id: Option<String>,
    /// Name of the addresses and ports, as other programs write it.
    pub(super) community_id: String,
    /// Raw signatures of the SYN and SYN-ACK in the format of p0f 3; `null` where the headers were
    /// not captured.
    pub(super) syn_p0f: Option<&'a str>,
    pub(super) syn_ack_p0f: Option<&'a str>,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    #[serde(serialize_with = "word")]
    pub(super) verdict: &'static str,
    #[serde(serialize_with = "optional_word")]
    pub(super) confidence: Option<&'static str>,
    pub(super) log_odds: Option<f64>,
    /// Second most probable verdict, which `log_odds` compare with.
    #[serde(serialize_with = "optional_word")]
    pub(super) runner_up: Option<&'static str>,
    /// Terms of `log_odds`: their sum with the contribution of each piece of evidence is
    /// `log_odds`.
    pub(super) prior_nats: Option<f64>,
    pub(super) listener_nats: Option<f64>,
    pub(super) cap_nats: Option<f64>,
    pub(super) implementations: Vec<&'static str>,
    #[serde(serialize_with = "word")]
    pub(super) outcome: &'static str,
    /// Number of SYNs, without copies that the capture made.
    pub(super) syns: u32,
    /// Seconds from the first SYN to the client's ACK.
    pub(super) seconds: Option<f64>,
    /// Whether it failed, and was not only delayed.
    pub(super) failed: bool,
    /// TCP options that the connection lost because a SYN cookie or SYN proxy answered.
    pub(super) cost: Option<Cost>,
    pub(super) evidence: Vec<Evidence<'a>>,
    /// Observations that would have been needed, if the verdict is `undetermined`.
    pub(super) missing: &'a [&'static str],
    pub(super) cause: Option<Vec<Cause<'a>>>,
}

/// Serialises a word of a vocabulary. Like the name of a variant, it is a name in the source, so no
/// serializer needs to look for characters to escape.
fn word<S: Serializer>(word: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit_variant("", 0, word)
}

fn optional_word<S: Serializer>(optional: &Option<&'static str>, serializer: S) -> Result<S::Ok, S::Error> {
    match optional {
        Some(present) => word(present, serializer),
        None => serializer.serialize_none(),
    }
}

/// What the client offered and the SYN-ACK did not keep; `null` where the capture cannot show it.
#[derive(Serialize)]
pub(super) struct Cost {
    window_scale: Option<bool>,
    sack: Option<bool>,
    timestamps: Option<bool>,
    mss: Option<RoundedMss>,
    round_trip: Option<f64>,
    /// Limit of each direction's throughput without window scaling.
    max_bytes_per_second: Option<u64>,
}

#[derive(Serialize)]
struct RoundedMss {
    offered: u16,
    kept: u16,
}

#[derive(Serialize)]
pub(super) struct Frames {
    pub(super) syn: Option<u32>,
    pub(super) syn_ack: Option<u32>,
    pub(super) ack: Option<u32>,
    pub(super) reset: Option<u32>,
}

/// Frame of `frames` that is in another capture.
#[derive(Serialize)]
pub(super) struct OtherFile<'a> {
    pub(super) frame: &'static str,
    pub(super) capture: &'a str,
}

#[derive(Serialize)]
pub(super) struct Evidence<'a> {
    #[serde(serialize_with = "word")]
    pub(super) kind: &'static str,
    #[serde(rename = "for", serialize_with = "word")]
    pub(super) bearing: &'static str,
    pub(super) nats: f64,
    pub(super) contribution: f64,
    pub(super) frames: Cited<'a>,
    pub(super) detail: &'a str,
}

/// Numbers of the frames that a piece of evidence cites.
pub(super) struct Cited<'a>(pub &'a [engine::Frame]);

impl Cited<'_> {
    pub(super) fn numbers(&self) -> impl ExactSizeIterator<Item = u32> {
        self.0.iter().map(|frame| frame.number)
    }
}

impl Serialize for Cited<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.numbers())
    }
}

#[derive(Serialize)]
pub(super) struct Cause<'a> {
    pub(super) kind: &'static str,
    pub(super) rank: usize,
    #[serde(rename = "for")]
    pub(super) supporting: &'a [String],
    pub(super) against: &'a [String],
    /// Observations that would help to decide, but that the capture does not allow.
    pub(super) not_observable: &'a [String],
    /// Whether an observation in `against` contradicts it.
    pub(super) ruled_out: bool,
    pub(super) nats: f64,
    pub(super) check: &'a str,
}

/// Server address and port, over all captures.
#[derive(Serialize)]
pub struct Listener {
    server: Endpoint,
    first: Option<Time>,
    last: Option<Time>,
    handshakes: u64,
    verdicts: Counts<Verdict>,
    outcomes: Counts<Outcome>,
    /// Highest confidence of a SYN cookie or SYN proxy verdict.
    strongest: Option<&'static str>,
    /// Times of the first and the last handshake with a SYN cookie or SYN proxy verdict.
    cookie_style_first: Option<Time>,
    cookie_style_last: Option<Time>,
    /// Number of SYNs.
    syns: u64,
    delay: Option<Delay>,
    /// Incomplete handshakes during SYN floods.
    flood: Option<Flood>,
}

/// Times from the first SYN to the client's ACK, in seconds.
#[derive(Serialize)]
struct Delay {
    handshakes: u64,
    median: f64,
    p95: f64,
    max: f64,
}

impl Delay {
    /// Returns `None` without durations.
    fn of(durations: &engine::Durations) -> Option<Self> {
        Some(Self {
            handshakes: durations.count(),
            median: microseconds(durations.quantile(0.5)?),
            p95: microseconds(durations.quantile(0.95)?),
            max: microseconds(durations.longest()),
        })
    }
}

/// SYN flood, over time.
#[derive(Serialize)]
struct Flood {
    handshakes: u64,
    /// Number of them that have no object of their own.
    counted: u64,
    first: Time,
    last: Time,
    /// Handshakes per second in the busiest step.
    peak_rate: u64,
    /// Start of the first step, and the length of each step in seconds.
    steps_from: Time,
    step_seconds: i64,
    /// Handshakes in each step.
    steps: Vec<u64>,
}

impl From<&engine::Flood> for Flood {
    fn from(flood: &engine::Flood) -> Self {
        Self {
            handshakes: flood.handshakes,
            counted: flood.counted,
            first: Time(flood.first),
            last: Time(flood.last),
            peak_rate: flood.peak_rate(),
            steps_from: Time(Timestamp::from_nanos(flood.start.saturating_mul(1_000_000_000))),
            step_seconds: flood.step,
            steps: flood.counts.clone(),
        }
    }
}

/// Period in which SYN cookies or a SYN proxy answered for a listener, in one capture.
#[derive(Serialize)]
pub struct Episode<'a> {
    capture: &'a str,
    server: Endpoint,
    verdict: &'static str,
    start: Time,
    end: Time,
    handshakes: u64,
    peak_unacknowledged_rate: u64,
    prior_unacknowledged_rate: u64,
}

/// Summary of the run.
#[derive(Serialize)]
pub struct Summary<'a> {
    captures: Vec<CaptureSummary<'a>>,
    listeners: u64,
    handshakes: u64,
    /// Number of connections: one that several captures show counts once. `null` if the captures
    /// were not compared.
    connections: Option<u64>,
    /// Number of episodes: those that several captures show at the same time count once.
    episodes: u64,
    verdicts: Counts<Verdict>,
    outcomes: Counts<Outcome>,
    syns: u64,
    delay: Option<Delay>,
    failures: Affected<'a>,
    delays: Affected<'a>,
    /// Scans, whose handshakes `failures` counts, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scans: Vec<Scan>,
    /// Clients, those whose handshakes took the longest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clients: Vec<Client>,
    /// Clients that are not listed, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_clients: Option<ClientCounts>,
    /// Connections without a SYN in their capture; only if there are any that are examined.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_syn: Option<WithoutSyn<'a>>,
    /// Highest confidence of a SYN cookie or SYN proxy verdict, which `--fail-on` compares with.
    strongest: Option<&'static str>,
    /// Known findings, only with `--baseline`: everything but `captures` and `errors` then covers
    /// new findings only.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known<'a>>,
    /// Handshakes that `--filter` excluded.
    filtered_out: u64,
    /// Handshakes of a flood that have no object of their own.
    flood_counted: u64,
    /// Handshakes of listeners that have no object of their own.
    handshakes_of_other_listeners: u64,
    /// Episodes that were not kept.
    episodes_lost: u64,
    /// Files given with `--kernel`, and which machine each was used for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kernel: Vec<Kernel<'a>>,
    /// Whether the run ended before everything was read.
    interrupted: bool,
    /// Comparison of captures of the same traffic; only if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// Attributes that failed handshakes share and working ones do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    common_factors: Vec<CommonFactor>,
    errors: Vec<Error<'a>>,
}

/// Files with counters of one machine's kernel.
#[derive(Serialize)]
struct Kernel<'a> {
    machine: &'static str,
    files: &'a [String],
    text: &'a str,
}

impl<'a> From<&'a KernelSource> for Kernel<'a> {
    fn from(source: &'a KernelSource) -> Self {
        Self { machine: source.machine.name(), files: &source.files, text: &source.sentence }
    }
}

/// Handshakes of one source that scans.
#[derive(Serialize)]
struct Scan {
    client: String,
    handshakes: u64,
    hosts: u64,
    ports: u64,
}

impl From<&scans::Scan> for Scan {
    fn from(scan: &scans::Scan) -> Self {
        Self {
            client: scan.client.to_string(),
            handshakes: scan.handshakes,
            hosts: scan.hosts.len() as u64,
            ports: scan.ports.len() as u64,
        }
    }
}

/// Client address.
#[derive(Serialize)]
struct Client {
    client: String,
    #[serde(flatten)]
    counts: ClientCounts,
}

/// Handshakes of one or several clients.
#[derive(Serialize)]
struct ClientCounts {
    handshakes: u64,
    failed: u64,
    syns: u64,
    delay: Option<Delay>,
}

impl From<&ClientTotals> for ClientCounts {
    fn from(totals: &ClientTotals) -> Self {
        let ClientTotals { handshakes, failed, syns, ref durations } = *totals;
        Self { handshakes, failed, syns, delay: Delay::of(durations) }
    }
}

/// Returns the clients that are listed, and the counts of all others, if there are any.
fn clients(clients: &Clients) -> (Vec<Client>, Option<ClientCounts>) {
    let all = clients.slowest_first();
    let (listed, rest) = all.split_at(all.len().min(CLIENTS));
    let mut others = clients.others.clone();
    rest.iter().for_each(|(_, client)| others.merge(client));
    let listed = listed.iter().map(|(ip, client)| Client { client: ip.to_string(), counts: (*client).into() });
    (listed.collect(), (others.handshakes > 0).then(|| (&others).into()))
}

/// Handshakes that failed, or that were delayed.
#[derive(Serialize)]
struct Affected<'a> {
    handshakes: u64,
    /// Number of connections, counted as [`Summary::connections`].
    connections: Option<u64>,
    first: Option<Time>,
    last: Option<Time>,
    listeners: u64,
    /// Most likely causes, the most frequent first.
    causes: Vec<CauseCount<'a>>,
}

/// Handshakes with the same most likely cause.
#[derive(Serialize)]
struct CauseCount<'a> {
    kind: &'static str,
    handshakes: u64,
    connections: Option<u64>,
    check: &'a str,
}

impl<'a> Affected<'a> {
    /// Returns the counts of handshakes, with those of connections from the counts in which each
    /// connection occurs once; `None` if captures were not compared.
    fn new(affected: &'a affected::Affected, once: Option<&affected::Affected>) -> Self {
        let causes = affected.causes.iter().map(|(kind, count)| CauseCount {
            kind: kind.as_str(),
            handshakes: count.handshakes,
            // A cause that only the captures at the server show counts no connection.
            connections: once.map(|once| once.causes.get(kind).map_or(0, |count| count.handshakes)),
            check: &count.check,
        });
        let mut causes: Vec<_> = causes.collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.handshakes));
        Self {
            handshakes: affected.handshakes,
            connections: once.map(|once| once.handshakes),
            first: affected.range.map(|(first, _)| Time(first)),
            last: affected.range.map(|(_, last)| Time(last)),
            listeners: affected.listeners.len() as u64,
            causes,
        }
    }
}

/// Connections without a SYN in their capture.
#[derive(Serialize)]
struct WithoutSyn<'a> {
    connections: u64,
    reset_acks: u64,
    servers: Vec<ResetAcks<'a>>,
}

/// ACKs without a SYN that a server answered with a reset.
#[derive(Serialize)]
struct ResetAcks<'a> {
    server: Endpoint,
    connections: u64,
    capture: &'a str,
    ack: Option<u32>,
    reset: u32,
}

/// Findings of the earlier report.
#[derive(Serialize)]
struct Known<'a> {
    report: &'a str,
    findings: u64,
}

/// Counts of a capture.
#[derive(Serialize)]
struct CaptureSummary<'a> {
    capture: &'a str,
    frames: u64,
    first: Option<Time>,
    last: Option<Time>,
    handshakes: u64,
    not_ip: u64,
    without_time: u64,
    tcp_segments: u64,
    syns: u64,
    syn_acks: u64,
    not_tcp: u64,
    fragments: u64,
    unreadable: u64,
    evicted_early: u64,
}

/// Problem of a capture.
#[derive(Serialize)]
struct Error<'a> {
    capture: &'a str,
    kind: &'static str,
    frame: Option<u64>,
    offset: Option<u64>,
    skipped_bytes: Option<u64>,
    message: &'a str,
}

/// Returns problems as the JSON array that a summary has of them.
///
/// # Errors
/// Fails if they cannot be serialised.
#[cfg(feature = "parquet")]
pub fn problems(problems: &[Problem]) -> serde_json::Result<String> {
    serde_json::to_string(&problems.iter().map(Error::from).collect::<Vec<_>>())
}

/// Time, written in RFC 3339.
pub(super) struct Time(pub Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rfc3339(self.0).fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Count for every word, zeros included.
struct Counts<W: 'static> {
    words: &'static [W],
    name: fn(W) -> &'static str,
    counts: Vec<u64>,
}

impl<W: Copy> Serialize for Counts<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.words.iter().map(|&word| (self.name)(word)).zip(&self.counts))
    }
}

fn verdicts(tally: &engine::Tally) -> Counts<Verdict> {
    Counts { words: Verdict::ALL, name: Verdict::as_str, counts: tally.verdicts.to_vec() }
}

fn outcomes(tally: &engine::Tally) -> Counts<Outcome> {
    Counts { words: Outcome::ALL, name: Outcome::as_str, counts: tally.outcomes.to_vec() }
}

impl Default for Run {
    fn default() -> Self {
        Self { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), schema: SCHEMA }
    }
}

impl<'a> From<&'a Source> for Capture<'a> {
    fn from(source: &'a Source) -> Self {
        let format = source.format.map(crate::format::Format::as_str);
        let compression = source.compression.map(crate::format::Compression::as_str);
        Self { capture: &source.name, format, compression, bytes: source.bytes }
    }
}

impl<'a> Handshake<'a> {
    pub fn new(captures: &'a [CaptureTotals], finding: &'a engine::Finding) -> Self {
        let (assessment, signatures) = (&finding.assessment, finding.signatures.as_deref());
        Self {
            capture: name(captures, finding.capture()),
            frames: (&finding.frames).into(),
            other_files: other_files(captures, finding),
            time: Time(finding.time),
            connection_id: connection_id(finding),
            community_id: syncookie_community_id::tcp(finding.client.into(), finding.server.into()),
            syn_p0f: signatures.and_then(|signatures| signatures.syn.as_deref()),
            syn_ack_p0f: signatures.and_then(|signatures| signatures.syn_ack.as_deref()),
            client: finding.client.into(),
            server: finding.server.into(),
            verdict: assessment.verdict.as_str(),
            confidence: assessment.confidence.map(engine::Confidence::as_str),
            log_odds: assessment.log_odds.map(rounded_nats),
            runner_up: assessment.terms.map(|terms| terms.runner_up.as_str()),
            prior_nats: assessment.terms.map(|terms| rounded_nats(terms.prior_nats)),
            listener_nats: assessment.terms.map(|terms| rounded_nats(terms.listener_nats)),
            cap_nats: assessment.terms.map(|terms| rounded_nats(terms.cap_nats)),
            implementations: assessment.implementations.iter().map(|known| known.as_str()).collect(),
            outcome: finding.outcome.as_str(),
            syns: finding.completion.syns,
            seconds: finding.completion.seconds.map(microseconds),
            failed: finding.completion.has_failed,
            cost: finding.cost.as_deref().map(Cost::from),
            evidence: assessment.evidence.iter().map(Evidence::from).collect(),
            missing: &assessment.missing,
            cause: causes(&finding.causes),
        }
    }

    /// Returns the kinds of evidence, strongest first.
    pub(super) fn evidence_kinds(&self) -> Vec<&'static str> {
        self.evidence.iter().map(|piece| piece.kind).collect()
    }

    /// Returns the causes that are not ruled out, most likely first.
    pub(super) fn likely_causes(&self) -> impl Iterator<Item = &Cause<'a>> {
        self.cause.iter().flatten().filter(|cause| !cause.ruled_out)
    }
}

impl From<&engine::CookieCost> for Cost {
    fn from(cost: &engine::CookieCost) -> Self {
        Self {
            window_scale: cost.window_scale,
            sack: cost.sack,
            timestamps: cost.timestamps,
            mss: cost.mss.map(|mss| RoundedMss { offered: mss.offered, kept: mss.kept }),
            round_trip: cost.round_trip.map(microseconds),
            max_bytes_per_second: cost.max_bytes_per_second().map(|rate| rate as u64),
        }
    }
}

fn name(captures: &[CaptureTotals], index: u32) -> &str {
    captures.get(index as usize).map_or("", |capture| &capture.name)
}

fn other_files<'a>(captures: &'a [CaptureTotals], finding: &engine::Finding) -> Vec<OtherFile<'a>> {
    let frames = finding.frames;
    [("syn", frames.syn), ("syn_ack", frames.syn_ack), ("ack", frames.ack), ("reset", frames.reset)]
        .into_iter()
        .filter_map(|(role, frame)| Some((role, frame?.capture)))
        .filter(|&(_, capture)| capture != finding.capture())
        .map(|(frame, capture)| OtherFile { frame, capture: name(captures, capture) })
        .collect()
}

/// Rounds seconds to microseconds, the resolution of most captures.
fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// Returns the ranked causes; `None` rather than an empty list if the handshake neither failed nor
/// was delayed.
fn causes(causes: &[engine::Cause]) -> Option<Vec<Cause<'_>>> {
    let ranked = causes.iter().zip(1..).map(|(cause, rank)| Cause {
        kind: cause.kind.as_str(),
        rank,
        supporting: &cause.supporting,
        against: &cause.against,
        not_observable: &cause.not_observable,
        ruled_out: cause.ruled_out,
        nats: rounded_nats(cause.nats),
        check: &cause.check,
    });
    (!causes.is_empty()).then(|| ranked.collect())
}

impl From<&engine::Frames> for Frames {
    fn from(frames: &engine::Frames) -> Self {
        let number = |frame: Option<engine::Frame>| frame.map(|frame| frame.number);
        Self {
            syn: number(frames.syn),
            syn_ack: number(frames.syn_ack),
            ack: number(frames.ack),
            reset: number(frames.reset),
        }
    }
}

impl<'a> From<&'a engine::Evidence> for Evidence<'a> {
    fn from(evidence: &'a engine::Evidence) -> Self {
        Self {
            kind: evidence.kind.as_str(),
            bearing: evidence.favours.as_str(),
            nats: rounded_nats(evidence.nats),
            contribution: rounded_nats(evidence.contribution),
            frames: Cited(&evidence.frames),
            detail: &evidence.detail,
        }
    }
}

impl Listener {
    pub fn new(server: engine::Endpoint, totals: &ListenerTotals) -> Self {
        Self {
            server: server.into(),
            first: totals.first.map(Time),
            last: totals.last.map(Time),
            handshakes: totals.tally.handshakes,
            verdicts: verdicts(&totals.tally),
            outcomes: outcomes(&totals.tally),
            strongest: totals.strongest.map(engine::Confidence::as_str),
            cookie_style_first: totals.cookie_style.map(|(first, _)| Time(first)),
            cookie_style_last: totals.cookie_style.map(|(_, last)| Time(last)),
            syns: totals.syns,
            delay: Delay::of(&totals.durations),
            flood: totals.flood.as_ref().map(Flood::from),
        }
    }
}

impl<'a> Episode<'a> {
    pub fn new(capture: &'a str, episode: &engine::Episode) -> Self {
        Self {
            capture,
            server: episode.server.into(),
            verdict: episode.verdict.as_str(),
            start: Time(episode.start),
            end: Time(episode.end),
            handshakes: episode.handshakes,
            peak_unacknowledged_rate: episode.peak_unacknowledged_rate,
            prior_unacknowledged_rate: episode.prior_unacknowledged_rate,
        }
    }
}

/// Returns the connections without a SYN. Those that were open before the capture are counted only
/// in captures without handshakes.
fn without_syn(totals: &Totals) -> Option<WithoutSyn<'_>> {
    let found = &totals.midstream;
    let connections = if totals.tally.handshakes == 0 { found.connections } else { 0 }.max(found.reset_acks);
    let servers = found.servers.iter().map(|server| ResetAcks {
        server: server.server.into(),
        connections: server.connections,
        capture: name(&totals.captures, server.reset.capture),
        ack: server.ack.map(|frame| frame.number),
        reset: server.reset.number,
    });
    (connections > 0).then(|| WithoutSyn { connections, reset_acks: found.reset_acks, servers: servers.collect() })
}

impl<'a> From<&'a Totals> for Summary<'a> {
    fn from(totals: &'a Totals) -> Self {
        let (clients, other_clients) = totals.clients.as_ref().map_or_else(Default::default, clients);
        let connections = totals.connections();
        let once = connections.map(|_| totals.by_connection());
        Self {
            captures: totals.captures.iter().map(CaptureSummary::from).collect(),
            listeners: totals.listeners.len() as u64,
            handshakes: totals.tally.handshakes,
            connections,
            episodes: totals.connection_episodes().len() as u64,
            verdicts: verdicts(&totals.tally),
            outcomes: outcomes(&totals.tally),
            syns: totals.listeners.values().map(|listener| listener.syns).sum(),
            delay: Delay::of(&totals.durations()),
            failures: Affected::new(&totals.failures, once.as_ref().map(|once| &once.failures)),
            delays: Affected::new(&totals.delays, once.as_ref().map(|once| &once.delays)),
            scans: totals.apart().0.iter().map(Scan::from).collect(),
            clients,
            other_clients,
            without_syn: without_syn(totals),
            strongest: totals.strongest.map(engine::Confidence::as_str),
            known: totals.known.as_ref().map(|known| Known { report: &known.report, findings: known.findings }),
            filtered_out: totals.filtered_out,
            flood_counted: totals.flood_counted(),
            handshakes_of_other_listeners: totals.handshakes_of_other_listeners,
            episodes_lost: totals.episodes_lost,
            kernel: totals.kernel.iter().map(Kernel::from).collect(),
            interrupted: totals.is_interrupted,
            comparison: totals.comparison.as_ref().filter(|compared| !compared.is_empty()).map(Comparison::from),
            common_factors: common_factors::objects(totals),
            errors: totals.problems.iter().map(Error::from).collect(),
        }
    }
}

impl<'a> From<&'a CaptureTotals> for CaptureSummary<'a> {
    fn from(capture: &'a CaptureTotals) -> Self {
        let statistics = &capture.statistics;
        Self {
            capture: &capture.name,
            frames: capture.frames,
            first: capture.first.map(Time),
            last: capture.last.map(Time),
            handshakes: capture.handshakes,
            not_ip: capture.not_ip,
            without_time: capture.without_time,
            tcp_segments: statistics.segments,
            syns: statistics.syns,
            syn_acks: statistics.syn_acks,
            not_tcp: statistics.not_tcp,
            fragments: statistics.fragments,
            unreadable: statistics.unreadable,
            evicted_early: statistics.evicted_early,
        }
    }
}

impl<'a> From<&'a Problem> for Error<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            capture: &problem.capture,
            kind: problem.kind,
            frame: problem.frame,
            offset: problem.offset,
            skipped_bytes: problem.skipped_bytes,
            message: &problem.message,
        }
    }
}
