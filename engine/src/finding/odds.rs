//! Log-odds as they are shown: in words for people, in nats for programs.

/// Odds above which only their order of magnitude is said.
const MAX_SHOWN: f64 = 1_000_000.0;
/// Odds below which neither side is ahead enough to be named.
const MIN_SHOWN: f64 = 1.5;

/// Returns log-odds, in nats, as odds in words, such as `about 1,300 to 1`.
///
/// The odds are rounded to two significant digits. Below 1.5 to 1 they are `about even`, and above a
/// million to 1 they are `more than a million to 1`. Negative log-odds turn the odds around: `about
/// 1 to 20`.
///
/// ```
/// assert_eq!(syncookie_engine::odds(7.2), "about 1,300 to 1");
/// ```
#[must_use]
pub fn odds(nats: f64) -> String {
    let odds = nats.abs().exp();
    if odds.is_nan() || odds < MIN_SHOWN {
        return "about even".into();
    }
    let is_reversed = nats < 0.0;
    if odds > MAX_SHOWN {
        return if is_reversed { "less than 1 to a million" } else { "more than a million to 1" }.into();
    }
    let number = two_digits(odds);
    if is_reversed { format!("about 1 to {number}") } else { format!("about {number} to 1") }
}

/// Rounds nats to thousandths. Further digits are arithmetic, not evidence, and the last ones depend
/// on the C library that computes logarithms.
///
/// ```
/// assert_eq!(syncookie_engine::rounded_nats(7.199_999_999_999_999), 7.2);
/// ```
#[must_use]
pub fn rounded_nats(nats: f64) -> f64 {
    // Adding 0 turns -0 into 0.
    (nats * 1000.0).round() / 1000.0 + 0.0
}

/// Formats a number from 1 to a million, rounded to two significant digits, with a comma between
/// each three digits.
fn two_digits(number: f64) -> String {
    if number < 9.95 {
        let text = format!("{number:.1}");
        return text.strip_suffix(".0").unwrap_or(&text).to_owned();
    }
    let unit = 10_f64.powf(number.log10().floor() - 1.0).max(1.0);
    let rounded = ((number / unit).round() * unit).round();
    let digits = format!("{rounded:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_rounded_to_two_digits_and_grouped() {
        let cases = [
            (1.6, "about 1.6 to 1"),
            (2.0, "about 2 to 1"),
            (9.94, "about 9.9 to 1"),
            (9.96, "about 10 to 1"),
            (20.1, "about 20 to 1"),
            (99.6, "about 100 to 1"),
            (148.4, "about 150 to 1"),
            (999.0, "about 1,000 to 1"),
            (1_339.4, "about 1,300 to 1"),
            (22_026.0, "about 22,000 to 1"),
            (162_755.0, "about 160,000 to 1"),
            (999_900.0, "about 1,000,000 to 1"),
        ];
        for (ratio, words) in cases {
            assert_eq!(odds(f64::ln(ratio)), words, "{ratio}");
        }
    }

    #[test]
    fn small_odds_are_even_and_large_ones_have_an_upper_limit() {
        assert_eq!([0.0, 0.4, -0.4].map(odds), ["about even"; 3]);
        assert_eq!([13.9, 60.0, 1e9].map(odds), ["more than a million to 1"; 3]);
    }

    #[test]
    fn negative_log_odds_turn_the_odds_around() {
        assert_eq!([-3.0, -60.0].map(odds), ["about 1 to 20", "less than 1 to a million"]);
    }
}
