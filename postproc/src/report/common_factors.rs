//! Reports attributes that failed handshakes share and working ones do not.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};
use syncookie_engine::{self as engine, Attribute, Feature, HandshakeSample, Tunnel};
use syncookie_terminal::{escape_controls, grouped};

use crate::totals::Totals;

/// Attribute that failed handshakes share, an element of `common_factors` in the summary.
#[derive(Serialize)]
pub struct CommonFactor {
    attribute: &'static str,
    value: Value,
    failed: u64,
    of_failed: u64,
    working: u64,
    of_working: u64,
    /// Upper bound of the probability that chance produces this factor or a clearer one.
    chance: f64,
}

/// Row of the comparison of failed and working handshakes.
pub struct Row {
    /// What handshakes with the attribute do, as a plural verb with its object.
    pub predicate: String,
    /// Failed or delayed handshakes with it, of how many.
    pub failed: (u64, u64),
    /// Working handshakes with it, of how many.
    pub working: (u64, u64),
}

/// Factors of failed handshakes, and the handshakes that were compared.
struct Factors<'t> {
    totals: &'t Totals,
    sample: Cow<'t, HandshakeSample>,
    factors: Vec<engine::CommonFactor>,
}

impl<'t> Factors<'t> {
    fn of(totals: &'t Totals) -> Self {
        let sample = totals.connection_sample();
        let is_of_connections = !totals.second_views().is_empty();
        let factors = if is_of_connections { sample.common_factors_of_connections() } else { sample.common_factors() };
        Self { totals, sample, factors }
    }

    /// Returns what the comparison leaves out; `None` if nothing.
    fn scope(&self) -> Option<&'static str> {
        let affected = self.totals.failed() + self.totals.delays.handshakes;
        let is_partial = |factor: &engine::CommonFactor| self.sample.is_of_all(factor) && factor.of_failed < affected;
        self.factors.iter().any(is_partial).then_some("SYN floods and health checks are left out.")
    }
}

/// Returns the objects of the factors.
pub fn objects(totals: &Totals) -> Vec<CommonFactor> {
    Factors::of(totals).factors.into_iter().map(|factor| CommonFactor::new(factor, totals)).collect()
}

/// Returns a sentence about each factor; before them, what is left out of the comparison.
pub fn sentences(totals: &Totals) -> Vec<String> {
    let found = Factors::of(totals);
    let sentences = found.factors.iter().map(|factor| sentence(factor, &found));
    found.scope().map(str::to_owned).into_iter().chain(sentences).collect()
}

/// Returns the rows of the comparison, and what it leaves out.
pub fn rows(totals: &Totals) -> (Vec<Row>, Option<&'static str>) {
    let found = Factors::of(totals);
    let row = |factor: &engine::CommonFactor| Row {
        predicate: predicate(factor.attribute, totals),
        failed: (factor.failed, factor.of_failed),
        working: (factor.working, factor.of_working),
    };
    (found.factors.iter().map(row).collect(), found.scope())
}

impl CommonFactor {
    fn new(factor: engine::CommonFactor, totals: &Totals) -> Self {
        let engine::CommonFactor { attribute, failed, of_failed, working, of_working, chance } = factor;
        let value = value(attribute, totals);
        Self { attribute: attribute.name(), value, failed, of_failed, working, of_working, chance }
    }
}

fn value(attribute: Attribute, totals: &Totals) -> Value {
    match attribute {
        Attribute::Has(_, has) => json!(has),
        Attribute::Mss(mss) => json!(mss),
        Attribute::WindowScale(shift) => json!(shift),
        Attribute::HopLimit(number) | Attribute::Hour(number) | Attribute::Minute(number) => json!(number),
        Attribute::Client(ip) => json!(ip),
        Attribute::ClientNetwork(ip) => json!(network(ip)),
        Attribute::Server(server) => json!(server.to_string()),
        Attribute::Capture(index) => json!(name(index, totals)),
        Attribute::Vlan(id) | Attribute::InnerVlan(id) => json!(id),
        Attribute::Tunnel(tunnel) => json!(tunnel.map(|tunnel| tunnel_name(tunnel, " "))),
        Attribute::SourceMac(address)
        | Attribute::DestinationMac(address)
        | Attribute::InnerSourceMac(address)
        | Attribute::InnerDestinationMac(address) => json!(address.to_string()),
        other => json!(other.name()),
    }
}

