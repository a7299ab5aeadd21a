//! Numbers, and counts with their noun.

/// Formats a count with its noun, in the plural unless the number is 1: `1 handshake`, `1,234
/// handshakes`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Formats a number with a comma between each three digits: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
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
    fn digits_are_grouped_by_three() {
        let numbers = [0, 12, 123, 1_234, 123_456, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
    }

    #[test]
    fn nouns_agree_with_the_number() {
        assert_eq!(count(1, "handshake"), "1 handshake");
        assert_eq!(count(0, "handshake"), "0 handshakes");
        assert_eq!(count(1_234_567, "handshake"), "1,234,567 handshakes");
    }
}
