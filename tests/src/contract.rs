//! The contract on `syncookie analyze --format jsonl`: every key, its type, and the order of the
//! objects.

use serde_json::{Map, Value};

const VERDICTS: [&str; 4] = ["ordinary", "syn-cookie", "syn-proxy", "undetermined"];
const CONFIDENCES: [&str; 3] = ["possible", "likely", "certain"];
const OUTCOMES: [&str; 7] =
    ["established", "reset-by-server", "reset-by-client", "refused", "unanswered", "unacknowledged", "incomplete"];
/// Types of objects, in their order.
const ORDER: [&str; 6] = ["run", "capture", "handshake", "listener", "episode", "summary"];

/// Schema of the output, which lists the causes.
const SCHEMA: &str = include_str!("../../docs/schema/report.schema.json");

/// Returns everything in an output that breaks the contract.
#[must_use]
pub fn violations(jsonl: &str) -> Vec<String> {
    let mut found = Violations { causes: causes(), ..Violations::default() };
    let mut objects = Vec::new();
    for (number, line) in jsonl.lines().enumerate() {
        found.place = format!("line {}", number + 1);
        match serde_json::from_str(line) {
            Ok(Value::Object(object)) => objects.push(object),
            Ok(_) => found.add("is not an object".into()),
            Err(error) => found.add(format!("is not JSON: {error}")),
        }
    }
    found.check_order(&objects);
    for (number, object) in objects.iter().enumerate() {
        found.place = format!("line {}", number + 1);
        if type_of(object) == "handshake" {
            found.check_handshake(object);
        }
    }
    if let Some(summary) = objects.last() {
        found.place = "summary".into();
        found.check_summary(summary, &objects);
    }
    found.list
}

/// Returns the kinds of causes that the schema has.
///
/// # Panics
/// When the schema is not JSON, or has no list of causes.
#[must_use]
pub fn causes() -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let kinds = schema["$defs"]["causeKind"]["enum"].as_array().expect("the schema lists the causes");
    kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Parses a time such as `2026-11-22T06:28:21.637922000Z` into nanoseconds since 1970. Returns
/// `None` for any other form.
#[must_use]
pub fn nanos(time: &str) -> Option<i64> {
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape != "0000-00-00T00:00:00.000000000Z" {
        return None;
    }
    let part = |from: usize, to: usize| time[from..to].parse::<i64>().ok();
    let days = days_since_1970(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    let seconds = days * 86_400 + part(11, 13)? * 3600 + part(14, 16)? * 60 + part(17, 19)?;
    Some(seconds * 1_000_000_000 + part(20, 29)?)
}

fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = months.get(..usize::try_from(month - 1).ok()?)?.iter().sum();
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    Some(years + before + day - 1)
}

fn type_of(object: &Map<String, Value>) -> &str {
    object.get("type").and_then(Value::as_str).unwrap_or_default()
}

#[derive(Default)]
struct Violations {
    place: String,
    list: Vec<String>,
    /// Kinds of causes that are allowed.
    causes: Vec<String>,
}

impl Violations {
    fn add(&mut self, what: String) {
        self.list.push(format!("{}: {what}", self.place));
    }

    fn expect(&mut self, holds: bool, what: &str, got: &Value) {
        if !holds {
            self.add(format!("{what}, but got {got}"));
        }
    }

    fn check_order(&mut self, objects: &[Map<String, Value>]) {
        self.place = "order".into();
        let types: Vec<_> = objects.iter().map(type_of).collect();
        let ranks: Vec<_> = types.iter().map(|type_| ORDER.iter().position(|known| known == type_)).collect();
        if let Some(unknown) = types.iter().find(|type_| !ORDER.contains(type_)) {
            self.add(format!("unknown type '{unknown}'"));
        }
        if !ranks.is_sorted() {
            self.add(format!("objects do not come in the order {ORDER:?}"));
        }
        for single in ["run", "summary"] {
            let count = types.iter().filter(|type_| **type_ == single).count();
            if count != 1 {
                self.add(format!("{count} '{single}' objects, expected one"));
            }
        }
    }