fn sentence(factor: &engine::CommonFactor, found: &Factors<'_>) -> String {
    let engine::CommonFactor { attribute, failed, of_failed, working, of_working, .. } = *factor;
    let compared = if found.sample.is_of_all(factor) { "" } else { "compared " };
    let noun = found.totals.noun();
    let predicate = predicate(attribute, found.totals);
    let negated = predicate.strip_prefix("do not ").and_then(|positive| positive.split_once(' '));
    let (failing, said) = match (of_failed - failed, negated) {
        // "All do not" can be read as "not all do".
        (0, Some((verb, object))) => (
            format!("None of the {} {compared}failed or delayed {noun}s", grouped(of_failed)),
            format!("{verb}s {object}"),
        ),
        (0, None) => (format!("All {} {compared}failed or delayed {noun}s", grouped(of_failed)), predicate.clone()),
        _ => (
            format!("{} of {} {compared}failed or delayed {noun}s", grouped(failed), grouped(of_failed)),
            predicate.clone(),
        ),
    };
    // "Do" is the verb without its negation: where failed ones do not offer something, it
    // counts the working ones that offer it.
    let others = if is_negative(attribute) { of_working - working } else { working };
    let [one, many] = if matches!(attribute, Attribute::Capture(_)) { ["is", "are"] } else { ["does", "do"] };
    let others = match others {
        0 => format!("none of the {} {compared}working ones {one}", grouped(of_working)),
        _ if others == of_working => format!("all {} {compared}working ones {many}", grouped(of_working)),
        1 => format!("1 of {} {compared}working ones {one}", grouped(of_working)),
        _ => format!("{} of {} {compared}working ones {many}", grouped(others), grouped(of_working)),
    };
    format!("{failing} {said}; {others}.")
}

/// Returns whether the predicate of an attribute is a negated verb.
const fn is_negative(attribute: Attribute) -> bool {
    matches!(
        attribute,
        Attribute::Has(_, false)
            | Attribute::Mss(None)
            | Attribute::WindowScale(None)
            | Attribute::Vlan(None)
            | Attribute::InnerVlan(None)
            | Attribute::Tunnel(None)
    )
}

/// Returns what handshakes with the attribute do, as a plural verb with its object.
fn predicate(attribute: Attribute, totals: &Totals) -> String {
    match attribute {
        Attribute::Has(feature, has) => predicate_of_feature(feature, has),
        Attribute::Mss(Some(mss)) => format!("announce an MSS of {mss} in the SYN"),
        Attribute::Mss(None) => "do not announce an MSS in the SYN".into(),
        Attribute::WindowScale(Some(shift)) => format!("offer window scale {shift}"),
        Attribute::WindowScale(None) => "do not offer a window scale".into(),
        Attribute::HopLimit(ttl) => format!("have TTL {ttl} in the SYN"),
        Attribute::Client(ip) => format!("come from client {ip}"),
        Attribute::ClientNetwork(ip) => format!("come from network {}", network(ip)),
        Attribute::Server(server) => format!("go to {server}"),
        Attribute::Capture(index) => format!("are in {}", escape_controls(name(index, totals))),
        Attribute::Hour(hour) => format!("begin between {hour:02}:00 and {hour:02}:59 UTC"),
        Attribute::Minute(minute) => format!("begin {minute} to {} minutes after a full hour", minute + 1),
        Attribute::Vlan(Some(id)) => format!("use VLAN {id}"),
        Attribute::Vlan(None) => "do not use a VLAN".into(),
        Attribute::InnerVlan(Some(id)) => format!("use inner VLAN {id}"),
        Attribute::InnerVlan(None) => "do not use an inner VLAN".into(),
        Attribute::Tunnel(Some(tunnel)) => format!("use {}", tunnel_name(tunnel, " with ")),
        Attribute::Tunnel(None) => "do not use a tunnel".into(),
        Attribute::SourceMac(address) => format!("come from MAC address {address}"),
        Attribute::DestinationMac(address) => format!("go to MAC address {address}"),
        Attribute::InnerSourceMac(address) => format!("come from MAC address {address} in the tunnel"),
        Attribute::InnerDestinationMac(address) => format!("go to MAC address {address} in the tunnel"),
        other => format!("have {}", other.name()),
    }
}

fn predicate_of_feature(feature: Feature, has: bool) -> String {
    let (present, absent) = match feature {
        Feature::Ecn => ("offer ECN", "do not offer ECN"),
        Feature::Sack => ("offer SACK", "do not offer SACK"),
        Feature::Timestamps => ("offer timestamps", "do not offer timestamps"),
        Feature::FastOpen => ("use Fast Open", "do not use Fast Open"),
        Feature::ReusedPort => {
            ("reuse the ports of an earlier connection", "do not reuse the ports of an earlier connection")
        }
        Feature::OlderTimestamp => (
            "have an older timestamp than the previous SYN from the same address",
            "do not have an older timestamp than the previous SYN from the same address",
        ),
        _ => ("have a feature", "do not have a feature"),
    };
    if has { present } else { absent }.into()
}

/// Returns the protocol of a tunnel, and its number if it is known.
fn tunnel_name(Tunnel { kind, id }: Tunnel, separator: &str) -> String {
    let id = id.map(|id| format!("{separator}{} {id}", kind.id_name())).unwrap_or_default();
    format!("{}{id}", kind.name())
}

fn network(ip: IpAddr) -> String {
    format!("{ip}/{}", if ip.is_ipv4() { 24 } else { 64 })
}

fn name(index: u32, totals: &Totals) -> &str {
    totals.captures.get(index as usize).map_or("", |capture| &capture.name)
}
