//! Times of packets and names of captures, as text for people.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};
use syncookie_engine::Timestamp;
use syncookie_terminal::escape_controls;

/// Time zone of times for people; UTC unless it was set.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Sets the time zone of times for people to that of the system, before anything is written.
pub fn use_local_time() {
    ZONE.get_or_init(TimeZone::system);
}

fn time_zone() -> &'static TimeZone {
    ZONE.get_or_init(|| TimeZone::UTC)
}

/// Returns the name of the time zone of times for people: `UTC`, `Europe/Berlin`.
pub fn zone_name() -> &'static str {
    let zone = time_zone();
    if *zone == TimeZone::UTC { "UTC" } else { zone.iana_name().unwrap_or("local time") }
}

/// Returns the abbreviation of the time zone at a time: `UTC`, `CET`.
pub fn zone(time: Timestamp) -> String {
    abbreviation(&zoned(time, time_zone()))
}

fn abbreviation(time: &Zoned) -> String {
    time.strftime("%Z").to_string()
}

fn zoned(time: Timestamp, zone: &TimeZone) -> Zoned {
    // Every i64 is a time that jiff can hold.
    let time = jiff::Timestamp::from_nanosecond(time.as_nanos().into()).unwrap_or_default();
    time.to_zoned(zone.clone())
}

/// Returns the name of a capture for people, safe to print; `-` is standard input.
pub fn capture(name: &str) -> Cow<'_, str> {
    if name == "-" { "standard input".into() } else { escape_controls(name) }
}

/// Time in RFC 3339, UTC, with nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub Timestamp);

impl fmt::Display for Rfc3339 {
    // JSON has a time for each handshake. jiff knows the calendar, but takes long to write a time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every i64 is a time that jiff can hold, in the years 1677 to 2262.
        let time = jiff::Timestamp::from_nanosecond(self.0.as_nanos().into()).map_err(|_| fmt::Error)?;
        let time = Offset::UTC.to_datetime(time);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        write_digits(&mut text[..4], time.year().unsigned_abs().into());
        for (place, number) in
            [(5, time.month()), (8, time.day()), (11, time.hour()), (14, time.minute()), (17, time.second())]
        {
            write_digits(&mut text[place..place + 2], number.unsigned_abs().into());
        }
        write_digits(&mut text[20..29], time.subsec_nanosecond().unsigned_abs());
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number with as many digits as there is room for.
fn write_digits(room: &mut [u8], mut number: u32) {
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Returns a time range: `2026-11-22 06:28:21 to 06:30:00 UTC`. Neither the date nor the zone is
/// repeated.
pub fn range(first: Timestamp, last: Timestamp) -> String {
    range_in(first, last, time_zone())
}

fn range_in(first: Timestamp, last: Timestamp, zone: &TimeZone) -> String {
    let (first, last) = (zoned(first, zone), zoned(last, zone));
    let (from, to, until) = (to_second(&first), to_second(&last), abbreviation(&last));
    let since = Some(abbreviation(&first)).filter(|since| *since != until);
    let since = since.map_or_else(String::new, |since| format!(" {since}"));
    match to.strip_prefix(&from[..11]) {
        _ if from == to && since.is_empty() => format!("{from} {until}"),
        Some(time) => format!("{from}{since} to {time} {until}"),
        None => format!("{from}{since} to {to} {until}"),
    }
}

/// Returns a time to the second: `2026-11-22 06:28:21`.
pub fn second(time: Timestamp) -> String {
    to_second(&zoned(time, time_zone()))
}

fn to_second(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns a time to the microsecond: `2026-11-22 06:28:21.637922`.
pub fn microsecond(time: Timestamp) -> String {
    zoned(time, time_zone()).strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
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

    #[test]
    fn a_range_names_its_zone_and_both_when_the_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").expect("the system knows time zones");
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let range = |first, last, zone: &TimeZone| range_in(at(first), at(last), zone);
        let start = 1_795_328_901;
        assert_eq!(range(start, start, &TimeZone::UTC), "2026-11-22 06:28:21 UTC");
        assert_eq!(range(start, start + 99, &TimeZone::UTC), "2026-11-22 06:28:21 to 06:30:00 UTC");
        assert_eq!(range(start, start + 99, &berlin), "2026-11-22 07:28:21 to 07:30:00 CET");
        assert_eq!(range(start - 86_400, start, &berlin), "2026-11-21 07:28:21 to 2026-11-22 07:28:21 CET");
        // On 2026-10-25 at 01:00 UTC, the clocks go back from 03:00 to 02:00.
        assert_eq!(range(1_792_888_200, 1_792_891_800, &berlin), "2026-10-25 02:30:00 CEST to 02:30:00 CET");
    }

    #[test]
    fn times_for_people_are_utc_unless_asked_otherwise() {
        let time = Timestamp::from_nanos(1_795_328_901_637_922_999);
        assert_eq!((microsecond(time).as_str(), zone(time).as_str()), ("2026-11-22 06:28:21.637922", "UTC"));
        assert_eq!((second(time).as_str(), zone_name()), ("2026-11-22 06:28:21", "UTC"));
    }
}