    /// Returns the value of a key, which must be there even when it is null.
    fn key<'a>(&mut self, object: &'a Map<String, Value>, key: &str) -> &'a Value {
        object.get(key).unwrap_or_else(|| {
            self.add(format!("has no key '{key}'"));
            &Value::Null
        })
    }

    fn word<'a>(&mut self, object: &'a Map<String, Value>, key: &str, words: &[&str]) -> &'a str {
        let value = self.key(object, key);
        let word = value.as_str().unwrap_or_default();
        self.expect(words.contains(&word), &format!("'{key}' is one of {words:?}"), value);
        word
    }

    fn texts(&mut self, object: &Map<String, Value>, key: &str) {
        let value = self.key(object, key);
        let texts =
            value.as_array().is_some_and(|list| list.iter().all(|text| text.as_str().is_some_and(|t| !t.is_empty())));
        self.expect(texts, &format!("'{key}' is a list of texts"), value);
    }

    fn text(&mut self, object: &Map<String, Value>, key: &str) {
        let value = self.key(object, key);
        self.expect(value.as_str().is_some_and(|text| !text.is_empty()), &format!("'{key}' is a text"), value);
    }

    fn check_handshake(&mut self, object: &Map<String, Value>) {
        self.text(object, "capture");
        self.check_frames(object);
        let time = self.key(object, "time");
        self.expect(time.as_str().and_then(nanos).is_some(), "'time' is RFC 3339 in UTC with nine decimals", time);
        for end in ["client", "server"] {
            self.check_endpoint(object, end);
        }
        let verdict = self.word(object, "verdict", &VERDICTS);
        self.check_confidence(object, verdict == "undetermined");
        self.texts(object, "implementations");
        self.word(object, "outcome", &OUTCOMES);
        let evidence = self.key(object, "evidence");
        self.expect(evidence.is_array(), "'evidence' is a list", evidence);
        for piece in evidence.as_array().into_iter().flatten() {
            self.check_evidence(piece);
        }
        self.check_cause(object);
    }

    fn check_frames(&mut self, object: &Map<String, Value>) {
        let frames = self.key(object, "frames");
        let Some(frames) = frames.as_object() else { return self.add("'frames' is not an object".into()) };
        for key in ["syn", "syn_ack", "ack", "reset"] {
            let frame = self.key(frames, key);
            let is_number = frame.is_null() || frame.as_u64().is_some_and(|number| number >= 1);
            self.expect(is_number, &format!("frame '{key}' is null or a number from 1"), frame);
        }
    }

    fn check_endpoint(&mut self, object: &Map<String, Value>, end: &str) {
        let value = self.key(object, end);
        let ip = value["ip"].as_str().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_ok());
        let port = value["port"].as_u64().is_some_and(|port| port <= 65535);
        self.expect(ip && port, &format!("'{end}' has an address and a port"), value);
    }

    fn check_confidence(&mut self, object: &Map<String, Value>, undetermined: bool) {
        let (confidence, log_odds) = (self.key(object, "confidence"), self.key(object, "log_odds"));
        if undetermined {
            self.expect(confidence.is_null(), "'confidence' of undetermined is null", confidence);
            self.expect(log_odds.is_null(), "'log_odds' of undetermined is null", log_odds);
            return;
        }
        self.word(object, "confidence", &CONFIDENCES);
        self.expect(log_odds.as_f64().is_some_and(f64::is_finite), "'log_odds' is a number", log_odds);
    }

    fn check_evidence(&mut self, piece: &Value) {
        let Some(object) = piece.as_object() else { return self.add("evidence is not an object".into()) };
        self.text(object, "kind");
        self.word(object, "for", &VERDICTS);
        let nats = self.key(object, "nats");
        self.expect(nats.as_f64().is_some_and(|nats| nats >= 0.0), "'nats' is a number from 0", nats);
        let frames = self.key(object, "frames");
        let numbers =
            frames.as_array().is_some_and(|list| list.iter().all(|frame| frame.as_u64().is_some_and(|n| n >= 1)));
        self.expect(numbers, "'frames' of evidence is a list of frame numbers", frames);
        self.text(object, "detail");
    }

    fn check_cause(&mut self, object: &Map<String, Value>) {
        let causes = self.key(object, "cause");
        let Some(list) = causes.as_array() else {
            return self.expect(causes.is_null(), "'cause' is null or a list", causes);
        };
        self.expect(!list.is_empty(), "'cause' is null where there is none", causes);
        for (place, cause) in list.iter().enumerate() {
            let Some(cause) = cause.as_object() else { return self.add("a cause is not an object".into()) };
            let kind = self.key(cause, "kind");
            let is_known = self.causes.iter().any(|known| kind == known);
            self.expect(is_known, "'kind' of a cause is in the schema", kind);
            let rank = self.key(cause, "rank");
            self.expect(rank.as_u64() == Some(place as u64 + 1), "ranks count from 1", rank);
            self.texts(cause, "for");
            self.texts(cause, "against");
            self.text(cause, "check");
        }
    }

    /// Checks the counts. They include handshakes that are only counted, so they are at least those
    /// of the objects.
    fn check_summary(&mut self, summary: &Map<String, Value>, objects: &[Map<String, Value>]) {
        let handshakes: Vec<_> = objects.iter().filter(|object| type_of(object) == "handshake").collect();
        let total = self.key(summary, "handshakes");
        self.expect(total.as_u64().is_some_and(|n| n >= handshakes.len() as u64), "'handshakes' counts all", total);
        for (key, words) in [("verdict", &VERDICTS[..]), ("outcome", &OUTCOMES[..])] {
            let mut sum = 0;
            for word in words {
                let count = counted(summary, key, word);
                let Some(count) = count else {
                    self.add(format!("has no count of {key} '{word}'"));
                    continue;
                };
                sum += count;
                let listed =
                    handshakes.iter().filter(|object| object.get(key).is_some_and(|value| value == word)).count();
                if count < listed as u64 {
                    self.add(format!("counts {count} of {key} '{word}', but {listed} are listed"));
                }
            }
            self.expect(total.as_u64() == Some(sum), &format!("counts by {key} add up to {sum}"), total);
        }
    }
}

