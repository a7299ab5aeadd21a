//! Recordings of failing handshakes among working ones, for each cause, at the client and at the
//! server at the same time.
//!
//! The client's port says what happens to a connection: packet filters, devices and programs act on
//! the ports from [`FIRST_BAD`] to [`FIRST_GOOD`]. Connections from higher ports work. Those from
//! [`FIRST_UNJUDGED`] only prepare a failure, as the connections that fill a queue.

pub mod programs;
mod table;

use super::agent::SERVER;
use super::counters::Counters;
use super::net::{Job, Net, Node};
use super::plan::Settings;
use crate::synth::write_truth;
use crate::truth::Truth;
use programs::visitor::{Act, Wave};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;
pub use table::all;

/// First client port that meets the cause.
pub const FIRST_BAD: u16 = 20_000;
/// First client port of connections that work.
pub const FIRST_GOOD: u16 = 30_000;
/// First client port of connections that are not judged.
pub const FIRST_UNJUDGED: u16 = 50_000;

/// Returns whether connections from a client port meet the cause.
#[must_use]
pub const fn meets_cause(port: u16) -> bool {
    FIRST_BAD <= port && port < FIRST_GOOD
}

/// Packets that a client writes itself.
#[derive(Clone, Copy, Debug)]
pub struct Forgery {
    /// What it sends: `hold`, `old-timestamps` or `scan`.
    pub mode: &'static str,
    /// Number of connections.
    pub times: u16,
    /// Time before it acknowledges, in milliseconds.
    pub hold: u64,
    /// Time at which it begins, in milliseconds.
    pub start: u64,
}

/// Command that is run during the recording.
#[derive(Clone, Copy, Debug)]
pub struct Timed {
    /// Time, in milliseconds.
    pub at: u64,
    /// Whether it runs at the server; otherwise at the client.
    pub at_server: bool,
    /// Shell line.
    pub line: &'static str,
}

/// Definition of a recording.
#[derive(Clone, Copy, Debug)]
pub struct CauseRecording {
    /// Name, also of the folder.
    pub name: &'static str,
    /// Cause of the failures, as the product names it.
    pub cause: &'static str,
    /// How the failures are produced.
    pub note: &'static str,
    /// Captures that cannot show the cause (`docs/observability.md`).
    pub undecidable: &'static [Place],
    /// Connections.
    pub waves: &'static [Wave],
    /// Behaviour of the server program; empty without one.
    pub mode: &'static str,
    /// Backlog of the listener.
    pub backlog: u16,
    /// Settings of the server.
    pub server_sysctl: Settings,
    /// Commands at the server.
    pub server: &'static [&'static str],
    /// Commands at the client.
    pub client: &'static [&'static str],
    /// Commands on the router.
    pub router: &'static [&'static str],
    /// Commands at a second server; empty without one.
    pub second_server: &'static [&'static str],
    /// Behaviour of a device on the router; empty without one.
    pub device: &'static str,
    /// Packets that the client writes itself.
    pub forgery: Option<Forgery>,
    /// SYNs per second from random sources, for two seconds.
    pub flood: u64,
    /// Commands during the recording.
    pub timed: &'static [Timed],
}

/// Where a capture is taken, and whether the server's counters are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At the client.
    Client,
    /// At the client, with the server's counters.
    ClientWithCounters,
    /// At the server.
    Server,
    /// At the server, with its counters.
    ServerWithCounters,
}

impl Place {
    /// All places, in the order of `docs/observability.md`.
    pub const ALL: [Self; 4] = [Self::Client, Self::ClientWithCounters, Self::Server, Self::ServerWithCounters];

    /// Returns the name of the capture.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Client | Self::ClientWithCounters => "client.pcap",
            Self::Server | Self::ServerWithCounters => "server.pcap",
        }
    }

    /// Returns whether the server's counters are known.
    #[must_use]
    pub const fn has_counters(self) -> bool {
        matches!(self, Self::ClientWithCounters | Self::ServerWithCounters)
    }

    /// Returns the name of the column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::ClientWithCounters => "client +",
            Self::Server => "server",
            Self::ServerWithCounters => "server +",
        }
    }
}

/// Time after which tcpdump has read what the kernel captured.
const CAPTURE_DELAY: Duration = Duration::from_millis(1200);
/// Recordings that are made at the same time. They mostly wait.
const AT_ONCE: usize = 6;

/// Makes recordings in their folders. Returns what failed.
#[must_use]
pub fn record_all(out: &Path, plans: &[&CauseRecording]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let plans = std::iter::from_fn(|| plans.get(next.fetch_add(1, Ordering::Relaxed)));
        let failed = plans.filter_map(|plan| record(out, plan).err().map(|why| format!("{}: {why}", plan.name)));
        failed.collect::<Vec<_>>()
    };
    scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    })
}

