//! JSON. docs/kernel-json.md describes the keys.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use syncookie_terminal::escape_json_controls;

use super::answer::answer;
use crate::facts::{Event, Facts, Listener, Process};
use crate::resource::{Cause, Counter, Finding, Resource};
use crate::view::View;

/// Version of the keys; raised when a key is renamed or changes its meaning.
const SCHEMA: u32 = 2;

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    schema: u32,
    namespaces: Vec<Namespace<'a>>,
}

#[derive(Serialize)]
struct Namespace<'a> {
    name: Option<&'a str>,
    id: Option<u64>,
    source: &'a str,
    live: bool,
    taken_at: Option<String>,
    kernel: Option<&'a str>,
    uptime_seconds: Option<f64>,
    compared_seconds: Option<f64>,
    compared: bool,
    answer: String,
    findings: Vec<Sentence<'a>>,
    hints: Vec<String>,
    resources: Vec<Row<'a>>,
    listeners: Vec<Socket<'a>>,
    processes: Vec<Holder<'a>>,
    log: Vec<Line<'a>>,
    missing_counters: Vec<&'a str>,
    notes: Vec<&'a str>,
    other_namespaces: &'a [String],
    lines_skipped: u64,
    formats: &'a BTreeMap<&'static str, u64>,
    counters: BTreeMap<&'a str, u64>,
    settings: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Sentence<'a> {
    level: &'static str,
    resource: &'static str,
    scope: &'static str,
    subject: Option<&'a str>,
    only_in_earlier_sample: bool,
    sentence: &'a str,
    causes: Vec<Because<'a>>,
    advice: Option<&'a str>,
}

#[derive(Serialize)]
struct Because<'a> {
    resource: &'static str,
    subject: Option<&'a str>,
    sentence: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    resource: &'static str,
    scope: &'static str,
    subject: Option<&'a str>,
    status: &'static str,
    unit: Option<&'static str>,
    usage: Option<u64>,
    limit: Option<u64>,
    limit_from: Option<&'a str>,
    free: Option<u64>,
    counters: Vec<Count<'a>>,
    remark: Option<&'a str>,
    command: &'static str,
}

#[derive(Serialize)]
struct Count<'a> {
    name: &'a str,
    total: Option<u64>,
    since_last: Option<u64>,
}

#[derive(Serialize)]
struct Socket<'a> {
    address: Option<std::net::IpAddr>,
    interface: Option<&'a str>,
    port: u16,
    accept_queue: u64,
    backlog: Option<u64>,
    drops: Option<u64>,
    inode: Option<u64>,
}

#[derive(Serialize)]
struct Holder<'a> {
    pid: u32,
    name: &'a str,
    descriptors: Option<u64>,
    descriptor_limit: Option<u64>,
    threads: Option<u64>,
    cgroup_pids: Option<(u64, u64)>,
    cgroup_memory: Option<(u64, u64, u64)>,
    listener_inodes: &'a [u64],
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    port: Option<u16>,
    text: &'a str,
}

/// Writes one document, indented.
pub fn document(views: &[View], output: &mut dyn Write) -> io::Result<()> {
    output.write_all(&escape_json_controls(&serde_json::to_vec_pretty(&all(views))?))?;
    writeln!(output)?;
    output.flush()
}

/// Writes one document on a line.
pub fn line(views: &[View], output: &mut dyn Write) -> io::Result<()> {
    output.write_all(&escape_json_controls(&serde_json::to_vec(&all(views))?))?;
    writeln!(output)?;
    output.flush()
}

/// Returns the document.
fn all(views: &[View]) -> Document<'_> {
    Document { r#type: "kernel", schema: SCHEMA, namespaces: views.iter().map(namespace).collect() }
}

fn namespace(view: &View) -> Namespace<'_> {
    let facts: &Facts = &view.later;
    Namespace {
        name: facts.namespace.as_deref(),
        id: facts.namespace_id,
        source: &facts.source,
        live: facts.is_live,
        taken_at: facts.taken_at.map(|time| format!("{time:.9}")),
        kernel: facts.kernel.as_deref(),
        uptime_seconds: facts.uptime.map(|uptime| uptime.as_secs_f64()),
        compared_seconds: view.difference().and_then(|difference| difference.elapsed()).map(|time| time.as_secs_f64()),
        compared: view.difference().is_some(),
        answer: answer(view),
        findings: view.findings().into_iter().map(|(resource, finding)| sentence(resource, finding)).collect(),
        hints: view.hints(),
        resources: view.resources.iter().map(row).collect(),
        listeners: facts.listeners.iter().map(socket).collect(),
        processes: facts.processes.iter().map(holder).collect(),
        log: facts.events.iter().filter(|event| facts.may_be_own(event)).map(event).collect(),
        missing_counters: view.missing_counters(),
        notes: facts.notes.iter().map(String::as_str).collect(),
        other_namespaces: &facts.other_namespaces,
        lines_skipped: facts.unrecognised_lines,
        formats: &facts.formats,
        counters: facts.counters().collect(),
        settings: facts.settings().collect(),
    }
}

fn sentence<'a>(resource: &'a Resource, finding: &'a Finding) -> Sentence<'a> {
    Sentence {
        level: finding.level.name(),
        resource: resource.kind.name(),
        scope: resource.kind.scope().name(),
        subject: resource.subject.as_deref(),
        only_in_earlier_sample: finding.only_earlier.is_some(),
        sentence: &finding.sentence,
        causes: finding.causes.iter().map(because).collect(),
        advice: finding.advice.as_deref(),
    }
}

fn because(cause: &Cause) -> Because<'_> {
    Because { resource: cause.kind.name(), subject: cause.subject.as_deref(), sentence: &cause.sentence }
}

fn row(resource: &Resource) -> Row<'_> {
    Row {
        resource: resource.kind.name(),
        scope: resource.kind.scope().name(),
        subject: resource.subject.as_deref(),
        status: resource.status(),
        unit: Some(resource.kind.unit()).filter(|unit| !unit.is_empty()),
        usage: resource.usage,
        limit: resource.limit.as_ref().map(|limit| limit.value),
        limit_from: resource.limit.as_ref().map(|limit| limit.source.as_str()),
        free: resource.free(),
        counters: resource.counters.iter().map(count).collect(),
        remark: resource.remark.as_deref(),
        command: resource.kind.command(),
    }
}

fn count(counter: &Counter) -> Count<'_> {
    Count { name: &counter.name, total: counter.total, since_last: counter.increase }
}

fn socket(listener: &Listener) -> Socket<'_> {
    Socket {
        address: listener.local.address,
        interface: listener.local.interface.as_deref(),
        port: listener.local.port,
        accept_queue: listener.accept_queue,
        backlog: listener.backlog,
        drops: listener.drops,
        inode: listener.inode,
    }
}

fn holder(process: &Process) -> Holder<'_> {
    Holder {
        pid: process.pid,
        name: &process.name,
        descriptors: process.descriptors,
        descriptor_limit: process.descriptor_limit,
        threads: process.threads,
        cgroup_pids: process.cgroup_pids,
        cgroup_memory: process.cgroup_memory,
        listener_inodes: &process.listens,
    }
}

fn event(event: &Event) -> Line<'_> {
    Line { kind: event.kind.name(), port: event.port, text: &event.text }
}
