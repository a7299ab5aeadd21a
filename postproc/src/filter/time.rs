//! Times as people write them.

use syncookie_engine::Timestamp;

/// What can be given.
pub const FORM: &str = "a time: 2026-11-22T06:28:21Z, with a fraction or another offset (+01:00) if you like, \
                        2026-11-22 06:28:21 or 2026-11-22 (both UTC), or @ and seconds since 1970 (@1795328901.5)";

const SECOND: i128 = 1_000_000_000;

/// `None` where the text has another form.
pub fn parse(text: &str) -> Option<Timestamp> {
    let nanos = match text.strip_prefix('@') {
        Some(seconds) => seconds_and_fraction(seconds)?,
        None => date_and_time(text)?,
    };
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

fn date_and_time(text: &str) -> Option<i128> {
    let (date, time) = text.split_at_checked(10)?;
    let day = i128::from(day(date)?) * 86_400 * SECOND;
    if time.is_empty() {
        return Some(day);
    }
    let time = time.strip_prefix(['T', 't', ' '])?;
    let clock_end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let (hour_and_minute, seconds) = clock.split_at_checked(5)?;
    let seconds = if seconds.is_empty() { 0 } else { seconds_and_fraction(seconds.strip_prefix(':')?)? };
    (seconds < 61 * SECOND).then_some(day + minutes(hour_and_minute)? * 60 * SECOND + seconds - offset(zone)? * SECOND)
}

/// Seconds that the zone's clock is ahead of UTC.
fn offset(zone: &str) -> Option<i128> {
    match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => Some(0),
        Some(("+", ahead)) => Some(minutes(ahead)? * 60),
        Some(("-", behind)) => Some(-minutes(behind)? * 60),
        Some(_) => None,
    }
}

/// `06:28` as minutes.
fn minutes(text: &str) -> Option<i128> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    (hour < 24 && minute < 60).then_some(i128::from(hour * 60 + minute))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn day(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = lengths.get(..usize::try_from(month).ok()?.checked_sub(1)?)?;
    if parts.next().is_some() || day < 1 || day > *lengths.get(before.len())? {
        return None;
    }
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    Some(years + before.iter().sum::<i64>() + day - 1)
}

/// `21.5` as nanoseconds.
fn seconds_and_fraction(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len();
    if digits > 9 || whole.len() > 12 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: i128 = if digits == 0 { 0 } else { fraction.parse().ok()? };
    let is_number = !whole.is_empty() && whole.bytes().all(|digit| digit.is_ascii_digit());
    let whole: i128 = is_number.then(|| whole.parse().ok())??;
    Some(whole * SECOND + fraction * 10_i128.pow(9 - digits as u32))
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Rfc3339;

    #[test]
    fn every_way_to_write_a_time_gives_that_time() {
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
        ] {
            assert_eq!(parse(text).map(|time| Rfc3339(time).to_string()).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn other_forms_and_days_that_are_not_are_refused() {
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