/// Makes a recording in its folder.
pub fn record(out: &Path, plan: &CauseRecording) -> io::Result<()> {
    let net = Net::build()?;
    let folder = out.join(plan.name);
    fs::create_dir_all(&folder)?;
    prepare(&net, plan)?;
    let captures = [(Node::Client, "c0", "client.pcap"), (Node::Server, "s0", "server.pcap")];
    let captures = captures.map(|(node, interface, file)| net.capture(node, interface, &folder.join(file)));
    let servers = serve(&net, plan)?;
    sleep(Duration::from_millis(400));
    let before = Counters::of_server(&net)?;
    let results = drive(&net, plan)?;
    let counters = Counters::of_server(&net)?.since(&before);
    sleep(CAPTURE_DELAY);
    drop((servers, captures.into_iter().collect::<io::Result<Vec<_>>>()?));
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let undecidable: Vec<_> = plan.undecidable.iter().map(|place| place.name()).collect();
    let more = [("cause", json!(plan.cause)), ("undecidable", json!(undecidable)), ("result", json!(results))];
    let truth = Truth {
        name: plan.name.to_owned(),
        label: "cause".to_owned(),
        note: plan.note.to_owned(),
        kernel: release.trim().to_owned(),
        counters,
        more: more.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..Truth::default()
    };
    write_truth(&folder, &truth)
}

fn prepare(net: &Net, plan: &CauseRecording) -> io::Result<()> {
    plan.server_sysctl.iter().try_for_each(|(key, value)| net.sysctl(Node::Server, key, value))?;
    // A client that gives up after 7 s keeps the captures short.
    net.sysctl(Node::Client, "net.ipv4.tcp_syn_retries", "2")?;
    let places = [
        (Node::Client, plan.client),
        (Node::Router, plan.router),
        (Node::Server, plan.server),
        (Node::Server2, plan.second_server),
    ];
    let all = places.into_iter().flat_map(|(node, lines)| lines.iter().map(move |line| (node, line)));
    all.into_iter().try_for_each(|(node, line)| net.sh(node, line).map(drop))
}

/// Starts the programs that run until the end.
fn serve(net: &Net, plan: &CauseRecording) -> io::Result<Vec<Job>> {
    let backlog = plan.backlog.to_string();
    let mut jobs = Vec::new();
    if !plan.mode.is_empty() {
        let under = if plan.mode == "defer" { programs::host::DEFER_ACCEPT } else { &[] };
        let args = ["host", "--mode", plan.mode, "--backlog", &backlog];
        jobs.push(net.agent_under(Node::Server, under, &args)?);
    }
    if !plan.second_server.is_empty() {
        jobs.push(net.agent(Node::Server2, &["host", "--mode", "http"])?);
    }
    if !plan.device.is_empty() {
        jobs.push(net.agent(Node::Router, &["device", "--mode", plan.device])?);
    }
    Ok(jobs)
}

/// Runs the clients, and then a connection a second later, so that the captures show what stayed
/// unanswered.
fn drive(net: &Net, plan: &CauseRecording) -> io::Result<Vec<Value>> {
    let mut jobs = vec![visit(net, plan.waves)?];
    if plan.flood > 0 {
        jobs.push(net.agent(Node::Client, &["flood", "--rate", &plan.flood.to_string(), "--seconds", "2"])?);
    }
    scope(|scope| {
        let timed = plan.timed.iter().map(|timed| {
            scope.spawn(move || {
                sleep(Duration::from_millis(timed.at));
                net.sh(if timed.at_server { Node::Server } else { Node::Client }, timed.line)
            })
        });
        let timed: Vec<_> = timed.collect();
        if let Some(forgery) = plan.forgery {
            sleep(Duration::from_millis(forgery.start));
            let (times, hold) = (forgery.times.to_string(), forgery.hold.to_string());
            let args = ["forge", "--mode", forgery.mode, "--times", &times, "--hold-ms", &hold];
            jobs.push(net.agent(Node::Client, &args)?);
        }
        timed.into_iter().try_for_each(|timed| timed.join().map_err(|_| io::ErrorKind::Other)?.map(drop))
    })?;
    let mut results = jobs.into_iter().map(Job::result).collect::<io::Result<Vec<_>>>()?;
    if plan.mode.is_empty() {
        sleep(Duration::from_millis(1200));
    } else {
        const LAST: Wave = Wave { port: 60_000, count: 2, start: 0, every: 1200, act: Act::Ask, from: FIRST_CLIENT };
        results.push(visit(net, &[LAST])?.result()?);
    }
    Ok(results)
}

fn visit(net: &Net, waves: &[Wave]) -> io::Result<Job> {
    net.agent(Node::Client, &["visitor", "--waves", &json!(waves).to_string()])
}

/// Address of the client.
const FIRST_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 2);
/// Another address of the client's machine.
const SECOND_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 3);
