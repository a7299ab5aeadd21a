//! Parses times on the command line.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Zoned};
use syncookie_engine::Timestamp;

/// Forms that [`parse`] accepts, for messages.
pub const FORM: &str = "a time: 2026-11-22T06:28:21Z, with a fraction, another offset (+01:00) or a time zone \
                        ([Europe/Berlin]) if you like, 2026-11-22 06:28:21 or 2026-11-22 (both UTC), @ and seconds \
                        since 1970 (@1795328901.5), or a time before now (-2h, -1d12h)";

/// Parses a time in one of the forms of [`FORM`]; `None` for any other text and for times before
/// 1677 or after 2262.
pub fn parse(text: &str) -> Option<Timestamp> {
    let time = match text.split_at_checked(1) {
        Some(("@", seconds)) => since_epoch(seconds)?,
        Some(("-", duration)) => before_now(duration)?,
        _ => date_and_time(text)?,
    };
    i64::try_from(time.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

fn date_and_time(text: &str) -> Option<jiff::Timestamp> {
    if text.ends_with(']') {
        return text.parse().ok().map(|time: Zoned| time.timestamp()).or_else(|| in_zone(text));
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    in_utc(text)
}

/// Parses a date, with or without a time, in UTC.
fn in_utc(text: &str) -> Option<jiff::Timestamp> {
    let time: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Parses `2026-11-22T06:28:21[Europe/Berlin]`, without an offset.
fn in_zone(text: &str) -> Option<jiff::Timestamp> {
    let (time, zone) = text.strip_suffix(']')?.split_once('[')?;
    let time: DateTime = time.parse().ok()?;
    TimeZone::get(zone).ok()?.to_timestamp(time).ok()
}

/// Parses a duration before now (`2h`, `1d12h`). A day has 24 hours; months and years are rejected.
fn before_now(duration: &str) -> Option<jiff::Timestamp> {
    let span: Span = duration.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then(|| jiff::Timestamp::now().checked_sub(duration).ok())?
}

/// Parses seconds since 1970, with a fraction of at most nine digits.
fn since_epoch(seconds: &str) -> Option<jiff::Timestamp> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || fraction.len() > 9 || !is_number(fraction) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    jiff::Timestamp::new(whole.parse().ok()?, nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Rfc3339;

    #[test]
    fn every_accepted_form_gives_the_same_time() {
        for (text, written) in [
            ("2026-11-22T06:28:21Z", "2026-11-22T06:28:21.000000000Z"),
            ("2026-11-22 06:28:21", "2026-11-22T06:28:21.000000000Z"),
            ("2026-11-22 06:28", "2026-11-22T06:28:00.000000000Z"),
            ("2026-11-22", "2026-11-22T00:00:00.000000000Z"),
            ("2026-11-22t06:28:21.637922z", "2026-11-22T06:28:21.637922000Z"),
            ("2026-11-22T06:28:21.5+01:30", "2026-11-22T04:58:21.500000000Z"),
            ("2024-02-29T23:00:00-02:00", "2024-03-01T01:00:00.000000000Z"),
            ("2000-03-01", "2000-03-01T00:00:00.000000000Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000000Z"),
            ("@1795328901.637922", "2026-11-22T06:28:21.637922000Z"),
            ("2026-11-22T06:28:21+01:00[Europe/Berlin]", "2026-11-22T05:28:21.000000000Z"),
            ("2026-11-22T06:28:21[Europe/Berlin]", "2026-11-22T05:28:21.000000000Z"),
        ] {
            assert_eq!(parse(text).map(|time| Rfc3339(time).to_string()).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn a_time_before_now_counts_from_now() {
        let now = jiff::Timestamp::now().as_second();
        for (text, seconds) in [("-2h", 7200), ("-90m", 5400), ("-1d12h", 129_600), ("-1d", 86_400), ("-2h30m", 9000)] {
            let time = parse(text).expect(text).as_nanos() / 1_000_000_000;
            assert!((now - time - seconds).abs() <= 2, "{text}: {time}");
        }
        assert_eq!(["-", "-2", "--2h", "-x", "-2y"].map(parse), [None; 5]);
    }

    #[test]
    fn other_forms_and_nonexistent_days_are_rejected() {
        for text in [
            "",
            "@",
            "@x",
            "06:28",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-00",
            "2026-1-1",
            "2026-11-22T",
            "2026-11-22T24:00",
            "2026-11-22T06:60",
            "2026-11-22T06:28:21X",
            "2026-11-22T06:28:21+1",
            "9999-01-01",
            "2026-11-22T06:28:99",
            "2026-11-22T06:28:21.1234567890",
            "ääääääääää",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
