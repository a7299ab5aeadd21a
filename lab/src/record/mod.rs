//! Recordings of the running kernel in network namespaces, proven by its counters.
//!
//! The network is client (10.0.1.2, fd01::2), router (netfilter, netem), server (10.0.2.2:80,
//! fd02::2), and a second client (10.0.4.2) and server (10.0.3.2) for recordings that need them.
//! All traffic is bounded in time and rate. The namespaces are removed when the run ends, however
//! it ends.

pub mod agent;
pub mod causes;
mod counters;
mod net;
mod plan;
mod proof;
mod table;

use crate::synth::write_truth;
use crate::truth::Truth;
use counters::Counters;
use net::{Net, Node};
pub use plan::Recording;
use plan::{FloodPlan, Phase};
use proof::Proof;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
pub use table::all;

/// Returns why no recording can be made on this machine; `None` when it can.
#[must_use]
pub fn impossible() -> Option<String> {
    match Net::build() {
        Ok(_) => None,
        Err(e) => Some(e.to_string()),
    }
}

/// Makes a recording in its folder. Fails with [`io::ErrorKind::Unsupported`] when this kernel
/// lacks a feature, and with another error when the kernel's counters contradict the label. The
/// folder then stays, with `"failed"` in its truth.
pub fn record(out: &Path, plan: &Recording) -> io::Result<()> {
    let net = Net::build()?;
    let folder = out.join(plan.name);
    fs::create_dir_all(&folder)?;
    prepare(&net, plan)?;
    let captures = plan.captures().map(|(node, interface, file)| net.capture(node, interface, &folder.join(file)));
    let captures: Vec<_> = captures.collect::<io::Result<_>>()?;
    let servers = serve(&net, plan)?;
    sleep(Duration::from_millis(400));
    let before = Counters::read(&net)?;
    let (results, phases) = drive(&net, plan)?;
    sleep(Duration::from_millis(plan.settle_ms));
    let after = Counters::read(&net)?;
    drop((servers, captures));
    let proof = Proof { counters: after.since(&before), results };
    let verdict = (plan.proof)(&proof);
    write_truth(&folder, &truth(plan, &proof, phases, verdict.as_ref().err()))?;
    verdict.map_err(|why| io::Error::other(format!("{}: the counters contradict the label: {why}: {proof}", plan.name)))
}

fn prepare(net: &Net, plan: &Recording) -> io::Result<()> {
    if let Some(wan) = plan.wan {
        for interface in ["m0", "m1"] {
            net.sh(Node::Router, &format!("tc qdisc replace dev {interface} root netem {wan}"))
                .map_err(|e| io::Error::new(io::ErrorKind::Unsupported, format!("this kernel has no netem: {e}")))?;
        }
    }
    for (node, settings) in [(Node::Server, plan.server_sysctl), (Node::Client, plan.client_sysctl)] {
        settings.iter().try_for_each(|(key, value)| net.sysctl(node, key, value))?;
    }
    plan.client_commands.iter().try_for_each(|c| net.sh(Node::Client, c).map(drop))?;
    plan.server_commands.iter().try_for_each(|c| net.sh(Node::Server, c).map(drop))?;
    plan.router.iter().try_for_each(|c| net.sh(Node::Router, c).map(drop))?;
    plan.second_server.iter().try_for_each(|(key, value)| net.sysctl(Node::Server2, key, value))?;
    plan.second_server_commands.iter().try_for_each(|c| net.sh(Node::Server2, c).map(drop))?;
    plan.second_client.iter().try_for_each(|(key, value)| net.sysctl(Node::Client2, key, value))
}

fn serve(net: &Net, plan: &Recording) -> io::Result<Vec<net::Job>> {
    let nodes: &[Node] = match (plan.listens, plan.second_server.is_empty()) {
        (false, _) => &[],
        (true, true) => &[Node::Server],
        (true, false) => &[Node::Server, Node::Server2],
    };
    let (backlog, size) = (plan.backlog.to_string(), plan.size.to_string());
    let args = ["serve", "--mode", plan.mode, "--backlog", &backlog, "--size", &size];
    nodes.iter().map(|&node| net.agent(node, &args)).collect()
}