/// Returns the count of a word: in an object of counts (`verdicts`, `outcomes`), or directly.
fn counted(summary: &Map<String, Value>, key: &str, word: &str) -> Option<u64> {
    let inner = summary.get(&format!("{key}s")).and_then(|counts| counts.get(word));
    inner.or_else(|| summary.get(word)).and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"{"type":"run"}"#;
    const SUMMARY: &str = r#"{"type":"summary","handshakes":1,"verdicts":{"ordinary":0,"syn-cookie":1,"syn-proxy":0,"undetermined":0},"outcomes":{"established":1,"reset-by-server":0,"reset-by-client":0,"refused":0,"unanswered":0,"unacknowledged":0,"incomplete":0}}"#;
    const HANDSHAKE: &str = r#"{"type":"handshake","capture":"a.pcap","frames":{"syn":1,"syn_ack":2,"ack":3,"reset":null},"time":"2026-11-22T06:28:21.637922000Z","client":{"ip":"10.0.1.2","port":54192},"server":{"ip":"fd02::2","port":80},"verdict":"syn-cookie","confidence":"certain","log_odds":12.4,"implementations":["linux"],"outcome":"established","evidence":[{"kind":"timestamp-lag","for":"syn-cookie","nats":5.0,"frames":[2,5],"detail":"late"}],"cause":null}"#;

    fn check(lines: &[&str]) -> Vec<String> {
        violations(&lines.join("\n"))
    }

    #[test]
    fn the_contract_s_own_example_has_no_violation() {
        assert_eq!(check(&[RUN, HANDSHAKE, SUMMARY]), [""; 0]);
    }

    #[test]
    fn each_missing_key_is_a_violation() {
        let object: Map<String, Value> = serde_json::from_str(HANDSHAKE).unwrap();
        for key in object.keys().filter(|key| *key != "type") {
            let mut less = object.clone();
            less.remove(key);
            let line = serde_json::to_string(&less).unwrap();
            let found = check(&[RUN, &line, SUMMARY]);
            assert!(found.iter().any(|violation| violation.contains(&format!("'{key}'"))), "{key}: {found:?}");
        }
    }

    #[test]
    fn a_summary_that_counts_too_few_is_a_violation() {
        let found = check(&[RUN, HANDSHAKE, HANDSHAKE, SUMMARY]);
        assert!(found.iter().any(|violation| violation.contains("counts all")), "{found:?}");
    }

    #[test]
    fn a_wrong_order_is_a_violation() {
        assert!(!check(&[HANDSHAKE, RUN, SUMMARY]).is_empty());
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        assert_eq!(nanos("1970-01-02T00:00:01.000000002Z"), Some(86_401_000_000_002));
        assert_eq!(nanos("2026-11-22T06:28:21.637922000Z"), Some(1_795_328_901_637_922_000));
        assert_eq!(nanos("2026-11-22T06:28:21.637922Z"), None);
    }
}
