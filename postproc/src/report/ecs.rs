//! Events in the Elastic Common Schema, one JSON object per line (NDJSON): one event per handshake.
//!
//! What the schema has no field for is in the object `syncookie`, under the names of the other JSON
//! formats.

use std::io::{self, Write};

use serde::Serialize;
use syncookie_engine::{DetailLevel, Finding};

use super::Report;
use super::json::Objects;
use super::model::{Frames, Handshake};
use crate::source::walk::Source;
use crate::text::Rfc3339;
use crate::totals::{CaptureTotals, Totals};

/// Version of the schema whose fields are written.
const VERSION: &str = "8.11.0";

/// Report with one event per handshake.
pub struct Events<W> {
    objects: Objects<W>,
}

impl<W: Write> Events<W> {
    pub fn new(output: W) -> Self {
        Self { objects: Objects::new(output) }
    }
}

impl<W: Write> Report for Events<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        Ok(())
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.objects.write(&Event::new(&Handshake::new(captures, finding)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.objects.flush()
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        self.objects.flush()
    }
}

/// Event of one handshake.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    ecs: Schema,
    event: Facts<'a>,
    network: Network<'a>,
    source: Host,
    client: Host,
    destination: Host,
    server: Host,
    related: Related,
    log: Log<'a>,
    syncookie: Details<'a>,
}

#[derive(Serialize)]
struct Schema {
    version: &'static str,
}

#[derive(Serialize)]
struct Facts<'a> {
    kind: &'static str,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    types: [&'static str; 1],
    module: &'static str,
    dataset: &'static str,
    outcome: &'static str,
    /// Nanoseconds from the first SYN to the client's ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u64>,
    /// Most likely cause of a failure or a delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Network<'a> {
    transport: &'static str,
    #[serde(rename = "type")]
    version: &'static str,
    community_id: &'a str,
}

#[derive(Clone, Serialize)]
struct Host {
    address: String,
    ip: String,
    port: u16,
}

#[derive(Serialize)]
struct Related {
    ip: [String; 2],
}

#[derive(Serialize)]
struct Log<'a> {
    file: File<'a>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
}

/// Fields that the schema does not have. Those without a value are left out.
#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_odds: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    implementations: &'a [&'static str],
    outcome: &'static str,
    failed: bool,
    syns: u32,
    #[serde(skip_serializing_if = "FrameNumbers::is_empty")]
    frames: FrameNumbers,
    /// Kinds of evidence, strongest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<&'static str>,
    /// Kinds of causes that are not ruled out, most likely first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cause: Vec<&'static str>,
    /// Command that confirms the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
}

/// Frames of the handshake. Those that were not captured are left out.
#[derive(Serialize)]
struct FrameNumbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    syn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    syn_ack: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<u32>,
}

impl<'a> Event<'a> {
    fn new(handshake: &'a Handshake<'_>) -> Self {
        let host = |end: &super::endpoint::Endpoint| {
            let ip = end.ip.to_string();
            Host { address: ip.clone(), ip, port: end.port }
        };
        let (client, server) = (host(&handshake.client), host(&handshake.server));
        Self {
            timestamp: Rfc3339(handshake.time.0).to_string(),
            ecs: Schema { version: VERSION },
            event: Facts::new(handshake),
            network: Network {
                transport: "tcp",
                version: if handshake.client.ip.is_ipv4() { "ipv4" } else { "ipv6" },
                community_id: &handshake.community_id,
            },
            related: Related { ip: [client.ip.clone(), server.ip.clone()] },
            source: client.clone(),
            client,
            destination: server.clone(),
            server,
            log: Log { file: File { path: handshake.capture } },
            syncookie: Details::new(handshake),
        }
    }
}

impl<'a> Facts<'a> {
    fn new(handshake: &'a Handshake<'_>) -> Self {
        let outcome = match (handshake.failed, handshake.outcome) {
            (true, _) => "failure",
            (false, "established") => "success",
            (false, _) => "unknown",
        };
        Self {
            kind: "event",
            category: ["network"],
            types: ["connection"],
            module: "syncookie",
            dataset: "syncookie.handshake",
            outcome,
            duration: handshake.seconds.map(|seconds| (seconds * 1e9).round() as u64),
            reason: handshake.likely_causes().next().map(|cause| cause.kind),
        }
    }
}