/// Runs the clients and changes the server's settings. Returns what the clients saw, and the
/// phases.
fn drive(net: &Net, plan: &Recording) -> io::Result<(Vec<Value>, Vec<Phase>)> {
    let flood = match plan.flood {
        Some(FloodPlan { rate, seconds }) => {
            let job =
                net.agent(Node::Client, &["flood", "--rate", &rate.to_string(), "--seconds", &seconds.to_string()])?;
            sleep(Duration::from_millis(1000));
            Some(job)
        }
        None => None,
    };
    let (mut results, mut phases) = (Vec::new(), Vec::new());
    if plan.wrong_acks > 0 {
        results.push(net.agent(Node::Client, &["wrong-ack", "--times", &plan.wrong_acks.to_string()])?.result()?);
    }
    if plan.late_acks > 0 {
        results.push(net.agent(Node::Client, &["late-ack", "--times", &plan.late_acks.to_string()])?.result()?);
    }
    if plan.gone_acks > 0 {
        results.push(net.agent(Node::Client, &["gone-ack", "--times", &plan.gone_acks.to_string()])?.result()?);
    }
    if plan.phases.is_empty() && plan.visits > 0 {
        results.extend(visit(net, plan)?);
    }
    for settings in plan.phases {
        settings.iter().try_for_each(|(key, value)| net.sysctl(Node::Server, key, value))?;
        sleep(Duration::from_millis(600));
        let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
        let number = |value: &str| value.parse::<i64>().map_or(json!(value), |n| json!(n));
        phases.push((start, settings.iter().map(|(k, v)| ((*k).to_owned(), number(v))).collect()));
        results.extend(visit(net, plan)?);
        sleep(Duration::from_millis(600));
    }
    if let Some(flood) = flood {
        results.push(flood.result()?);
    }
    Ok((results, phases))
}

fn visit(net: &Net, plan: &Recording) -> io::Result<Vec<Value>> {
    let text = |n: u64| n.to_string();
    let (times, at_once, pause) = (text(plan.visits), text(plan.at_once), text(plan.pause_ms));
    let (port, to) = (text(plan.source_port), if plan.v6 { "[fd02::2]:80" } else { "10.0.2.2:80" });
    let mut args = vec!["visit", "--to", to, "--times", &times, "--at-once", &at_once, "--pause-ms", &pause];
    args.extend(["--source-port", &port]);
    if plan.client_resets {
        args.push("--resets");
    }
    if plan.client_aborts {
        args.push("--aborts");
    }
    let second = if plan.second_client.is_empty() { None } else { Some(net.agent(Node::Client2, &args)?) };
    let mut results = vec![net.agent(Node::Client, &args)?.result()?];
    if let Some(second) = second {
        results.push(second.result()?);
    }
    Ok(results)
}

fn truth(plan: &Recording, proof: &Proof, phases: Vec<Phase>, failed: Option<&String>) -> Truth {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let settings =
        |s: &[(&str, &str)]| s.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect::<serde_json::Map<_, _>>();
    let mut more = vec![
        ("family", json!(if plan.v6 { "6" } else { "4" })),
        ("server_sysctl", Value::Object(settings(plan.server_sysctl))),
        ("client_sysctl", Value::Object(settings(plan.client_sysctl))),
        ("middlebox", json!(plan.router)),
        ("wan", json!(plan.wan)),
        ("result", json!(proof.results)),
        ("undecidable", json!(plan.undecidable)),
    ];
    if !plan.clients.is_empty() {
        more.push(("clients", json!(plan.clients)));
    }
    if let Some(why) = failed {
        more.push(("failed", json!(why)));
    }
    Truth {
        name: plan.name.to_owned(),
        label: plan.label.to_owned(),
        note: plan.note.to_owned(),
        kernel: release.trim().to_owned(),
        phases,
        counters: proof.counters.clone(),
        handshakes: Vec::new(),
        more: more.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
    }
}
