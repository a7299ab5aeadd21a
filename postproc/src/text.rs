//! Times of packets and names of captures, as text for people.

use std::borrow::Cow;
use std::fmt;

use syncookie_engine::Timestamp;
use syncookie_terminal::escape_controls;

/// Returns the name of a capture for people, safe to print; `-` is standard input.
pub fn capture(name: &str) -> Cow<'_, str> {
    if name == "-" { "standard input".into() } else { escape_controls(name) }
}

/// Time in RFC 3339, UTC, with nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub Timestamp);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every i64 is a time that jiff can hold: it reaches from the year -9999 to 9999.
        let time = jiff::Timestamp::from_nanosecond(self.0.as_nanos().into()).map_err(|_| fmt::Error)?;
        write!(f, "{time:.9}")
    }
}

/// Returns a time range: `2026-11-22 06:28:21 to 06:30:00 UTC`. The date is not repeated.
pub fn range(first: Timestamp, last: Timestamp) -> String {
    let (from, to) = (second(first), second(last));
    match to.strip_prefix(&from[..11]) {
        _ if from == to => format!("{from} UTC"),
        Some(time) => format!("{from} to {time} UTC"),
        None => format!("{from} to {to} UTC"),
    }
}

/// Returns a time to the second: `2026-11-22 06:28:21`.
pub fn second(time: Timestamp) -> String {
    Rfc3339(time).to_string()[..19].replace('T', " ")
}

/// Returns a time to the microsecond: `2026-11-22 06:28:21.637922`.
pub fn microsecond(time: Timestamp) -> String {
    Rfc3339(time).to_string()[..26].replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_to_the_nanosecond() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_795_328_901_637_922_000, "2026-11-22T06:28:21.637922000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            assert_eq!(Rfc3339(Timestamp::from_nanos(nanos)).to_string(), text);
        }
    }
}
