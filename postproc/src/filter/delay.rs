//! Parses durations on the command line.

use std::time::Duration;

use jiff::SignedDuration;

/// Forms that [`parse`] accepts, for messages.
pub const FORM: &str = "a duration: 200ms, 1.5s, 2s 500ms";

/// Parses a duration; `None` for any other text and for negative durations.
pub fn parse(text: &str) -> Option<Duration> {
    text.parse::<SignedDuration>().ok().and_then(|duration| duration.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let millis = |text: &str| parse(text).map(|duration| duration.as_millis());
        assert_eq!(["200ms", "1.5s", "2s 500ms", "1m", "0s"].map(millis), [200, 1500, 2500, 60_000, 0].map(Some));
        assert_eq!(["", "200", "-1s", "x", "1 parsec"].map(millis), [None; 5]);
    }
}
