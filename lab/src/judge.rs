//! What the detector says about a capture: from the engine in this process, or from `analyze --format jsonl`.

use crate::capture::Capture;
use serde_json::Value;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use syncookie_engine::{
    Analyzer, DetailLevel, Endpoint, Finding, FindingParts, Frame, Limits, Observation, Packet, Timestamp,
};

/// A finding, as far as scoring needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Frame of the first SYN-ACK.
    pub syn_ack: Option<u32>,
    /// Address and port of the client, which sent the SYN.
    pub client: SocketAddr,
    /// Address and port of the server.
    pub server: SocketAddr,
    /// Seconds since the epoch.
    pub time: f64,
    /// `ordinary`, `syn-cookie`, `syn-proxy` or `undetermined`.
    pub verdict: String,
    /// `possible`, `likely` or `certain`; empty for `undetermined`.
    pub confidence: String,
    /// Implementations, best first.
    pub implementations: Vec<String>,
    /// Outcome.
    pub outcome: String,
    /// Causes, best first.
    pub causes: Vec<String>,
    /// Evidence, strongest first.
    pub evidence: Vec<Seen>,
}

/// A signal as a finding reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Kind of the evidence.
    pub kind: String,
    /// Verdict that it favours; `undetermined` for what only describes.
    pub favours: String,
    /// Strength in nats.
    pub nats: f64,
    /// Log-likelihood ratios of a cookie and of a proxy over an ordinary handshake, in nats; 0 where a
    /// tool did not report them.
    pub weights: [f64; 2],
    /// One sentence with the values.
    pub detail: String,
}

impl Judged {
    /// Reports whether the verdict is `syn-cookie` or `syn-proxy`.
    #[must_use]
    pub fn is_cookie_style(&self) -> bool {
        matches!(self.verdict.as_str(), "syn-cookie" | "syn-proxy")
    }

    /// Reports whether the confidence is high enough for a warning.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        matches!(self.confidence.as_str(), "likely" | "certain")
    }

    /// Returns the evidence in one line, to explain a wrong finding.
    #[must_use]
    pub fn why(&self) -> String {
        let one = |e: &Seen| format!("{} {:.1} for {}: {}", e.kind, e.nats, e.favours, e.detail);
        self.evidence.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// Judges a capture with the engine in this process.
#[must_use]
pub fn in_process(capture: &Capture) -> Vec<Judged> {
    judge(capture, DetailLevel::All)
}

/// Judges a capture as [`in_process`] does, but returns the evidence only of cookies, proxies and
/// failures, which is quicker.
#[must_use]
pub fn without_ordinary_evidence(capture: &Capture) -> Vec<Judged> {
    judge(capture, DetailLevel::Notable)
}

/// Returns the engine after all packets of a capture.
#[must_use]
pub fn analyzer(capture: &Capture) -> Analyzer {
    observed(capture, FindingParts::default())
}

fn judge(capture: &Capture, detail: DetailLevel) -> Vec<Judged> {
    let parts =
        FindingParts { detail, measured: false, syn_fields: false, signatures: false, ..FindingParts::default() };
    let mut analyzer = observed(capture, parts);
    let mut all: Vec<Judged> = analyzer.take_evicted().iter().map(judged).collect();
    all.extend(analyzer.finish().handshakes.iter().map(judged));
    all
}

fn observed(capture: &Capture, parts: FindingParts) -> Analyzer {
    let mut analyzer = Analyzer::new(Limits::default()).with_parts(parts);
    for (index, (time, ip)) in capture.packets.iter().enumerate() {
        analyzer.push(&Observation {
            frame: Frame { capture: 0, number: index as u32 + 1 },
            time: Timestamp::from_nanos(*time as i64),
            packet: Packet::Ip(ip),
        });
    }
    analyzer
}

fn judged(finding: &Finding) -> Judged {
    let a = &finding.assessment;
    let seen = |e: &syncookie_engine::Evidence| Seen {
        kind: e.kind.to_string(),
        favours: e.favours.to_string(),
        nats: e.nats,
        weights: [e.cookie_nats, e.proxy_nats],
        detail: e.detail.clone(),
    };
    Judged {
        syn_ack: finding.frames.syn_ack.map(|f| f.number),
        client: socket(&finding.client),
        server: socket(&finding.server),
        time: finding.time.as_nanos() as f64 / 1e9,
        verdict: a.verdict.to_string(),
        confidence: a.confidence.map_or(String::new(), |c| c.to_string()),
        implementations: a.implementations.iter().map(ToString::to_string).collect(),
        outcome: finding.outcome.to_string(),
        causes: finding.causes.iter().map(|c| c.kind.to_string()).collect(),
        evidence: a.evidence.iter().map(seen).collect(),
    }
}

fn socket(endpoint: &Endpoint) -> SocketAddr {
    SocketAddr::new(endpoint.ip, endpoint.port)
}

/// Judges a capture file with the command-line tool.
pub fn by_tool(tool: &Path, capture: &Path) -> io::Result<Vec<Judged>> {
    let run = Command::new(tool).arg("analyze").arg(capture).args(["--format", "jsonl"]).output()?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        return Err(io::Error::other(format!("{}: {}: {}", capture.display(), run.status, said.trim())));
    }
    let mut all = Vec::new();
    for line in String::from_utf8_lossy(&run.stdout).lines() {
        let object: Value = serde_json::from_str(line)?;
        if object["type"] == "handshake" {
            let read = from_json(&object);
            all.push(read.ok_or_else(|| io::Error::other(format!("{}: not contract 1: {line}", capture.display())))?);
        }
    }
    Ok(all)
}