impl<'a> Details<'a> {
    fn new(handshake: &'a Handshake<'_>) -> Self {
        Self {
            connection_id: handshake.connection_id.as_deref(),
            verdict: handshake.verdict,
            confidence: handshake.confidence,
            log_odds: handshake.log_odds,
            implementations: &handshake.implementations,
            outcome: handshake.outcome,
            failed: handshake.failed,
            syns: handshake.syns,
            frames: FrameNumbers::new(&handshake.frames),
            evidence: handshake.evidence_kinds(),
            cause: handshake.likely_causes().map(|cause| cause.kind).collect(),
            check: handshake.likely_causes().next().map(|cause| cause.check),
        }
    }
}

impl FrameNumbers {
    fn new(frames: &Frames) -> Self {
        let Frames { syn, syn_ack, ack, reset } = *frames;
        Self { syn, syn_ack, ack, reset }
    }

    fn is_empty(&self) -> bool {
        [self.syn, self.syn_ack, self.ack, self.reset].iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::tests::{leaked, unclear, written};

    fn events(findings: &[Finding]) -> Vec<Value> {
        let text = written(findings, |output| Box::new(Events::new(output)));
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    #[test]
    fn an_event_has_exactly_the_documented_fields() {
        let (client, server) = (
            json!({"address": "10.0.1.2", "ip": "10.0.1.2", "port": 54192}),
            json!({"address": "2001:db8::2", "ip": "2001:db8::2", "port": 80}),
        );
        let expected = json!({
            "@timestamp": "2026-11-22T06:28:21.637922000Z",
            "ecs": {"version": "8.11.0"},
            "event": {
                "kind": "event", "category": ["network"], "type": ["connection"], "module": "syncookie",
                "dataset": "syncookie.handshake", "outcome": "failure", "duration": 65_000_000,
                "reason": "proxy-leaked-ack",
            },
            "network": {
                "transport": "tcp", "type": "ipv4", "community_id": "1:9A/hwd9HFheKIA69JQSdOB+U9Og=",
            },
            "source": client, "client": client, "destination": server, "server": server,
            "related": {"ip": ["10.0.1.2", "2001:db8::2"]},
            "log": {"file": {"path": "caps/a.pcap"}},
            "syncookie": {
                "verdict": "syn-proxy", "confidence": "likely", "log_odds": 6.25,
                "implementations": ["linux-synproxy", "pf-synproxy"], "outcome": "reset-by-server", "failed": true,
                "syns": 1, "frames": {"syn": 1, "syn_ack": 2, "reset": 4},
                "evidence": ["zero-window"], "cause": ["proxy-leaked-ack"], "check": "tcpdump on the server",
            },
        });
        assert_eq!(events(&[leaked(0)]), [expected]);
    }

    #[test]
    fn the_outcome_is_success_only_for_a_connection_that_worked() {
        let mut incomplete = unclear();
        incomplete.outcome = syncookie_engine::Outcome::Incomplete;
        let found = events(&[unclear(), incomplete]);
        assert_eq!(found[0]["event"]["outcome"], "success");
        assert_eq!(found[1]["event"]["outcome"], "unknown");
        assert!(found[0]["event"].get("reason").is_none() && found[0]["syncookie"].get("cause").is_none());
    }

    #[test]
    fn no_field_is_null_or_an_empty_list() {
        fn valueless(value: &Value) -> bool {
            match value {
                Value::Null => true,
                Value::Array(elements) => elements.is_empty() || elements.iter().any(valueless),
                Value::Object(fields) => fields.is_empty() || fields.values().any(valueless),
                _ => false,
            }
        }
        let mut bare = unclear();
        bare.assessment.evidence.clear();
        bare.frames = Default::default();
        for event in events(&[leaked(0), unclear(), bare]) {
            assert!(!valueless(&event), "{event:#}");
        }
    }
}
