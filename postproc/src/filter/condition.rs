//! One condition of `--filter`.

use std::str::FromStr;
use std::time::Duration;

use syncookie_engine::{CauseKind, Outcome, Timestamp, Verdict};

use super::{Hosts, ambiguous, delay, hosts, time};

/// Condition of `--filter`, as given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `server=…`
    Server(Hosts),
    /// `client=…`
    Client(Hosts),
    /// `since=…`
    Since(Timestamp),
    /// `until=…`
    Until(Timestamp),
    /// `verdict=…`
    Verdict(Verdict),
    /// `outcome=…`
    Outcome(Outcome),
    /// `cause=…`
    Cause(CauseKind),
    /// `min-delay=…`
    MinDelay(Duration),
}

/// Error for a condition that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// The text has none of these forms.
    #[error("not a valid filter; expected {expected}")]
    Form {
        /// Forms that are accepted.
        expected: String,
    },
    /// The text is an IPv6 address that may end in a port.
    #[error("ambiguous filter; expected {readings}")]
    Ambiguous {
        /// Unambiguous forms.
        readings: String,
    },
}

impl Condition {
    /// Returns the conditions that consist of words of the product, as they are typed.
    pub fn words() -> impl Iterator<Item = String> {
        fn of<T: ToString>(key: &str, words: &[T]) -> impl Iterator<Item = String> {
            words.iter().map(move |word| format!("{key}={}", word.to_string()))
        }
        of("verdict", Verdict::ALL).chain(of("outcome", Outcome::ALL)).chain(of("cause", CauseKind::ALL))
    }
}

impl FromStr for Condition {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        let invalid = |expected: &str| InvalidFilter::Form { expected: expected.to_owned() };
        let hosts = |text| match ambiguous::readings(text) {
            Some(readings) => Err(InvalidFilter::Ambiguous { readings }),
            None => Hosts::parse(text).ok_or_else(|| invalid(hosts::FORM)),
        };
        let time = |text| time::parse(text).ok_or_else(|| invalid(time::FORM));
        match text.split_once('=') {
            Some(("server", value)) => hosts(value).map(Self::Server),
            Some(("client", value)) => hosts(value).map(Self::Client),
            Some(("since", value)) => time(value).map(Self::Since),
            Some(("until", value)) => time(value).map(Self::Until),
            Some(("verdict", value)) => word("a verdict", Verdict::ALL, value).map(Self::Verdict),
            Some(("outcome", value)) => word("an outcome", Outcome::ALL, value).map(Self::Outcome),
            Some(("cause", value)) => word("a cause", CauseKind::ALL, value).map(Self::Cause),
            Some(("min-delay", value)) => delay::parse(value).ok_or_else(|| invalid(delay::FORM)).map(Self::MinDelay),
            _ => Err(invalid("server=…, client=…, since=…, until=…, verdict=…, outcome=…, cause=… or min-delay=…")),
        }
    }
}

/// Returns the member whose written form is `value`.
fn word<T: Copy + ToString>(what: &str, words: &[T], value: &str) -> Result<T, InvalidFilter> {
    words.iter().find(|word| word.to_string() == value).copied().ok_or_else(|| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        InvalidFilter::Form { expected: format!("{what}: {}", words.join(", ")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_condition_is_reported_with_what_is_expected() {
        let said = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
        assert!(said("10.0.0.1").contains("expected server=…"));
        assert!(said("server=www.example.com").contains("an address"));
        assert!(said("server=fd02::2:80").contains("expected [fd02::2]:80"));
        assert!(said("since=yesterday").contains("2026-11-22"));
        assert!(said("outcome=broken").contains("an outcome: established, reset-by-server"));
        assert!(said("cause=gremlins").contains("a cause: cookie-rejected"));
        assert!(said("min-delay=200").contains("200ms"));
    }

    #[test]
    fn every_word_is_a_condition() {
        let words: Vec<String> = Condition::words().collect();
        assert!(words.contains(&"verdict=syn-cookie".to_owned()) && words.contains(&"cause=path-mtu".to_owned()));
        assert!(words.iter().all(|word| word.parse::<Condition>().is_ok()));
    }
}