fn from_json(object: &Value) -> Option<Judged> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let end = |value: &Value| {
        let ip: IpAddr = value["ip"].as_str()?.parse().ok()?;
        Some(SocketAddr::new(ip, u16::try_from(value["port"].as_u64()?).ok()?))
    };
    let seen = |e: &Value| Seen {
        kind: text(&e["kind"]),
        favours: text(&e["for"]),
        nats: e["nats"].as_f64().unwrap_or_default(),
        weights: [0.0; 2],
        detail: text(&e["detail"]),
    };
    Some(Judged {
        syn_ack: object["frames"]["syn_ack"].as_u64().and_then(|n| n.try_into().ok()),
        client: end(&object["client"])?,
        server: end(&object["server"])?,
        time: epoch(object["time"].as_str()?)?,
        verdict: text(&object["verdict"]),
        confidence: text(&object["confidence"]),
        implementations: list(&object["implementations"]).iter().map(text).collect(),
        outcome: text(&object["outcome"]),
        causes: list(&object["cause"]).iter().map(|c| text(&c["kind"])).collect(),
        evidence: list(&object["evidence"]).iter().map(seen).collect(),
    })
}

/// Parses a time such as `2026-11-22T06:28:21.637922000Z` into seconds since the epoch.
fn epoch(time: &str) -> Option<f64> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let mut ymd = date.split('-').map(|n| n.parse::<i64>().ok());
    let (y, m, d) = (ymd.next()??, ymd.next()??, ymd.next()??);
    let mut hms = clock.splitn(3, ':');
    let (hour, minute): (i64, i64) = (hms.next()?.parse().ok()?, hms.next()?.parse().ok()?);
    let second: f64 = hms.next()?.parse().ok()?;
    // Days from civil: March is the first month, so the leap day is the last one.
    let (y, m) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    let days = y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + d - 719_469;
    Some((days * 86_400 + hour * 3600 + minute * 60) as f64 + second)
}

#[cfg(test)]
mod tests {
    use super::epoch;

    #[test]
    fn a_time_in_json_is_read_as_seconds_since_the_epoch() {
        assert_eq!(epoch("1970-01-01T00:00:00.000000000Z"), Some(0.0));
        assert_eq!(epoch("2026-11-22T06:28:21.500000000Z"), Some(1_795_328_901.5));
        assert_eq!(epoch("2024-02-29T23:59:59.000000000Z"), Some(1_709_251_199.0));
    }
}
